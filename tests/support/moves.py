"""One move on the tower under test, seen from the plant: begun, caught in a step, and brought to its end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

from config.schema import Tower
from controller.domain.events import Relocate, Retrieve, Store, UnitCommand
from controller.domain.jobs import TERMINAL, JobKind, JobState
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.plant.truth import Truth
from sim_plc.program.event_log import LogEntry
from tests.support.places import LOW2, ROOM, TOP1, TOP2
from tests.support.stage import QUICK, Stage, stage

BAY: Final = TOP2
OTHER: Final = LOW2
AWAY: Final = TOP1

STEPS: Final = (
    JobState.POSITIONING,
    JobState.OPENING,
    JobState.PICKING,
    JobState.CLOSING,
    JobState.POSITIONING_TO,
    JobState.OPENING_TO,
    JobState.PLACING,
    JobState.CLOSING_TO,
)
"""Every step in which something moves."""

NEXT: Final = {
    UnitState.ABORTED: UnitEvent.CLEAR,
    UnitState.STOPPED: UnitEvent.RESET,
    UnitState.IDLE: UnitEvent.START,
    UnitState.HELD: UnitEvent.UNHOLD,
}

ENDED: Final = {*TERMINAL, JobState.PARKED}

PATIENCE: Final = 12
"""Acts after which an operator must have the unit executing."""

LOOK_S: Final = 1.0
"""What an operator takes between two acts."""

KINDS: Final = (JobKind.RETRIEVE, JobKind.STORE)

_STOCK: Final[Mapping[JobKind, Mapping[int, Car]]] = {
    JobKind.RETRIEVE: {BAY: Car("B2"), OTHER: Car("A1")},
    JobKind.STORE: {OTHER: Car("A1")},
}


@asynccontextmanager
async def move(
    kind: JobKind, tower: Tower | None = None, *, seed: int = 1, coalesced: bool = True
) -> AsyncIterator[tuple[Stage, int]]:
    """Give a tower that executes, and the number of a move that was just ordered: out of a bay, or into one."""
    async with stage(tower, cars=_STOCK[kind], seed=seed, coalesced=coalesced) as it:
        yield it, await ordered(it, kind)


async def ordered(it: Stage, kind: JobKind) -> int:
    """Order the move; a car to be stored stands accepted behind its locked gate, the carriage is elsewhere."""
    if kind is JobKind.RETRIEVE:
        return await it.order(Retrieve(car="B2", room=ROOM))
    # The carriage starts in front of the room: something must call it away.
    await it.ended(await it.order(Relocate(car="A1", bay=AWAY)))
    it.world.do(lambda plant: plant.car_arrives(ROOM, Car("C3"), QUICK))
    return await it.order(Store(car="C3", room=ROOM))


async def caught(it: Stage, number: int, step: JobState) -> None:
    """Wait until something moves in a step of a job."""
    await it.until(lambda: it.job(number).state is step and bool(moving(it.world.plant.truth())))


def moving(truth: Truth) -> list[str]:
    """Return the names of everything of steel that moves."""
    carriage = truth.carriage
    axes = {"lift": carriage.lift, "turntable": carriage.turntable, "arms": carriage.arms, "comb": carriage.comb}
    leaves = {f"door {place}": leaf for place, leaf in truth.doors.items()}
    leaves |= {f"gate {place}": leaf for place, leaf in truth.gates.items()}
    latches = [f"latch {place}" for place, drawn in truth.latches.items() if 0 < drawn < 1]
    driven = [name for name, axis in axes.items() if axis.moving]
    return [*driven, *(name for name, leaf in leaves.items() if leaf.velocity_mm_s), *latches]


def starts(it: Stage) -> int:
    """Return how many commands that move steel were ever begun by a PLC."""
    return sum(
        entry.event.name == "STARTED" and entry.mechanism != "station" and not entry.mechanism.endswith("signal")
        for _, entry in it.world.log
    )


def hold_against_truth(it: Stage) -> None:
    """Hold the inventory against the plant: every car known where it is, no place in doubt."""
    assert it.belief() == it.truth()
    assert it.doubts() == set()


async def room_given_back(it: Stage) -> None:
    """Let the customer take what stands in the room, if anything, and see the room vacant again."""
    it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
    await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
    assert ROOM not in it.truth().values()


def cause(it: Stage) -> str:
    """Return why the unit stands as it stands."""
    assert it.world.daemon is not None
    return it.world.daemon.control.unit.cause


async def attend(it: Stage, number: int, acts: int = PATIENCE) -> None:
    """Be the operator: clear, reset, start, crank by hand, until a job has ended or stands parked."""
    await attend_until(it, lambda: it.job(number).state in ENDED, (UnitState.EXECUTE, UnitState.HELD), acts)


async def attend_until(
    it: Stage, done: Callable[[], bool], there: Collection[UnitState] = (UnitState.EXECUTE,), acts: int = PATIENCE
) -> None:
    """Be the operator until something is so while the unit stands in one of ``there``."""
    for _ in range(acts):
        await it.until(lambda: it.unit in (*NEXT, UnitState.EXECUTE))
        if it.unit is UnitState.EXECUTE:
            await it.until(lambda: it.unit is not UnitState.EXECUTE or done())
        if it.unit in there and done():
            return
        if it.unit in NEXT:
            if "CAR_HALF_WAY" in cause(it):
                crank(it)
            await asyncio.sleep(LOOK_S)
            with suppress(Refusal):  # as long as a station is not back
                await it.until(lambda: {"ONLINE"} == set(station_states(it)))
                await it.ask(UnitCommand(event=NEXT[it.unit]))
    raise AssertionError(it.picture())


def crank(it: Stage) -> None:
    """Bring the arms inside by hand, with the drives off."""
    it.world.do(lambda plant: plant.set_maintenance_key(on=True))
    it.world.do(lambda plant: plant.crank_shuttle())
    it.world.do(lambda plant: plant.set_maintenance_key(on=False))


def station_states(it: Stage) -> list[str]:
    """Return how the stations stand, the tower PLC first."""
    assert it.world.daemon is not None
    rows = it.world.daemon.board.status["stations"]
    assert isinstance(rows, list)
    return [row["state"] for row in rows]


def lines(it: Stage, station: str, since: int = 0) -> list[LogEntry]:
    """Return what a station's log tells from a line on."""
    return [entry for name, entry in it.world.log[since:] if name == station]
