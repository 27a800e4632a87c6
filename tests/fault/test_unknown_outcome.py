"""Every row of the outcome table, for every command of a move: named rightly, never run twice, never guessed.

A frame is caught as it is written; its station is brought into the row; then people do what is theirs. What the PLC
did is read from its log, what the controller made of it from the journal. Elsewhere: each row alone, by
`tests/unit/hal/test_outcome_table.py` and `test_settling.py`; a daemon's death at each commit, by
`test_crash_at_each_commit.py`; restarts and links in the middle of each step, by `test_plc_restarts.py` and
`test_links.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from _pytest.mark import ParameterSet

from controller.domain.events import Adopt, Relocate, Request, Resolve, Retrieve, Store, UnitCommand
from controller.domain.jobs import JobKind, JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal import outcome_table
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from sim_plc.plant.cars import Car
from sim_plc.program.event_log import Event
from sim_plc.rehearsal import loop
from tests.support.cells import POINTS, SIGNAL, Fate, Point, Snare, happened, step_of, told, verdicts
from tests.support.moves import (
    AWAY,
    BAY,
    ENDED,
    KINDS,
    OTHER,
    attend_until,
    hold_against_truth,
    station_states,
)
from tests.support.places import ROOM, bus_of
from tests.support.samples import sample
from tests.support.stage import QUICK, Stage, stage

pytestmark = pytest.mark.own_tower

AWAY_S = 3.0
"""How long a cable is out, a station is left to itself or a foreign master is watched."""

UNSEEN_S = 20.0
"""A room that is not vacant by then was left while nobody saw it."""

SCANS_S = 0.025
"""Two scans of a PLC and a half: what stands so long is judged."""

OUTCOME_S = 20.0
"""Within this every command has its outcome, if only that silence has stopped it."""

Row = Callable[[Stage, Snare], Awaitable[None]]


async def another_masters_epoch(it: Stage, snare: Snare) -> None:
    """FOREIGN: a higher epoch is in force."""
    await frozen_until_adopted(it, snare, ())


async def another_masters_sequence(it: Stage, snare: Snare) -> None:
    """FOREIGN: more was accepted than was ever written."""
    await frozen_until_adopted(it, snare, [Content(int(Opcode.STOP))])


async def finished_meanwhile(it: Stage, snare: Snare) -> None:
    """FINISHED: a daemon that was away finds the outcome."""
    await it.until(happened(it, snare, Event.ACCEPTED))
    await it.world.crash_daemon()
    await it.until(happened(it, snare, Event.OUTCOME), OUTCOME_S)
    await it.start()


async def jumped_over(it: Stage, snare: Snare) -> None:
    """JUMPED: it never arrives, but the STOP does that is written behind its deadline."""
    del it, snare


async def memory_lost(it: Stage, snare: Snare) -> None:
    """MEMORY LOST: the station cannot know."""
    await it.until(happened(it, snare, Event.ACCEPTED))
    it.world.cabinets.restart(snare.point.station, warm=False)
    await it.until(lambda: it.unit is UnitState.ABORTED)
    await asyncio.sleep(AWAY_S)
    it.world.cabinets.reset(snare.point.station)


async def restarted_before(it: Stage, snare: Snare) -> None:
    """Boot id changed, accepted < N."""
    it.world.cabinets.restart(snare.point.station)
    snare.let_go()


async def running_unheard(it: Stage, snare: Snare) -> None:
    """RUNNING: the answer of the write is lost; the station tells what it does."""
    del it, snare


async def not_delivered(it: Stage, snare: Snare) -> None:
    """UNDELIVERED: the identical frame is sent again."""
    del it, snare


async def not_delivered_before_a_death(it: Stage, snare: Snare) -> None:
    """UNDELIVERED: planned by a daemon that is gone, so that the next one voids it."""
    await it.world.crash_daemon()
    snare.let_go()
    await it.start()


async def link_down(it: Stage, snare: Snare) -> None:
    """Link down: unknown until it is read."""
    await it.until(happened(it, snare, Event.ACCEPTED))
    bus = bus_of(it.world.tower, snare.point.station)
    it.world.pull_cable(bus, out=True)
    await it.until(lambda: it.unit is UnitState.ABORTED)
    await asyncio.sleep(AWAY_S)
    it.world.pull_cable(bus, out=False)


ROWS: dict[Row, Fate] = {
    another_masters_epoch: Fate.ARRIVES,
    another_masters_sequence: Fate.ARRIVES,
    finished_meanwhile: Fate.ARRIVES,
    jumped_over: Fate.LOST,
    memory_lost: Fate.ARRIVES,
    restarted_before: Fate.LOST,
    running_unheard: Fate.UNANSWERED,
    not_delivered: Fate.LOST_ONCE,
    not_delivered_before_a_death: Fate.LOST,
    link_down: Fate.ARRIVES,
}

ORDERS: dict[JobKind, Request] = {
    JobKind.RETRIEVE: Retrieve(car="B2", room=ROOM),
    JobKind.STORE: Store(car="C3", room=ROOM),
}

UNATTENDED = (running_unheard, not_delivered)
"""Nobody has to do anything."""

NEVER_ARRIVED = (jumped_over, restarted_before, not_delivered_before_a_death)

AT_ONCE = ("station", SIGNAL)
"""Mechanisms whose commands have their outcome in the scan that accepts them: nobody ever finds one running."""

FOREIGN = (another_masters_epoch, another_masters_sequence)


async def frozen_until_adopted(it: Stage, snare: Snare, frames: Sequence[Content]) -> None:
    """Be the other master until the daemon sees it; then nothing is written until a person adopts.

    Once is not enough: a poll may come between this write and the scan that would have seen it.
    """
    await it.until(happened(it, snare, Event.ACCEPTED))
    while "FROZEN" not in station_states(it):
        snare.rule(frames)
        await asyncio.sleep(SCANS_S)
    await it.until(lambda: it.unit is UnitState.ABORTED)
    writes = snare.writes
    await asyncio.sleep(AWAY_S)
    assert snare.writes == writes
    await it.ask(Adopt())


def cells() -> list[ParameterSet]:
    """Return every cell; the quick suite has each row and each mechanism once, at a step that wanders."""
    mechanisms = sorted({point.mechanism for point in POINTS})
    quick = set()
    for number, (row, mechanism) in enumerate(sorted(sample([len(ROWS), len(mechanisms)], 1))):
        at = [point for point in POINTS if point.mechanism == mechanisms[mechanism]]
        quick.add(([*ROWS][row], at[number % len(at)]))
    return [
        pytest.param(
            row, point, id=f"{row.__name__}-{point}", marks=() if (row, point) in quick else pytest.mark.campaign
        )
        for row in ROWS
        for point in POINTS
    ]


@pytest.mark.parametrize(("row", "point"), cells())
def test_a_command_in_each_row_of_the_table(row: Row, point: Point) -> None:
    async def body() -> None:
        async with caught(point, ROWS[row]) as (it, snare):
            await row(it, snare)
            if row in UNATTENDED:
                await it.until(happened(it, snare, Event.OUTCOME), OUTCOME_S)
            if row is another_masters_sequence and point.mechanism == "shuttle":
                nothing_is_believed(it, snare)
                return
            await brought_to_an_end(it, point)
            if row in UNATTENDED:
                assert it.unit is UnitState.EXECUTE
            hold_against_truth(it)
            await it.world.stop_daemon()
            judge(row, it, snare)

    loop.run(body())


def nothing_is_believed(it: Stage, snare: Snare) -> None:
    """Hold that whoever adopts a shuttle that another master has commanded gets no place for certain, and no job."""
    assert sum(entry.event is Event.STARTED for entry in told(it, snare)) == 1
    assert it.doubts() >= set(it.world.tower.shape.bays)
    assert {job.state for job in it.book.jobs.values()} <= {JobState.DONE, JobState.CLOSED_BY_HAND}


def judge(row: Row, it: Stage, snare: Snare) -> None:
    """Hold what the journal says of the command against what the station did with it."""
    entries, (said, *later) = told(it, snare), verdicts(it, snare)
    outcomes = [entry.result.name for entry in entries if entry.event is Event.OUTCOME]
    starts = [entry for entry in entries if entry.event is Event.STARTED]
    assert said
    if row is memory_lost:
        # A sign is shown in the scan that accepts it, and may have been read before the memory was lost.
        assert said[0] == "UNKNOWN" or (said == outcomes[:1] and snare.point.opcode is Opcode.SHOW)
        return
    assert len(starts) <= 1
    if row in NEVER_ARRIVED:
        # What the station did with the number is what was planned anew under it.
        assert (said, [each for each in later if each != ["VOID"]]) == (["VOID"], [outcomes] if outcomes else [])
    elif row in FOREIGN:
        # What another master left is read behind a person's ADOPT, and is then what the station says of it.
        assert [each for each in said if each != "UNKNOWN"] in ([], outcomes)
    else:
        assert (said, later, len(outcomes)) == (outcomes, [], 1)
    if row in UNATTENDED:
        assert outcomes == ["OK"]


@asynccontextmanager
async def caught(point: Point, fate: Fate) -> AsyncIterator[tuple[Stage, Snare]]:
    """Give a tower that has just written the frame of a point: in a move, or in the unit's reset before it."""
    resetting = point.step is UnitState.RESETTING
    async with stage(cars=stock(point.kind), execute=not resetting) as it:
        if resetting:
            await it.import_all()
        else:
            await prepared(it, point.kind)
        snare = Snare(it, point, fate)
        await it.ask(UnitCommand(event=UnitEvent.RESET) if resetting else ORDERS[point.kind])
        customer = asyncio.create_task(collect(it) if point.kind is JobKind.RETRIEVE else asyncio.sleep(0.0))
        try:
            async with asyncio.timeout(it.limit_s):
                await snare.caught.wait()
            yield it, snare
        finally:
            customer.cancel()


