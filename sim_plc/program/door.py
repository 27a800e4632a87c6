"""Inner doors and outer gates: a leaf that travels, then a bolt; two channels each for closed and bolted."""

from collections.abc import Callable
from typing import Final

from config.schema import Door as DoorConfig
from hal.plcmap.codes import Flag, Opcode, Reason, Result, State
from hal.plcmap.frame import Content
from sim_plc.image import DoorInputs, DoorOutputs
from sim_plc.program.mechanism import Show
from sim_plc.program.steps import StepFault, Steps, Wait, margin_s, pause, travel_s
from sim_plc.program.words import word

_FLAGS: Final = word(
    Flag.CLOSED_A,
    Flag.CLOSED_B,
    Flag.BOLTED_A,
    Flag.BOLTED_B,
    Flag.FAULT,
)


class Door:
    """One leaf. ``reopens``: an obstructed leaf does not only stop but opens again (outer gates).

    ``restless`` tells whether one of its contacts chatters without end.
    """

    def __init__(
        self,
        door: DoorConfig,
        inputs: DoorInputs,
        outputs: DoorOutputs,
        *,
        reopens: bool,
        restless: Callable[[], bool],
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self._travel_s = travel_s(door.stroke_mm, door.speed_mm_s, door.acceleration_mm_s2)
        self._ramp_s = door.speed_mm_s / door.acceleration_mm_s2
        self._bolt_s = door.bolt_s
        self._reopens = reopens
        self._restless = restless
        self._shown = Show(State.BETWEEN)
        self._closing = False
        self._moving = False
        self._faulted = False
        self._arrived = True
        """Whether the last command was an opening that came to its end. At power-up contacts are all that tells."""
        self._stood_open = False
        outputs.open = outputs.close = False

    @property
    def locked(self) -> bool:
        """Whether the feedback of both channels shows it closed and bolted, and nothing moves it."""
        inputs = self.inputs
        contacts = inputs.closed_a and inputs.closed_b and inputs.bolted_a and inputs.bolted_b
        return contacts and not self._moving

    @property
    def open(self) -> bool:
        """Whether it stands open, has got there, and nothing moves it: one contact proves no end without the way."""
        inputs = self.inputs
        return inputs.opened and not (inputs.closed_a or inputs.closed_b) and self._arrived and not self._moving

    def power_up(self) -> None:
        """Keep the bolt of a closed leaf home: a restart unlocks nothing."""
        self.outputs.bolt = self._may_be_closed()

    def argument_reason(self, content: Content) -> Reason:
        """Return `Reason.NONE`: no command of a door has arguments."""
        del content
        return Reason.NONE

    def place_of(self, content: Content) -> int:
        """Return 0: the place of a door is that of its room."""
        del content
        return 0

    def begins(self, content: Content) -> None:
        """Take notice: from the moment OPEN is accepted the door counts as unlocked."""
        self._stood_open, self._arrived = self.open and content.opcode == Opcode.OPEN, False
        self._moving, self._closing, self._faulted = True, content.opcode == Opcode.CLOSE, False

    def ends(self, result: Result) -> None:
        """Stand: both motor bits off."""
        self._motor_off()
        self._moving, self._faulted = False, result is Result.FAULT

    def steps(self, content: Content) -> Steps:
        """Return what a command does."""
        return self._close() if content.opcode == Opcode.CLOSE else self._open()

    def running_fault(self) -> Reason:
        """Return `Reason.OBSTRUCTED` when the closing edge feels something, `Reason.CONTACT` for a broken contact."""
        if self._closing and self.inputs.obstructed:
            return Reason.OBSTRUCTED
        return Reason.CONTACT if self._restless() else Reason.NONE

    def stopping(self, *, hard: bool) -> Steps:
        """Ramp down; the motor knows one rate and has no feedback of its standstill."""
        del hard
        self._motor_off()
        if not self._may_be_closed():
            self.outputs.bolt = False
        yield pause(self._ramp_s)

    def after_fault(self, reason: Reason) -> Steps:
        """Ramp down; a gate that met something opens again, as far as it can."""
        yield from self.stopping(hard=True)
        if self._reopens and reason is Reason.OBSTRUCTED:
            self._closing = False
            yield from self._open()

    def clear_fault(self) -> None:
        """Forget the fault; the next command would too."""
        self._faulted = False

    def show(self) -> Show:
        """Return state and contacts."""
        inputs = self.inputs
        wires = (inputs.closed_a, inputs.closed_b, inputs.bolted_a, inputs.bolted_b, self._faulted)
        state, flags = self._state(), _FLAGS(wires)
        if self._shown.state is not state or self._shown.flags is not flags:
            self._shown = Show(state, flags)
        return self._shown

    def _state(self) -> State:
        if self._moving:
            return State.CLOSING if self._closing else State.OPENING
        if self.locked:
            return State.CLOSED
        return State.OPEN if self.open else State.BETWEEN

    def _open(self) -> Steps:
        self.outputs.bolt = self.outputs.close = False
        self.outputs.open = True
        inputs = self.inputs
        unbolted = margin_s(self._bolt_s)
        yield Wait(lambda: not (inputs.bolted_a or inputs.bolted_b), unbolted, Reason.CONTACT)
        if not self._stood_open:
            # A contact that tells of the end before the leaf can be there is not believed.
            yield pause(self._bolt_s + self._travel_s)
        yield Wait(lambda: inputs.opened, margin_s(self._bolt_s))
        if inputs.closed_a or inputs.closed_b:
            raise StepFault(Reason.CONTACT)
        self._arrived = True

    def _close(self) -> Steps:
        self.outputs.open = False
        self.outputs.close = self.outputs.bolt = True
        inputs = self.inputs
        yield Wait(lambda: inputs.closed_a or inputs.closed_b, margin_s(self._travel_s))
        yield Wait(self._closed_and_bolted, margin_s(self._bolt_s), Reason.CONTACT)

    def _closed_and_bolted(self) -> bool:
        inputs = self.inputs
        return inputs.closed_a and inputs.closed_b and inputs.bolted_a and inputs.bolted_b

    def _may_be_closed(self) -> bool:
        """Tell whether any contact shows the leaf closed: one that lies is no reason to draw a bolt that is home."""
        inputs = self.inputs
        return inputs.closed_a or inputs.closed_b or inputs.bolted_a or inputs.bolted_b

    def _motor_off(self) -> None:
        self.outputs.open = self.outputs.close = False
