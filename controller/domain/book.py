"""The controller's book: everything it believes, folded from records. Pure; only `apply` changes it."""

from collections.abc import Iterable, Mapping
from copy import copy, deepcopy
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Final

from controller.domain import records
from controller.domain.alarms import AlarmLine, Tag
from controller.domain.appointments import Appointment
from controller.domain.habits import Habits
from controller.domain.jobs import TERMINAL, THE_TOWER, Job, JobKind, JobState
from controller.domain.looks import Eye, Look
from controller.domain.places import Car, Place, PlaceStatus
from controller.domain.restrictions import Key, Restriction
from controller.domain.service import ServiceBook, Serviced, component_of
from controller.domain.unit import UnitMode

CARRIAGE: Final = 0
"""The carriage as a place for a car."""

FINISHED_KEPT: Final = 200
"""Ended jobs that stay in the book, and as many ended appointments; the journal has all."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A command whose outcome is not known yet, with every check word it may have been written with."""

    planned: records.Planned
    checks: tuple[int, ...]
    boot_id: int
    """Of the newest frame."""
    issued: bool = False
    unknown: bool = False
    ran_ms: int | None = None
    """What it cost its component until it was left, if it was; as in `records.Settled`."""
    way: int | None = None


@dataclass
class Book:
    """Places (bays, rooms, and `CARRIAGE`), cars, jobs, alarms, open intents, sequences and the epoch."""

    places: dict[int, Place] = field(default_factory=dict)
    cars: dict[str, Car] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    intents: dict[tuple[str, int], Intent] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    epoch_high: int = 0
    epoch_low: int = 0
    last_job: int = 0
    mode: UnitMode = UnitMode.PRODUCTION
    sensors_out: dict[str, records.SensorSet] = field(default_factory=dict)
    """By name: the sensors that are out of service."""
    restrictions: dict[Key, Restriction] = field(default_factory=dict)
    """What people keep the tower from."""
    alarms: dict[Tag, AlarmLine] = field(default_factory=dict)
    """Each alarm that is not quiet."""
    overtaken: set[str] = field(default_factory=set)
    """Mechanisms that have accepted more than this holds, since the last command that it holds."""
    last_burst: int = 0
    """Of the newest root cause."""
    looks: dict[int, Look] = field(default_factory=dict)
    """The newest look into each bay, the oldest of them first."""
    visited_at: float | None = None
    """Wall time of the newest visit of the carriage for a look, whatever came of it."""
    service: ServiceBook = field(default_factory=ServiceBook)
    """What each component has done."""
    appointments: dict[int, Appointment] = field(default_factory=dict)
    """By number: those that stand."""
    ended_appointments: dict[int, Appointment] = field(default_factory=dict)
    """By number: those that have ended, in the order of their ends."""
    habits: Habits = field(default_factory=Habits)
    """What customers fetch, and when they come."""
    _open_jobs: list[Job] | None = field(default=None, init=False, repr=False, compare=False)
    """What `open_jobs` returns, until a job changes: it is asked for at every turn."""

    @classmethod
    def empty(cls, places: Iterable[int]) -> "Book":
        """Return the book of a tower that was never run: nothing is verified."""
        reason = "never verified"
        numbers = (CARRIAGE, *places)
        return cls({number: Place(number, PlaceStatus.UNVERIFIED, None, reason) for number in numbers})

    def apply(self, record: records.Record, at: float | None = None) -> None:  # noqa: C901, PLR0912 - a case a kind
        """Fold one record; ``at``: the wall time under which the journal has it, as far as it is kept already."""
        match record:
            case records.EpochRaised(high, low):
                self.epoch_high, self.epoch_low = high, low
            case records.Planned():
                self.intents[record.mechanism, record.sequence] = Intent(record, (record.check,), record.boot_id)
                self.sequences[record.mechanism] = record.sequence
                self.overtaken.discard(record.mechanism)
            case records.Issued():
                self._issue(record)
            case records.Stopping(mechanism, sequence):
                self.sequences[mechanism] = sequence
            case records.Overtaken(mechanism, sequence):
                if self.sequences.get(mechanism) != sequence:
                    self.overtaken.add(mechanism)
                self.sequences[mechanism] = sequence
            case records.Settled():
                self._settle(record, at)
            case records.Halted():
                self._halt(record)
            case records.JobSet(job):
                self._set_job(job)
            case records.AppointmentSet(appointment):
                self._set_appointment(appointment)
            case records.PlaceSet(place):
                self.places[place.number] = place
            case records.CarKnown(car):
                self.cars[car.id] = car
            case records.ModeSet(mode):
                self.mode = UnitMode(mode)
            case records.SensorSet():
                self._set_sensor(record)
            case records.RestrictionSet(restriction, on):
                self._restrict(restriction, on=on)
            case records.BaySeen(look):
                self._see(look)
            case records.AlarmSet(line):
                self._set_alarm(line)
            case records.ServiceDone(component, when, by, note):
                self.service.serviced(component, Serviced(when, by, note))
            case records.ServiceSet(component, total, base, serviced_at):
                self.service.stated(component, total, base, serviced_at)
            case records.Accepted() | records.UnitSet() | records.Asked():
                pass

    def copied(self) -> "Book":
        """Return another book that no later record changes; what both hold is never changed, only replaced."""
        book = copy(self)
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, (dict, set)):
                setattr(book, each.name, value.copy())
        book.service, book.habits = deepcopy(self.service), deepcopy(self.habits)
        return book

    def behind(self, changes: Iterable[records.Record]) -> "Book":
        """Return another book, as this one will be behind records."""
        book = self.copied()
        for record in changes:
            book.apply(record)
        return book

    def where(self, car: str) -> int | None:
        """Return the place of a car, `CARRIAGE` on the carriage, None outside or unknown."""
        for place in self.places.values():
            if place.car == car:
                return place.number
        return None

    def open_jobs(self) -> list[Job]:
        """Return jobs that have not ended, oldest first."""
        if self._open_jobs is None:
            self._open_jobs = [job for _, job in sorted(self.jobs.items()) if job.state not in TERMINAL]
        return self._open_jobs.copy()

    def reserved(self) -> dict[int, int]:
        """Return the job by place for every place that an open job counts on."""
        result: dict[int, int] = {}
        for job in self.open_jobs():
            for place in (job.source, job.target):
                if place is not None:
                    result[place] = job.id
        return result

    def awaited_bays(self) -> int:
        """Return how many open jobs will need a bay that they have not chosen yet."""
        return sum(job.kind is JobKind.STORE and job.target is None for job in self.open_jobs())

    def job_of_car(self, car: str) -> Job | None:
        """Return the open job that moves a car."""
        return next((job for job in self.open_jobs() if job.car == car), None)

    def appointment_of_car(self, car: str) -> Appointment | None:
        """Return the appointment that somebody has for a car."""
        return next((each for each in self.appointments.values() if each.car == car), None)

    def to_body(self) -> dict[str, object]:
        """Return the book as a JSON-able snapshot."""
        return {
            "places": [asdict(place) for place in self.places.values()],
            "cars": [asdict(car) for car in self.cars.values()],
            "jobs": [asdict(job) for job in self.jobs.values()],
            "intents": [asdict(intent) for intent in self.intents.values()],
            "sequences": self.sequences,
            "overtaken": sorted(self.overtaken),
            "epoch": [self.epoch_high, self.epoch_low],
            "last_job": self.last_job,
            "sensors_out": [asdict(each) for each in self.sensors_out.values()],
            "restrictions": [asdict(each) for each in self.restrictions.values()],
            "alarms": [asdict(line) for line in self.alarms.values()],
            "last_burst": self.last_burst,
            "looks": [asdict(look) for look in self.looks.values()],
            "visited_at": self.visited_at,
            "mode": self.mode.value,
            "service": self.service.to_body(),
            "appointments": [asdict(each) for each in self.appointments.values()],
            "ended_appointments": [asdict(each) for each in self.ended_appointments.values()],
            "habits": self.habits.to_body(),
        }

    @classmethod
    def from_body(cls, body: Mapping[str, object]) -> "Book":
        """Return the book of a snapshot.

        Raises:
            ValueError: not a snapshot of this version.

        """
        try:
            return cls._read(body)
        except (KeyError, TypeError) as error:
            raise ValueError(f"snapshot cannot be read: {error}") from error

    @classmethod
    def _read(cls, body: Mapping[str, object]) -> "Book":
        places = [records.place_from_body(each) for each in _list(body["places"])]
        cars = [records.car_from_body(each) for each in _list(body["cars"])]
        jobs = [records.job_from_body(each) for each in _list(body["jobs"])]
        intents = [_intent(each) for each in _list(body["intents"])]
        sequences, epoch, last_job = body["sequences"], _list(body["epoch"]), body["last_job"]
        if not isinstance(sequences, Mapping) or not isinstance(last_job, int):
            raise TypeError("sequences or last_job")
        high, low = epoch
        assert isinstance(high, int)
        assert isinstance(low, int)
        book = cls(
            {place.number: place for place in places},
            {car.id: car for car in cars},
            {job.id: job for job in jobs},
            {(intent.planned.mechanism, intent.planned.sequence): intent for intent in intents},
            dict(sequences),
            high,
            low,
            last_job,
            # A snapshot of before there was a choice: every tower was in production.
            UnitMode(str(body.get("mode", UnitMode.PRODUCTION.value))),
            # A snapshot of before a sensor could be taken out: none is.
            {each.name: each for each in map(records.sensor_from_body, _list(body.get("sensors_out", [])))},
        )
        # A snapshot of before it was kept: nothing is known to have gone on without its records.
        book.overtaken.update(str(each) for each in _list(body.get("overtaken", [])))
        # A snapshot of before anything could be restricted: nothing is.
        for restriction in map(records.restriction_from_body, _list(body.get("restrictions", []))):
            book.restrictions[restriction.key] = restriction
        # A snapshot of before there was a list: no alarm is kept.
        for line in map(records.alarm_from_body, _list(body.get("alarms", []))):
            book.alarms[line.tag] = line
        book.last_burst = _number(body.get("last_burst", 0))
        # A snapshot of before anybody looked into bays: nobody has.
        book.looks = {look.place: look for look in map(records.look_from_body, _list(body.get("looks", [])))}
        visited_at = body.get("visited_at")
        book.visited_at = visited_at if isinstance(visited_at, (int, float)) else None
        # A snapshot of before there were appointments: none stands.
        for appointment in map(records.appointment_from_body, _list(body.get("appointments", []))):
            book.appointments[appointment.id] = appointment
        # A snapshot of before they were kept: none is known to have ended.
        for appointment in map(records.appointment_from_body, _list(body.get("ended_appointments", []))):
            book.ended_appointments[appointment.id] = appointment
        if "habits" in body:
            book.habits = Habits.from_body(body["habits"])
        else:
            # A snapshot of before anybody counted: the jobs that it keeps tell of the newest days.
            book.jobs = {}
            for job in sorted(jobs, key=lambda job: job.id):
                book._set_job(job)
        if counts_service(body):
            book.service = ServiceBook.from_body(_mapping(body["service"]))
        return book

    def _issue(self, record: records.Issued) -> None:
        intent = self.intents.get((record.mechanism, record.sequence))
        if intent is not None:
            checks = intent.checks if record.check in intent.checks else (*intent.checks, record.check)
            self.intents[record.mechanism, record.sequence] = replace(
                intent, checks=checks, boot_id=record.boot_id, issued=True
            )

    def _halt(self, record: records.Halted) -> None:
        key = (record.mechanism, record.sequence)
        if key in self.intents:
            self.intents[key] = replace(self.intents[key], ran_ms=record.ran_ms, way=record.way)

    def _settle(self, record: records.Settled, at: float | None) -> None:
        key = (record.mechanism, record.sequence)
        intent = self.intents.get(key)
        if intent is None:
            return
        if record.verdict == "UNKNOWN":
            self.intents[key] = replace(intent, unknown=True)
            return
        del self.intents[key]
        planned = intent.planned
        component = component_of(planned.mechanism, planned.opcode, planned.argument1)
        if record.ran_ms is None:
            self.service.ended(component, record.verdict, intent.ran_ms, intent.way, at)
        else:
            self.service.ended(component, record.verdict, record.ran_ms, record.way, at)

    def _see(self, look: Look) -> None:
        self.looks.pop(look.place, None)
        self.looks[look.place] = look
        if look.eye is Eye.CARRIAGE and not look.by:
            self.visited_at = look.at

    def _set_alarm(self, line: AlarmLine) -> None:
        self.last_burst = max(self.last_burst, line.burst)
        if line.quiet:
            self.alarms.pop(line.tag, None)
        else:
            self.alarms[line.tag] = line

    def _set_sensor(self, record: records.SensorSet) -> None:
        self.sensors_out.pop(record.name, None)
        if record.out:
            self.sensors_out[record.name] = record

    def _set_appointment(self, appointment: Appointment) -> None:
        self.last_job = max(self.last_job, appointment.id)
        self.appointments.pop(appointment.id, None)
        if appointment.stands:
            self.appointments[appointment.id] = appointment
            return
        self.ended_appointments[appointment.id] = appointment
        if len(self.ended_appointments) > FINISHED_KEPT:
            del self.ended_appointments[next(iter(self.ended_appointments))]

    def _restrict(self, restriction: Restriction, *, on: bool) -> None:
        self.restrictions.pop(restriction.key, None)
        if on:
            self.restrictions[restriction.key] = restriction

    def _learn(self, job: Job) -> None:
        """Take into the habits what a job that is set tells: that somebody came, that a car was moved."""
        before = self.jobs.get(job.id)
        if job.requested_by == THE_TOWER:
            return
        if before is None:
            self.habits.came(job.created_at)
        if job.state is JobState.DONE and (before is None or before.state is not JobState.DONE):
            if job.kind is JobKind.RETRIEVE:
                self.habits.fetched(job.car, self.model_of(job.car))
            elif job.kind is JobKind.STORE:
                self.habits.stored()

    def model_of(self, car: str) -> str:
        """Return the model of a car, empty if none is known."""
        known = self.cars.get(car)
        return "" if known is None else known.model

    def _set_job(self, job: Job) -> None:
        self._open_jobs = None
        self._learn(job)
        self.jobs[job.id] = job
        self.last_job = max(self.last_job, job.id)
        ended = [number for number, each in self.jobs.items() if each.state in TERMINAL]
        for number in sorted(ended)[: max(0, len(ended) - FINISHED_KEPT)]:
            del self.jobs[number]


def counts_service(snapshot: Mapping[str, object]) -> bool:
    """Return whether a snapshot has service counters; those before have none, and the journal's entries tell."""
    return "service" in snapshot


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"not an object: {value!r}")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"not a list: {value!r}")
    return list(value)


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"not a number: {value!r}")
    return value


def _intent(body: object) -> Intent:
    if not isinstance(body, Mapping):
        raise TypeError(f"not an intent: {body!r}")
    checks = tuple(check for check in _list(body["checks"]) if isinstance(check, int))
    planned = records.Planned(**body["planned"])
    known = bool(body["issued"]), bool(body["unknown"])
    # An intent of before commands were timed: nobody knows.
    return Intent(planned, checks, int(body["boot_id"]), *known, body.get("ran_ms"), body.get("way"))


def is_active(job: Job) -> bool:
    """Return whether a job has been selected and has not ended: it may hold the carriage."""
    return job.state not in TERMINAL and job.state is not JobState.QUEUED
