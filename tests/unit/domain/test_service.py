"""Service counters folded from commands and their outcomes, and what their interval and pace make of them."""

import json
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.alarm_load import MOST_A_CAUSE
from controller.domain.book import Book
from controller.domain.components import components
from controller.domain.records import (
    Halted,
    Issued,
    Planned,
    Record,
    ServiceDone,
    ServiceSet,
    Settled,
    from_entry,
    to_entry,
)
from controller.domain.service import (
    DAY_S,
    HISTORY_KEPT,
    MS_PER_HOUR,
    NEVER_MOVED,
    NOTHING,
    PACE_DAYS,
    RESET,
    WAY_UNITS,
    Counts,
    Kind,
    component_of,
    kind_of,
)
from controller.domain.service_plan import GROUPS, NAMED, Interval, Standing, by_urgency, due_groups, is_due, stand
from hal.interfaces import Verdict
from hal.plcmap.codes import OPCODES, MechanismKind, Opcode
from hal.plcmap.registers import station_maps
from tests.support.places import SHAPE

NOON = 1_000 * DAY_S + DAY_S / 2
LIFT = "tower/lift"


def folded(*records: Record, book: Book | None = None, at: float = NOON) -> Book:
    """Fold records as a journal gives them back."""
    book = book or Book.empty((101,))
    for record in records:
        kind, body = to_entry(record)
        book.apply(from_entry(kind, json.loads(json.dumps(body))), at)
    return book


_numbers = count(1)


def command(
    mechanism: str = LIFT,
    opcode: int = Opcode.MOVE_TO,
    verdict: str = "OK",
    ran_ms: int | None = 1_500,
    way: int | None = None,
    argument1: int = 0,
) -> tuple[Record, Record]:
    number = next(_numbers)
    planned = Planned(mechanism, number, opcode, argument1, 0, 0, 7, 1, None, "test")
    return planned, Settled(mechanism, number, verdict, "", ran_ms, way)


def of(book: Book, component: str = "lift") -> Counts:
    return book.service.of(component).total


@pytest.mark.parametrize("verdict", [*(each.name for each in Verdict), "GIVEN_UP"])
def test_each_verdict_counts_what_moved(verdict: str) -> None:
    counted = of(folded(*command(verdict=verdict, way=400)))
    if verdict in ("REFUSED", "VOID", "UNKNOWN"):
        assert counted == NOTHING
    else:
        assert counted == Counts(cycles=int(verdict == "OK"), starts=1, ran_ms=1_500, way=400)


def test_an_unknown_outcome_counts_once_it_is_known() -> None:
    planned, unknown = command(verdict="UNKNOWN", ran_ms=None)
    book = folded(planned, unknown)
    assert of(book) == NOTHING
    again = Settled(LIFT, planned.sequence, "STOPPED_SAFETY")  # type: ignore[union-attr]
    assert of(folded(again, book=book)) == Counts(starts=1, untimed=1, unmeasured=1)
    assert of(folded(again, book=book)).starts == 1, "an outcome counts once, however often it is kept"


def test_a_command_that_was_left_counts_what_it_cost_until_then() -> None:
    planned, _ = command()
    halted = Halted(LIFT, planned.sequence, 700, 350)  # type: ignore[union-attr]
    book = folded(planned, halted)
    assert of(book) == NOTHING, "its outcome is open"
    kept = Book.from_body(json.loads(json.dumps(book.to_body())))
    settled = folded(Settled(LIFT, planned.sequence, "STOPPED"), book=kept)  # type: ignore[union-attr]
    assert of(settled) == Counts(starts=1, ran_ms=700, way=350)


def test_what_found_everything_as_it_was_to_be_counts_nothing() -> None:
    assert of(folded(*command(ran_ms=0, way=0))) == NOTHING


