"""What is believed behind a job that a person has closed by hand: of its own car and places, and of nobody else's."""

from controller.domain.book import CARRIAGE
from controller.domain.jobs import Job, JobKind, JobState
from controller.runtime.decisions import OUTSIDE, Decisions
from tests.support.shown import CAR, DOUBT, FREE, HERE, NO, OTHER, THERE, Belief, Shown, beliefs, book, doubtful, holds

ABOARD = holds(CAR)


def believed_behind(job: Job, here: Belief, aboard: Belief, there: Belief, *, stated: int) -> dict[int, Belief]:
    decisions = Decisions(Shown(NO, NO).bench(), book(here, aboard, there))
    return beliefs(decisions.by_hand(job, stated))


def parked(source: int, target: int, *, ahead: bool = False, diverting: bool = False) -> Job:
    return Job(1, JobKind.RETRIEVE, CAR, source, target, None, JobState.PARKED, ahead=ahead, diverting=diverting)


def test_both_ends_and_the_carriage_are_in_doubt_and_the_car_is_where_it_is_stated() -> None:
    behind = believed_behind(parked(HERE, THERE), FREE, ABOARD, FREE, stated=THERE)
    assert behind == {CARRIAGE: DOUBT, HERE: DOUBT, THERE: doubtful(CAR)}


def test_the_car_in_a_room_that_a_job_waits_for_stays_in_the_book() -> None:
    behind = believed_behind(parked(HERE, THERE, ahead=True), FREE, ABOARD, holds(OTHER), stated=HERE)
    assert behind == {CARRIAGE: DOUBT, HERE: doubtful(CAR)}


def test_a_room_that_a_job_waits_for_is_not_in_doubt_because_of_it() -> None:
    assert THERE not in believed_behind(parked(HERE, THERE, ahead=True), FREE, ABOARD, FREE, stated=HERE)


def test_a_car_that_has_come_since_to_where_the_job_began_stays_in_the_book() -> None:
    behind = believed_behind(parked(HERE, THERE), holds(OTHER), ABOARD, FREE, stated=THERE)
    assert behind == {CARRIAGE: DOUBT, THERE: doubtful(CAR)}


def test_the_car_of_a_diverted_job_is_believed_no_more_at_the_target_that_was_given_up() -> None:
    diverted = parked(HERE, HERE, diverting=True)
    behind = believed_behind(diverted, FREE, FREE, holds(CAR), stated=OUTSIDE)
    assert behind == {CARRIAGE: DOUBT, HERE: DOUBT, THERE: DOUBT}
