"""The shuttle: takes a car from a place and puts it down, as one primitive in three retained sub-steps.

Going back is the opposite exchange from the mirrored sub-step: to undo a PICK that was cut while retracting is to
extend again, lower and retract, which is a PLACE; cut while extending, only the retracting is left of it.
"""

from collections.abc import Callable
from typing import Final

from config.schema import Shuttle
from hal.plcmap.codes import Flag, Opcode, Reason, Result, State, SubStep
from hal.plcmap.frame import Content
from sim_plc.image import Drive, TowerImage
from sim_plc.program.axis import AxisEvent, AxisState, DriveWires
from sim_plc.program.mechanism import Show
from sim_plc.program.positioning import CONTACT_S, Positioner, jog_sign, jog_speed
from sim_plc.program.retained import ExchangeMemory
from sim_plc.program.steps import Steps, Wait, margin_s, motion, travel_s
from sim_plc.program.words import word

ORDER: Final = (SubStep.EXTENDING, SubStep.TRANSFERRING, SubStep.RETRACTING)

MIRROR: Final = {
    SubStep.EXTENDING: SubStep.RETRACTING,
    SubStep.TRANSFERRING: SubStep.TRANSFERRING,
    SubStep.RETRACTING: SubStep.EXTENDING,
}
"""Where the opposite exchange begins, by the sub-step in which an exchange was cut."""

OVERLOAD_SHARE: Final = 0.1
OVERLOAD_KG: Final = 75
"""The carriage refuses a load above the rated one by this share, and by this at least (EN 81-20, 5.12.1.2.1)."""

_FLAGS: Final = word(
    Flag.HOMED,
    Flag.BRAKE_ON,
    Flag.HELD,
    Flag.CENTRED,
    Flag.LOADED_A,
    Flag.LOADED_B,
    Flag.SECURED,
    Flag.RESUMABLE,
    Flag.PICKING,
    Flag.UNDOING,
    Flag.FAULT,
)


