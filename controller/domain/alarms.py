"""Alarms: their states (ISA-18.2, IEC 62682) and the catalogue of this tower's alarms. Pure.

An alarm asks a person for an answer; what asks for none is an event. The catalogue says nothing of effects: an
interlock holds whatever is shown of its alarm. Delays on the way in and out keep contacts and links that chatter from
becoming alarms, dead-bands measured values that creep around their limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from controller.domain.clearance import Clearance

SHELF_LIMIT_S: Final = 8 * 3600
"""Longest time on the shelf: a shift."""


class AlarmState(StrEnum):
    """What is so, whether it is shown or not: the six states with a condition and an acknowledgement."""

    NORMAL = "NORMAL"
    UNACKNOWLEDGED = "UNACKNOWLEDGED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RETURNED_UNACKNOWLEDGED = "RETURNED_UNACKNOWLEDGED"
    LATCHED_UNACKNOWLEDGED = "LATCHED_UNACKNOWLEDGED"
    LATCHED_ACKNOWLEDGED = "LATCHED_ACKNOWLEDGED"


class AlarmEvent(StrEnum):
    """The condition comes or goes; a person has seen it; a person takes back what is latched."""

    ALARM = "ALARM"
    CLEAR = "CLEAR"
    ACKNOWLEDGE = "ACKNOWLEDGE"
    RESET = "RESET"


class Showing(StrEnum):
    """Whether an alarm is shown, or what hides it. One thing at a time hides an alarm."""

    SHOWN = "SHOWN"
    SHELVED = "SHELVED"
    SUPPRESSED = "SUPPRESSED"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"


class ShowingEvent(StrEnum):
    """What hides an alarm, and what brings it back."""

    SHELVE = "SHELVE"
    UNSHELVE = "UNSHELVE"
    """By a person, or because its time is up."""
    SUPPRESS = "SUPPRESS"
    """By design: its parent stands, and explains it."""
    RELEASE = "RELEASE"
    REMOVE = "REMOVE"
    """Out of service, by an engineer."""
    RETURN = "RETURN"


STANDING: Final = frozenset({AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED})
"""The condition stands."""

ACTIVE: Final = STANDING | {AlarmState.LATCHED_UNACKNOWLEDGED, AlarmState.LATCHED_ACKNOWLEDGED}
"""The alarm is active: its condition stands, or is latched."""

UNSEEN: Final = frozenset(
    {AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED_UNACKNOWLEDGED, AlarmState.LATCHED_UNACKNOWLEDGED}
)
"""Nobody has acknowledged it."""


def shown_state(state: AlarmState, showing: Showing) -> str:
    """Return which of the nine states is shown: what hides an alarm covers the state beneath."""
    return state.value if showing is Showing.SHOWN else showing.value


class Priority(StrEnum):
    """How soon a person answers, most urgent first: by what it costs, and how fast, if nobody does."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


PRIORITIES: Final = tuple(Priority)


class Of(StrEnum):
    """What an alarm is about; all but the tower are many, told apart by their index."""

    TOWER = "tower"
    STATION = "station"
    """0 the tower PLC, then the bay controllers in their order."""
    LINE = "line"
    """A bus that several stations share, from 0 in the configuration's order."""
    BUS = "bus"
    """Every bus, from 0 in the configuration's order."""
    ROOM = "room"
    """By its number, from 1."""
    AXIS = "axis"
    """1 lift, 2 turntable, 3 shuttle."""
    JOB = "job"
    SERVICE = "service"
    """1 carriage, 2 doors and gates, 3 latches: `controller.domain.service_plan.GROUPS`."""


