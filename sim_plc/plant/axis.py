"""One axis with its drive, brake, encoder and switches."""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sim_plc.image import AxisInputs, Drive, DriveRequest
from sim_plc.plant import profile
from sim_plc.plant.track import Track
from sim_plc.plant.wear import Wear

CREEP_MM: Final = 50
"""Farthest that LEVEL creeps."""


class Mark(Enum):
    """Windows on the track of an axis that its drive itself knows."""

    REFERENCE = "reference"
    LOW_END = "low end"
    HIGH_END = "high end"

    # Looked for in sets at every instant; a member's own hash is that of its name, by way of Python.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class AxisSpec:
    """What an axis is. Units are its own (mm or mdeg)."""

    track: Track
    stop_rate: float
    """Deceleration when power, brake or program fail it."""
    brake_s: float | None
    """Time to release or to set the brake, each; None: no brake, it holds itself."""
    turn: int | None = None
    """Length of a full turn of an endless axis."""
    governor: float = math.inf
    """Speed at which the overspeed governor trips."""
    stretch: Callable[[float, float], float] = lambda _start, _target: 0.0
    """Error at the end of a MOVE from one position to another."""
    residue: Callable[[], float] = lambda: 0.0
    """Error that a LEVEL leaves: it stops a little too early or too late."""


