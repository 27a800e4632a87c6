"""The station's own mailbox: CLEAR_FAULT, RESET and MODE, done within one scan."""

from collections.abc import Callable
from dataclasses import dataclass

from hal.plcmap.codes import Mode, Opcode, Reason, State
from hal.plcmap.frame import Content
from sim_plc.program.at_once import AtOnce
from sim_plc.program.mechanism import Show
from sim_plc.program.steps import Steps

_MODES = frozenset(int(mode) for mode in Mode)


@dataclass(slots=True)
class StationState:
    """What the station's commands change."""

    mode: Mode = Mode.PRODUCTION
    powered: bool = False
    """Drives are enabled: after RESET, until a trip."""
    tripped: bool = False
    """A safety trip since the last RESET."""
    first_out: int = 0
    """Bit of the safety word that the trip began with."""


class StationMachine(AtOnce):
    """Runs the station's commands on callbacks of the program.

    ``clear`` leaves every error state; ``energise`` switches the drives on; ``faulted`` tells whether any
    mechanism stands in a fault.
    """

    def __init__(
        self,
        state: StationState,
        *,
        clear: Callable[[], None],
        energise: Callable[[], None],
        faulted: Callable[[], bool],
    ) -> None:
        self.state = state
        self._clear = clear
        self._energise = energise
        self._faulted = faulted

    def argument_reason(self, content: Content) -> Reason:
        """Return `Reason.ARGUMENT` for an unknown mode."""
        unknown = content.opcode == Opcode.MODE and content.argument1 not in _MODES
        return Reason.ARGUMENT if unknown else Reason.NONE

    def steps(self, content: Content) -> Steps:
        """Do it at once."""
        match content.opcode:
            case Opcode.RESET:
                self._reset()
            case Opcode.CLEAR_FAULT:
                self._clear()
            case Opcode.MODE:
                self.state.mode = Mode(content.argument1)
        yield from ()

    def show(self) -> Show:
        """Return READY, or FAULTED while a RESET is due."""
        ready = self.state.powered and not self._faulted()
        return Show(State.READY if ready else State.FAULTED)

    def _reset(self) -> None:
        self._clear()
        self.state.powered, self.state.tripped, self.state.first_out = True, False, 0
        self._energise()