@dataclass(frozen=True, slots=True)
class DeadBand:
    """The limits of a measured value: beyond ``on`` its alarm comes, beyond ``off`` it goes, between them it stays.

    ``on`` above ``off`` is an alarm of too much, ``on`` below ``off`` one of too little.
    """

    value: str
    """What is measured."""
    unit: str
    on: float
    off: float

    @property
    def too_much(self) -> bool:
        """Whether the alarm is of too much, not of too little."""
        return self.on > self.off

    def stands(self, measured: float, *, stood: bool) -> bool:
        """Return whether the condition stands for a value; ``stood``: whether the alarm has come and not gone yet."""
        if self.too_much:
            return measured > self.on or (stood and measured >= self.off)
        return measured < self.on or (stood and measured <= self.off)

    def said(self, measured: float) -> str:
        """Return a value beyond its limit in words."""
        return f"{self.value}: {measured:,.1f} {self.unit} (limit {self.on:g})"

    @property
    def limits(self) -> str:
        """Both limits in words."""
        sides = ("above", "below") if self.too_much else ("below", "above")
        return f"{self.value}: on {sides[0]} {self.on:g} {self.unit}, off {sides[1]} {self.off:g}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One kind of alarm. ``number`` and ``key`` are those of `controller.fault_codes`."""

    number: int
    key: str
    of: Of
    priority: Priority
    clearance: Clearance
    response_s: int
    """Within this time a person should have begun to answer."""
    latching: bool = False
    """It stays until a person resets it, whatever becomes of its condition."""
    safety: bool = False
    """Nothing hides it."""
    on_delay_s: float = 0.0
    """For how long its condition must stand without a break."""
    off_delay_s: float = 0.0
    parent: str = ""
    """The key of what explains it: while that stands, this one is suppressed by design."""
    answered: bool = False
    """Its condition ends by a person's answer alone, which acknowledges it."""
    band: DeadBand | None = None
    """Of an alarm that a measured value raises."""


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """One alarm of the tower: its kind, and for which of many it is."""

    key: str
    index: int | None = None

    @property
    def alarm(self) -> Alarm:
        """Its kind."""
        return BY_KEY[self.key]

    def __str__(self) -> str:
        number = self.alarm.number
        return str(number) if self.index is None else f"{number}.{self.index}"


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """One alarm that is not as quiet as can be: a line of the list. Times are wall time in seconds."""

    key: str
    index: int | None
    subject: str
    """Which one it is about: ``room 2``; empty for the tower."""
    text: str
    """What was the matter when it was raised."""
    state: AlarmState
    showing: Showing
    raised_at: float
    changed_at: float
    burst: int = 0
    """Alarms of one burst are taken for one root cause."""
    first_out: bool = False
    until: float | None = None
    """When the shelf ends."""
    why: str = ""
    """Why it is hidden."""
    by: str = ""
    """Who changed it last; empty for its condition."""

    @property
    def tag(self) -> Tag:
        """Which alarm it is."""
        return Tag(self.key, self.index)

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell of it: it needs no line."""
        return self.state is AlarmState.NORMAL and self.showing is Showing.SHOWN


_HIGH, _MEDIUM, _LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
_SITE, _TECH = Clearance.OPERATOR_ON_SITE, Clearance.TECHNICIAN
_MINUTE: Final = 60
_HOUR: Final = 3600


def _safety(
    number: int, key: str, priority: Priority, clearance: Clearance, response_s: int, *, latching: bool = False
) -> Alarm:
    return Alarm(number, key, Of.TOWER, priority, clearance, response_s, latching=latching, safety=True)


_CHAIN: Final = (
    _safety(101, "SAFETY", _LOW, _SITE, 30 * _MINUTE),
    _safety(102, "E_STOP", _LOW, _SITE, 30 * _MINUTE),
    _safety(104, "LIGHT_CURTAIN", _LOW, _SITE, 30 * _MINUTE),
    _safety(105, "PERSON_IN_SHAFT", _HIGH, _SITE, 5 * _MINUTE, latching=True),
    _safety(106, "OVERSPEED", _LOW, _TECH, _HOUR, latching=True),
    _safety(107, "SLACK_ROPE", _LOW, _TECH, _HOUR, latching=True),
    _safety(108, "OVER_TRAVEL", _LOW, _TECH, _HOUR, latching=True),
    _safety(109, "PHASE_LOSS", _LOW, _TECH, _HOUR),
    _safety(110, "FIRE", _MEDIUM, _SITE, 5 * _MINUTE),
    _safety(111, "GATE_RELEASE", _MEDIUM, _SITE, 10 * _MINUTE),
    _safety(112, "PERSON_IN_OPEN_ROOM", _MEDIUM, _SITE, 10 * _MINUTE),
)

FLAPS_S: Final = 60.0
"""A wire that carries for less than this between two losses is one alarm, not many."""

_CONTROL: Final = (
    Alarm(
        201, "STATION_OFFLINE", Of.STATION, _LOW, _TECH, 30 * _MINUTE,
        on_delay_s=3.0, off_delay_s=FLAPS_S, parent="LINE_LOST",
    ),
    Alarm(205, "FOREIGN_MASTER", Of.TOWER, _LOW, Clearance.ENGINEER, 30 * _MINUTE),
    Alarm(206, "JOURNAL_FAILED", Of.TOWER, _MEDIUM, _TECH, 30 * _MINUTE),
    Alarm(214, "UNIT_ABORTED", Of.TOWER, _LOW, Clearance.OPERATOR, 30 * _MINUTE, on_delay_s=30.0),
    Alarm(215, "LINE_LOST", Of.LINE, _LOW, _TECH, 30 * _MINUTE, on_delay_s=1.0, off_delay_s=FLAPS_S),
)  # fmt: skip

_MEASURED: Final = (
    # A day of 500 moves takes about 15 MiB: more than a week is left to make room.
    Alarm(
        216, "DISK_SPACE_LOW", Of.TOWER, _LOW, _TECH, 8 * _HOUR, on_delay_s=30.0, off_delay_s=30.0,
        band=DeadBand("free space beside the journal", "MiB", on=256, off=320),
    ),
    Alarm(
        217, "BUS_ERRORS", Of.BUS, _LOW, _TECH, 8 * _HOUR, on_delay_s=60.0, off_delay_s=60.0,
        band=DeadBand("requests that fail", "%", on=2, off=1),
    ),
    Alarm(
        218, "CLOCK_WRONG", Of.TOWER, _LOW, _TECH, 8 * _HOUR,
        band=DeadBand("departure of the clock", "s", on=2, off=1),
    ),
)  # fmt: skip

_BELOW: Final = (
    Alarm(307, "MAINTENANCE", Of.STATION, _LOW, _TECH, _HOUR, on_delay_s=1.0, parent="STATION_OFFLINE"),
    Alarm(308, "MEMORY_LOST", Of.STATION, _LOW, _SITE, _HOUR, parent="STATION_OFFLINE"),
    Alarm(
        410, "PERSON_INSIDE", Of.ROOM, _LOW, Clearance.CUSTOMER, 15 * _MINUTE, parent="STATION_OFFLINE"
    ),
    Alarm(
        411, "PERSON_SENSOR", Of.ROOM, _LOW, _TECH, _HOUR,
        on_delay_s=2.0, off_delay_s=5.0, parent="STATION_OFFLINE",
    ),
    # Who resets an axis sees within moments whether it fails again: that is the same alarm still.
    Alarm(
        511, "AXIS_FAULT", Of.AXIS, _LOW, _TECH, _HOUR,
        on_delay_s=1.0, off_delay_s=15.0, parent="STATION_OFFLINE",
    ),
    # Nothing wears out within minutes; a clock that is years ahead is put right within them.
    Alarm(512, "SERVICE_DUE", Of.SERVICE, _LOW, _TECH, 24 * _HOUR, on_delay_s=3.0 * _MINUTE),
    # What limits the lift's drive stops it next, with customers at the gates: the one warning of it is worth a call.
    # The turntable carries no weight against gravity, and is the less likely to stand still.
    Alarm(
        513, "LIFT_SLOW", Of.TOWER, _MEDIUM, _TECH, 30 * _MINUTE,
        band=DeadBand("time of the lift above what is reckoned with", "%", on=15, off=8),
    ),
    Alarm(
        514, "TURNTABLE_SLOW", Of.TOWER, _LOW, _TECH, _HOUR,
        band=DeadBand("time of the turntable above what is reckoned with", "%", on=15, off=8),
    ),
    # A decision that leads back within a moment is no new alarm: somebody stands before the screen.
    Alarm(601, "JOB_PARKED", Of.JOB, _LOW, Clearance.OPERATOR, 15 * _MINUTE, off_delay_s=15.0, answered=True),
    Alarm(602, "PLACE_UNVERIFIED", Of.TOWER, _LOW, _SITE, 8 * _HOUR, on_delay_s=15.0 * _MINUTE),
    Alarm(603, "AUDIT_FAILED", Of.TOWER, _LOW, Clearance.OPERATOR, 30 * _MINUTE),
    Alarm(604, "DWELL_FAILED", Of.TOWER, _LOW, Clearance.OPERATOR, 30 * _MINUTE),
    # Between two jobs, and while a leaf or latch still comes to rest, nobody is to come for it.
    Alarm(605, "CARRIAGE_BARRED", Of.TOWER, _LOW, _SITE, 15 * _MINUTE, on_delay_s=60.0, off_delay_s=2.0),
    Alarm(701, "ROOM_BLOCKED", Of.ROOM, _LOW, _SITE, 30 * _MINUTE, parent="STATION_OFFLINE"),
    # Whoever drives the next car out frees a bay, and whoever comes a little late has theirs.
    Alarm(
        707, "CAR_NOT_PUT_BACK", Of.ROOM, _LOW, Clearance.OPERATOR, 30 * _MINUTE,
        on_delay_s=3.0 * _MINUTE, parent="STATION_OFFLINE",
    ),
    # Customers load their cars, and wait for somebody.
    Alarm(
        708, "CAR_LEFT_STANDING", Of.ROOM, _LOW, Clearance.CUSTOMER, 30 * _MINUTE,
        on_delay_s=15.0 * _MINUTE, parent="STATION_OFFLINE",
    ),
)  # fmt: skip

ALARMS: Final = (*_CHAIN, *_CONTROL, *_MEASURED, *_BELOW)

BY_KEY: Final[Mapping[str, Alarm]] = MappingProxyType({alarm.key: alarm for alarm in ALARMS})

BY_NUMBER: Final[Mapping[int, Alarm]] = MappingProxyType({alarm.number: alarm for alarm in ALARMS})


def depth(alarm: Alarm) -> int:
    """Return how many ancestors explain an alarm: parents are looked at before their children."""
    return 0 if not alarm.parent else 1 + depth(BY_KEY[alarm.parent])


def urgency(line: AlarmLine) -> tuple[bool, int, bool, float]:
    """Return the key that sorts the most urgent first: unseen, priority, first-out, newest."""
    rank = PRIORITIES.index(line.tag.alarm.priority)
    return line.state not in UNSEEN, rank, not line.first_out, -line.raised_at