class Axis:
    """Drive, brake and motion of one axis. Instants handed in never fall."""

    def __init__(self, spec: AxisSpec, position: float = 0.0) -> None:
        self.spec = spec
        self.wear = Wear()
        self.powered = False
        self.brake_on = spec.brake_s is not None
        self.overspeed = False
        self.done_serial = 0
        self.next_s = math.inf
        self._enter(spec.track.zone(position))
        self._request = DriveRequest()
        self._taken = 0
        self._running: int | None = None
        self._stopping = False
        self._homing = False
        self._release = False
        self._brake_due_s = math.inf
        self._governor_due_s = math.inf
        self._crossing: tuple[float, int] = (math.inf, 0)
        self._profile = profile.at_rest(position)
        self.moving = False
        self.creeping = False
        """In motion by a LEVEL."""
        self.levelling = False
        """From the start of a LEVEL until the brake is on again, or the drive is asked for something else."""

    @property
    def held(self) -> bool:
        """At standstill with the brake on."""
        return not self.moving and (self.brake_on or self.spec.brake_s is None)

    @property
    def releasing(self) -> bool:
        """Its brake is energised, whether it is off yet or not."""
        return self._release

    @property
    def driven(self) -> bool:
        """In motion by its drive, not in a stop ramp after loss of power or brake."""
        return self.moving and self._drivable

    @property
    def _drivable(self) -> bool:
        return self.powered and (self.spec.brake_s is None or (self._release and not self.brake_on))

    def at(self, t: float) -> tuple[float, float]:
        """Return true position and velocity."""
        return self._profile.at(t)

    def command(self, t: float, *, power: bool, release: bool, request: DriveRequest) -> None:
        """Take the wires to drive and brake at ``t``."""
        power = power and not self.wear.tripped
        release = release and power
        if request.serial == self._taken and (power, release) == (self.powered, self._release):
            return
        was_drivable, was_released = self._drivable, self._release
        self.powered, self._release, self._request = power, release, request
        if was_drivable and self.moving and not self._drivable:
            self._halt(t)
        if self._release != was_released:
            self._switch_brake(t)
        self._take(t)
        self._schedule()

    def advance(self, t: float) -> None:
        """Let happen what is due at ``t``."""
        if self._governor_due_s <= t:
            self._governor_due_s = math.inf
            self.overspeed = True
        if self._crossing[0] <= t:
            self._cross(t)
        if self.moving and self._profile.end_s <= t:
            self._arrive()
        if self._brake_due_s <= t:
            self._brake_due_s = math.inf
            self.brake_on = not self._release
            self.levelling = self.levelling and not self.brake_on
        self._take(t)
        self._schedule()

    def place(self, position: float) -> None:
        """Put a standing axis elsewhere by hand."""
        self._profile = profile.at_rest(position)
        self._enter(self.spec.track.zone(position))
        self._schedule()

    def shift(self, way: float) -> None:
        """Let a standing axis give way; in motion its drive corrects that on the way."""
        if not self.moving and way:
            self.place(self._profile.rest + way)

    def fill_motion(self, inputs: AxisInputs, t: float) -> None:
        """Fill encoder and velocity."""
        position, velocity = self._profile.at(t)
        position += self.wear.drift
        turn = self.spec.turn
        inputs.position = round(position) % turn if turn else round(position)
        inputs.velocity = round(velocity)

    def fill(self, inputs: AxisInputs, t: float) -> None:
        """Fill every input."""
        self.fill_motion(inputs, t)
        inputs.moving = self.moving
        inputs.done_serial = self.done_serial
        inputs.brake_on = not self.moving if self.spec.brake_s is None else self.brake_on
        inputs.at_reference = Mark.REFERENCE in self.inside
        inputs.over_travel = self.over_travel
        inputs.fault = self.wear.tripped

    def _enter(self, zone: int) -> None:
        self.zone = zone
        self.inside: frozenset[Hashable] = self.spec.track.inside(zone)
        """Windows of the track that the axis stands in."""
        self.over_travel = Mark.LOW_END in self.inside or Mark.HIGH_END in self.inside
        """Beyond either end."""

    def _switch_brake(self, t: float) -> None:
        if self.spec.brake_s is None:
            return
        standstill_s = self._profile.end_s if self.moving else t
        set_s = t + self.spec.brake_s + self.wear.brake_late_s
        due_s = t + self.spec.brake_s if self._release else max(set_s, standstill_s)
        self._brake_due_s = due_s if self.brake_on == self._release else math.inf

    def _take(self, t: float) -> None:
        request = self._request
        if request.serial == self._taken:
            return
        if request.kind in (Drive.NONE, Drive.STOP):
            self._taken = request.serial
            chosen = request.acceleration if request.kind is Drive.STOP and self._drivable else 0
            plan = profile.stop(t, *self.at(t), chosen or self.spec.stop_rate)
            self._follow(t, plan, request.serial, stopping=True)
        elif not self.powered:
            self._taken = request.serial
        elif self._drivable and request.kind is Drive.LEVEL and self.moving:
            if not self._stopping:
                self._halt(t)
        elif self._drivable and not self.wear.seized:
            self._begin(t, request)

    def _begin(self, t: float, request: DriveRequest) -> None:
        self._taken = request.serial
        self._homing = request.kind is Drive.HOME
        if request.kind is Drive.MOVE:
            self.wear.slips()
        plan = self._plan(t, request)
        if plan is None:
            self._halt(t)
        else:
            self._follow(t, plan, request.serial)
            self.levelling = request.kind is Drive.LEVEL
            self.creeping = self.moving and self.levelling

    def _plan(self, t: float, request: DriveRequest) -> profile.Profile | None:
        position, velocity = self.at(t)
        rate = float(request.acceleration or self.spec.stop_rate)
        if request.kind is Drive.JOG:
            outward = Mark.HIGH_END if request.speed > 0 else Mark.LOW_END
            return None if outward in self.inside else profile.run(t, position, velocity, request.speed, rate)
        if request.kind is Drive.LEVEL:
            return self._creep(t, position, request)
        if request.speed <= 0:
            return None
        target = self._nearest(position + velocity * abs(velocity) / (2 * rate), request)
        error = 0.0
        if request.kind is Drive.MOVE:
            error = self.spec.stretch(position, target) + self.wear.overruns(target - position)
        scale = 1.0 + error / (target - position) if error and not velocity else 1.0
        speed = request.speed * self.wear.speed * scale
        return profile.move(t, position, velocity, target + error, speed, rate * scale)

    def _creep(self, t: float, position: float, request: DriveRequest) -> profile.Profile:
        way = max(-CREEP_MM, min(CREEP_MM, self._nearest(position, request) + self.spec.residue() - position))
        if request.duration_s <= 0:
            return profile.Profile((), t, position + way)
        return profile.creep(t, position, position + way, request.duration_s)

    def _nearest(self, position: float, request: DriveRequest) -> float:
        target = 0.0 if request.kind is Drive.HOME else request.target - self.wear.drift
        turn = self.spec.turn
        if turn is None:
            return float(target)
        return position - (position - target + turn / 2) % turn + turn / 2

    def _halt(self, t: float) -> None:
        """Ramp down; of what runs only a STOP gets done by it."""
        serial = self._running if self._stopping else None
        self._follow(t, profile.stop(t, *self.at(t), self.spec.stop_rate), serial, stopping=True)

    def _follow(self, t: float, plan: profile.Profile, serial: int | None, *, stopping: bool = False) -> None:
        self._profile, self._running, self._stopping = plan, serial, stopping
        self.creeping = False
        self.moving = plan.end_s > t
        self._governor_due_s = plan.speed_exceeds_at(self.spec.governor) if not self.overspeed else math.inf
        if self.moving:
            self._watch(t)
        else:
            self._arrive()

    def _watch(self, t: float) -> None:
        track = self.spec.track
        self._crossing = self._profile.next_crossing(track.edge(self.zone - 1), track.edge(self.zone), t)

    def _cross(self, t: float) -> None:
        before = self.over_travel
        self._enter(self.zone + self._crossing[1])
        self._watch(t)
        if self.over_travel and not before:
            self._halt(t)

    def _arrive(self) -> None:
        self.moving = self.overspeed = self.creeping = False
        self._crossing = (math.inf, 0)
        self._enter(self.spec.track.zone(self._profile.rest))
        if self._running is not None and self._homing and not self._stopping:
            self.wear.drift = 0.0
        if self._running is not None:
            self.done_serial, self._running = self._running, None

    def _schedule(self) -> None:
        end_s = self._profile.end_s if self.moving else math.inf
        self.next_s = min(end_s, self._crossing[0], self._brake_due_s, self._governor_due_s)
