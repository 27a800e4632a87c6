"""What people decide of jobs that there are: which decision is open, and what is believed behind it."""

from controller.activities.context import Bench
from controller.domain.book import CARRIAGE, Book
from controller.domain.events import Resolve
from controller.domain.jobs import Job, JobEvent, JobState
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import PlaceSet, Record
from controller.domain.refusal import Refusal
from controller.runtime.free_bays import free_bays
from controller.runtime.steps import cut_exchange_of

OUTSIDE = 0
"""Place 0 in a by-hand decision: the car was taken out of the tower."""


class Decisions:
    """Judges decisions against the book; changes nothing."""

    def __init__(self, bench: Bench, book: Book) -> None:
        self._bench = bench
        self._book = book

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
        reason = f"job {job.id} was closed by hand"
        records: list[Record] = []
        for number in sorted(self._touched(job) | ({place} - {OUTSIDE})):
            car = job.car if number == place != OUTSIDE else None
            locked = number == place and (lock or self._book.places[number].status is PlaceStatus.BLOCKED)
            status = PlaceStatus.BLOCKED if locked else PlaceStatus.UNVERIFIED
            why = f"{reason}: {job.reason}" if lock and locked else reason
            records.append(PlaceSet(Place(number, status, car, why)))
        return records

    def _touched(self, job: Job) -> set[int]:
        """Return the places of which a job may have changed what stands there, and wherever its car is believed.

        Not a room that it waits for: somebody else's car stands there. Nor one that another car has come into since.
        """
        ends = {job.source, None if job.ahead else job.target, CARRIAGE}
        believed = self._book.places.values()
        return {each.number for each in believed if each.car == job.car or (each.car is None and each.number in ends)}

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
        if place not in free_bays(self._bench, self._book):
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
