"""What each job that waits is promised, or why nobody knows: made anew whenever anything has changed that it rests on.

While nothing is moved for anybody, nobody is promised anything; what was promised before is void, and what is promised
once the tower goes on is told with that reason.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from controller.activities.context import Bench
from controller.activities.restricted import room_block
from controller.domain.book import Book
from controller.domain.dispatch.eta import Eta, Forecast, Limit, Planned
from controller.domain.dispatch.room_turns import LetIn
from controller.domain.dispatch.scene import Move, Plan
from controller.domain.dispatch.turnover import NEVER
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.places import PlaceStatus
from controller.domain.restrictions import Restricted, Restriction, over
from controller.domain.rooms import RoomState
from controller.runtime.hindrance import Hindrances, in_turn
from controller.runtime.inbox import Board
from controller.runtime.learning import slow_axes

GOES_ON: Final = "the tower goes on"

FREE_AGAIN: Final = "something can be done for it again"


@dataclass(frozen=True, slots=True)
class _Circumstances:
    """What a forecast rests on beside jobs and rooms."""

    stands: str
    """Why nothing is moved for anybody; empty: the tower moves cars."""
    restrictions: tuple[Restriction, ...]
    places: tuple[PlaceStatus, ...]
    slow: frozenset[Limit]


class Promises:
    """All that stand. Called by the control task alone; ``room`` tells a room's state."""

    def __init__(
        self, bench: Bench, book: Book, room: Callable[[int], RoomState], hindrances: Hindrances, board: Board
    ) -> None:
        self._bench = bench
        self._book = book
        self._room = room
        self._hindrances = hindrances
        self._board = board
        self._rested_on: _Circumstances | None = None
        self.stale = False
        """Whether a job or a room has changed since the last look."""
        self.forecast = Forecast()
        self.etas: Mapping[int, Eta] = {}
        """By queued job: when it will be done, on the loop's clock. A car that is fetched stands in its room then; a
        driver who waits outside drives in."""
        self.held: Mapping[int, str] = {}
        """By queued job that nothing can be planned for: why. Nobody knows when it will be done."""

    @property
    def stands(self) -> str:
        """Why nothing is moved for anybody, so that nobody knows when; empty: the tower moves cars."""
        return self._hindrances.of_all()

    def look(
        self,
        plan_now: Callable[[], Plan],
        let_in: Callable[[Plan], Mapping[int, LetIn]],
        free_bays: Callable[[], Collection[int]],
    ) -> None:
        """Promise anew, if a job, a room, or what the tower may do has changed since the last look.

        ``let_in``: tells when drivers who wait outside are foreseen to drive in.

        Raises:
            NotOnline: a station vanished meanwhile; the next look promises anew.

        """
        stands = self.stands
        if stands:
            self.forecast.stood(Limit(stands, GOES_ON))
        queued = [job for job in self._book.open_jobs() if job.state is JobState.QUEUED]
        if not queued:
            self.etas, self.held, self.stale, self._rested_on = {}, {}, False, None
            return
        now = self._circumstances(stands)
        if not self.stale and now == self._rested_on:
            return
        planned = {} if stands else self._planned(plan_now(), let_in)
        self._promise(planned)
        self._hold([job for job in queued if job.id not in planned], free_bays())
        self.stale, self._rested_on = False, now

    def _promise(self, planned: Mapping[int, Planned]) -> None:
        """Tell each job that was planned when it will be done, and the world where that has changed much."""
        now_s, before = asyncio.get_running_loop().time(), self.etas
        self.etas = self.forecast.tell(now_s, planned, self._in_service(), self._limits())
        stood = self._rested_on is not None and self._rested_on.stands
        for number, eta in self.etas.items():
            because = eta.because
            if not because and number in self.held:
                because = GOES_ON if stood else FREE_AGAIN
            elif not because and number not in before and self._book.jobs[number].waits_outside:
                because = in_turn(eta.ahead)
            if because:
                self._tell(number, eta.p50_s - now_s, eta.p90_s - now_s, because)

    def _planned(self, found: Plan, let_in: Callable[[Plan], Mapping[int, LetIn]]) -> dict[int, Planned]:
        moves = {move.request: self._of_move(move) for move in found.moves}
        outside = {job: Planned(each.at_s, JobKind.STORE, None, each.before) for job, each in let_in(found).items()}
        return moves | outside

    def _of_move(self, move: Move) -> Planned:
        return Planned(move.end_s, move.kind, self._room(move.source) if move.kind is JobKind.STORE else None)

    def _in_service(self) -> frozenset[int]:
        rooms = (room for room in self._bench.shape.rooms if self._room(room) not in NEVER)
        return frozenset(room for room in rooms if room_block(self._bench, room) is None)

    def _limits(self) -> frozenset[Limit]:
        limiting = (each for each in self._book.restrictions.values() if each.kind is not Restricted.ROOM)
        stated = frozenset(Limit(each.said, over(each.key)) for each in limiting)
        return stated | slow_axes(self._book)

    def _hold(self, unplanned: Sequence[Job], free_bays: Collection[int]) -> None:
        """Say of each job that waits and was not planned why not, and tell the world once."""
        held = {job.id: self._hindrances.of(job, free_bays) for job in unplanned}
        for number, why in held.items():
            if self.held.get(number) != why:
                self._tell(number, None, None, why)
        self.held = held

    def _tell(self, number: int, p50_s: float | None, p90_s: float | None, because: str) -> None:
        when = {"p50_s": p50_s and round(p50_s, 1), "p90_s": p90_s and round(p90_s, 1)}
        job = self._book.jobs[number]
        told = {"event": "promise", "job": number, "car": job.car, "outside": job.waits_outside}
        self._board.tell({**told, **when, "because": because})

    def _circumstances(self, stands: str) -> _Circumstances:
        places = tuple(place.status for place in self._book.places.values())
        return _Circumstances(stands, tuple(self._book.restrictions.values()), places, slow_axes(self._book))