class Exchange:
    """Moves arms, comb and clamp. ``memory`` is retained: place, sub-step and direction of an exchange.

    A car that is taken or put down moves the carriage on its ropes: with the arms inside again, ``lift`` is levelled,
    as soon as ``may_level`` says of the place that no door of another one stands open.
    """

    def __init__(
        self,
        shuttle: Shuttle,
        image: TowerImage,
        memory: ExchangeMemory,
        lift: Positioner,
        *,
        places: frozenset[int],
        rated_kg: int,
        dead_man: Callable[[], bool],
        may_level: Callable[[int], bool],
    ) -> None:
        self.axis = AxisState()
        self.arms = DriveWires(image.arms_in, image.arms_out)
        self.comb = DriveWires(image.comb_in, image.comb_out)
        self.homed = False
        self.memory = memory
        self._lift = lift
        self._image = image
        self._s = shuttle
        self._places = places
        self._most_kg = rated_kg + max(OVERLOAD_SHARE * rated_kg, OVERLOAD_KG)
        self._dead_man = dead_man
        self._may_level = may_level
        self._running = False
        self._at = 0
        """The place of the exchange that runs: also behind its end, while the carriage is levelled there."""

    @property
    def ready(self) -> bool:
        """Whether the drives are energised and not in error stop."""
        return self.axis.ready

    @property
    def picking(self) -> bool:
        """Whether the exchange, as it goes now, brings the car onto the carriage."""
        return self.memory.picking != self.memory.undoing

    @property
    def levelling(self) -> bool:
        """Whether the carriage is brought back to its level at the end of an exchange."""
        return self._running and self._lift.levelling

    @property
    def resumable(self) -> bool:
        """Whether an exchange was cut."""
        return bool(self.memory.place) and not self._running

    @property
    def powered(self) -> bool:
        """Whether the drive's power is switched on."""
        return self.arms.outputs.power

    def energise(self) -> None:
        """Switch the drives on; leaves Disabled and ErrorStop."""
        self.arms.outputs.power = self.comb.outputs.power = True
        self.arms.outputs.brake_release = self.comb.outputs.brake_release = True
        self.clear_fault()
        self.axis.follow(AxisEvent.POWER_ON)

    def de_energise(self) -> None:
        """Switch the drives off; arms and comb hold themselves."""
        for wires in (self.arms, self.comb):
            wires.outputs.power = wires.outputs.brake_release = False
        self.axis.follow(AxisEvent.POWER_OFF)

    def argument_reason(self, content: Content) -> Reason:
        """Return why the arguments are refused, or `Reason.NONE`."""
        match content.opcode:
            case Opcode.PICK | Opcode.PLACE:
                return Reason.NONE if content.argument1 in self._places else Reason.ARGUMENT
            case Opcode.JOG:
                return Reason.NONE if content.argument1 else Reason.ARGUMENT
        return Reason.NONE

    def place_of(self, content: Content) -> int:
        """Return the place of a PICK or PLACE, of the exchange that RESUME and UNDO go on with, else 0."""
        if content.opcode in (Opcode.PICK, Opcode.PLACE):
            return content.argument1
        if content.opcode not in (Opcode.RESUME, Opcode.UNDO):
            return 0
        return self._at if self._running else self.memory.place

    def begins(self, content: Content) -> None:
        """Enter Homing or DiscreteMotion; set place, sub-step and direction of the exchange."""
        self.axis.begin(homing=content.opcode == Opcode.HOME)
        self._at, self._running = self.place_of(content), True
        memory = self.memory
        match content.opcode:
            case Opcode.PICK | Opcode.PLACE:
                memory.place, memory.substep = content.argument1, SubStep.EXTENDING
                memory.picking, memory.undoing = content.opcode == Opcode.PICK, False
            case Opcode.UNDO:
                memory.undoing = not memory.undoing
                memory.substep = MIRROR[memory.substep]
            case Opcode.JOG:
                self._forget()

    def steps(self, content: Content) -> Steps:
        """Return what a command does."""
        match content.opcode:
            case Opcode.HOME:
                return self._home()
            case Opcode.RETRACT:
                return self._retract()
            case Opcode.JOG:
                return self._jog(jog_sign(content))
        return self._exchange()

    def ends(self, result: Result) -> None:
        """Leave for Standstill; a cut exchange stays in memory."""
        self._running = False
        self.axis.end(done=result is Result.OK)

    def running_fault(self) -> Reason:
        """Return what the drives complain of."""
        return self.arms.fault() or self.comb.fault()

    def stopping(self, *, hard: bool) -> Steps:
        """Ramp both drives down."""
        self.axis.follow(AxisEvent.STOP)
        return self._stop(hard=hard)

    def after_fault(self, reason: Reason) -> Steps:
        """Enter ErrorStop and ramp down."""
        del reason
        self.axis.fire(AxisEvent.ERROR)
        return self._stop(hard=True)

    def clear_fault(self) -> None:
        """Leave ErrorStop: to Standstill if powered, else to Disabled."""
        self.axis.clear(powered=self.arms.outputs.power)

    def show(self) -> Show:
        """Return state, flags, sub-step and the encoder of the arms."""
        carriage, memory, arms = self._image.carriage, self.memory, self.arms.inputs
        wires = (
            self.homed,
            arms.brake_on,
            not arms.moving and not self.comb.inputs.moving,
            carriage.arms_centred,
            carriage.loaded_a,
            carriage.loaded_b,
            carriage.secured,
            self.resumable,
            memory.picking,
            memory.undoing,
            self.axis.state is State.ERROR_STOP,
        )
        flags = _FLAGS(wires)
        return Show(self.axis.state, flags, arms.position, arms.velocity, memory.substep)

    def _exchange(self) -> Steps:
        """Run the sub-steps from the retained one on, check that the car is where it should be, and level."""
        memory = self.memory
        step = {
            SubStep.EXTENDING: self._extend,
            SubStep.TRANSFERRING: self._transfer,
            SubStep.RETRACTING: self._retract_loaded_or_not,
        }
        for substep in ORDER[ORDER.index(memory.substep) :]:
            memory.substep = substep
            yield from step[substep]()
        picked, place = self.picking, memory.place
        self._forget()
        yield Wait(lambda: self._load_agrees(picked), CONTACT_S, Reason.LOAD)
        yield Wait(lambda: self._may_level(place), CONTACT_S, Reason.INNER_DOOR_NOT_LOCKED)
        yield from self._lift.relevel(place)

    def _extend(self) -> Steps:
        s, picking = self._s, self.picking
        if self._image.carriage.arms_centred:
            yield from self._move_comb(up=not picking)
        self._image.clamp = False
        yield self._move(self.arms, s.stroke_mm, s.speed_mm_s, s.acceleration_mm_s2)
        yield Wait(lambda: self._image.carriage.arms_extended, CONTACT_S, Reason.CONTACT)

    def _transfer(self) -> Steps:
        yield from self._move_comb(up=self.picking)
        if self.picking:
            yield Wait(lambda: self._image.carriage.load_kg <= self._most_kg, CONTACT_S, Reason.LOAD)

    def _retract_loaded_or_not(self) -> Steps:
        s, carriage = self._s, self._image.carriage
        yield self._move(self.arms, 0, s.speed_mm_s, s.acceleration_mm_s2)
        yield Wait(lambda: carriage.arms_centred, CONTACT_S, Reason.CONTACT)
        self._image.clamp = self.picking
        if self.picking:
            yield Wait(lambda: carriage.secured, CONTACT_S, Reason.LOAD)

    def _move_comb(self, *, up: bool) -> Steps:
        s, carriage = self._s, self._image.carriage
        target = s.comb_stroke_mm if up else 0

        def at_end() -> bool:
            return carriage.comb_up if up else carriage.comb_down

        if at_end() and self.comb.inputs.position == target:
            return
        yield self._move(self.comb, target, s.comb_speed_mm_s, s.comb_acceleration_mm_s2)
        yield Wait(at_end, CONTACT_S, Reason.CONTACT)

    def _move(self, wires: DriveWires, target: int, speed: int, acceleration: int) -> Wait:
        inputs = wires.inputs
        expected_s = travel_s(target - inputs.position, speed, acceleration)
        wires.request(Drive.MOVE, target, speed, acceleration)

        def gets_on() -> bool:
            return inputs.velocity != 0 and inputs.velocity * (target - inputs.position) >= 0

        return motion(wires.finished, expected_s, gets_on)

    def _load_agrees(self, picked: bool) -> bool:
        carriage = self._image.carriage
        on_carriage = (carriage.loaded_a, carriage.loaded_b)
        at_place = (carriage.place_occupied_a, carriage.place_occupied_b)
        return on_carriage == (picked, picked) and at_place == (not picked, not picked)

    def _retract(self) -> Steps:
        s = self._s
        yield self._move(self.arms, 0, s.speed_mm_s, s.acceleration_mm_s2)
        yield Wait(lambda: self._image.carriage.arms_centred, CONTACT_S, Reason.CONTACT)
        self._forget()

    def _home(self) -> Steps:
        """Centre the arms; then, without a load, lower the comb, else hold the load."""
        s, carriage = self._s, self._image.carriage
        self.homed = False
        self.arms.request(Drive.HOME, speed=s.home_speed_mm_s, acceleration=s.acceleration_mm_s2)
        yield self._reference(self.arms, s.stroke_mm / s.home_speed_mm_s)
        yield Wait(lambda: carriage.arms_centred, CONTACT_S, Reason.CONTACT)
        if carriage.loaded_a or carriage.loaded_b:
            self._image.clamp = True
            yield Wait(lambda: carriage.secured, CONTACT_S, Reason.LOAD)
        else:
            self.comb.request(Drive.HOME, speed=s.comb_speed_mm_s, acceleration=s.comb_acceleration_mm_s2)
            yield self._reference(self.comb, s.comb_stroke_mm / s.comb_speed_mm_s)
            yield Wait(lambda: carriage.comb_down, CONTACT_S, Reason.CONTACT)
        self._forget()
        self.homed = True

    def _reference(self, wires: DriveWires, expected_s: float) -> Wait:
        return motion(wires.finished, expected_s, lambda: wires.inputs.velocity != 0)

    def _jog(self, sign: int) -> Steps:
        s = self._s
        speed_mm_s = jog_speed(s.home_speed_mm_s, s.acceleration_mm_s2)
        self.arms.request(Drive.JOG, speed=sign * speed_mm_s, acceleration=s.acceleration_mm_s2)
        longest = margin_s(s.stroke_mm / speed_mm_s)
        yield Wait(lambda: not self._dead_man() or self._at_end(sign), longest, None, every_scan=True)
        yield from self._stop(hard=False)

    def _at_end(self, sign: int) -> bool:
        carriage = self._image.carriage
        return carriage.arms_extended if sign > 0 else carriage.arms_centred

    def _stop(self, *, hard: bool) -> Steps:
        """Ramp down; acceleration 0 is the drive's own stop rate."""
        s = self._s
        self.arms.request(Drive.STOP, acceleration=0 if hard else s.acceleration_mm_s2)
        self.comb.request(Drive.STOP, acceleration=0 if hard else s.comb_acceleration_mm_s2)
        ramp_s = max(s.speed_mm_s / s.acceleration_mm_s2, s.comb_speed_mm_s / s.comb_acceleration_mm_s2)
        yield Wait(lambda: not (self.arms.inputs.moving or self.comb.inputs.moving), margin_s(ramp_s))
        yield Wait(lambda: self._lift.wires.held, CONTACT_S, late=None)

    def _forget(self) -> None:
        memory = self.memory
        memory.place, memory.substep = 0, SubStep.CENTRED
        memory.picking = memory.undoing = False
