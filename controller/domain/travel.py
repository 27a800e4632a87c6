"""How long motion must take: closed forms over the machine's numbers and the interlocks.

These are lower bounds, used for deadlines, arrival times and the yardstick of a measured move. Nothing here was
measured, and nothing here knows how a PLC or a machine is programmed. Sources: FEM 9.860 (sequential axes add,
simultaneous axes take the longer one) and the trapezoidal speed profile of the travel-time literature.

Units: mm, mdeg, mm/s, mdeg/s, mm/s2, mdeg/s2, seconds.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final, Protocol

FULL_TURN_MDEG: Final = 360_000

DEADLINE_FACTOR: Final = 1.25
"""A drive may run a quarter slower (cold oil, low voltage) before it counts as faulty."""

LATEST_FACTOR: Final = 4.0
"""So many times what it should take a motion may take while it gets on: a drive that limits itself to a quarter."""

DEADLINE_MARGIN_S: Final = 3.0
"""Polls, scans, queueing on a serial line and one reconnect."""


class Pose(Protocol):
    """Where a carriage stands, or must stand to be docked."""

    @property
    def height_mm(self) -> int:
        """Height above the lowest level."""
        ...

    @property
    def angle_mdeg(self) -> int:
        """Angle from position 1, 0 to 359,999."""
        ...


class Places(Protocol):
    """The places of a tower: the pose of each, and which of them are rooms."""

    @property
    def poses(self) -> Mapping[int, Pose]:
        """The pose of every bay and room by place number."""
        ...

    @property
    def rooms(self) -> Collection[int]:
        """The places that are transfer rooms."""
        ...


def trapezoid_s(distance: float, speed: float, acceleration: float) -> float:
    """Return the least time from standstill to standstill over ``distance`` (any sign, any one unit of length).

    Below ``speed**2 / acceleration`` the speed is never reached and the profile is a triangle.

    Raises:
        ValueError: a speed or acceleration that is not positive.

    """
    if speed <= 0 or acceleration <= 0:
        raise ValueError(f"speed {speed} and acceleration {acceleration} must be positive")
    distance = abs(distance)
    if distance < speed * speed / acceleration:
        return 2 * sqrt(distance / acceleration)
    return distance / speed + speed / acceleration


def shorter_way_mdeg(from_mdeg: int, to_mdeg: int) -> int:
    """Return the unsigned angle of the shorter way round, 0 to 180,000."""
    ahead = (to_mdeg - from_mdeg) % FULL_TURN_MDEG
    return min(ahead, FULL_TURN_MDEG - ahead)


def deadline_s(bound_s: float) -> float:
    """Return how long to wait for something whose lower bound is ``bound_s`` before its outcome is doubted."""
    return bound_s * DEADLINE_FACTOR + DEADLINE_MARGIN_S


def latest_s(bound_s: float) -> float:
    """Return how long to wait, at most, for a motion that gets on all the while."""
    return bound_s * LATEST_FACTOR + DEADLINE_MARGIN_S


@dataclass(frozen=True, slots=True)
class Speeds:
    """The share of its rated speed at which each axis runs, above 0."""

    lift: float = 1.0
    turntable: float = 1.0
    shuttle: float = 1.0


RATED: Final = Speeds()


@dataclass(frozen=True, slots=True)
class Part:
    """What one axis had to do of a travel: its bound, 0 where it stood; how long it ran, None where nobody knows."""

    bound_s: float = 0.0
    ran_s: float | None = None

    @property
    def late(self) -> bool:
        """Whether it ran beyond its deadline and got there: the drive limits itself, and nothing stood in its way."""
        return self.ran_s is not None and self.ran_s > deadline_s(self.bound_s)


STOOD: Final = Part()
"""It had nothing to do."""


@dataclass(frozen=True, slots=True)
class LiftKinematics:
    """Height axis: the brake releases, the axis travels, levels at the place, and the brake sets."""

    speed_mm_s: float
    acceleration_mm_s2: float
    home_speed_mm_s: float
    levelling_s: float
    brake_s: float
    """To release and to set, each."""


@dataclass(frozen=True, slots=True)
class TurntableKinematics:
    """Endless rotation axis: the brake releases, the axis turns the shorter way, and the brake sets."""

    speed_mdeg_s: float
    acceleration_mdeg_s2: float
    home_speed_mdeg_s: float
    brake_s: float
    """To release and to set, each."""


@dataclass(frozen=True, slots=True)
class ShuttleKinematics:
    """Comb exchange: the arms extend, the comb raises or lowers the car, the arms retract."""

    stroke_mm: float
    speed_mm_s: float
    acceleration_mm_s2: float
    comb_stroke_mm: float
    comb_speed_mm_s: float
    comb_acceleration_mm_s2: float
    home_speed_mm_s: float


@dataclass(frozen=True, slots=True)
class LeafKinematics:
    """An inner door or an outer gate: the leaf travels with the bolt drawn."""

    stroke_mm: float
    speed_mm_s: float
    acceleration_mm_s2: float
    bolt_s: float

    @property
    def travel_s(self) -> float:
        """Time to open (bolt, then leaf) or to close (leaf, then bolt)."""
        return self.bolt_s + trapezoid_s(self.stroke_mm, self.speed_mm_s, self.acceleration_mm_s2)


@dataclass(frozen=True, slots=True)
class Kinematics:
    """The numbers of one tower's machine and the bounds that follow from them."""

    lift: LiftKinematics
    turntable: TurntableKinematics
    shuttle: ShuttleKinematics
    door: LeafKinematics
    gate: LeafKinematics
    latch_travel_s: float
    in_turn: bool = False
    """Lift and turntable move one after the other, not together: on standby power."""

    def at(self, speeds: Speeds) -> "Kinematics":
        """Return the machine with its axes at a share of their speeds: ramps, levelling and brakes are as they were."""
        if speeds == RATED:
            return self
        lift, table, arms = self.lift, self.turntable, self.shuttle
        return replace(
            self,
            lift=replace(
                lift, speed_mm_s=lift.speed_mm_s * speeds.lift, home_speed_mm_s=lift.home_speed_mm_s * speeds.lift
            ),
            turntable=replace(
                table,
                speed_mdeg_s=table.speed_mdeg_s * speeds.turntable,
                home_speed_mdeg_s=table.home_speed_mdeg_s * speeds.turntable,
            ),
            shuttle=replace(
                arms,
                speed_mm_s=arms.speed_mm_s * speeds.shuttle,
                comb_speed_mm_s=arms.comb_speed_mm_s * speeds.shuttle,
                home_speed_mm_s=arms.home_speed_mm_s * speeds.shuttle,
            ),
        )

    def still_s(self) -> float:
        """Return for how long lift or turntable may stand in the course of a move that goes well."""
        brake_s = max(self.lift.brake_s, self.turntable.brake_s)
        return brake_s + self.lift.levelling_s + brake_s + DEADLINE_MARGIN_S

    def lift_s(self, from_mm: int, to_mm: int) -> float:
        """Return the bound of a lift move: 0 where the carriage already stands, else brakes and levelling included."""
        if from_mm == to_mm:
            return 0.0
        lift = self.lift
        travel = trapezoid_s(to_mm - from_mm, lift.speed_mm_s, lift.acceleration_mm_s2)
        return lift.brake_s + travel + lift.levelling_s + lift.brake_s

    def turntable_s(self, from_mdeg: int, to_mdeg: int) -> float:
        """Return the bound of a turn by the shorter way: 0 where the carriage already points, else brakes included."""
        way = shorter_way_mdeg(from_mdeg, to_mdeg)
        if way == 0:
            return 0.0
        table = self.turntable
        return table.brake_s + trapezoid_s(way, table.speed_mdeg_s, table.acceleration_mdeg_s2) + table.brake_s

    def carriage_s(self, here: Pose, there: Pose) -> float:
        """Return the bound of lift and turntable on their way between two poses."""
        lift_s = self.lift_s(here.height_mm, there.height_mm)
        return self.both_s(lift_s, self.turntable_s(here.angle_mdeg, there.angle_mdeg))

    def both_s(self, lift_s: float, turn_s: float) -> float:
        """Return the bound of lift and turntable: together the longer one (Chebyshev), in turn the sum."""
        return lift_s + turn_s if self.in_turn else max(lift_s, turn_s)

    def exchange_s(self) -> float:
        """Return the bound of one PICK or PLACE: extend, raise or lower, retract."""
        arms, comb = self._arms_s(), self._comb_s()
        return arms + comb + arms

    def door_s(self) -> float:
        """Return the bound of opening or of closing an inner door, bolt included."""
        return self.door.travel_s

    def gate_s(self) -> float:
        """Return the bound of opening or of closing an outer gate, bolt included."""
        return self.gate.travel_s

    def latch_s(self) -> float:
        """Return the bound of unlatching or of latching a bay."""
        return self.latch_travel_s

    def way_s(self, place: int, places: Places) -> float:
        """Return the bound of opening or of closing the way to a place: inner door of a room, latch of a bay."""
        return self.door_s() if place in places.rooms else self.latch_s()

    def visit_s(self, place: int, places: Places) -> float:
        """Return the bound of an exchange at a place where the carriage stands: open the way, exchange, close it.

        The three cannot overlap: the arms need the way proven open, and the way closes only behind centred arms.
        """
        way = self.way_s(place, places)
        return way + self.exchange_s() + way

    def move_bound_s(self, carriage: Pose, source: int, target: int, places: Places) -> float:
        """Return the bound of bringing a car from ``source`` to ``target`` with the carriage empty at ``carriage``.

        It is the sum of what the interlocks force to be serial: the carriage moves only behind a closed way and
        with centred arms, a way opens only where the carriage is held and docked. Until the way to the target is
        closed again the move is not over. Outer gates and customers are no part of it.

        Raises:
            KeyError: a place that the tower has not.
            ValueError: source and target are the same place.

        """
        if source == target:
            raise ValueError(f"a move from place {source} to itself")
        poses = places.poses
        return (
            self.carriage_s(carriage, poses[source])
            + self.visit_s(source, places)
            + self.carriage_s(poses[source], poses[target])
            + self.visit_s(target, places)
        )

    def lift_home_s(self, height_mm: int) -> float:
        """Return the bound of homing the lift from ``height_mm`` above its reference."""
        lift = self.lift
        travel = trapezoid_s(height_mm, lift.home_speed_mm_s, lift.acceleration_mm_s2)
        return lift.brake_s + travel + lift.brake_s

    def turntable_home_s(self) -> float:
        """Return the time of homing the turntable from the farthest angle: a whole turn, since homing has one sense."""
        table = self.turntable
        travel = trapezoid_s(FULL_TURN_MDEG, table.home_speed_mdeg_s, table.acceleration_mdeg_s2)
        return table.brake_s + travel + table.brake_s

    def shuttle_home_s(self) -> float:
        """Return the time of homing the shuttle from its farthest: arms out and the comb raised."""
        shuttle = self.shuttle
        return trapezoid_s(shuttle.stroke_mm, shuttle.home_speed_mm_s, shuttle.acceleration_mm_s2) + self._comb_s()

    def home_s(self, height_mm: int) -> float:
        """Return the time of homing the whole carriage: the shuttle first, then lift and turntable."""
        return self.shuttle_home_s() + self.both_s(self.lift_home_s(height_mm), self.turntable_home_s())

    def _arms_s(self) -> float:
        shuttle = self.shuttle
        return trapezoid_s(shuttle.stroke_mm, shuttle.speed_mm_s, shuttle.acceleration_mm_s2)

    def _comb_s(self) -> float:
        shuttle = self.shuttle
        return trapezoid_s(shuttle.comb_stroke_mm, shuttle.comb_speed_mm_s, shuttle.comb_acceleration_mm_s2)
