"""What the journal keeps: every change of belief, as a record that can be folded again.

A record is plain data. `to_entry` and `from_entry` are the only translation to and from the journal's kind and body.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass

from controller.domain.alarms import AlarmLine, AlarmState, Showing
from controller.domain.appointments import Appointment, AppointmentState
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.looks import Eye, Finding, Look
from controller.domain.places import Car, Place, PlaceStatus
from controller.domain.restrictions import Restricted, Restriction
from controller.domain.service import Counts, counts_from_body


@dataclass(frozen=True, slots=True)
class EpochRaised:
    """An epoch that may be used from now on: high word daemon start, low word connection."""

    high: int
    low: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A command that may be written from now on: the intent before the motion."""

    mechanism: str
    sequence: int
    opcode: int
    argument1: int
    argument2: int
    expected_from: int
    check: int
    boot_id: int
    job: int | None
    step: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A command was written, with this check word (a repetition under another epoch has another)."""

    mechanism: str
    sequence: int
    check: int
    boot_id: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The PLC has accepted a command."""

    mechanism: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Stopping:
    """A STOP was written: it uses up a sequence, and it needs no outcome of its own."""

    mechanism: str
    sequence: int
    check: int


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A station has accepted a sequence that no record was kept of: the counter goes on behind it."""

    mechanism: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of a command: a result of the PLC, VOID, or UNKNOWN (then a person or sensors decide).

    What it cost its component, for the service counters: ``ran_ms`` from the written command to its proven end, 0
    where nothing had to move; ``way`` in mm or mdeg. None: not known.
    """

    mechanism: str
    sequence: int
    verdict: str
    reason: str = ""
    ran_ms: int | None = None
    way: int | None = None


@dataclass(frozen=True, slots=True)
class Halted:
    """A command was left with its outcome open, its mechanism at rest: what it cost until then, as in `Settled`."""

    mechanism: str
    sequence: int
    ran_ms: int | None
    way: int | None


@dataclass(frozen=True, slots=True)
class ServiceDone:
    """A component was serviced at a wall time: what counts since the last service begins anew."""

    component: str
    at: float
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class ServiceSet:
    """A person has stated a component's counters, in all and at its last service (wall time, None: nobody knows)."""

    component: str
    total: Counts
    base: Counts
    serviced_at: float | None
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class JobSet:
    """A job as it is from now on."""

    job: Job


@dataclass(frozen=True, slots=True)
class AppointmentSet:
    """An appointment as it is from now on."""

    appointment: Appointment


@dataclass(frozen=True, slots=True)
class PlaceSet:
    """A place as it is believed from now on; place 0 is the carriage."""

    place: Place


@dataclass(frozen=True, slots=True)
class CarKnown:
    """A car that belongs to the tower."""

    car: Car


@dataclass(frozen=True, slots=True)
class UnitSet:
    """The unit entered a state."""

    state: str
    cause: str


@dataclass(frozen=True, slots=True)
class ModeSet:
    """The unit is in a mode (`controller.domain.unit.UnitMode` by name) from now on, restarts included."""

    mode: str
    by: str


@dataclass(frozen=True, slots=True)
class SensorSet:
    """A sensor is out of service from now on, or back in it."""

    name: str
    out: bool
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class RestrictionSet:
    """A restriction is in force from now on, or taken back; ``by`` in it names who did either."""

    restriction: Restriction
    on: bool


@dataclass(frozen=True, slots=True)
class BaySeen:
    """Somebody, or the carriage, has looked into a bay."""

    look: Look


@dataclass(frozen=True, slots=True)
class AlarmSet:
    """An alarm as it is from now on, and the event that made it so."""

    line: AlarmLine
    event: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody asked for something, granted or refused (``rule``): the audit trail.

    ``role`` by its word, empty in entries from before there were roles; ``on_site``: they said that they were at the
    tower and had looked.
    """

    request: str
    by: str
    rule: str = ""
    role: str = ""
    on_site: bool = False


Record = (
    EpochRaised
    | Planned
    | Issued
    | Accepted
    | Stopping
    | Overtaken
    | Settled
    | Halted
    | JobSet
    | AppointmentSet
    | PlaceSet
    | CarKnown
    | UnitSet
    | ModeSet
    | SensorSet
    | RestrictionSet
    | BaySeen
    | AlarmSet
    | ServiceDone
    | ServiceSet
    | Asked
)

Body = Mapping[str, object]


def to_entry(record: Record) -> tuple[str, Body]:
    """Return the journal's kind and JSON-able body of a record."""
    return type(record).__name__, _fields_of(record, _NAMES[type(record)])


