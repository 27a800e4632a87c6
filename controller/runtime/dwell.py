"""When the idle carriage goes to where it is likely wanted next, and where that is: once each time it has rested."""

from collections.abc import Callable

from controller.activities.context import Dwell as Limits
from controller.runtime.demand import Demand


class Dwell:
    """Counts idle time. ``clock`` is the loop's; ``here``: the place where the carriage stands, as far as is known."""

    def __init__(
        self, limits: Limits, demand: Demand, here: Callable[[], int | None], clock: Callable[[], float]
    ) -> None:
        self._limits = limits
        self._demand = demand
        self._here = here
        self._clock = clock
        self._needed_s = clock()
        self._settled = False

    def needed(self) -> None:
        """Take note that somebody needs the tower now."""
        self._needed_s = self._clock()
        self._settled = False

    def moved(self) -> None:
        """Take note that the carriage stands elsewhere, for another reason than to wait there."""
        self._settled = False

    @property
    def due(self) -> bool:
        """Whether the carriage has rested for long enough where nobody has asked yet if it should stand there."""
        rested = self._clock() - self._needed_s >= self._limits.idle_s
        return self._limits.goes and rested and not self._settled

    def where_to(self) -> int | None:
        """Return where the carriage goes now; None: it stays, until it is needed again."""
        here = self._here()
        if here is None:
            return None
        self._settled = True
        return self._demand.dwell_point(here, self._limits.saves_s)
