"""A room's signal: lights, sign and voice. Nothing moves, so it needs no power and stops nowhere."""

from hal.plcmap.codes import Reason, Signal, State
from hal.plcmap.frame import Content
from sim_plc.image import RoomImage
from sim_plc.program.at_once import AtOnce
from sim_plc.program.mechanism import Show
from sim_plc.program.steps import Steps

_SHOWN = State.SHOWING


class RoomSignal(AtOnce):
    """Shows one code at a time, dark after power-up."""

    def __init__(self, room: RoomImage) -> None:
        self._room = room
        room.signal = int(Signal.DARK)

    def argument_reason(self, content: Content) -> Reason:
        """Return `Reason.ARGUMENT` for a code that is not in the table."""
        return Reason.NONE if content.argument1 in _CODES else Reason.ARGUMENT

    def steps(self, content: Content) -> Steps:
        """Show the code."""
        self._room.signal = content.argument1
        yield from ()

    def show(self) -> Show:
        """Return the code shown as sub-step."""
        return Show(_SHOWN, substep=self._room.signal)


_CODES = frozenset(int(code) for code in Signal)