def test_each_opcode_of_each_mechanism_counts_for_its_component_or_for_none() -> None:
    bay = SHAPE.bays[-1]
    of_kind = {
        MechanismKind.LIFT: "lift",
        MechanismKind.TURNTABLE: "turntable",
        MechanismKind.SHUTTLE: "shuttle",
        MechanismKind.INNER_DOOR: "room1.inner_door",
        MechanismKind.OUTER_GATE: "room1.outer_gate",
        MechanismKind.LATCHES: f"bay{bay}.latch",
        MechanismKind.SIGNAL: None,
        MechanismKind.STATION: None,
    }
    names = components(len(SHAPE.rooms), SHAPE.bays)
    for station in station_maps(SHAPE).values():
        for mechanism in station.mechanisms:
            if (mechanism.kind is MechanismKind.LATCHES and mechanism.place != bay // 100) or "room2" in mechanism.name:
                continue
            for opcode in OPCODES[mechanism.kind]:
                found = component_of(f"{station.name}/{mechanism.name}", opcode, bay % 100)
                drives = (station.name, opcode) == ("tower", Opcode.RESET) and mechanism.kind is MechanismKind.STATION
                assert found == ("drives" if drives else of_kind[mechanism.kind])
                assert found is None or found in names
                assert found is None or kind_of(found) in Kind
    assert int(Opcode.RESET) == RESET


def test_the_drives_have_starts_and_no_hours() -> None:
    counted = of(folded(*command("tower/station", Opcode.RESET, ran_ms=None)), "drives")
    assert counted == Counts(cycles=1, starts=1)


def test_what_has_no_way_misses_none() -> None:
    book = folded(*command("bays2/latches", Opcode.UNLATCH, argument1=3))
    assert of(book, "bay203.latch") == Counts(cycles=1, starts=1, ran_ms=1_500)
    assert WAY_UNITS.keys() == {Kind.LIFT, Kind.TURNTABLE, Kind.SHUTTLE}


def test_entries_from_before_commands_were_timed_still_load() -> None:
    body = {"mechanism": LIFT, "sequence": 9, "verdict": "OK", "reason": "NONE"}
    book = folded(Planned(LIFT, 9, 3, 0, 0, 0, 7, 1, None, ""), Issued(LIFT, 9, 7, 1))
    book.apply(from_entry("Settled", body), NOON)
    assert of(book) == Counts(cycles=1, starts=1, untimed=1, unmeasured=1)


_ENDS = st.tuples(
    st.sampled_from((LIFT, "tower/turntable", "tower/shuttle", "tower/room1.outer_gate", "bays1/latches")),
    st.sampled_from([*(each.name for each in Verdict), "GIVEN_UP"]),
    st.none() | st.integers(0, 60_000),
    st.none() | st.integers(0, 9_000),
    st.integers(0, 50 * DAY_S),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(_ENDS, max_size=12), st.integers(0, 11))
def test_however_it_is_cut_by_snapshots_the_counters_are_the_same(ends: list[tuple], cut: int) -> None:  # type: ignore[type-arg]
    whole, parts = Book.empty((101,)), Book.empty((101,))
    for number, (mechanism, verdict, ran_ms, way, after_s) in enumerate(ends):
        for record in command(mechanism, 3, verdict, ran_ms, way, 2):
            for book in (whole, parts):
                book.apply(record, NOON + after_s)
        if number == cut:
            parts = Book.from_body(json.loads(json.dumps(parts.to_body())))
    assert parts.service == whole.service
    moved = [end for end in ends if end[1] not in NEVER_MOVED | {"UNKNOWN"} and end[2] != 0]
    assert sum(each.total.starts for each in whole.service.counted.values()) == len(moved)
    assert sum(each.total.ran_ms for each in whole.service.counted.values()) == sum(end[2] or 0 for end in moved)


def test_a_service_begins_anew_and_is_kept() -> None:
    book = folded(*command(), *command(), ServiceDone("lift", NOON, "7:kim", "new ropes"), *command())
    book = Book.from_body(json.loads(json.dumps(book.to_body())))
    counted = book.service.of("lift")
    assert (counted.total.cycles, counted.since.cycles, counted.serviced_at) == (3, 1, NOON)
    (kept,) = counted.history
    assert (kept.at, kept.by, kept.note, kept.total.cycles) == (NOON, "7:kim", "new ropes", 2)


def test_the_book_keeps_the_newest_services_alone() -> None:
    dones = [ServiceDone("lift", NOON + n, "kim", f"the {n}th") for n in range(HISTORY_KEPT + 3)]
    history = folded(*dones).service.of("lift").history
    assert [each.note for each in history] == [f"the {n}th" for n in range(3, HISTORY_KEPT + 3)]


def test_stated_counters_are_counted_on() -> None:
    stated = ServiceSet("lift", Counts(900, 950), Counts(500, 500), NOON - DAY_S, "kim", "by the old panel")
    counted = folded(stated, *command()).service.of("lift")
    assert (counted.total.cycles, counted.since.cycles, counted.since.starts) == (901, 401, 451)


# Intervals


def standing(used: Counts, interval: Interval, *, days_ago: float = 40.0, a_day: Counts = NOTHING) -> Standing:
    """Return how a lift stands that has done ``used``, looked at since ``days_ago``, with a pace of ``a_day``."""
    book = folded().service
    book.since = NOON - days_ago * DAY_S
    book.stated("lift", used, NOTHING, None)
    recent = {int(NOON // DAY_S) - n: a_day for n in range(min(PACE_DAYS, int(days_ago)))}
    book.counted["lift"] = type(book.of("lift"))(used, NOTHING, None, (), recent)
    return stand("lift", book, {Kind.LIFT: interval}, NOON)


@pytest.mark.parametrize(
    ("interval", "limit", "one_less"),
    [
        (Interval(cycles=100), Counts(cycles=100), Counts(cycles=99)),
        (Interval(hours=2), Counts(ran_ms=2 * MS_PER_HOUR), Counts(ran_ms=2 * MS_PER_HOUR - 1)),
        (Interval(way=3), Counts(way=3_000), Counts(way=2_999)),
    ],
)
def test_at_exactly_its_interval_a_component_is_due(interval: Interval, limit: Counts, one_less: Counts) -> None:
    assert standing(limit, interval).due
    assert standing(limit, interval).share == 1.0
    assert not standing(one_less, interval).due
    assert standing(one_less, interval).soon


def test_days_count_from_the_last_service_else_from_the_first_motion() -> None:
    assert standing(NOTHING, Interval(days=40), days_ago=40.0).due
    assert not standing(NOTHING, Interval(days=40), days_ago=39.999).due
    book = folded(*command(), ServiceDone("lift", NOON + DAY_S, "kim", "n"), at=NOON).service
    found = stand("lift", book, {Kind.LIFT: Interval(days=10)}, NOON + 6 * DAY_S)
    assert (found.share, found.due_at) == (0.5, NOON + 11 * DAY_S)


def test_soon_due_begins_at_90_per_cent() -> None:
    interval = Interval(cycles=1000)
    assert not standing(Counts(cycles=899), interval).soon
    assert standing(Counts(cycles=900), interval).soon
    assert not standing(Counts(cycles=1000), interval).soon, "it is due"


def test_whichever_comes_first_counts() -> None:
    found = standing(Counts(cycles=50, ran_ms=MS_PER_HOUR), Interval(cycles=100, hours=4, days=400))
    assert found.share == 0.5
    assert [limb.name for limb in found.limbs] == ["cycles", "hours", "days"]


def test_without_an_interval_nothing_is_ever_due() -> None:
    found = standing(Counts(cycles=10**9), Interval())
    assert (found.share, found.due, found.due_at, found.limbs) == (None, False, None, ())


def test_the_forecast_is_what_is_left_by_the_pace_of_thirty_days() -> None:
    found = standing(Counts(cycles=400), Interval(cycles=1000), a_day=Counts(cycles=20))
    assert found.due_at == pytest.approx(NOON + 30 * DAY_S)


def test_of_a_young_tower_the_pace_is_taken_since_its_first_motion() -> None:
    found = standing(Counts(cycles=40), Interval(cycles=100), days_ago=2.0, a_day=Counts(cycles=20))
    assert found.due_at == pytest.approx(NOON + 3 * DAY_S)


def test_a_component_that_rests_is_due_by_days_or_never() -> None:
    assert standing(Counts(cycles=40), Interval(cycles=100)).due_at is None
    assert standing(Counts(cycles=40), Interval(cycles=100, days=50)).due_at == pytest.approx(NOON + 10 * DAY_S)


def test_what_is_older_than_thirty_days_is_no_pace() -> None:
    book = folded(*command(), at=NOON)
    folded(*command(), book=book, at=NOON + (PACE_DAYS + 1) * DAY_S)
    assert len(book.service.of("lift").days) == 1
    later = stand("lift", book.service, {Kind.LIFT: Interval(cycles=10)}, NOON + 70 * DAY_S)
    assert later.due_at is None


def test_a_clock_that_was_set_back_makes_nothing_due() -> None:
    book = folded(*command(), ServiceDone("lift", NOON + 9 * DAY_S, "kim", "n")).service
    assert stand("lift", book, {Kind.LIFT: Interval(days=5)}, NOON).share == 0.0


def test_the_most_urgent_is_first() -> None:
    book = folded(*command(), *command("tower/shuttle", 10), *command("tower/turntable", 3)).service
    intervals = {Kind.LIFT: Interval(cycles=4), Kind.TURNTABLE: Interval(cycles=2)}
    names = [each.component for each in by_urgency(stand(n, book, intervals, NOON) for n in book.counted)]
    assert names == ["turntable", "lift", "shuttle"]


def test_many_that_come_due_together_are_few_alarms() -> None:
    names = components(3, range(101, 143))
    book = folded(*command()).service
    everything = {kind: Interval(days=1) for kind in Kind}
    due = due_groups(stand(name, book, everything, NOON + 2 * DAY_S) for name in names)
    assert list(due) == [1, 2, 3]
    assert len(due) <= MOST_A_CAUSE, "though all come in one minute"
    assert due[3].endswith(f"and {42 - NAMED} more")
    assert due_groups(stand(name, book, everything, NOON) for name in names) == {}


def test_each_class_has_its_alarm() -> None:
    assert [kind for kinds in GROUPS.values() for kind in kinds if kind not in Kind] == []
    assert sum(map(len, GROUPS.values())) == len(Kind)
    assert frozenset[Kind]().union(*GROUPS.values()) == set(Kind)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300), st.integers(0, 3 * MS_PER_HOUR), st.integers(0, 4_000), st.floats(0, 60))
def test_the_short_answer_is_the_long_ones(cycles: int, ran_ms: int, way: int, days: float) -> None:
    book = folded().service
    book.since = NOON - days * DAY_S
    book.stated("lift", Counts(cycles, cycles, ran_ms, way), NOTHING, None)
    intervals = {Kind.LIFT: Interval(cycles=250, hours=2, way=3, days=50)}
    assert is_due("lift", book, intervals, NOON) is stand("lift", book, intervals, NOON).due
