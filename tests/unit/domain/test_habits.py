"""What customers do is learned from jobs, fades, and outlives a restart."""

from dataclasses import replace

import pytest

from controller.domain.book import FINISHED_KEPT, Book
from controller.domain.habits import DAY_S, FORGOTTEN, HOUR_S, KEPT, Habits
from controller.domain.jobs import THE_TOWER, Job, JobKind, JobState
from controller.domain.places import Car
from controller.domain.records import CarKnown, JobSet

NOON = 12 * HOUR_S
NIGHT = 3 * HOUR_S


def job(number: int, car: str = "A", kind: JobKind = JobKind.RETRIEVE, *, at: float = NOON, by: str = "desk") -> Job:
    return Job(number, kind, car, None, None, None, JobState.QUEUED, created_at=at, requested_by=by)


def lived(book: Book, *jobs: Job, end: JobState = JobState.DONE) -> Book:
    for each in jobs:
        book.apply(JobSet(each))
        book.apply(JobSet(replace(each, state=JobState.ASSIGNED)))
        book.apply(JobSet(replace(each, state=end)))
    return book


def test_a_car_that_was_fetched_counts_once_and_one_that_was_not_fetched_does_not() -> None:
    book = lived(Book.empty([201]), job(1), job(2), job(3, kind=JobKind.STORE), job(4, kind=JobKind.RELOCATE))
    lived(book, job(5), end=JobState.CANCELLED)
    assert book.habits.cars == {"A": 2.0}
    assert (book.habits.brought, book.habits.hours[12], sum(book.habits.hours)) == (1.0, 5.0, 5.0)


def test_what_the_tower_moves_by_itself_is_nobodys_coming() -> None:
    book = lived(Book.empty([201]), job(1, kind=JobKind.RELOCATE, by=THE_TOWER))
    assert book.habits == Habits()


def test_a_snapshot_keeps_the_habits_and_one_from_before_is_learned_from_its_jobs() -> None:
    book = Book.empty([201])
    book.apply(CarKnown(Car("A", "city")))
    lived(book, *(job(number) for number in range(1, FINISHED_KEPT + 10)))
    body = book.to_body()
    kept = Book.from_body(body)
    assert kept.habits == book.habits
    assert (kept.habits.cars, kept.habits.models) == ({"A": 209.0}, {"city": 209.0})
    del body["habits"]
    learned = Book.from_body(body)
    assert learned.habits.models == {"city": float(FINISHED_KEPT)}
    assert learned.jobs == book.jobs


def test_what_is_long_ago_fades_and_is_dropped() -> None:
    habits = Habits()
    habits.came(NOON)
    habits.fetched("A", "")
    habits.came(NOON + DAY_S)
    assert habits.cars == {"A": KEPT}
    assert habits.days == 1.0 + KEPT
    habits.came(NOON + 400 * DAY_S)
    assert habits.cars["A"] == pytest.approx(KEPT**2), "days on which nobody came count for nothing"
    for day in range(1000, 1100):
        habits.came(day * DAY_S)
    assert habits.cars == {}
    assert KEPT**100 < FORGOTTEN


def test_a_new_car_is_as_wanted_as_its_model_and_a_strange_one_as_any() -> None:
    habits = Habits()
    habits.came(NOON)
    for _ in range(6):
        habits.fetched("A", "city")
    habits.fetched("C", "coupe")
    rates = habits.rates({"A": "city", "B": "city", "C": "coupe", "X": ""})
    assert rates == {"A": 4.5, "B": 1.5, "C": 1.0, "X": pytest.approx(7 / 8)}
    assert Habits().rates({"A": ""}) == {"A": 0.0}


def test_who_might_come_in_the_night_is_told_from_the_nights_before() -> None:
    habits = Habits()
    assert habits.chance_of_order(NIGHT, 80.0) == 1.0
    habits.came(NOON)
    assert habits.chance_of_order(NIGHT, 80.0) > 0.01, "one quiet night proves little"
    for day in range(1, 6):
        habits.came(NOON + day * DAY_S)
    assert habits.chance_of_order(NIGHT, 80.0) < 0.01 < habits.chance_of_order(NOON, 80.0)
    assert habits.chance_of_order(NOON - 40.0, 80.0) > 0.01, "noon begins within these"


def test_half_of_all_bring_a_car_until_more_is_known() -> None:
    habits = Habits()
    assert habits.brought_share() == 0.5
    for _ in range(8):
        habits.fetched("A", "")
    assert habits.brought_share() == pytest.approx(0.1)


def test_a_clock_that_was_set_back_teaches_no_second_past() -> None:
    habits = Habits()
    for day in (50, 51, 3, 4):
        habits.came(day * DAY_S)
    assert habits.days == pytest.approx(1 + KEPT + KEPT**2 + KEPT**3)


@pytest.mark.parametrize("body", [[], {"day": "x", "days": 0, "hours": [], "cars": {}, "models": {}, "brought": 0}])
def test_a_snapshot_of_another_form_is_refused(body: object) -> None:
    with pytest.raises(TypeError):
        Habits.from_body(body)
    with pytest.raises(ValueError, match="snapshot"):
        Book.from_body({**Book.empty([201]).to_body(), "habits": body})
