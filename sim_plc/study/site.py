"""One tower as a study sees it: places, times of the machine, times of a room's gate, and what it can give out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final

from config.demand import Visits
from config.schema import Tower
from controller.domain.dispatch.bounds import cars_an_hour
from controller.domain.dispatch.course import Course, State
from controller.domain.dispatch.cycles import Cycles, Pace, Paces
from controller.domain.dispatch.legs import Legs
from controller.domain.dispatch.slot_capacity import most, with_others
from controller.domain.travel import RATED, Speeds
from controller.settings import kinematics_of

REHEARSED: Final = Paces(*(Pace(each_s=0.05) for _ in range(4)))
"""What the daemon adds to each command in a rehearsal: polls, scans, durable commits."""

LAG_S: Final = 0.05
"""What it adds beside that to a room whose gate opens, and to one whose gate has closed: its sign, its proof."""

MEASURE_S: Final = 0.25
"""From a driver who has left until the car is measured: a command, and polls."""


@dataclass(frozen=True, slots=True)
class GateTimes:
    """What a room needs around people, in seconds: the gate's own time, and what its controller adds."""

    open_s: float
    """From a room given to somebody until its gate is open."""
    shut_s: float
    """From the gate clear behind somebody until the room is proven: the hold, the gate."""
    measure_s: float
    """What it takes beside that to measure a car that was brought."""


@dataclass(frozen=True)
class Site:
    """A tower on the model of travel."""

    name: str
    cycles: Cycles
    gate: GateTimes
    visits: Visits
    heights_mm: Mapping[int, int]
    """Of every place."""
    rooms: tuple[int, ...]
    bays: tuple[int, ...]

    @cached_property
    def served_s(self) -> float:
        """How long a room is in use for a customer who fetches a car, on average."""
        return self.gate.open_s + self.visits.fetch_s + self.gate.shut_s

    @cached_property
    def brought_s(self) -> float:
        """How long it takes from a room given to a driver until the car is accepted, on average."""
        return self.gate.open_s + self.visits.bring_s + self.gate.measure_s + self.gate.shut_s

    @cached_property
    def cars_an_hour(self) -> float:
        """How many cars the tower can give out in an hour at most: its carriage, its rooms, or its stock.

        The stock of a small tower is the least: each bay is emptied and filled once in an hour.
        """
        return min(cars_an_hour(Legs(self.cycles), self.bays, self.served_s), 2.0 * len(self.bays))

    @cached_property
    def by_nearness(self) -> Mapping[int, tuple[int, ...]]:
        """For each room every bay, the nearest first; of two as near the lower number."""
        go_s = self.cycles.go_s
        return {room: tuple(sorted(self.bays, key=lambda bay: (go_s(room, bay), bay))) for room in self.rooms}

    def slot_holds(self, slot_s: float) -> int:
        """Return how many appointments a slot takes, as a tower offers them: with a car in every other bay."""
        opening = State(self.rooms[0], 0.0, dict.fromkeys(self.rooms, 0.0), frozenset(self.bays[1::2]))
        return most(self.course(load_ahead=True), opening, self.bays[::2], partial(with_others, slot_s)).booked

    def course(self, *, load_ahead: bool) -> Course:
        """Return the rules by which moves follow each other here."""
        return Course(self.cycles, self.served_s, load_ahead)


def site_of(
    tower: Tower,
    visits: Visits,
    paces: Paces = REHEARSED,
    lag_s: float = LAG_S,
    *,
    on_generator: bool = False,
    speeds: Speeds = RATED,
) -> Site:
    """Return a tower as a study sees it. ``on_generator``: lift and turntable move one after the other.

    ``speeds``: the share of its rated speed at which each axis runs.
    ``paces``: what its machine takes beside its bounds. ``lag_s``: what the controller adds each time that a gate opens
    and each time that it has closed: the sign, the questions to the sensors.
    """
    shape = tower.shape
    cycles = Cycles(replace(kinematics_of(tower).at(speeds), in_turn=on_generator), shape, paces)
    gate_s = cycles.gate_s() + lag_s
    return Site(
        tower.name,
        cycles,
        GateTimes(gate_s, tower.timing.gate_delay_s + gate_s, MEASURE_S),
        visits,
        {place: pose.height_mm for place, pose in shape.poses.items()},
        shape.rooms,
        shape.bays,
    )