def stock(kind: JobKind) -> dict[int, Car]:
    return {OTHER: Car("A1"), BAY: Car("B2")} if kind is JobKind.RETRIEVE else {OTHER: Car("A1")}


async def prepared(it: Stage, kind: JobKind) -> None:
    """Bring a car that is to be stored; the carriage starts in front of the room, so that something calls it away."""
    if kind is JobKind.STORE:
        await it.ended(await it.order(Relocate(car="A1", bay=AWAY)))
        it.world.do(lambda plant: plant.car_arrives(ROOM, Car("C3"), QUICK))


async def collect(it: Stage) -> None:
    """Be the customer: come for the car as soon as the job is done."""
    while not served(it):  # noqa: ASYNC110 - nobody tells a customer
        await asyncio.sleep(0.1)
    it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))


def served(it: Stage) -> bool:
    """Tell whether the move, which is the newest job, has ended or stands parked."""
    if it.world.daemon is None:
        return False
    jobs = it.book.jobs
    return bool(jobs) and jobs[max(jobs)].state in ENDED


async def brought_to_an_end(it: Stage, point: Point) -> None:
    """Be the operator until the move has ended, and the room is given back behind it."""
    if point.step is UnitState.RESETTING:
        await attend_until(it, lambda: True)
        await it.ask(ORDERS[point.kind])
    await attend_until(it, lambda: served(it))
    newest = it.job(max(it.book.jobs))
    if newest.state is JobState.PARKED:
        assert newest.reason
        await it.ask(Resolve(job=newest.id, choice="continue"))
        await attend_until(it, lambda: served(it))
    assert it.job(newest.id).state is JobState.DONE
    await given_back(it)
    # A sign is set behind everything else.
    await it.until(lambda: not it.book.intents, OUTCOME_S)


