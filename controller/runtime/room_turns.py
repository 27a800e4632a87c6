"""Drivers who wait outside: each gets a room when it is their turn (`controller.domain.dispatch.room_turns`)."""

from collections.abc import Callable
from dataclasses import replace

import structlog

from controller.domain.book import Book
from controller.domain.dispatch.room_turns import admitted
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.runtime.askers import Askers
from controller.runtime.foresight import Foresight
from controller.runtime.inbox import Board
from controller.runtime.register import Register
from controller.runtime.rooms import Rooms
from controller.runtime.scenes import AtHand

log = structlog.get_logger(__name__)


class RoomTurns:
    """Gives vacant rooms away. Called by the control task alone."""

    def __init__(
        self,
        book: Book,
        register: Register,
        askers: Askers,
        rooms: Rooms,
        foresight: Foresight,
        board: Board,
        at_hand: Callable[[], AtHand | None],
    ) -> None:
        self._book = book
        self._register = register
        self._askers = askers
        self._rooms = rooms
        self._foresight = foresight
        self._board = board
        self._at_hand = at_hand

    async def give(self) -> None:
        """Let in who may drive in now: their rooms are reserved, and open their gates.

        Whose room broke down before that has the next one, if another one serves anybody.
        """
        await self._take_back()
        if not self._askers.driver_waits:
            return
        claimed = self._askers.claimed_rooms()
        vacant = [room for room in self._rooms.places if self._rooms.state(room) is RoomState.VACANT]
        coming = self._foresight.coming(self._at_hand())
        given = admitted(self._askers.in_turn(), set(vacant) - claimed, coming)
        for number, room in given.items():
            job = await self._register.note(replace(self._book.jobs[number], room=room, given=True))
            self._foresight.drives_in(number)
            log.info("room_given", job=number, car=job.car, room=room)
            self._board.tell({"event": "room_given", "job": number, "car": job.car, "room": room})
        if given:
            await self._rooms.stir()

    async def _take_back(self) -> None:
        for job in self._book.open_jobs():
            if not (job.given and job.state is JobState.QUEUED and job.room is not None):
                continue
            why = self._rooms.fails_driver(job.room)
            if why and any(self._rooms.serves(room) for room in self._rooms.places if room != job.room):
                await self._register.note(replace(job, room=None, given=False))
                log.info("room_taken_back", job=job.id, car=job.car, room=job.room, why=why)
                told = {"event": "room_taken_back", "job": job.id, "car": job.car, "room": job.room, "why": why}
                self._board.tell(told)
