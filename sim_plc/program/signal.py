"""A room's signal: lights, sign and voice. Nothing moves, so it needs no power and stops nowhere."""

from hal.plcmap.codes import Reason, Result, Signal, State
from hal.plcmap.frame import Content
from sim_plc.image import RoomImage
from sim_plc.program.mechanism import Show
from sim_plc.program.steps import Steps

_SHOWN = State.SHOWING


class RoomSignal:
    """Shows one code at a time, dark after power-up."""

    def __init__(self, room: RoomImage) -> None:
        self._room = room
        room.signal = int(Signal.DARK)

    def argument_reason(self, content: Content) -> Reason:
        """Return `Reason.ARGUMENT` for a code that is not in the table."""
        return Reason.NONE if content.argument1 in _CODES else Reason.ARGUMENT

    def place_of(self, content: Content) -> int:
        """Return 0: showing has no interlock."""
        del content
        return 0

    def begins(self, content: Content) -> None:
        """Nothing to note."""

    def ends(self, result: Result) -> None:
        """Nothing to note."""

    def steps(self, content: Content) -> Steps:
        """Show the code."""
        self._room.signal = content.argument1
        yield from ()

    def running_fault(self) -> Reason:
        """Return `Reason.NONE`: a signal has no feedback."""
        return Reason.NONE

    def stopping(self, *, hard: bool) -> Steps:
        """Stand, as always."""
        del hard
        yield from ()

    def after_fault(self, reason: Reason) -> Steps:
        """Stand, as always."""
        del reason
        yield from ()

    def clear_fault(self) -> None:
        """Nothing to clear."""

    def show(self) -> Show:
        """Return the code shown as sub-step."""
        return Show(_SHOWN, substep=self._room.signal)


_CODES = frozenset(int(code) for code in Signal)
