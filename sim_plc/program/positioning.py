"""One positioning axis with a brake: HOME, MOVE_TO, JOG and STOP for lift and turntable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hal.plcmap.codes import Flag, Opcode, Reason, Result, State
from hal.plcmap.frame import Content
from sim_plc.image import Drive
from sim_plc.program.axis import AxisEvent, AxisState, DriveWires
from sim_plc.program.mechanism import Show
from sim_plc.program.steps import StepFault, Steps, Wait, margin_s, motion, travel_s
from sim_plc.program.words import word

CONTACT_S: Final = 0.5
"""Patience with a limit or dock contact once the axis stands."""

RELEVEL_SHARE: Final = 0.5
"""A docked carriage is levelled again when it has left its level by more than this share of the tolerance."""

RELEVEL_PER_S: Final = 5.0
"""Speed of levelling again, in units of the axis per second: a person could step over it."""

RELEASE_RAMP_S: Final = 0.06
"""Ramp of a JOG that is let go: with the dead-man's 200 ms and the scans about it, it stands within 300 ms."""

_FLAGS: Final = word(Flag.HOMED, Flag.BRAKE_ON, Flag.HELD, Flag.FAULT)


def jog_sign(content: Content) -> int:
    """Return the direction of a JOG: only the sign of its argument counts, the speed is the PLC's reduced one."""
    return 1 if content.argument1 > 0 else -1


def jog_speed(home_speed: int, rate: int) -> int:
    """Return the reduced speed of a JOG that ends with a ramp of ``rate``: never above that of referencing."""
    return max(1, min(home_speed, int(rate * RELEASE_RAMP_S)))


@dataclass(frozen=True, slots=True)
class Kinematics:
    """Rates of one axis in its unit (mm or mdeg), times in s."""

    speed: int
    acceleration: int
    stop: int
    """Deceleration of a safety or silence stop."""
    home_speed: int
    brake_s: float
    levelling_s: float = 0.0

    @property
    def jog_speed(self) -> int:
        """The reduced speed of JOG."""
        return jog_speed(self.home_speed, self.stop)


@dataclass(frozen=True, slots=True)
class Span:
    """Where an axis may be sent, in its unit, and how exactly it stands at a place."""

    low: int
    high: int
    tolerance: int
    turn: int = 0
    """Length of a full turn of an endless axis, 0: the axis is not endless."""

    def __contains__(self, value: int) -> bool:
        return self.low <= value <= self.high

    def distance(self, a: int, b: int) -> int:
        """Return the distance of two positions, the shorter way round on an endless axis."""
        apart = abs(a - b)
        return min(apart % self.turn, -apart % self.turn) if self.turn else apart

    @property
    def length(self) -> int:
        """The longest way."""
        return self.turn or self.high - self.low


