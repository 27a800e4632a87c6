"""Which orders are granted: every rule has a name, and a refused order changes nothing."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.restricted import level_block, room_block, standby_bar
from controller.domain.appointments import Appointment, AppointmentState
from controller.domain.book import Book
from controller.domain.events import Relocate, Retrieve, Store
from controller.domain.jobs import THE_TOWER, Job, JobKind, JobState
from controller.domain.places import PlaceStatus
from controller.domain.records import Record
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.runtime.free_bays import free_bays
from controller.runtime.rooms import Rooms


class Admission:
    """Judges orders against the book; returns the jobs that grant them."""

    def __init__(self, bench: Bench, book: Book, rooms: Rooms, now: Callable[[], float]) -> None:
        self._bench = bench
        self._book = book
        self._rooms = rooms
        self._now = now

    def retrieve(self, request: Retrieve) -> Job:
        """Return the job of a retrieval.

        Raises:
            Refusal: see the rule.

        """
        self._not_booked(request.car)
        return self.fetched(request.car, request.room, request.by)

    def fetched(self, car: str, wish: int | None, by: str, due: float | None = None) -> Job:
        """Return the job that brings a car to a room, or to any; ``due``: of a customer with an appointment.

        Raises:
            Refusal: see the rule.

        """
        self._power_for(JobKind.RETRIEVE)
        place = self._to_be_moved(car)
        room = None if wish is None else self._room(wish)
        if room is not None:
            self._require_in_service(room)
            if self._rooms.state(room) is RoomState.OUT_OF_SERVICE:
                raise Refusal("ROOM_OUT_OF_SERVICE", f"room {room} is out of service: a sensor of it is out")
        return replace(self._job(JobKind.RETRIEVE, car, place, None, room, by), due=due)

    def ahead(self, appointment: Appointment, source: int, room: int) -> Job:
        """Return the job that brings a booked car into a room before its customer has come."""
        job = self._job(JobKind.RETRIEVE, appointment.car, source, None, room, f"appointment {appointment.id}")
        return replace(job, due=appointment.due)

    def back(self, appointment: Appointment, room: int) -> Job:
        """Return the job that puts a car back that was brought for an appointment."""
        return self._job(JobKind.STORE, appointment.car, room, None, room, THE_TOWER)

    def has_a_bay(self) -> bool:
        """Return whether a bay is free that nobody counts on."""
        return len(free_bays(self._bench, self._book)) > self._book.awaited_bays()

    def may_be_booked(self, car: str, room: int | None) -> None:
        """See that a car may be promised to somebody for a time ahead, wherever it stands now.

        Raises:
            Refusal: the tower does not know the car or the room, or the car is promised to somebody else.

        """
        if car not in self._book.cars:
            raise Refusal("UNKNOWN_CAR", f"car {car} is not known to this tower")
        if room is not None:
            self._room(room)
        self._not_booked(car)

    def store(self, request: Store) -> Job:
        """Return the job of a storing.

        Raises:
            Refusal: see the rule.

        """
        if not request.car:
            raise Refusal("BAD_CAR", "a car needs an id")
        self._power_for(JobKind.STORE)
        room = None if request.room is None else self._room(request.room)
        where = self._book.where(request.car)
        if where is not None or self._book.job_of_car(request.car) is not None:
            raise Refusal("CAR_ALREADY_INSIDE", f"car {request.car} is in the tower already")
        if room is not None:
            self._require_in_service(room)
            self._room_free(room)
        if not self.has_a_bay():
            raise Refusal("TOWER_FULL", f"no bay of {len(self._bench.shape.bays)} is free of claims")
        return self._job(JobKind.STORE, request.car, room, None, room, request.by)

    def relocate(self, request: Relocate, begins: Callable[[Job], bool] = lambda _job: False) -> Job:
        """Return the job of a relocation; ``begins`` tells whether a job is begun as soon as it is granted.

        The last bay is left to a car that is being taken in, unless the job is begun and leaves another one for that.

        Raises:
            Refusal: see the rule.

        """
        self._power_for(JobKind.RELOCATE)
        place = self._to_be_moved(request.car)
        if request.bay not in self._bench.shape.bays:
            raise Refusal("UNKNOWN_BAY", f"{request.bay} is not a bay of this tower")
        self._usable(request.bay)
        self._level_in_use(request.bay, f"bay {request.bay}")
        if request.bay in self._book.reserved():
            raise Refusal("BAY_RESERVED", f"bay {request.bay} is reserved by job {self._book.reserved()[request.bay]}")
        job = self._job(JobKind.RELOCATE, request.car, place, request.bay, None, request.by)
        if not self.has_a_bay() and (self._unseen(place) or not begins(job)):
            raise Refusal("BAY_RESERVED", f"bay {request.bay} is the last one for a car that is being taken in")
        return job

    def behind(self, records: Iterable[Record]) -> "Admission":
        """Return what judges by the book as it will be behind records."""
        return Admission(self._bench, self._book.behind(records), self._rooms, self._now)

    def replan(self, job: Job) -> Job:
        """Return a job that waits as it would be granted now, from where its car stands.

        Raises:
            Refusal: it would not be granted; see the rule.

        """
        if job.kind is JobKind.STORE:
            where = self._book.where(job.car)
            if where in self._bench.shape.bays:
                raise Refusal("CAR_ALREADY_INSIDE", f"car {job.car} stands in bay {where}")
            return job
        if job.kind is JobKind.RELOCATE and job.target is not None and self._book.where(job.car) != job.target:
            self._usable(job.target)
        source = self._stored(job.car)
        if source == job.target:
            raise Refusal("BAY_OCCUPIED", f"car {job.car} stands in bay {job.target} already")
        return replace(job, source=source)

    def judge_again(self, jobs: Iterable[Job]) -> tuple[list[tuple[Job, str]], list[Job]]:
        """Return of jobs that wait those that would not be granted any more, with why, and those that have changed."""
        refused, changed = list[tuple[Job, str]](), list[Job]()
        for job in jobs:
            try:
                planned = self.replan(job)
            except Refusal as refusal:
                refused.append((job, str(refusal)))
            else:
                changed += [planned] if planned != job else []
        return refused, changed

    def _job(
        self, kind: JobKind, car: str, source: int | None, target: int | None, room: int | None, by: str
    ) -> Job:
        return Job(
            id=self._book.last_job + 1,
            kind=kind,
            car=car,
            source=source,
            target=target,
            room=room,
            state=JobState.QUEUED,
            created_at=self._now(),
            requested_by=by,
        )

    def _not_booked(self, car: str) -> None:
        """Refuse a car that is somebody's, and one that has yet to be put back behind the end of an appointment."""
        appointment, job = self._book.appointment_of_car(car), self._book.job_of_car(car)
        if appointment is None:
            return
        if appointment.state is AppointmentState.BOOKED:
            raise Refusal("CAR_BOOKED", f"car {car} is somebody's by appointment {appointment.id}")
        ended = f"appointment {appointment.id} is {appointment.state.value}"
        if job is not None:
            raise Refusal("CAR_LEFT_OVER", f"{ended}, and job {job.id} puts car {car} back: ask again behind that")
        raise Refusal("CAR_LEFT_OVER", f"{ended}, and car {car} stands in a room still: it is let out there alone, now")

    def _to_be_moved(self, car: str) -> int:
        """Return the bay of a car that no job moves yet."""
        job = self._book.job_of_car(car)
        if job is not None and self._book.where(car) is not None:
            raise Refusal("CAR_HAS_JOB", f"car {car} is moved by job {job.id} already")
        bay = self._stored(car)
        self._level_in_use(bay, f"car {car} in bay {bay}")
        return bay

    def _stored(self, car: str) -> int:
        """Return the bay where a car verifiably stands."""
        place = self._book.where(car)
        if place is None:
            raise Refusal("UNKNOWN_CAR", f"car {car} is not in this tower")
        if place not in self._bench.shape.bays:
            raise Refusal("CAR_NOT_IN_A_BAY", f"car {car} is in a transfer room or on the carriage")
        if self._status(place) is not PlaceStatus.OCCUPIED:
            why = self._book.places[place].reason
            if self._status(place) is PlaceStatus.BLOCKED:
                raise Refusal("PLACE_BLOCKED", f"bay {place} of car {car} is out of use: {why}")
            raise Refusal("PLACE_UNVERIFIED", f"bay {place} of car {car} is {self._status(place)}: {why}")
        return place

    def _usable(self, bay: int) -> None:
        match self._status(bay):
            case PlaceStatus.OCCUPIED:
                raise Refusal("BAY_OCCUPIED", f"bay {bay} holds car {self._book.places[bay].car}")
            case PlaceStatus.UNVERIFIED | PlaceStatus.BLOCKED as status:
                raise Refusal("BAY_NOT_USABLE", f"bay {bay} is {status}")
        if self._unseen(bay):
            raise Refusal("BAY_NOT_USABLE", f"of bay {bay} out of service: {', '.join(sorted(self._unseen(bay)))}")

    def _power_for(self, kind: JobKind) -> None:
        """Refuse a kind of job that the tower takes none of on its generator."""
        bar = standby_bar(self._bench, kind)
        if bar is not None:
            raise Refusal("GENERATOR", f"no {kind.value.lower()} meanwhile: {bar}")

    def _level_in_use(self, bay: int, what: str) -> None:
        """Refuse what somebody asks for now; a job that waits already goes on waiting."""
        block = level_block(self._bench, bay)
        if block is not None:
            raise Refusal("LEVEL_BLOCKED", f"{what}: {block}")

    def _require_in_service(self, room: int) -> None:
        block = room_block(self._bench, room)
        if block is not None:
            raise Refusal("ROOM_OUT_OF_SERVICE", str(block))

    def _room(self, place: int) -> int:
        if place not in self._bench.shape.rooms:
            raise Refusal("UNKNOWN_ROOM", f"{place} is not a transfer room; rooms: {list(self._bench.shape.rooms)}")
        return place

    def _room_free(self, room: int) -> None:
        state = self._rooms.state(room)
        claimed = {place for job in self._book.open_jobs() for place in (job.room, job.target)}
        if state is not RoomState.VACANT or room in claimed:
            raise Refusal("ROOM_IN_USE", f"room {room} is {state.name}{' and claimed' if room in claimed else ''}")
        outside = [job.car for job in self._book.open_jobs() if job.waits_outside]
        if outside:
            raise Refusal("ROOM_IN_USE", f"{outside[0]} waits for a room already: ask for none, to be next in turn")

    def _unseen(self, bay: int) -> frozenset[str]:
        """Return the contacts of a bay without which no car is put into it."""
        return readings.missing(self._bench, bay)

    def _status(self, place: int) -> PlaceStatus:
        return self._book.places[place].status
