"""Inputs that may lie, and how: never so that two signals which vouch for one another lie together.

The contract proves what moves a car by two independent signals. That one of them lies must never suffice for harm;
that both do is outside of what it promises, and is not drawn: of what tells of one thing (`Sensor.about`) one input
lies at a time. Devices of the safety chain (person sensor, light curtain, closing edge) watch themselves and fail to
the side that stops: they lie in that direction alone (`Sensor.only`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sim_plc.plant.contacts import Wire

if TYPE_CHECKING:
    from sim_plc.rehearsal.faults.letter import Scene, Strike

CARS: Final = "cars"
WAYS: Final = "ways"
STAND: Final = "stand"
ARMS: Final = "arms"
PEOPLE: Final = "people"

LEAF: Final = ("closed_a", "closed_b", "bolted_a", "bolted_b", "opened")
BAY: Final = {"occupied_a": CARS, "occupied_b": CARS, "latch_open": WAYS, "latch_closed": WAYS}
ROOM: Final = {"occupied_a": CARS, "occupied_b": CARS, "weight": CARS, "in_marks": CARS}
CARRIAGE: Final = {
    **dict.fromkeys(("place_occupied_a", "place_occupied_b", "loaded_a", "loaded_b"), CARS),
    **dict.fromkeys(("latch_open", "latch_closed", "all_latches_locked"), WAYS),
    **dict.fromkeys(("dock_level", "dock_position"), STAND),
    **dict.fromkeys(("arms_centred", "arms_extended", "comb_up", "comb_down", "secured"), ARMS),
}
GUARDS: Final = {"person": True, "person_sensor_ok": False, "curtain_clear": False, "door_plane_clear": False}
"""Sensors of a room that fail to one side, with what they tell then."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """One input."""

    wire: Wire
    about: str
    only: bool | None = None
    """What it tells when it lies; None: whatever is not so."""


def sensors(room: int, bay: int) -> tuple[Sensor, ...]:
    """Return every input that may lie of one room, one bay and the carriage; those that lie both ways first."""
    return (
        *(Sensor((which, room, name), WAYS) for which in ("door", "gate") for name in LEAF),
        *(Sensor(("room", room, name), about) for name, about in ROOM.items()),
        *(Sensor(("bay", bay, name), about) for name, about in BAY.items()),
        *(Sensor(("carriage", name), about) for name, about in CARRIAGE.items()),
        *(Sensor((axis, "at_reference"), STAND) for axis in ("lift", "turntable")),
        *(Sensor(("room", room, name), PEOPLE, value) for name, value in GUARDS.items()),
        Sensor(("gate", room, "obstructed"), PEOPLE, only=True),
    )


class Liars:
    """Chooses inputs that lie, and keeps those apart that vouch for one another."""

    def __init__(self, scene: "Scene") -> None:
        self._scene = scene
        self._about: set[str] = set()

    def both_ways(self, strike: "Strike") -> tuple[Sensor, ...]:
        """Return the inputs of a strike's room and bay that may tell whatever is not so."""
        return tuple(sensor for sensor in self._all(strike) if sensor.only is None)

    def that_may_tell(self, strike: "Strike", value: bool) -> Sensor:
        """Return the input of a strike among those that may tell a value."""
        return chosen(strike, tuple(sensor for sensor in self._all(strike) if sensor.only in (None, value)))

    def any(self, strike: "Strike") -> Sensor:
        """Return the input of a strike."""
        return chosen(strike, self._all(strike))

    @contextmanager
    def alone(self, about: str) -> Iterator[bool]:
        """Be the one whose input tells a lie about something while the context is open; False: another does so now."""
        if about in self._about:
            self._scene.did["kept apart"] += 1
            yield False
            return
        self._about.add(about)
        try:
            yield True
        finally:
            self._about.discard(about)

    def _all(self, strike: "Strike") -> tuple[Sensor, ...]:
        return sensors(self._scene.room(strike), self._scene.bay(strike))


def chosen(strike: "Strike", among: tuple[Sensor, ...]) -> Sensor:
    """Return the one of some inputs that a strike hits."""
    return among[strike.where % len(among)]
