"""What breaks, slips, sticks and is forced in the steel, for whoever plays faults; and how it is put right again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from sim_plc.plant.axis import Axis
from sim_plc.plant.leaf import Leaf
from sim_plc.plant.safety import Cause

if TYPE_CHECKING:
    from sim_plc.plant.steel import Steel

AxisName = Literal["lift", "turntable", "arms", "comb"]
LeafName = Literal["door", "gate"]


class Troubles:
    """Acts on the steel at its last instant; ``happen`` lets everything act on everything else then."""

    def __init__(self, steel: "Steel", happen: Callable[[], None]) -> None:
        self._steel = steel
        self._happen = happen

    def trip_drive(self, axis: AxisName) -> None:
        """Let a drive switch itself off: the axis ramps down and is braked."""
        self._axis(axis).wear.tripped = True
        self._happen()

    def reset_drive(self, axis: AxisName) -> None:
        """Acknowledge a drive's fault at its cabinet; it does nothing until it is asked for something new."""
        self._axis(axis).wear.tripped = False
        self._happen()

    def seize(self, axis: AxisName, *, on: bool) -> None:
        """Let an axis that stands not set out, or be free again."""
        self._axis(axis).wear.seized = on
        self._happen()

    def slip(self, axis: AxisName, way: int) -> None:
        """Let the encoder of an axis slip by a way, in its unit, on the next MOVE."""
        self._axis(axis).wear.slip = way

    def slow(self, axis: AxisName, share: float) -> None:
        """Let the drive of an axis limit itself to a share of the speed that it is asked for, from its next way on."""
        self._axis(axis).wear.speed = share

    def overrun(self, axis: AxisName, way: int) -> None:
        """Let the next MOVE of an axis end beyond its target by a way in its unit."""
        self._axis(axis).wear.overrun = way

    def delay_brake(self, axis: AxisName, by_s: float) -> None:
        """Let the brake of an axis take so much longer to set from now on; 0: as it should."""
        self._axis(axis).wear.brake_late_s = by_s

    def shift_load(self) -> None:
        """Let the car on the carriage slide out of its clamp; without one nothing happens."""
        self._steel.shifted = self._steel.yard.aboard is not None
        self._happen()

    def straighten_load(self) -> None:
        """Let somebody put the car on the carriage right."""
        self._steel.shifted = False
        self._happen()

    def put_stone(self, which: LeafName, room: int, *, on: bool) -> None:
        """Put something into the rail of a leaf, so that it closes half-way and no farther; or take it out."""
        self._leaf(which, room).stone = on

    def leave_bag(self, room: int, *, on: bool) -> None:
        """Leave something in the way of a gate that the light curtain looks over; or take it away."""
        self._steel.rooms[room].bag_in_gate = on
        self._happen()

    def stick_latch(self, bay: int, *, on: bool) -> None:
        """Let a latch stay where it is, whatever magnet and spring do; or come free."""
        self._steel.latches[bay].stuck = on
        self._happen()

    def force(self, which: LeafName, room: int, *, on: bool) -> None:
        """Draw the bolt of a leaf by hand and push it open, or leave it to its motor again."""
        self._leaf(which, room).forced = on
        self._happen()

    def trip_governor(self, *, on: bool) -> None:
        """Let the overspeed governor trip, or be put right."""
        hazards = self._steel.hazards
        (hazards.add if on else hazards.discard)(Cause.OVERSPEED)
        self._happen()

    def _axis(self, name: AxisName) -> Axis:
        steel = self._steel
        return {"lift": steel.lift, "turntable": steel.turntable, "arms": steel.arms, "comb": steel.comb}[name]

    def _leaf(self, which: LeafName, room: int) -> Leaf:
        place = self._steel.rooms[room]
        return place.door if which == "door" else place.gate
