"""Input filters: what chatters on a wire never gets into the program.

An input that differs from what the program works with is taken over once it has differed without a break for the
filter's time. Contacts of doors, bolts and latches: 20 ms, the longest filter that input terminals offer (Beckhoff
EL86xx, index 0x80n0:11 "Filter time": signals shorter than 20 ms are suppressed; makers of limit switches state a
bounce of 10 ms and less). Light barriers that look for a car: 100 ms, since glass and wheel arches let light through
as a car passes; a car takes seconds.

A contact that is still restless after `RESTLESS_S` is broken: what relies on it fails with a name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from sim_plc.image import telling

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CONTACT_S: Final = 0.02
BARRIER_S: Final = 0.1

RESTLESS_S: Final = 0.3
"""No sound contact bounces for as long as this."""

_PAUSE_S: Final = 0.1
"""A contact that has been quiet for this, beyond its filter's time, is restless no more."""

_SLACK_S: Final = 1e-9

DOOR: Final[Mapping[str, float]] = dict.fromkeys(("opened", "closed_a", "closed_b", "bolted_a", "bolted_b"), CONTACT_S)
CARRIAGE: Final[Mapping[str, float]] = dict.fromkeys(
    ("latch_open", "latch_closed", "all_latches_locked", "place_occupied_a", "place_occupied_b"), CONTACT_S
)
ROOM: Final[Mapping[str, float]] = dict.fromkeys(("occupied_a", "occupied_b", "in_marks"), BARRIER_S)
BAY: Final[Mapping[str, float]] = {
    **dict.fromkeys(("latch_open", "latch_closed"), CONTACT_S),
    **dict.fromkeys(("occupied_a", "occupied_b"), BARRIER_S),
}
"""Filter times by input; what is not named passes at once."""


class InputFilter:
    """Lets ``seen``, one group of inputs as the program works with them, follow ``raw``, the same ones as wired.

    Seconds of one rising clock. `take` once at power-up, then in each scan whose inputs changed and when `due`.
    """

    def __init__(self, raw: "DataclassInstance", seen: "DataclassInstance", times: Mapping[str, float]) -> None:
        self.due: float | None = None
        """When an input that has changed may be taken over; None: nothing waits."""
        self._raw, self._seen, self._times = raw, seen, times
        self._names = tuple(field.name for field in fields(raw))
        self._tells = telling(type(raw))
        self._agreed: tuple[object, ...] | None = None
        """What the wires told at the last look, if the program works with all of that; None: something waits."""
        self._since: dict[str, float] = {}
        """Inputs that differ, each since its first scan without a break."""
        self._restless: dict[str, tuple[float, float]] = {}
        """Inputs that have differed for too short a time: when they first and when they last did."""

    def pass_all(self) -> None:
        """Take every input as it is: nothing was seen before."""
        for name in self._names:
            setattr(self._seen, name, getattr(self._raw, name))

    def take(self, t: float) -> bool:
        """Take over at scan time ``t`` what has differed for long enough; tell whether anything has, or has bounced."""
        told = self._tells(self._raw)
        if told == self._agreed:
            return False
        news = [name for name in self._names if self._look(name, t)]
        self._agreed = None if self._since else told
        waiting = [since + self._times[name] for name, since in self._since.items()]
        self.due = min(waiting, default=None)
        return bool(news)

    def restless(self, t: float, names: Iterable[str]) -> bool:
        """Tell whether one of some inputs has chattered for longer than any sound contact does."""
        return any(self._is_restless(t, name) for name in names)

    def _is_restless(self, t: float, name: str) -> bool:
        first, last = self._restless.get(name, (t, t))
        return t - first >= RESTLESS_S and t - last <= self._times[name] + _PAUSE_S

    def _look(self, name: str, t: float) -> bool:
        value = getattr(self._raw, name)
        if value == getattr(self._seen, name):
            if self._since.pop(name, None) is not None:
                first, last = self._restless.get(name, (t, t))
                self._restless[name] = (first if t - last <= self._times[name] + _PAUSE_S else t, t)
                return True
        elif t - self._since.setdefault(name, t) >= self._times.get(name, 0.0) - _SLACK_S:
            setattr(self._seen, name, value)
            del self._since[name]
            self._restless.pop(name, None)
            return True
        return False


def take_all(filters: Iterable[InputFilter], t: float) -> tuple[bool, float | None]:
    """Let each of some filters look at scan time ``t``; return whether any has news, and when the first is due."""
    news, due = False, None
    for each in filters:
        news = each.take(t) or news
        if each.due is not None and (due is None or each.due < due):
            due = each.due
    return news, due
