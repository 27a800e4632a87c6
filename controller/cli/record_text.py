"""The words for what a journal keeps. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from config.plc_codes import opcode_name
from controller.cli.due import times_text
from controller.cli.texts import who_looked
from controller.domain import records
from controller.domain.alarms import AlarmLine, shown_state
from controller.domain.appointments import Appointment
from controller.domain.book import CARRIAGE
from controller.domain.jobs import Job
from controller.domain.looks import Look
from controller.domain.places import Place
from controller.domain.restrictions import over
from controller.domain.service import MS_PER_HOUR

KINDS: Final[Mapping[str, str]] = {
    "UnitSet": "unit",
    "ModeSet": "unit",
    "JobSet": "job",
    "AppointmentSet": "job",
    "PlaceSet": "place",
    "SensorSet": "sensor",
    "RestrictionSet": "restriction",
    "BaySeen": "audit",
    "CarKnown": "car",
    "Asked": "request",
    "AlarmSet": "alarm",
    "ServiceDone": "service",
    "ServiceSet": "service",
    "Planned": "command",
    "Issued": "command",
    "Accepted": "command",
    "Stopping": "command",
    "Overtaken": "command",
    "Settled": "command",
    "Halted": "command",
    "EpochRaised": "epoch",
}
"""What a person calls each kind of entry."""

TOLD: Final[Mapping[str, str]] = {
    "room_state": "room",
    "room_given": "room",
    "room_taken_back": "room",
    "station": "station",
    "job_done": "job",
    "promise": "job",
}
"""What the daemon tells and no journal keeps, and what a person calls it."""

CHOICES: Final = tuple(dict.fromkeys((*KINDS.values(), *TOLD.values())))


def entry_text(kind: str, body: Mapping[str, object]) -> str:
    """Return an entry as one line; of one that this release does not know, what stands in it."""
    try:
        record = records.from_entry(kind, body)
    except ValueError:
        return f"{kind} {dict(body)}"
    return record_text(record)


def record_text(record: records.Record) -> str:  # noqa: PLR0911, PLR0912, C901 - one line a kind of record
    """Return a record as one line."""
    match record:
        case records.EpochRaised(high, low):
            return f"epoch {high}.{low}: daemon start {high}, connection {low}"
        case records.Planned():
            return _planned(record)
        case records.Issued(mechanism, sequence):
            return f"{mechanism} {sequence} written"
        case records.Accepted(mechanism, sequence):
            return f"{mechanism} {sequence} accepted"
        case records.Overtaken(mechanism, sequence):
            return f"{mechanism}: went on behind command {sequence}, of which no record was kept"
        case records.Stopping(mechanism, sequence):
            return f"{mechanism} {sequence} STOP written"
        case records.Settled(mechanism, sequence, verdict, reason):
            why = "" if reason in ("", "NONE") else f": {reason}"
            return f"{mechanism} {sequence} ended {verdict}{why}"
        case records.Halted(mechanism, sequence):
            return f"{mechanism} {sequence} left at rest, its outcome open"
        case records.JobSet(job):
            return _job(job)
        case records.AppointmentSet(appointment):
            return _appointment(appointment)
        case records.PlaceSet(place):
            return _place(place)
        case records.CarKnown(car):
            return f"car {car.id} {car.model}".rstrip()
        case records.UnitSet(state, cause):
            return f"unit {state}{_because(cause)}"
        case records.ModeSet(mode, by):
            return f"mode {mode}, by {by or '?'}"
        case records.AlarmSet(line, event):
            return _alarm(line, event)
        case records.SensorSet():
            return _sensor(record)
        case records.RestrictionSet(restriction, on):
            state = str(restriction) if on else over(restriction.key)
            return f"{state}, by {restriction.by or '?'}"
        case records.BaySeen(look):
            return _look(look)
        case records.ServiceDone(component, _, by, note):
            return f"service of {component} done, by {by or '?'}: {note}"
        case records.ServiceSet():
            return _stated(record)
        case records.Asked():
            return _asked(record)


def _sensor(record: records.SensorSet) -> str:
    state = "out of service" if record.out else "in service"
    return f"sensor {record.name} {state}{_because(record.why)}, by {record.by or '?'}"


def _asked(record: records.Asked) -> str:
    marks = ", ".join(filter(None, (record.role, "at the tower" if record.on_site else "")))
    who = f"{record.by or '?'}{f' ({marks})' if marks else ''}"
    return f"{who} asked {record.request}{f', refused {record.rule}' if record.rule else ''}"


def _look(look: Look) -> str:
    return f"bay {look.place} seen by {who_looked(look.eye, look.by)}: {look.finding}{_because(look.text)}"


def _stated(record: records.ServiceSet) -> str:
    total, since = record.total, record.total.minus(record.base)
    in_all, lately = (f"{each.cycles} cycles and {each.ran_ms / MS_PER_HOUR:.1f} h" for each in (total, since))
    done = f"{in_all} in all, {lately} since its last service"
    return f"counters of {record.component} stated: {done}, by {record.by or '?'}{_because(record.note)}"


def when_text(at: float) -> str:
    """Return wall time in seconds as local time with its offset, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).astimezone().isoformat(timespec="milliseconds")


def _planned(record: records.Planned) -> str:
    given = " ".join(str(each) for each in (record.argument1, record.argument2) if each)
    errand = f"for job {record.job}, {record.step}" if record.job is not None else record.step
    return f"{record.mechanism} {record.sequence} {opcode_name(record.opcode)} {given}".rstrip() + f" planned: {errand}"


def _job(job: Job) -> str:
    source, target = (("-" if each is None else str(each)) for each in (job.source, job.target or job.room))
    return f"job {job.id} {job.kind} {job.car} {source} -> {target} {job.state}{_because(job.reason)}"


def _appointment(appointment: Appointment) -> str:
    which = f"appointment {appointment.id} for {appointment.car} {times_text(appointment.due, appointment.expected)}"
    job = "" if appointment.job is None else f", job {appointment.job}"
    return f"{which} {appointment.state}{job}{_because(appointment.reason)}"


def _place(place: Place) -> str:
    name = "carriage" if place.number == CARRIAGE else f"place {place.number}"
    car = f", car {place.car}" if place.car else ""
    return f"{name} {place.status}{car}{_because(place.reason)}"


def _alarm(line: AlarmLine, event: str) -> str:
    subject = f" {line.subject}" if line.subject else ""
    why = f", {line.why}" if line.why else ""
    who = f", by {line.by}" if line.by else ""
    state = shown_state(line.state, line.showing)
    return f"alarm {line.tag} {line.key}{subject} {event} -> {state}{_because(line.text)}{why}{who}"


def _because(text: str) -> str:
    return f": {text}" if text else ""
