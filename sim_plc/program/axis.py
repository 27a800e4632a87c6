"""The axis state machine of PLCopen motion control (part 1, section 2.1), and the wires to one drive.

Continuous and synchronized motion are unused. A stop request is withdrawn by the program itself when the stop
has ended, so that Stopping leaves to Standstill.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from hal.plcmap.codes import Reason, State
from sim_plc.image import AxisInputs, AxisOutputs, Drive, DriveRequest


class AxisEvent(Enum):
    """What can happen to an axis."""

    POWER_ON = "power on"
    POWER_OFF = "power off"
    HOME = "home"
    MOVE = "move"
    STOP = "stop requested"
    DONE = "done"
    STOPPED = "stopped and request withdrawn"
    ERROR = "error"
    RESET = "reset, powered"
    RESET_UNPOWERED = "reset, not powered"


class NotInThisState(RuntimeError):
    """An event that the state refuses: it changed nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One cell of the table."""

    state: State
    event: AxisEvent
    to: State


_E, _S = AxisEvent, State

RULES: Final = (
    Rule(_S.DISABLED, _E.POWER_ON, _S.STANDSTILL),
    Rule(_S.DISABLED, _E.ERROR, _S.ERROR_STOP),
    Rule(_S.STANDSTILL, _E.POWER_OFF, _S.DISABLED),
    Rule(_S.STANDSTILL, _E.HOME, _S.HOMING),
    Rule(_S.STANDSTILL, _E.MOVE, _S.DISCRETE_MOTION),
    Rule(_S.STANDSTILL, _E.STOP, _S.STOPPING),
    Rule(_S.STANDSTILL, _E.ERROR, _S.ERROR_STOP),
    Rule(_S.HOMING, _E.POWER_OFF, _S.DISABLED),
    Rule(_S.HOMING, _E.STOP, _S.STOPPING),
    Rule(_S.HOMING, _E.DONE, _S.STANDSTILL),
    Rule(_S.HOMING, _E.ERROR, _S.ERROR_STOP),
    Rule(_S.DISCRETE_MOTION, _E.POWER_OFF, _S.DISABLED),
    Rule(_S.DISCRETE_MOTION, _E.STOP, _S.STOPPING),
    Rule(_S.DISCRETE_MOTION, _E.DONE, _S.STANDSTILL),
    Rule(_S.DISCRETE_MOTION, _E.ERROR, _S.ERROR_STOP),
    Rule(_S.STOPPING, _E.POWER_OFF, _S.DISABLED),
    Rule(_S.STOPPING, _E.STOPPED, _S.STANDSTILL),
    Rule(_S.STOPPING, _E.ERROR, _S.ERROR_STOP),
    Rule(_S.ERROR_STOP, _E.RESET, _S.STANDSTILL),
    Rule(_S.ERROR_STOP, _E.RESET_UNPOWERED, _S.DISABLED),
    Rule(_S.ERROR_STOP, _E.ERROR, _S.ERROR_STOP),
)

REFUSED: Final = (
    *((_S.DISABLED, event) for event in (_E.POWER_OFF, _E.HOME, _E.MOVE, _E.STOP, _E.DONE, _E.STOPPED)),
    *((_S.DISABLED, event) for event in (_E.RESET, _E.RESET_UNPOWERED)),
    *((_S.STANDSTILL, event) for event in (_E.POWER_ON, _E.DONE, _E.STOPPED, _E.RESET, _E.RESET_UNPOWERED)),
    *((_S.HOMING, event) for event in (_E.POWER_ON, _E.HOME, _E.MOVE, _E.STOPPED, _E.RESET, _E.RESET_UNPOWERED)),
    *((_S.DISCRETE_MOTION, event) for event in (_E.POWER_ON, _E.HOME, _E.MOVE, _E.STOPPED)),
    *((_S.DISCRETE_MOTION, event) for event in (_E.RESET, _E.RESET_UNPOWERED)),
    *((_S.STOPPING, event) for event in (_E.POWER_ON, _E.HOME, _E.MOVE, _E.STOP, _E.DONE)),
    *((_S.STOPPING, event) for event in (_E.RESET, _E.RESET_UNPOWERED)),
    *((_S.ERROR_STOP, event) for event in (_E.POWER_ON, _E.POWER_OFF, _E.HOME, _E.MOVE, _E.STOP)),
    *((_S.ERROR_STOP, event) for event in (_E.DONE, _E.STOPPED)),
)
"""Every other cell: refused without side effect."""

_TABLE: Final = {(rule.state, rule.event): rule.to for rule in RULES}


class AxisState:
    """The state of one axis; starts Disabled, as after power-up."""

    def __init__(self) -> None:
        self.state = State.DISABLED

    def can(self, event: AxisEvent) -> bool:
        """Whether the table has a rule for an event in this state."""
        return (self.state, event) in _TABLE

    def fire(self, event: AxisEvent) -> None:
        """Follow the table.

        Raises:
            NotInThisState: the cell is refused.

        """
        if not self.can(event):
            raise NotInThisState(f"{event.value} in {self.state.name}")
        self.state = _TABLE[self.state, event]

    @property
    def ready(self) -> bool:
        """Whether the drive is energised and not in error stop."""
        return self.state not in (State.DISABLED, State.ERROR_STOP)

    def follow(self, event: AxisEvent) -> None:
        """Follow the table where it has a rule; stay where the event is refused."""
        self.state = _TABLE.get((self.state, event), self.state)

    def begin(self, *, homing: bool) -> None:
        """Enter Homing or DiscreteMotion."""
        self.fire(AxisEvent.HOME if homing else AxisEvent.MOVE)

    def end(self, *, done: bool) -> None:
        """Leave for Standstill, from a motion that is done or from Stopping."""
        self.follow(AxisEvent.DONE if done else AxisEvent.STOPPED)

    def clear(self, *, powered: bool) -> None:
        """Leave ErrorStop: to Standstill if powered, else to Disabled."""
        self.follow(AxisEvent.RESET if powered else AxisEvent.RESET_UNPOWERED)


class DriveWires:
    """The wires to one drive and its brake. Every request gets a new serial number."""

    def __init__(self, inputs: AxisInputs, outputs: AxisOutputs) -> None:
        self.inputs = inputs
        self.outputs = outputs
        outputs.power = outputs.brake_release = False
        self.request(Drive.NONE)

    @property
    def held(self) -> bool:
        """Whether the axis stands with its brake on, and is asked for nothing else."""
        return self.inputs.brake_on and not self.inputs.moving and not self.outputs.brake_release

    def request(
        self, kind: Drive, target: int = 0, speed: int = 0, acceleration: int = 0, duration_s: float = 0.0
    ) -> None:
        """Ask the drive for something new."""
        serial = self.outputs.request.serial + 1
        self.outputs.request = DriveRequest(serial, kind, target, speed, acceleration, duration_s)

    def finished(self) -> bool:
        """Whether the drive has finished the last request."""
        return self.inputs.done_serial == self.outputs.request.serial

    def fault(self) -> Reason:
        """Return what the drive's own feedback complains of, or `Reason.NONE`."""
        if self.inputs.fault:
            return Reason.DRIVE
        return Reason.OVER_TRAVEL if self.inputs.over_travel else Reason.NONE
