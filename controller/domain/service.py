"""Counters of each component: cycles, starts, hours in motion, way; folded from commands and their outcomes. Pure.

A command that was refused, or proven never to have run, counts nothing, and neither does one that found everything as
it was to be. One that was cut counts its start and its time, and no cycle. Times run from the written command to its
proven end: brakes and bolts are in them. What could not be timed or measured is counted as such: nothing is guessed.

Not seen, and not counted: what is moved by the pendant, by hand, or by a PLC of its own accord.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

MS_PER_HOUR: Final = 3_600_000
DAY_S: Final = 86_400

PACE_DAYS: Final = 30
"""How far back the pace of a component is looked at."""

HISTORY_KEPT: Final = 20
"""Services of a component that stay in the book; the journal has all."""

RESET: Final = 51
"""The opcode that switches the drives on: the one command of a station itself that wears something."""

NEVER_MOVED: Final = frozenset({"VOID", "REFUSED"})
"""Verdicts of a command that moved nothing."""


class Kind(StrEnum):
    """A class of components: one service interval for each."""

    LIFT = "lift"
    TURNTABLE = "turntable"
    SHUTTLE = "shuttle"
    DRIVES = "drives"
    """The contactor of the tower's drives: each reset that switches them on is a cycle; nobody counts its hours."""
    DOOR = "door"
    GATE = "gate"
    LATCH = "latch"


WAY_UNITS: Final[Mapping[Kind, str]] = MappingProxyType({Kind.LIFT: "m", Kind.TURNTABLE: "deg", Kind.SHUTTLE: "m"})
"""Components with a way, and what people read it in: a thousand of what is counted (mm, mdeg)."""

_MECHANISMS: Final[Mapping[str, str]] = MappingProxyType(
    {"tower/lift": "lift", "tower/turntable": "turntable", "tower/shuttle": "shuttle"}
)
_LEAF: Final = re.compile(r"tower/(room[1-9][0-9]*\.(?:inner_door|outer_gate))")
_LATCHES: Final = re.compile(r"bays([1-9][0-9]*)/latches")
_KIND_BY_END: Final = {"inner_door": Kind.DOOR, "outer_gate": Kind.GATE, "latch": Kind.LATCH}


@dataclass(frozen=True, slots=True)
class Counts:
    """What a component has done. ``untimed`` and ``unmeasured``: starts whose time or way nobody knows."""

    cycles: int = 0
    starts: int = 0
    ran_ms: int = 0
    way: int = 0
    """mm or mdeg."""
    untimed: int = 0
    unmeasured: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """Return both together."""
        return Counts(*(a + b for a, b in zip(self.values(), other.values(), strict=True)))

    def minus(self, other: "Counts") -> "Counts":
        """Return what has come since ``other``."""
        return Counts(*(max(0, a - b) for a, b in zip(self.values(), other.values(), strict=True)))

    def worn(self) -> tuple[int, int, int, int]:
        """Return what a person states: cycles, starts, time and way."""
        return self.cycles, self.starts, self.ran_ms, self.way

    def values(self) -> tuple[int, ...]:
        """Return the counters in the order of their names."""
        return self.cycles, self.starts, self.ran_ms, self.way, self.untimed, self.unmeasured


NOTHING: Final = Counts()


@dataclass(frozen=True, slots=True)
class Serviced:
    """One service: when (wall time in seconds), by whom, what there is to say, and what the counters showed."""

    at: float
    by: str
    note: str
    total: Counts = NOTHING


@dataclass(frozen=True, slots=True)
class Counted:
    """The counters of one component."""

    total: Counts = NOTHING
    base: Counts = NOTHING
    """What the counters showed at the last service."""
    serviced_at: float | None = None
    """Wall time of the last service; None: never, or nobody has said when."""
    history: tuple[Serviced, ...] = ()
    """Oldest first."""
    days: Mapping[int, Counts] = field(default_factory=dict)
    """By day since the epoch (UTC): what was counted then, of the last `PACE_DAYS` and today."""

    @property
    def since(self) -> Counts:
        """What has come since the last service."""
        return self.total.minus(self.base)


UNUSED: Final = Counted()


def component_of(mechanism: str, opcode: int, argument1: int) -> str | None:
    """Return the name of the component that a command works: ``lift``, ``room1.inner_door``, ``bay305.latch``.

    None: nothing wears by it (signs and voices, modes, faults that are cleared).
    """
    if mechanism == "tower/station":
        return Kind.DRIVES.value if opcode == RESET else None
    if found := _LEAF.fullmatch(mechanism):
        return found[1]
    if found := _LATCHES.fullmatch(mechanism):
        # A place is level x 100 + position, and a level's latches are told apart by their position.
        return f"bay{int(found[1]) * 100 + argument1}.latch"
    return _MECHANISMS.get(mechanism)


