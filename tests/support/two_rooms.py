"""A tower with two rooms, in which booked cars are brought ahead of their customers."""

import asyncio

from config.schema import Tower
from controller.domain.dispatch.staging import DEFAULT as AHEAD
from controller.domain.events import Cancel, OnTheWay, Relocate, Retrieve
from controller.domain.jobs import JobKind
from controller.domain.rooms import RoomState
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.scenes import eventually
from tests.support.stage import QUICK, Stage
from tests.support.towers import tower_named


def two_rooms(**overrides: str) -> Tower:
    """Return the small tower with a second room in the place of a bay."""
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    return tower_named("small", "brisk", {"ring.rooms": "[101, 103]", **keys})


SHAPE = two_rooms().shape
GRACE_S = two_rooms().timing.appointment_grace_s
NEAR, FAR = SHAPE.bays[0], SHAPE.bays[-1]
CAR, ANOTHER = f"C{FAR}", f"C{NEAR}"
HOUR_S = 3600.0
SLOW = two_rooms(machine__lift__speed_mm_s="100")
"""Here the carriage takes long to come."""

SOON_S = AHEAD.most_s + 60.0
"""An appointment that nothing is done for yet."""

IN_S = 240
"""Who says that they are on the way is that far."""


async def booked(it: Stage, car: str, seconds: float, room: int | None = None) -> int:
    """Make an appointment so many seconds from now; return its number."""
    due = int(EPOCH_S + it.world.now + seconds)
    number = (await it.ask(Retrieve(car=car, room=room, due=due)))["appointment"]
    assert isinstance(number, int)
    return number


async def told(it: Stage, car: str, in_s: int = IN_S) -> float:
    """Say that the customer of a car is on the way; return when they will be there, on the loop's clock."""
    answer = await it.ask(OnTheWay(car=car, in_s=in_s))
    return float(str(answer["expected"])) - EPOCH_S


async def staged(it: Stage, car: str, seconds: float = SOON_S) -> int:
    """Make an appointment and wait until its car stands in a room; return the room."""
    await booked(it, car, seconds)
    await eventually(it, lambda: it.truth()[car] in SHAPE.rooms and not it.book.open_jobs(), seconds)
    return it.truth()[car]


def gate_is_shut(it: Stage, room: int) -> bool:
    """Tell whether nobody can get at the car of a room."""
    return it.world.plant.truth().gates[room].locked


async def going_back(it: Stage) -> tuple[int, int]:
    """Keep a car, let the carriage be busy elsewhere, and cancel its appointment: it is accepted for its way back.

    Return its room and the job of its way back.
    """
    room = await staged(it, CAR)
    [number] = it.book.appointments
    await it.order(Relocate(car=ANOTHER, bay=FAR))
    await it.ask(Cancel(job=number))
    await it.until(lambda: it.room(room) is RoomState.ACCEPTED)
    [back] = [job.id for job in it.book.open_jobs() if job.kind is JobKind.STORE]
    return room, back


async def driven_off(it: Stage, room: int) -> None:
    """Let somebody drive the kept car out by the gate's release, which is put right then."""
    it.world.do(lambda plant: plant.use_escape(room))
    it.world.do(lambda plant: plant.customer_collects(room, QUICK))
    await it.until(lambda: it.truth() == {})
    await asyncio.sleep(2.0)
    it.world.do(lambda plant: plant.restore_escape(room))
    it.world.do(lambda plant: plant.device_reset())
    await asyncio.sleep(1.0)
