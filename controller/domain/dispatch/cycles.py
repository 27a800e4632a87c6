"""How long whole cycles of the carriage take at one tower: the closed forms of `travel`, looked up instead of reckoned.

A ring has few different ways: a travel hangs on the difference of two heights and of two angles alone, so that a
planner which asks a hundred thousand times pays for each of them once. What machines really take is a little more than
the bound: `Pace` says how much, per primitive, from moves that were measured.

Units: seconds. Places by number. Sources: FEM 9.860 (sequential motions add, simultaneous ones take the longer).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log
from typing import Final

from controller.domain.travel import FULL_TURN_MDEG, Kinematics, Places, Pose, shorter_way_mdeg

HALF_TURN_MDEG: Final = FULL_TURN_MDEG // 2


@dataclass(frozen=True, slots=True)
class Pace:
    """What a machine takes beside its bounds: ``share`` of a primitive's bound, and ``each_s`` seconds of its own.

    The seconds stand for what every command pays once, however long it runs: two polls, a scan, a durable commit.
    """

    share: float = 1.0
    each_s: float = 0.0

    def __post_init__(self) -> None:
        if self.share <= 0 or self.each_s < 0:
            raise ValueError(f"a pace of {self.share} and {self.each_s} s: nothing takes no time")

    def of(self, bound_s: float) -> float:
        """Return the time of a primitive with this bound; one that has nothing to do takes none."""
        return bound_s * self.share + self.each_s if bound_s > 0 else 0.0

    @property
    def rough(self) -> "Pace":
        """This in coarse steps: the share in twentieths, the seconds in fifths."""
        return Pace(max(1, round(self.share * 20)) / 20, round(self.each_s * 5) / 5)


ROUGH: Final = 1.1
"""A step of what is known roughly, as a factor: well within what customers differ by."""


def rough(value: float) -> float:
    """Return the nearest power of `ROUGH`: equal for values that are about the same. Below 0.01 it is 0."""
    return 0.0 if value < 0.01 else float(ROUGH ** round(log(value, ROUGH)))


@dataclass(frozen=True, slots=True)
class Paces:
    """The pace of each primitive; as built, each is that of its bound."""

    travel: Pace = Pace()
    exchange: Pace = Pace()
    door: Pace = Pace()
    latch: Pace = Pace()
    lift: Pace | None = None
    """Of a travel that hangs on the lift; None: as any travel."""

    @property
    def rough(self) -> "Paces":
        """These in coarse steps: equal for machines that are about the same."""
        lift = None if self.lift is None else self.lift.rough
        return Paces(self.travel.rough, self.exchange.rough, self.door.rough, self.latch.rough, lift)


class Ways(dict[int, float]):
    """The time of the carriage from one place to each, reckoned when it is asked for first."""

    def __init__(self, here: int, go_s: Callable[[int, int], float]) -> None:
        """Take the place, and how long a way takes."""
        super().__init__()
        self._here = here
        self._go_s = go_s

    def __missing__(self, there: int) -> float:
        """Reckon a way."""
        way_s = self[there] = self._go_s(self._here, there)
        return way_s


class Cycles:
    """Times of travels, visits and cycles at one tower.

    A *visit* is what an exchange at a place takes with the carriage docked: open the way, pick or place, close the way.
    A *single* cycle brings one car from place to place, the empty way to it included; a *dual* one stores a car and
    retrieves another without an empty way back to the room between them.
    """

    def __init__(self, kinematics: Kinematics, places: Places, paces: Paces | None = None) -> None:
        """Take the machine's numbers, its places, and the pace at which they are reached."""
        self._kinematics = kinematics
        self._poses = places.poses
        self._spots = {place: (pose.height_mm, pose.angle_mdeg) for place, pose in places.poses.items()}
        self._rooms = frozenset(places.rooms)
        self._paces = paces or Paces()
        self._ways: dict[tuple[int, int], float] = {}
        self._from: dict[int, Ways] = {}
        self._visits = {True: self._visit(kinematics.door_s(), self._paces.door)}
        self._visits[False] = self._visit(kinematics.latch_s(), self._paces.latch)
        self._door_s = self._paces.door.of(kinematics.door_s())
        self._latch_s = self._paces.latch.of(kinematics.latch_s())

    @property
    def rooms(self) -> frozenset[int]:
        """The places that are transfer rooms."""
        return self._rooms

    def go_s(self, here: int, there: int) -> float:
        """Return the time of the carriage from place to place, lift and turntable; 0 where it stands.

        Raises:
            KeyError: a place that the tower has not.

        """
        # Asked by the ten thousand: what `approach_s` does, without reading poses.
        height, angle = self._spots[here]
        height_there, angle_there = self._spots[there]
        ahead = abs(angle - angle_there)
        way = (abs(height - height_there), ahead if ahead <= HALF_TURN_MDEG else FULL_TURN_MDEG - ahead)
        known = self._ways.get(way)
        return self.approach_s(self._poses[here], there) if known is None else known

    def ways_from(self, here: int) -> Mapping[int, float]:
        """Return `go_s` from a place, by the other: each is reckoned when it is asked for first, and then kept.

        Asking it for a place that the tower has not is a KeyError.
        """
        known = self._from.get(here)
        if known is None:
            known = self._from[here] = Ways(here, self.go_s)
        return known

    def approach_s(self, here: Pose, there: int) -> float:
        """Return the time of the carriage from anywhere to a place.

        Raises:
            KeyError: a place that the tower has not.

        """
        pose = self._poses[there]
        way = (abs(here.height_mm - pose.height_mm), shorter_way_mdeg(here.angle_mdeg, pose.angle_mdeg))
        known = self._ways.get(way)
        if known is None:
            known = self._ways[way] = self.over_s(*way)
        return known

    def over_s(self, rise_mm: int, turn_mdeg: int) -> float:
        """Return the time of the carriage over a height and an angle."""
        machine = self._kinematics
        lift_s, turn_s = machine.lift_s(0, rise_mm), machine.turntable_s(0, turn_mdeg)
        return machine.both_s((self._paces.lift or self._paces.travel).of(lift_s), self._paces.travel.of(turn_s))

    def middling_s(self) -> float:
        """Return a fair middle of all travels: over half the height, and a quarter of a turn."""
        return self.over_s(max(pose.height_mm for pose in self._poses.values()) // 2, FULL_TURN_MDEG // 4)

    def visit_s(self, place: int) -> float:
        """Return the time of a visit."""
        return self._visits[place in self._rooms]

    def way_s(self, place: int) -> float:
        """Return the time of opening or of closing the way to a place: a room's inner door, a bay's latch."""
        return self._door_s if place in self._rooms else self._latch_s

    def exchange_s(self) -> float:
        """Return the time of one PICK or PLACE."""
        return self._paces.exchange.of(self._kinematics.exchange_s())

    def gate_s(self) -> float:
        """Return the time of opening or of closing a room's outer gate."""
        return self._paces.door.of(self._kinematics.gate_s())

    def carry_s(self, source: int, target: int) -> float:
        """Return the time of a car's move with the carriage docked at its source: visit, way, visit."""
        return self.visit_s(source) + self.go_s(source, target) + self.visit_s(target)

    def single_s(self, here: int, source: int, target: int) -> float:
        """Return the time of a single command cycle that begins with the empty carriage at ``here``."""
        return self.go_s(here, source) + self.carry_s(source, target)

    def dual_s(self, room: int, empty: int, full: int, out: int) -> float:
        """Return the time of a dual command cycle: ``room`` to the bay ``empty``, the bay ``full`` to ``out``.

        The carriage stands at ``room`` in the beginning, and at ``out`` in the end.
        """
        return self.carry_s(room, empty) + self.single_s(empty, full, out)

    def _visit(self, way_s: float, pace: Pace) -> float:
        return 2 * pace.of(way_s) + self.exchange_s()
