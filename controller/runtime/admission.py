"""Which requests are granted: every rule has a name, and a refused request changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.readings import SEEN
from controller.activities.restricted import level_block, room_block, standby_bar
from controller.domain.appointments import Appointment
from controller.domain.book import CARRIAGE, Book
from controller.domain.events import ImportInventory, Relocate, Resolve, Retrieve, Store
from controller.domain.jobs import THE_TOWER, Job, JobEvent, JobKind, JobState
from controller.domain.places import Car, Place, PlaceStatus
from controller.domain.records import CarKnown, PlaceSet, Record
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.runtime.rooms import Rooms
from controller.runtime.steps import cut_exchange_of
from controller.runtime.unseen import doubts
from hal.readings import Loaded

OUTSIDE = 0
"""Place 0 in a by-hand decision: the car was taken out of the tower."""


class Admission:
    """Judges requests against the book; returns the job or the records that grant them."""

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
        free = sum(self._takes_a_car(bay) for bay in self._unreserved())
        return free > self._book.awaited_bays()

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
        room = self._room(request.room)
        where = self._book.where(request.car)
        if where is not None or self._book.job_of_car(request.car) is not None:
            raise Refusal("CAR_ALREADY_INSIDE", f"car {request.car} is in the tower already")
        self._require_in_service(room)
        self._room_free(room)
        if not self.has_a_bay():
            raise Refusal("TOWER_FULL", f"no bay of {len(self._bench.shape.bays)} is free of claims")
        return self._job(JobKind.STORE, request.car, room, None, room, request.by)

    def relocate(self, request: Relocate) -> Job:
        """Return the job of a relocation.

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
        return self._job(JobKind.RELOCATE, request.car, place, request.bay, None, request.by)

    def replan(self, job: Job) -> Job:
        """Return a job that waits as it would be granted now, from where its car stands.

        Raises:
            Refusal: it would not be granted; see the rule.

        """
        if job.kind is JobKind.STORE:
            return job
        if job.kind is JobKind.RELOCATE and job.target is not None and self._book.where(job.car) != job.target:
            self._usable(job.target)
        source = self._stored(job.car)
        if source == job.target:
            raise Refusal("BAY_OCCUPIED", f"car {job.car} stands in bay {job.target} already")
        return replace(job, source=source)

    def inventory(self, request: ImportInventory) -> tuple[list[Record], list[dict[str, object]]]:
        """Return the records of an imported inventory, and where the sensors disagree with it.

        Raises:
            Refusal: a place or car named twice, a place that is no bay, a car that is somewhere else, or jobs that
                have not ended.

        """
        if any(job.state is not JobState.QUEUED for job in self._book.open_jobs()):
            raise Refusal("JOBS_OPEN", "jobs are under way: import when they have ended")
        stated = self._stated(request)
        records: list[Record] = [CarKnown(Car(line.id, line.model)) for line in request.cars]
        disagreements: list[dict[str, object]] = []
        for bay in self._bench.shape.bays:
            car, sight = stated.get(bay), readings.presence(self._bench, bay)
            agrees = sight is (Loaded.NO if car is None else Loaded.YES)
            status = PlaceStatus.OCCUPIED if car else PlaceStatus.FREE
            reason = "" if agrees else f"stated {car or 'empty'}, sensors show {SEEN[sight]}"
            if self._status(bay) is PlaceStatus.BLOCKED:
                records.append(PlaceSet(replace(self._book.places[bay], car=car)))
            else:
                records.append(PlaceSet(Place(bay, status if agrees else PlaceStatus.UNVERIFIED, car, reason)))
            if not agrees:
                disagreements.append({"place": bay, "stated": car, "sensed": SEEN[sight]})
        return [*records, *self._carriage_empty()], disagreements

    def cancel(self, number: int) -> Job:
        """Return the job that may be cancelled.

        Raises:
            Refusal: see the rule.

        """
        job = self._open_job(number)
        if job.state in (JobState.INTERRUPTED, JobState.UNKNOWN, JobState.PARKED, JobState.RESUMED, JobState.UNDONE):
            raise Refusal("JOB_STATE", f"job {number} is {job.state.name}: start the unit or resolve the job first")
        if job.diverting:
            raise Refusal("JOB_STATE", f"job {number} is being cancelled already")
        return job

    def resolve(self, request: Resolve) -> tuple[Job, JobEvent, int | None]:
        """Return the parked job, the decision's event and the place it needs.

        Raises:
            Refusal: see the rule.

        """
        job = self._open_job(request.job)
        if job.state is not JobState.PARKED:
            raise Refusal("JOB_STATE", f"job {job.id} is {job.state.name}, not PARKED")
        if request.choice not in job.choices:
            raise Refusal("CHOICE", f"{request.choice!r} is not open for job {job.id}: {', '.join(job.choices)}")
        self._carriage_free_of_others(job)
        match request.choice:
            case "continue":
                # A job that was on its way back goes on with that.
                return job, JobEvent.UNDO if job.left is JobState.UNDONE else JobEvent.RESUME, None
            case "put-back":
                return job, JobEvent.UNDO, None
            case "divert":
                return job, JobEvent.DIVERT, self._divert_to(request.place)
            case "lock":
                return job, JobEvent.CLOSE_BY_HAND, self._lockable(request.place, job)
            case _:
                return job, JobEvent.CLOSE_BY_HAND, self._stated_place(request.place, job.car)

    def by_hand(self, job: Job, place: int | None, *, lock: bool = False) -> list[Record]:
        """Return what is believed after a person has moved a car by hand: where it is stated, unverified.

        ``lock``: the stated bay is blocked, until somebody gives it back. A blocked bay stays so in any case.
        """
        assert place is not None
        touched = {number for number in (job.source, job.target, CARRIAGE) if number is not None}
        reason = f"job {job.id} was closed by hand"
        records: list[Record] = []
        for number in sorted(touched | ({place} - {OUTSIDE})):
            car = job.car if number == place != OUTSIDE else None
            locked = number == place and (lock or self._status(number) is PlaceStatus.BLOCKED)
            status = PlaceStatus.BLOCKED if locked else PlaceStatus.UNVERIFIED
            why = f"{reason}: {job.reason}" if lock and locked else reason
            records.append(PlaceSet(Place(number, status, car, why)))
        return records

    def unseen(self) -> Sequence[Record]:
        """Return what takes every certainty from the book, if the shuttle has done more than that holds."""
        return doubts(self._bench, self._book, self._now())

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
        appointment = self._book.appointment_of_car(car)
        if appointment is not None:
            raise Refusal("CAR_BOOKED", f"car {car} is somebody's by appointment {appointment.id}")

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

    def _stated(self, request: ImportInventory) -> dict[int, str]:
        stated: dict[int, str] = {}
        for line in request.cars:
            if line.place not in self._bench.shape.bays:
                raise Refusal("UNKNOWN_BAY", f"car {line.id}: {line.place} is not a bay of this tower")
            if line.place in stated:
                raise Refusal("PLACE_TWICE", f"bay {line.place} is named twice")
            if line.id in stated.values():
                raise Refusal("CAR_TWICE", f"car {line.id} is named twice")
            self._not_elsewhere(line.id)
            stated[line.place] = line.id
        return stated

    def _not_elsewhere(self, car: str) -> None:
        """Refuse to believe a car in a bay that stands in a room, or is about to be stored through one."""
        where, job = self._book.where(car), self._book.job_of_car(car)
        if where in self._bench.shape.rooms:
            raise Refusal("CAR_IN_A_ROOM", f"car {car} stands in room {where}: state it when that has been cleared")
        if job is not None and job.kind is JobKind.STORE:
            raise Refusal("CAR_AWAITED", f"car {car} is awaited at room {job.room}: cancel job {job.id} first")

    def _carriage_empty(self) -> list[Record]:
        sight = self._bench.tower.shuttle.loaded
        free = sight is Loaded.NO
        status = PlaceStatus.FREE if free else PlaceStatus.UNVERIFIED
        return [PlaceSet(Place(CARRIAGE, status, None, "" if free else f"sensors show the carriage {SEEN[sight]}"))]

    def _open_job(self, number: int) -> Job:
        job = next((job for job in self._book.open_jobs() if job.id == number), None)
        if job is None:
            ended = number in self._book.jobs
            raise Refusal("UNKNOWN_JOB", f"job {number} {'has ended' if ended else 'does not exist'}")
        return job

    def _carriage_free_of_others(self, job: Job) -> None:
        """Refuse to take a parked job up while another has the carriage."""
        for other in self._book.open_jobs():
            if other.id != job.id and other.state not in (JobState.QUEUED, JobState.PARKED):
                busy = f"job {other.id} ({other.state.name}) has the carriage: let it end first"
                raise Refusal("CARRIAGE_BUSY", busy)
        aboard = self._book.places[CARRIAGE].car
        if aboard not in (None, job.car):
            raise Refusal("CARRIAGE_BUSY", f"car {aboard} stands on the carriage: resolve its job first")
        cut = cut_exchange_of(self._bench, self._book)
        if cut is not None and cut.id != job.id:
            raise Refusal("CARRIAGE_BUSY", f"an exchange of job {cut.id} was cut: resolve that first")

    def _divert_to(self, place: int | None) -> int:
        if place is None:
            raise Refusal("PLACE_MISSING", "a diversion needs the bay to put the car into")
        if place not in self._unreserved() or not self._takes_a_car(place):
            raise Refusal("BAY_NOT_USABLE", f"{place} is not a free bay")
        return place

    def _stated_place(self, place: int | None, car: str) -> int:
        if place is None:
            raise Refusal("PLACE_MISSING", "state where the car is now: a bay or room, or 0 for outside the tower")
        if place != OUTSIDE and place not in self._bench.shape.poses:
            raise Refusal("UNKNOWN_PLACE", f"{place} is not a place of this tower")
        held = None if place == OUTSIDE else self._book.places[place].car
        if held not in (None, car):
            raise Refusal("PLACE_TAKEN", f"place {place} is said to hold car {held}: state where that is first")
        return place

    def _lockable(self, place: int | None, job: Job) -> int:
        stated = self._stated_place(place, job.car)
        if stated not in self._bench.shape.bays:
            raise Refusal("UNKNOWN_BAY", f"{stated} is not a bay: only the bay in which the car stands can be locked")
        if self._book.reserved().get(stated, job.id) != job.id:
            raise Refusal("BAY_RESERVED", f"bay {stated} is reserved by job {self._book.reserved()[stated]}")
        return stated

    def _unreserved(self) -> list[int]:
        taken = self._book.reserved()
        return [bay for bay in self._bench.shape.bays if bay not in taken]

    def _takes_a_car(self, bay: int) -> bool:
        """Return whether a bay is free, seen by both of its sensors, and on a level that is in use."""
        free = self._status(bay) is PlaceStatus.FREE and not self._unseen(bay)
        return free and level_block(self._bench, bay) is None

    def _unseen(self, bay: int) -> frozenset[str]:
        """Return the contacts of a bay without which no car is put into it."""
        return readings.missing(self._bench, bay)

    def _status(self, place: int) -> PlaceStatus:
        return self._book.places[place].status
