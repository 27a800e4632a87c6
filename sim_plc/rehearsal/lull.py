"""A lull: a station of which nothing new is asked, a wire that carries, and one daemon that it obeys.

At rest or in motion, its polls may be left out until it has something else to show.
"""

from collections.abc import Callable
from typing import Any, Final

from sim_plc.program.station_program import StationProgram

LULL_S: Final = 57.6
"""The longest that polls are left out at a stretch: whatever hangs on a picture that comes by itself gets one."""

EndLull = Callable[[float], None]
"""Takes the time of the last poll that was left out, in seconds of the loop's clock."""

BeginLull = Callable[[float], EndLull | None]
"""Takes the time of now, in seconds of the loop's clock; returns what ends the lull, None if there can be none."""


class Lull:
    """Lets a station's PLC count as polled while its polls are left out. The cadence does the same for the daemon."""

    def __init__(
        self,
        epoch: Callable[[], int | None],
        program: Callable[[], StationProgram[Any]],
        *,
        carries: Callable[[], bool],
        moved: Callable[[], None],
    ) -> None:
        """Take both ends, as they are when asked for.

        ``epoch`` is that of the daemon which has the station online, None if none has.
        ``carries`` tells whether every request arrives and is answered; ``moved`` is called when the program may be
        due at another time than before.
        """
        self._epoch = epoch
        self._program = program
        self._carries = carries
        self._moved = moved

    def begin(self, now: float) -> EndLull | None:
        """Begin one, if the next poll would show nothing new; return what ends it."""
        program = self._program()
        if not program.attentive or not self._carries():
            return None
        if self._epoch() != program.gate.memory.epoch:
            return None
        program.count_as_heard(now, on=True)

        def end(last_s: float) -> None:
            program.count_as_heard(last_s, on=False)
            self._moved()

        return end