class Positioner:
    """Drives one axis to places of the place table; each stop ends with the brake on.

    ``targets`` is the axis's column of the place table, ``contact`` the dock contact that must be made at a
    place, ``dead_man`` whether the dead-man counter still changes.
    """

    def __init__(
        self,
        kinematics: Kinematics,
        span: Span,
        wires: DriveWires,
        *,
        targets: Mapping[int, int],
        contact: Callable[[], bool],
        dead_man: Callable[[], bool],
    ) -> None:
        self.axis = AxisState()
        self.wires = wires
        self.homed = False
        self.levelling = False
        """The program itself brings the docked carriage back to its level."""
        self._k = kinematics
        self._span = span
        self._targets = targets
        self._contact = contact
        self._dead_man = dead_man

    @property
    def ready(self) -> bool:
        """Whether the drive is energised and not in error stop."""
        return self.axis.ready

    def at(self, place: int) -> bool:
        """Whether the axis stands or passes within tolerance of a place."""
        return self._near(self._targets[place])

    @property
    def powered(self) -> bool:
        """Whether the drive's power is switched on."""
        return self.wires.outputs.power

    def energise(self) -> None:
        """Switch the drive on; leaves Disabled and ErrorStop."""
        self.wires.outputs.power = True
        self.clear_fault()
        self.axis.follow(AxisEvent.POWER_ON)

    def de_energise(self) -> None:
        """Switch the drive off, brake on."""
        self.wires.outputs.power = self.wires.outputs.brake_release = False
        self.axis.follow(AxisEvent.POWER_OFF)

    def argument_reason(self, content: Content) -> Reason:
        """Return why the arguments are refused, or `Reason.NONE`."""
        value, place = content.argument1, content.argument2
        match content.opcode:
            case Opcode.MOVE_TO:
                if value not in self._span or (place and place not in self._targets):
                    return Reason.ARGUMENT
                return Reason.TABLE if place and value != self._targets[place] else Reason.NONE
            case Opcode.JOG:
                return Reason.NONE if value else Reason.ARGUMENT
        return Reason.NONE

    def place_of(self, content: Content) -> int:
        """Return 0: the interlocks of an axis look at the whole tower."""
        del content
        return 0

    def steps(self, content: Content) -> Steps:
        """Return what a command does."""
        match content.opcode:
            case Opcode.HOME:
                return self._home()
            case Opcode.JOG:
                return self._jog(jog_sign(content))
        return self._move_to(content.argument1, content.argument2)

    def relevel(self, place: int) -> Steps:
        """Bring the axis back to a place that a changed load has moved it from, if it is worth it.

        Dropped half way, it ramps down and sets the brake by itself.
        """
        k, target = self._k, self._targets[place]
        off = self._span.distance(self.wires.inputs.position, target)
        if not (k.levelling_s and self.homed and self.ready) or off <= RELEVEL_SHARE * self._span.tolerance:
            return
        self.axis.fire(AxisEvent.MOVE)
        self.levelling = self.wires.outputs.brake_release = True
        duration_s = min(off / RELEVEL_PER_S, k.levelling_s)
        try:
            self.wires.request(Drive.LEVEL, target, duration_s=duration_s)
            yield Wait(self.wires.finished, margin_s(k.brake_s + duration_s))
            yield self._set_brake()
        finally:
            self._end_levelling()
        if not self._near(target):
            raise StepFault(Reason.POSITION)

    def _end_levelling(self) -> None:
        self.levelling = False
        if self.wires.outputs.brake_release:
            self.wires.outputs.brake_release = False
            self.wires.request(Drive.STOP, acceleration=self._k.acceleration)
        self.axis.follow(AxisEvent.DONE)

    def begins(self, content: Content) -> None:
        """Enter Homing or DiscreteMotion."""
        self.axis.begin(homing=content.opcode == Opcode.HOME)

    def ends(self, result: Result) -> None:
        """Leave for Standstill; the brake is set whatever happened before."""
        self.wires.outputs.brake_release = False
        self.axis.end(done=result is Result.OK)

    def running_fault(self) -> Reason:
        """Return what the drive complains of."""
        return self.wires.fault()

    def stopping(self, *, hard: bool) -> Steps:
        """Ramp down, then set the brake."""
        self.axis.follow(AxisEvent.STOP)
        return self._stop(self._k.stop if hard else self._k.acceleration)

    def after_fault(self, reason: Reason) -> Steps:
        """Enter ErrorStop, ramp down, set the brake; an axis that missed its place does not know where it is."""
        self.homed = self.homed and reason is not Reason.POSITION
        self.axis.fire(AxisEvent.ERROR)
        return self._stop(self._k.stop)

    def clear_fault(self) -> None:
        """Leave ErrorStop: to Standstill if powered, else to Disabled."""
        self.axis.clear(powered=self.wires.outputs.power)

    def show(self) -> Show:
        """Return state, flags and encoder."""
        inputs = self.wires.inputs
        failed = self.axis.state is State.ERROR_STOP
        flags = _FLAGS((self.homed, inputs.brake_on, self.wires.held, failed))
        return Show(self.axis.state, flags, inputs.position, inputs.velocity)

    def _near(self, target: int) -> bool:
        return self._span.distance(self.wires.inputs.position, target) <= self._span.tolerance

    def _closes_in(self, target: int) -> bool:
        """Whether the axis is moving: towards its target, or close to it, where ropes and rounding show either."""
        position, velocity = self.wires.inputs.position, self.wires.inputs.velocity
        ahead = position + (velocity > 0) - (velocity < 0)
        nearer = self._span.distance(ahead, target) < self._span.distance(position, target)
        return velocity != 0 and (nearer or self._near(target))

    def _move_to(self, target: int, place: int) -> Steps:
        k, wires = self._k, self.wires
        distance = self._span.distance(wires.inputs.position, target)
        wires.outputs.brake_release = True
        wires.request(Drive.MOVE, target, k.speed, k.acceleration)
        expected_s = k.brake_s + travel_s(distance, k.speed, k.acceleration)
        yield motion(wires.finished, expected_s, lambda: self._closes_in(target))
        if place and k.levelling_s:
            wires.request(Drive.LEVEL, target, duration_s=k.levelling_s)
            yield Wait(wires.finished, margin_s(k.levelling_s))
        yield self._set_brake()
        if place:
            yield Wait(self._contact, CONTACT_S, Reason.POSITION)
            if not self._near(target):
                raise StepFault(Reason.POSITION)

    def _home(self) -> Steps:
        k, wires = self._k, self.wires
        self.homed = False
        wires.outputs.brake_release = True
        wires.request(Drive.HOME, speed=k.home_speed, acceleration=k.acceleration)
        expected_s = k.brake_s + self._span.length / k.home_speed
        yield motion(wires.finished, expected_s, lambda: wires.inputs.velocity != 0)
        yield self._set_brake()
        yield Wait(lambda: wires.inputs.at_reference, CONTACT_S, Reason.CONTACT)
        self.homed = True

    def _jog(self, sign: int) -> Steps:
        k, wires = self._k, self.wires
        wires.outputs.brake_release = True
        wires.request(Drive.JOG, speed=sign * k.jog_speed, acceleration=k.acceleration)
        longest = margin_s(k.brake_s + self._span.length / k.jog_speed)
        yield Wait(lambda: not self._dead_man() or self._at_end(sign), longest, None, every_scan=True)
        yield from self._stop(k.stop)

    def _at_end(self, sign: int) -> bool:
        """Whether a jog must ramp down now to stand before the end of a span that has one."""
        if self._span.turn:
            return False
        inputs, rate = self.wires.inputs, self._k.stop
        position = inputs.position + inputs.velocity * abs(inputs.velocity) / (2 * rate)
        return position >= self._span.high if sign > 0 else position <= self._span.low

    def _stop(self, rate: int) -> Steps:
        wires = self.wires
        wires.request(Drive.STOP, acceleration=rate)
        yield Wait(lambda: not wires.inputs.moving, margin_s(abs(wires.inputs.velocity) / rate))
        yield self._set_brake()

    def _set_brake(self) -> Wait:
        self.wires.outputs.brake_release = False
        return Wait(lambda: self.wires.inputs.brake_on, margin_s(self._k.brake_s), Reason.BRAKE)
