"""A lull: a station at rest, a wire that carries and one daemon that it obeys. Its polls may be left out."""

from collections.abc import Callable
from typing import Any, Final

from sim_plc.program.station_program import StationProgram

LULL_S: Final = 14.4
"""The longest that polls are left out at a stretch: whatever hangs on a picture that comes by itself gets one."""

EndLull = Callable[[float], None]
"""Takes the time of the last poll that was left out, in seconds of the loop's clock."""


class Lull:
    """Lets a station's PLC count as polled while its polls are left out. The cadence does the same for the daemon."""

    def __init__(
        self,
        epoch: Callable[[], int | None],
        program: Callable[[], StationProgram[Any]],
        *,
        carries: Callable[[], bool],
        moved: Callable[[], None],
        resting_s: float,
    ) -> None:
        """Take both ends, as they are when asked for.

        ``epoch`` is that of the daemon which has the station online, None if none has.
        ``carries`` tells whether every request arrives and is answered; ``moved`` is called when the program may be
        due at another time than before; ``resting_s`` is the period of polls at rest.
        """
        self._epoch = epoch
        self._program = program
        self._carries = carries
        self._moved = moved
        self._resting_s = resting_s

    def begin(self, now: float, period_s: float) -> EndLull | None:
        """Begin one, if the next poll of a period would show nothing new; return what ends it."""
        program = self._program()
        if period_s < self._resting_s or not program.asleep or not self._carries():
            return None
        if self._epoch() != program.gate.memory.epoch:
            return None
        program.count_as_heard(now, on=True)

        def end(last_s: float) -> None:
            program.count_as_heard(last_s, on=False)
            self._moved()

        return end