class _Names(dict[type, tuple[str, ...]]):
    """The names of the fields of each dataclass; empty for what is none."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        names = self[kind] = tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()
        return names


_NAMES = _Names()


def _fields_of(value: object, names: tuple[str, ...]) -> dict[str, object]:
    return {name: _unfolded(getattr(value, name)) for name in names}


def _unfolded(value: object) -> object:
    """Return a value with each dataclass in it as a mapping of its fields: `asdict` without its copies."""
    names = _NAMES[type(value)]
    if names:
        return _fields_of(value, names)
    if isinstance(value, tuple | list):
        return [_unfolded(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _unfolded(each) for key, each in value.items()}
    return value


def from_entry(kind: str, body: Body) -> Record:
    """Return the record of a journal entry.

    Raises:
        ValueError: a kind or body that this version does not know: the journal is of a newer version.

    """
    make = _MAKERS.get(kind)
    if make is None:
        raise ValueError(f"journal entry of unknown kind {kind!r}")
    try:
        return make(body)
    except (KeyError, TypeError) as error:
        raise ValueError(f"journal entry {kind} cannot be read: {error}") from error


def job_from_body(body: object) -> Job:
    """Return a job from its body."""
    values = _mapping(body)
    values["kind"] = JobKind(str(values["kind"]))
    values["state"] = JobState(str(values["state"]))
    values["left"] = None if values["left"] is None else JobState(str(values["left"]))
    choices = values["choices"]
    assert isinstance(choices, (list, tuple))
    values["choices"] = tuple(choices)
    return Job(**values)  # type: ignore[arg-type]


def appointment_from_body(body: object) -> Appointment:
    """Return an appointment from its body."""
    values = _mapping(body)
    values["state"] = AppointmentState(str(values["state"]))
    return Appointment(**values)  # type: ignore[arg-type]


def place_from_body(body: object) -> Place:
    """Return a place from its body."""
    values = _mapping(body)
    values["status"] = PlaceStatus(str(values["status"]))
    return Place(**values)  # type: ignore[arg-type]


def sensor_from_body(body: object) -> SensorSet:
    """Return a sensor's record from its body."""
    return SensorSet(**_mapping(body))  # type: ignore[arg-type]


def restriction_from_body(body: object) -> Restriction:
    """Return a restriction from its body."""
    values = _mapping(body)
    values["kind"] = Restricted(str(values["kind"]))
    return Restriction(**values)  # type: ignore[arg-type]


def look_from_body(body: object) -> Look:
    """Return a look into a bay from its body."""
    values = _mapping(body)
    values["eye"] = Eye(str(values["eye"]))
    values["finding"] = Finding(str(values["finding"]))
    return Look(**values)  # type: ignore[arg-type]


def car_from_body(body: object) -> Car:
    """Return a car from its body."""
    return Car(**_mapping(body))  # type: ignore[arg-type]


def alarm_from_body(body: object) -> AlarmLine:
    """Return a line of the alarm list from its body."""
    values = _mapping(body)
    values["state"] = AlarmState(str(values["state"]))
    values["showing"] = Showing(str(values["showing"]))
    return AlarmLine(**values)  # type: ignore[arg-type]


def service_from_body(body: object) -> ServiceSet:
    """Return stated counters from their body."""
    values = _mapping(body)
    for name in ("total", "base"):
        values[name] = counts_from_body(values[name])
    return ServiceSet(**values)  # type: ignore[arg-type]


def _mapping(body: object) -> dict[str, object]:
    if not isinstance(body, Mapping):
        raise TypeError(f"not an object: {body!r}")
    return dict(body)


_Plain = (
    EpochRaised
    | Planned
    | Issued
    | Accepted
    | Stopping
    | Overtaken
    | Settled
    | Halted
    | UnitSet
    | ModeSet
    | ServiceDone
    | Asked
)


def _plain(cls: type[_Plain]) -> Callable[[Body], Record]:
    return lambda body: cls(**body)  # type: ignore[arg-type]


_MAKERS: dict[str, Callable[[Body], Record]] = {
    "EpochRaised": _plain(EpochRaised),
    "Planned": _plain(Planned),
    "Issued": _plain(Issued),
    "Accepted": _plain(Accepted),
    "Stopping": _plain(Stopping),
    "Overtaken": _plain(Overtaken),
    "Settled": _plain(Settled),
    "Halted": _plain(Halted),
    "UnitSet": _plain(UnitSet),
    "ModeSet": _plain(ModeSet),
    "SensorSet": sensor_from_body,
    "RestrictionSet": lambda body: RestrictionSet(restriction_from_body(body["restriction"]), bool(body["on"])),
    "BaySeen": lambda body: BaySeen(look_from_body(body["look"])),
    "Asked": _plain(Asked),
    "JobSet": lambda body: JobSet(job_from_body(body["job"])),
    "AppointmentSet": lambda body: AppointmentSet(appointment_from_body(body["appointment"])),
    "PlaceSet": lambda body: PlaceSet(place_from_body(body["place"])),
    "CarKnown": lambda body: CarKnown(car_from_body(body["car"])),
    "AlarmSet": lambda body: AlarmSet(alarm_from_body(body["line"]), str(body["event"])),
    "ServiceDone": _plain(ServiceDone),
    "ServiceSet": service_from_body,
}
