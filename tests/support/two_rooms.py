"""A tower with two rooms, in which booked cars are brought ahead of their customers."""

from config.schema import Tower
from controller.domain.dispatch.staging import DEFAULT as AHEAD
from controller.domain.events import Retrieve
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.scenes import eventually
from tests.support.stage import Stage
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
SOON_S = AHEAD.most_s + 60.0
"""An appointment that nothing is done for yet."""


async def booked(it: Stage, car: str, seconds: float, room: int | None = None) -> int:
    """Make an appointment so many seconds from now; return its number."""
    due = int(EPOCH_S + it.world.now + seconds)
    number = (await it.ask(Retrieve(car=car, room=room, due=due)))["appointment"]
    assert isinstance(number, int)
    return number


async def staged(it: Stage, car: str, seconds: float = SOON_S) -> int:
    """Make an appointment and wait until its car stands in a room; return the room."""
    await booked(it, car, seconds)
    await eventually(it, lambda: it.truth()[car] in SHAPE.rooms and not it.book.open_jobs(), seconds)
    return it.truth()[car]


def gate_is_shut(it: Stage, room: int) -> bool:
    """Tell whether nobody can get at the car of a room."""
    return it.world.plant.truth().gates[room].locked