def kind_of(component: str) -> Kind:
    """Return the class of a component by its name, as `component_of` gives it."""
    return _KIND_BY_END.get(component.rpartition(".")[2]) or Kind(component)


@dataclass
class ServiceBook:
    """The counters of every component that was ever used, by name."""

    counted: dict[str, Counted] = field(default_factory=dict)
    since: float | None = None
    """Wall time of the first command that counted: from then on the tower was looked at."""

    def of(self, component: str) -> Counted:
        """Return the counters of a component."""
        return self.counted.get(component, UNUSED)

    def ended(self, component: str | None, verdict: str, ran_ms: int | None, way: int | None, at: float | None) -> None:
        """Count a command that has ended; ``at``: wall time, None where it is not known."""
        if component is None or verdict in NEVER_MOVED or ran_ms == 0:
            return
        kind = kind_of(component)
        timed, has_way = kind is not Kind.DRIVES, kind in WAY_UNITS
        one = Counts(
            cycles=int(verdict == "OK"),
            starts=1,
            ran_ms=(ran_ms or 0) if timed else 0,
            way=(way or 0) if has_way else 0,
            untimed=int(timed and ran_ms is None),
            unmeasured=int(has_way and way is None),
        )
        before = self.of(component)
        self.counted[component] = replace(before, total=before.total.plus(one), days=_with(before.days, one, at))
        if self.since is None:
            self.since = at

    def serviced(self, component: str, done: Serviced) -> None:
        """Take a service: what counts since the last one begins anew."""
        before = self.of(component)
        done = replace(done, total=before.total)
        history = (*before.history, done)[-HISTORY_KEPT:]
        self.counted[component] = replace(before, base=before.total, serviced_at=done.at, history=history)

    def stated(self, component: str, total: Counts, base: Counts, serviced_at: float | None) -> None:
        """Take what a person says of a component's counters."""
        self.counted[component] = replace(self.of(component), total=total, base=base, serviced_at=serviced_at)

    def to_body(self) -> dict[str, object]:
        """Return the counters as JSON-able values."""
        return {"since": self.since, "counted": {name: _body(each) for name, each in self.counted.items()}}

    @classmethod
    def from_body(cls, body: Mapping[str, object]) -> "ServiceBook":
        """Return the counters of a body.

        Raises:
            TypeError, KeyError, ValueError: it is none.

        """
        since, counted = body["since"], body["counted"]
        if not isinstance(counted, Mapping) or not isinstance(since, float | int | None):
            raise TypeError("service counters")
        return cls({str(name): _counted(each) for name, each in counted.items()}, since)


def counts_from_body(body: object) -> Counts:
    """Return counters from their body.

    Raises:
        TypeError: it is none.

    """
    if not isinstance(body, Mapping):
        raise TypeError(f"not counters: {body!r}")
    return Counts(**body)


def _with(days: Mapping[int, Counts], one: Counts, at: float | None) -> Mapping[int, Counts]:
    if at is None:
        return days
    today = int(at // DAY_S)
    kept = {day: each for day, each in days.items() if day >= today - PACE_DAYS}
    return {**kept, today: kept.get(today, NOTHING).plus(one)}


def _body(counted: Counted) -> dict[str, object]:
    return {
        "total": asdict(counted.total),
        "base": asdict(counted.base),
        "serviced_at": counted.serviced_at,
        "history": [asdict(each) for each in counted.history],
        # JSON knows texts alone as keys.
        "days": {str(day): list(each.values()) for day, each in counted.days.items()},
    }


def _counted(body: Mapping[str, object]) -> Counted:
    history, days, serviced_at = body["history"], body["days"], body["serviced_at"]
    if not isinstance(history, list | tuple) or not isinstance(days, Mapping):
        raise TypeError("history or days of a component")
    if not isinstance(serviced_at, float | int | None):
        raise TypeError("serviced_at of a component")
    return Counted(
        counts_from_body(body["total"]),
        counts_from_body(body["base"]),
        serviced_at,
        tuple(Serviced(**{**each, "total": counts_from_body(each["total"])}) for each in history),
        {int(day): Counts(*each) for day, each in days.items()},
    )
