"""Why nothing can be planned for a job that waits, as things are: what whoever waits for it is told."""

from collections.abc import Callable, Collection

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.restricted import held_back, level_block, room_block
from controller.domain.book import CARRIAGE, Book
from controller.domain.dispatch.turnover import NEVER
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitMode
from controller.runtime import claims
from controller.runtime.barred import barred

UNKNOWN = "nothing can be done for it as things are"

_ASIDE = frozenset({JobState.INTERRUPTED, JobState.UNKNOWN, JobState.PARKED})


def in_turn(before: int) -> str:
    """Return what a driver is told who waits outside, with so many before them."""
    return f"it waits for a room, {before} before it" if before else "it waits for a room, as the next"


class Hindrances:
    """Tells them. ``room`` tells a room's state."""

    def __init__(self, bench: Bench, book: Book, room: Callable[[int], RoomState]) -> None:
        self._bench = bench
        self._book = book
        self._room = room
        self.unit_stands: Callable[[], str] = str
        """Tells why the unit takes up no job; empty: it executes."""

    def of_all(self) -> str:
        """Return why nothing is moved for anybody; empty: the tower moves cars."""
        away = [name for name, station in self._bench.tower.stations.items() if not station.online]
        if away:
            return f"station {away[0]} is {readings.standing(self._bench.tower.stations[away[0]]).lower()}"
        if self._book.mode is not UnitMode.PRODUCTION:
            return f"the tower is in mode {self._book.mode.value.lower()}"
        return self.unit_stands()

    def of(self, job: Job, free_bays: Collection[int]) -> str:
        """Return why nothing was planned for a job that waits; never empty.

        Raises:
            NotOnline: a station vanished meanwhile.

        """
        return self._of_job(job, free_bays) or self._aside() or self._barred() or UNKNOWN

    def of_fetching(self, job: Job) -> str:
        """Return why a car could not be fetched by a job that is nobody's yet; empty: nothing is known that keeps it.

        A carriage that is at work is no reason: it will be free.

        Raises:
            NotOnline: a station vanished meanwhile.

        """
        why = self._of_job(job, ())
        if why or any(each.state not in _ASIDE | {JobState.QUEUED} for each in self._book.open_jobs()):
            return why
        free = self._book.places[CARRIAGE].status is PlaceStatus.FREE
        return ("" if free else self._aside()) or self._barred()

    def _of_job(self, job: Job, free_bays: Collection[int]) -> str:
        return self.of_all() or self._of_power(job) or self._at_source(job) or self._at_target(job, free_bays)

    def _of_power(self, job: Job) -> str:
        bar = held_back(self._bench, job)
        return "" if bar is None else f"{bar}; no {job.kind.value.lower()} meanwhile"

    def _at_source(self, job: Job) -> str:
        if job.kind is JobKind.STORE or job.source is None:
            return ""
        return self._of_bay(job.source, PlaceStatus.OCCUPIED)

    def _at_target(self, job: Job, free_bays: Collection[int]) -> str:
        match job.kind:
            case JobKind.RELOCATE if job.target is not None:
                return self._of_bay(job.target, PlaceStatus.FREE)
            case JobKind.STORE if job.room is None:
                return self._of_rooms() or ("" if free_bays else self._of_bays()) or self._of_turn(job)
            case JobKind.STORE:
                return self._of_room(job.room) or ("" if free_bays else self._of_bays())
            case _ if job.room is not None:
                return self._of_room(job.room)
            case _:
                return self._of_rooms()

    def _of_turn(self, job: Job) -> str:
        """Return for how many rooms a driver waits who waits outside."""
        before = [each for each in self._book.open_jobs() if each.id < job.id and each.state is JobState.QUEUED]
        return in_turn(sum(each.waits_outside or each.kind is JobKind.RETRIEVE for each in before))

    def _of_bay(self, bay: int, wanted: PlaceStatus) -> str:
        block, place = level_block(self._bench, bay), self._book.places[bay]
        if block is not None:
            return str(block)
        reason = f": {place.reason}" if place.reason else ""
        return "" if place.status is wanted else f"bay {bay} is {place.status}{reason}"

    def _of_rooms(self) -> str:
        """Return why none of the rooms serves anybody; empty: one does."""
        rooms = [text for room in self._bench.shape.rooms if (text := self._of_room(room))]
        return "; ".join(rooms) if len(rooms) == len(self._bench.shape.rooms) else ""

    def _of_room(self, room: int | None) -> str:
        if room is None:
            return ""
        block, state = room_block(self._bench, room), self._room(room)
        if block is not None:
            return str(block)
        if state in NEVER:
            return f"room {room} is {state.name.lower().replace('_', ' ')}"
        left = claims.left_behind(self._book, room) if state is RoomState.CAR_PRESENT else None
        return "" if left is None else f"car {left} stands in room {room}, and nobody came for it"

    def _of_bays(self) -> str:
        blocks = {str(block): None for bay in self._bench.shape.bays if (block := level_block(self._bench, bay))}
        return "; ".join(("no bay is free", *blocks))

    def _aside(self) -> str:
        """Return which job was begun and stands aside, with the carriage or with the room."""
        for job in self._book.open_jobs():
            if job.state in _ASIDE:
                return f"job {job.id} was begun and is {job.state.name.lower()}"
        return ""

    def _barred(self) -> str:
        missing = barred(self._bench, self._book)
        return "" if missing is None else f"the carriage may not travel: {missing.text}"
