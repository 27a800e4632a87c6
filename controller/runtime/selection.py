"""Which job next, to which room or bay: of those that can start, the one that the plan has first.

A job that cannot start never keeps the carriage from one that can, but for a car that is fetched ahead of its room,
as long as `controller.domain.dispatch.ahead` says: people are not foreseen to linger.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from controller.activities.context import Bench
from controller.activities.restricted import held_back, level_block
from controller.domain.book import CARRIAGE, Book
from controller.domain.dispatch.room_turns import Asker, spoken_for
from controller.domain.jobs import Job, JobKind
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from controller.runtime.askers import Askers
from controller.runtime.barred import barred
from controller.runtime.foresight import Foresight
from controller.runtime.free_bays import free_bays
from controller.runtime.rooms import Rooms


class Selection:
    """Chooses; changes nothing."""

    def __init__(self, bench: Bench, book: Book, askers: Askers, rooms: Rooms, foresight: Foresight) -> None:
        self._bench = bench
        self._book = book
        self._askers = askers
        self._rooms = rooms
        self._foresight = foresight

    def any(self) -> bool:
        """Return whether a queued job can start."""
        return next(self._startable(), None) is not None

    def best(self) -> tuple[Job, str] | None:
        """Return the job to take up now, with its places chosen, and why it is that one; None if none can start.

        A room that is planned for one whose car may not be fetched yet is not fetched for by who comes behind them.
        """
        ready = {job.id: job for job in self._startable()}
        ahead = self._ahead_of_rooms(ready)
        if not ready and not ahead:
            return None
        spoken_for: set[int] = set()
        for move in self._foresight.plan(None, tuple(self.free_bays())).moves:
            if move.request in ready:
                return self._to(ready[move.request], move.target), move.why
            if move.target in ahead.get(move.request, ()) and move.target not in spoken_for:
                return replace(self._book.jobs[move.request], target=move.target, ahead=True), move.why
            spoken_for.add(move.target)
        # Nothing was planned while the carriage's place is unknown: it is homed on the way to any of them.
        return (ready[min(ready)], "first in turn") if ready else None

    def could_start(self) -> list[int]:
        """Return the queued jobs that could start if the carriage were free."""
        return [job.id for job in self._askers.queued() if self._ready(job) is not None]

    def can_start(self, job: Job) -> bool:
        """Return whether a job, queued or not, could start now."""
        return self._carriage_free() and self._ready(job) is not None and self.may_travel()

    def _startable(self) -> Iterator[Job]:
        """Yield the queued jobs that can start, each with the nearest room or bay."""
        queued = self._askers.queued()
        if not queued or not self._carriage_free():
            return
        ready = (chosen for job in queued if (chosen := self._ready(job)) is not None)
        first = next(ready, None)
        if first is not None and self.may_travel():
            yield first
            yield from ready

    def _ahead_of_rooms(self, ready: Collection[int]) -> dict[int, list[int]]:
        """Return the queued jobs whose cars may be fetched before a room takes them, with the rooms to wait for."""
        if not self._foresight.looks_ahead or not self._carriage_free():
            return {}
        others = [job for job in self._askers.queued() if job.id not in ready]
        found = {job.id: rooms for job in others if (rooms := self._awaited(job))}
        return found if found and self.may_travel() else {}

    def _awaited(self, job: Job) -> list[int]:
        """Return the rooms in use that the carriage may wait for with the car of a job."""
        if job.kind is not JobKind.RETRIEVE or job.put_back or job.source is None or not self._askers.holds(job):
            return []
        if held_back(self._bench, job) is not None:
            return []
        rooms = self._in_turn(job, [room for room in self._askers.rooms_of(job) if self._rooms.is_left_soon(room)])
        return [room for room in rooms if self._foresight.may_fetch(job.source, room)]

    def _to(self, job: Job, place: int) -> Job:
        """Return a job that can start with the place that was planned for it, as far as that can be had now."""
        if job.kind is JobKind.RETRIEVE and place in self.vacant_rooms(job):
            return replace(job, target=place, room=place)
        if job.kind is JobKind.STORE and place in (free := self.free_bays()):
            return replace(job, target=self._by_demand(job, free) if self._bench.slotting.by_demand else place)
        return job

    def _by_demand(self, job: Job, free: Collection[int]) -> int:
        """Return the bay for a car that is stored now, by how often it is fetched and how many wait meanwhile."""
        assert job.room is not None
        waiting = len([number for number in self.could_start() if number != job.id])
        return self._foresight.demand.bay_for(job.car, job.room, free, waiting)

    def may_travel(self) -> bool:
        """Return whether the empty carriage may leave where it stands: a parked job may have left a way open."""
        return barred(self._bench, self._book) is None

    def _carriage_free(self) -> bool:
        return self._book.places[CARRIAGE].status is PlaceStatus.FREE

    def _ready(self, job: Job) -> Job | None:
        if held_back(self._bench, job) is not None:
            return None
        match job.kind:
            case JobKind.STORE:
                return self._ready_store(job)
            case JobKind.RETRIEVE:
                return self._ready_retrieve(job)
            case JobKind.RELOCATE:
                return job if self._askers.holds(job) and self._takes_a_car(job.target) else None

    def _ready_store(self, job: Job) -> Job | None:
        if job.room is None or self._rooms.state(job.room) is not RoomState.ACCEPTED:
            return None
        bay = self.nearest(job.room, self.free_bays())
        return None if bay is None else replace(job, source=job.room, target=bay)

    def _ready_retrieve(self, job: Job) -> Job | None:
        if not self._askers.holds(job) or job.source is None:
            return None
        room = self.nearest(job.source, self.vacant_rooms(job))
        return None if room is None else replace(job, target=room, room=room)

    def vacant_rooms(self, job: Job) -> list[int]:
        """Return the rooms that a car can be brought to for a job now."""
        return [room for room in self._askers.rooms_of(job) if self._rooms.state(room) is RoomState.VACANT]

    def _in_turn(self, job: Job, rooms: list[int]) -> list[int]:
        """Return which of the rooms in use will be for no driver who waits outside since before the job."""
        if not self._askers.driver_waits:
            return rooms
        claimed = self._askers.claimed_rooms()
        left = [room for room in self._bench.shape.rooms if room not in claimed and self._rooms.is_left_soon(room)]
        left.sort(key=lambda room: (self._foresight.vacant_in_s(room), room))
        due = spoken_for(self._askers.in_turn(), job.id, left)
        return [room for room in rooms if room not in due]

    def wanting(self, room: int) -> list[Asker]:
        """Return who waits for nothing but a room, in turn, and would have this one if it were vacant."""
        vacant = {each for each in self._bench.shape.rooms if self._rooms.state(each) is RoomState.VACANT}
        return [asker for asker in self._askers.in_turn() if room in asker.rooms and vacant.isdisjoint(asker.rooms)]

    def free_bays(self) -> list[int]:
        """Return the bays that take a car and that no job counts on."""
        return free_bays(self._bench, self._book)

    def _takes_a_car(self, bay: int | None) -> bool:
        return bay is not None and self._is(bay, PlaceStatus.FREE) and level_block(self._bench, bay) is None

    def _is(self, place: int | None, status: PlaceStatus) -> bool:
        return place is not None and self._book.places[place].status is status

    def nearest(self, here: int, places: Iterable[int]) -> int | None:
        """Return the place with the shortest way from one, of two as near the lower number; None: there is none."""
        return next(iter(self._askers.nearest_first(here, places)), None)
