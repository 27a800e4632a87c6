"""How many alarms people were shown, measured against what people can take. Pure.

Yardsticks for a tower of which one remote operator serves ten (EEMUA 191, ISA-18.2: about 150 a day an operator, at
most 10 in any 10 minutes): 15 a day, 5 a root cause, 10 in any 10 minutes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from controller.domain.alarms import STANDING, AlarmEvent, Showing, ShowingEvent
from controller.domain.records import AlarmSet

MOST_A_DAY: Final = 15
MOST_A_CAUSE: Final = 5
MOST_IN_10_MIN: Final = 10
WINDOW_S: Final = 600.0

_COMES: Final = frozenset(
    {AlarmEvent.ALARM.value, ShowingEvent.UNSHELVE.value, ShowingEvent.RELEASE.value, ShowingEvent.RETURN.value}
)


@dataclass(frozen=True, slots=True)
class Annunciation:
    """An alarm was put before people, at a wall time in seconds."""

    at: float
    number: str
    key: str
    burst: int


@dataclass(frozen=True, slots=True)
class DayLoad:
    """One day: how many, in its worst ten minutes, of its worst root cause, and which alarm that began with."""

    day: str
    alarms: int
    worst_10_min: int
    worst_cause: int
    cause: str

    @property
    def within(self) -> bool:
        """Whether a person could take it."""
        return (
            self.alarms <= MOST_A_DAY
            and self.worst_10_min <= MOST_IN_10_MIN
            and self.worst_cause <= MOST_A_CAUSE
        )


def annunciation(at: float, record: AlarmSet) -> Annunciation | None:
    """Return what a record put before people, None for one that did not."""
    line = record.line
    if record.event not in _COMES or line.showing is not Showing.SHOWN or line.state not in STANDING:
        return None
    return Annunciation(at, str(line.tag), line.key, line.burst)


def day_loads(shown: Iterable[Annunciation], day_of: Callable[[float], str]) -> list[DayLoad]:
    """Return a line for every day with an alarm, oldest first; ``day_of`` names the day of a wall time."""
    days: dict[str, list[Annunciation]] = {}
    for each in sorted(shown, key=lambda each: each.at):
        days.setdefault(day_of(each.at), []).append(each)
    return [_day(day, found) for day, found in days.items()]


def most_frequent(shown: Iterable[Annunciation], count: int) -> list[tuple[str, int]]:
    """Return the alarms that came most often, by number and key, with how often."""
    return Counter(f"{each.number} {each.key}" for each in shown).most_common(count)


def _day(day: str, found: Sequence[Annunciation]) -> DayLoad:
    bursts = Counter(each.burst for each in found)
    burst, most = max(bursts.items(), key=lambda each: each[1])
    first = next(each for each in found if each.burst == burst)
    return DayLoad(day, len(found), _worst_window(found), most, f"{first.number} {first.key}")


def _worst_window(found: Sequence[Annunciation]) -> int:
    """Return the most within any ten minutes; ``found`` is in the order of time."""
    worst, first = 0, 0
    for last, each in enumerate(found):
        while each.at - found[first].at > WINDOW_S:
            first += 1
        worst = max(worst, last - first + 1)
    return worst
