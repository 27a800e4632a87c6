"""One move on the small tower, seen from the plant: begun, caught in a step, and brought to its end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from config.schema import Tower
from controller.domain.events import Relocate, Retrieve, Store
from controller.domain.jobs import JobKind, JobState
from controller.domain.rooms import RoomState
from sim_plc.plant.cars import Car
from sim_plc.plant.truth import Truth
from tests.support.stage import QUICK, Stage, stage

ROOM: Final = 101
BAY: Final = 203
OTHER: Final = 103
AWAY: Final = 202

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

KINDS: Final = (JobKind.RETRIEVE, JobKind.STORE)

_STOCK: Final[Mapping[JobKind, Mapping[int, Car]]] = {
    JobKind.RETRIEVE: {BAY: Car("B2"), OTHER: Car("A1")},
    JobKind.STORE: {OTHER: Car("A1")},
}


@asynccontextmanager
async def move(kind: JobKind, tower: Tower | None = None, *, seed: int = 1) -> AsyncIterator[tuple[Stage, int]]:
    """Give a tower that executes, and the number of a move that was just ordered: out of a bay, or into one."""
    async with stage(tower, cars=_STOCK[kind], seed=seed) as it:
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
