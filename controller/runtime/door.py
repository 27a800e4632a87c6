"""The carriage before a room that is in use, with the car aboard that will come into it: on, elsewhere, or back.

Which room takes the car is looked at after every event; `controller.domain.dispatch.ahead` says how long it may wait.
"""

import asyncio

from controller.activities import readings
from controller.activities.context import Bench
from controller.domain.book import Book
from controller.domain.dispatch.ahead import Wait, put_back
from controller.domain.dispatch.room_turns import PASSED
from controller.domain.jobs import Job, JobState
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from controller.runtime.askers import Askers
from controller.runtime.foresight import Foresight
from controller.runtime.rooms import Rooms
from controller.runtime.selection import Selection

_ON_ITS_WAY = frozenset({JobState.POSITIONING_TO})
"""Steps that are not cut for a nearer room."""


class Door:
    """Watches the wait of one job; changes nothing."""

    def __init__(
        self, bench: Bench, book: Book, askers: Askers, rooms: Rooms, selection: Selection, foresight: Foresight
    ) -> None:
        self._bench = bench
        self._book = book
        self._askers = askers
        self._rooms = rooms
        self._selection = selection
        self._foresight = foresight
        self._job = 0
        self._since_s = 0.0
        self._could_s: dict[int, float] = {}
        """By job that could start but for the carriage: since when."""

    def begin(self, job: Job) -> None:
        """Take that the carriage stands before the room of a job; a wait that goes on is no new one."""
        if self._job != job.id:
            self._job, self._since_s = job.id, self._clock()
            self._could_s = {}

    def end(self) -> float:
        """Take that the wait is over; return how long it was."""
        self.leave()
        return self._clock() - self._since_s

    def leave(self) -> None:
        """Take that nobody waits before a room any more; whoever does again begins anew."""
        self._job = 0

    def room_for(self, job: Job) -> int | None:
        """Return the room that takes the car of a job that was fetched ahead now; None: none does yet."""
        vacant = self._selection.vacant_rooms(job)
        if job.target in vacant:
            return job.target
        at = job.target if job.state is JobState.WAITING else job.source
        if at is None or job.state in _ON_ITS_WAY:
            return None
        return self._selection.nearest(at, self._left_by_the_passed(job, vacant))

    def _left_by_the_passed(self, job: Job, vacant: list[int]) -> list[int]:
        """Return the rooms that nobody is to have who asked before and was passed as often as is allowed.

        All of them if the car cannot wait or go back for that: its bay cannot take it.
        """
        if job.state is JobState.WAITING and not self._has_its_bay(job):
            return vacant
        left = list(vacant)
        for asker in self._askers.in_turn():
            if asker.number < job.id and asker.passed >= PASSED:
                room = next((room for room in asker.rooms if room in left), None)
                left = [each for each in left if each != room]
        return left

    def put_back(self, job: Job) -> str:
        """Return why a job's car is to go back into its bay; empty: it waits on, or its bay cannot take it."""
        assert job.target is not None
        now_s = self._clock()
        could = self._selection.could_start()
        self._could_s = {number: self._could_s.get(number, now_s) for number in could}
        others_s = now_s - min(self._could_s.values()) if self._could_s else None
        # Of a room that is not proven yet nothing is known, and soon will be.
        unproven = self._rooms.state(job.target) is RoomState.UNKNOWN
        due_s = 0.0 if unproven else self._foresight.vacant_in_s(job.target)
        kept = job.target in self._askers.rooms_of(job)
        lost = not kept or not (unproven or self._rooms.is_left_soon(job.target))
        why = put_back(Wait(now_s - self._since_s, due_s, lost, others_s))
        return f"put back, room {job.target}: {why}" if why and self._has_its_bay(job) else ""

    def _has_its_bay(self, job: Job) -> bool:
        if job.source is None or self._book.places[job.source].status is not PlaceStatus.FREE:
            return False
        return not readings.missing(self._bench, job.source)

    @staticmethod
    def _clock() -> float:
        return asyncio.get_running_loop().time()