async def given_back(it: Stage) -> None:
    """See the room vacant; who left it unseen has to be looked for by a person, whose reset says so."""
    give_up_s = it.world.now + UNSEEN_S
    await attend_until(it, lambda: it.room(ROOM) is RoomState.VACANT or it.world.now > give_up_s)
    if it.room(ROOM) is not RoomState.VACANT:
        assert it.room(ROOM) is RoomState.CLEARING
        await it.command(UnitEvent.STOP, UnitState.STOPPED)
        await attend_until(it, lambda: it.room(ROOM) is RoomState.VACANT)


def test_the_points_are_all_that_a_move_commands() -> None:
    """Nothing is missing in the matrix, and nothing stands in it that no move does."""
    seen: set[Point] = set()
    for kind in KINDS:
        loop.run(watched(kind, seen))
    assert {*map(str, seen)} == {*map(str, POINTS)}


async def watched(kind: JobKind, seen: set[Point]) -> None:
    """Note every command of a move that nothing befalls, and of the reset before it; a STOP belongs to no step."""

    def note(what: str, _body: object) -> None:
        station, entry = it.world.log[-1] if what == "plc" else ("", None)
        if entry is None or entry.event is not Event.ACCEPTED or entry.content is None:
            return
        step, opcode = step_of(it, entry.mechanism), Opcode(entry.content.opcode)
        if opcode is not Opcode.STOP and step is not None:
            seen.add(Point(kind, station, entry.mechanism, opcode, step))

    async with stage(cars=stock(kind), execute=False) as it:
        await it.import_all()
        if kind is JobKind.RETRIEVE:
            it.world.on_note = note
        await it.execute()
        await prepared(it, kind)
        it.world.on_note = note
        await it.ask(ORDERS[kind])
        await it.until(lambda: served(it))
        if kind is JobKind.RETRIEVE:
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
        await it.until(lambda: it.room(ROOM) is RoomState.VACANT)


def test_what_ends_at_once_is_found_running_by_nobody() -> None:
    """So that for a room's signal and the station itself that row is met as a finished one."""
    for mechanism in AT_ONCE:
        point = next(each for each in POINTS if each.mechanism == mechanism)

        async def body(point: Point = point) -> None:
            async with caught(point, Fate.UNANSWERED) as (it, snare):
                await it.until(happened(it, snare, Event.OUTCOME))
                assert len({entry.t for entry in told(it, snare)}) == 1

        loop.run(body())


TableRow = Callable[[outcome_table.Intent, outcome_table.View], outcome_table.Finding | None]

REMOVED: dict[TableRow, Row] = {
    outcome_table._jumped: jumped_over,
    outcome_table._memory_lost: memory_lost,
    outcome_table._running: running_unheard,
    outcome_table._undelivered: not_delivered,
}
"""Rows of the table, each with the row here that it decides.

Two are missing: what is FOREIGN is seen before the table is asked, and what a restarted station never accepted is void
by the higher epoch too that every connection brings: UNDELIVERED says the same.
"""


@pytest.mark.campaign
@pytest.mark.parametrize("removed", REMOVED)
def test_a_row_that_is_missing_in_the_table_is_seen(removed: TableRow, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tuple(row for row in outcome_table._ROWS if row is not removed)
    monkeypatch.setattr(outcome_table, "_ROWS", rows)
    point = next(each for each in POINTS if each.mechanism == "lift" and each.opcode is Opcode.MOVE_TO)
    with pytest.raises((AssertionError, TimeoutError)):
        test_a_command_in_each_row_of_the_table(REMOVED[removed], point)
