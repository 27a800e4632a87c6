"""What keeps the empty carriage where it stands while no job goes on with it: nothing moves for anybody meanwhile."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from controller.activities.context import Bench
from controller.activities.situation import situation
from controller.domain.book import CARRIAGE, Book
from controller.domain.interlocks import Condition, Wish, WishKind, refusal
from controller.domain.places import PlaceStatus

EXPLAINED_BY: Final[Mapping[str, str]] = MappingProxyType(
    {"POWER": "AXIS_FAULT", "INNER_DOOR_NOT_LOCKED": "ROOM_BLOCKED"}
)
"""By the name of a condition: the alarm that tells its cause, if that one stands."""

EACH_S: Final = 20.0
"""So often a carriage that may travel is looked at: what keeps it is no alarm for a minute anyway."""

# Axes that are not homed are so before the first move: HOME needs what MOVE_TO needs but that.
_LEAVES: Final = (Wish(WishKind.HOME_LIFT), Wish(WishKind.HOME_TURNTABLE))


def barred(bench: Bench, book: Book) -> Condition | None:
    """Return the first condition of leaving that is not met; None: it may go wherever a job is.

    Raises:
        NotOnline: the tower's image may not be trusted.

    """
    status = book.places[CARRIAGE].status
    if status is not PlaceStatus.FREE:
        return Condition("CARRIAGE_NOT_FREE", False, f"the carriage must be free, and is {status.value.lower()}")
    now = situation(bench)
    if now.resumable:
        return Condition("EXCHANGE_CUT", False, "the exchange that was cut must be ended")
    return next((missing for wish in _LEAVES if (missing := refusal(wish, now)) is not None), None)


class BarWatch:
    """Looks now and then whether the carriage that has nothing to do may travel; while it may not, each time.

    ``idles``: whether it has nothing to do, of a tower at work; ``clock`` is the loop's.
    """

    def __init__(self, bench: Bench, book: Book, idles: Callable[[], bool], clock: Callable[[], float]) -> None:
        self._bench = bench
        self._book = book
        self._idles = idles
        self._clock = clock
        self._due_s = -math.inf
        self._found: Condition | None = None

    def look(self) -> Condition | None:
        """Return what keeps it where it stands; None: nothing did at the last look, or it has something to do.

        Raises:
            NotOnline: the tower's image may not be trusted.

        """
        if self._found is not None or self._clock() >= self._due_s:
            self._due_s = self._clock() + EACH_S
            self._found = barred(self._bench, self._book) if self._idles() else None
        return self._found
