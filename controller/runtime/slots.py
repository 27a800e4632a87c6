"""Slots that are offered to bookings: how many pick-ups each may hold here, and how many it holds.

What a slot may hold hangs on the rooms in service and on what machine and customers have taught so far, in coarse
steps, and on nothing else: not on when somebody asked first. Whoever asks when it is not known for these waits until it
is reckoned, in pieces between which everything else goes on. Where a slot may hold fewer than were given appointments
in it, they keep them: it takes no more.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from controller.activities.context import Bench
from controller.activities.restricted import room_block
from controller.domain.book import Book
from controller.domain.dispatch.course import State
from controller.domain.dispatch.slot_capacity import Capacity, reckoned, with_others
from controller.domain.jobs import JobKind
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.runtime.foresight import Foresight, Learned
from controller.runtime.inbox import Answer, Later
from controller.runtime.runner import Runner
from controller.runtime.signals import ActivityEnded
from controller.runtime.wind_up import in_doubt

SLOT_S: Final = 900
"""A quarter of an hour, from the full one on."""

SHOWN: Final = 100
"""So many slots are told of at most: the longest day, on which the clocks are put back."""

SOON: Final = 24
"""So many are told of unless somebody asks for another number: six hours."""

PIECE, PAUSE_S = 40, 0.001
"""After so many customers, one or two milliseconds, the reckoning lets others go on for a moment. Who has to wait for
it waits about a second at most, also at a fast tower."""

REMEMBERED: Final = 32
"""So many capacities are kept, for as many states of rooms and of what was learned."""

Act = Callable[[], Awaitable[Answer]]
Rooms = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a capacity hangs on."""

    rooms: Rooms
    learned: Learned


class Slots:
    """Knows the slots. Called by the control task alone. ``now`` is wall time in seconds since the epoch."""

    def __init__(
        self,
        bench: Bench,
        book: Book,
        room: Callable[[int], RoomState],
        foresight: Foresight,
        post: Callable[[ActivityEnded], None],
        now: Callable[[], float],
    ) -> None:
        self._bench = bench
        self._book = book
        self._room = room
        self._foresight = foresight
        self._now = now
        self._runner = Runner("slots", post)
        self._known: dict[_Basis, Capacity] = {}
        self._newest: dict[Rooms, Capacity] = {}
        self._waiting: list[tuple[Act, Later]] = []

    async def once_known(self, act: Act) -> Answer | Later:
        """Return what an act answers that needs to know what a slot may hold: now, or once that is reckoned.

        Raises:
            Refusal: by the act, if it is done now.

        """
        if self._is_known():
            return await act()
        later: Later = asyncio.get_running_loop().create_future()
        self._waiting.append((act, later))
        self._reckon()
        return later

    async def ended(self, signal: ActivityEnded) -> None:
        """Take the end of a reckoning, and do what has waited for it.

        Raises:
            Exception: one of those failed in a way that nobody foresaw, or the journal did: whoever waits for it hears
                of that, and half of it may be done.

        """
        if not self._runner.take(signal):
            return
        if signal.error is None:
            assert isinstance(signal.result, tuple)
            basis, found = signal.result
            self._keep(basis, found)
            rooms = self._in_service()
            if rooms and rooms not in self._newest:
                # Other rooms are in service by now. What was learned meanwhile is for whoever asks next.
                self._reckon()
                return
        waiting, self._waiting = self._waiting, []
        for act, later in waiting:
            if signal.error is not None:
                later.set_exception(signal.error)
                continue
            try:
                later.set_result(await act())
            except Refusal as refusal:
                later.set_exception(refusal)
            except Exception as error:
                later.set_exception(in_doubt(error) if isinstance(error, OSError) else error)
                raise

    async def halt(self) -> None:
        """Reckon no more."""
        await self._runner.cancel()

    def require_free(self, due: float) -> None:
        """See that the slot of an appointment takes one more; what a slot holds is known.

        Raises:
            Refusal: it is full; the text names the next one that is not.

        """
        may, booked = self._capacity().booked, self._booked()
        slot = int(due // SLOT_S)
        if booked[slot] < may:
            return
        last = slot + len(booked) + 1
        free = next((each for each in range(slot, last) if booked[each] < may), None)
        none = "no slot takes one" if self._in_service() else "no room is in service, so that no slot takes one"
        hint = none if free is None else f"the next free one begins {_utc(free)}"
        raise Refusal("SLOT_FULL", f"the slot from {_utc(slot)} holds {booked[slot]} of {may}: {hint}")

    async def asked(self, params: Mapping[str, object]) -> Answer | Later:
        """Return the picture of slots from a wall time ``begin`` on, or from now; ``count`` of them."""
        begin, count = params.get("begin"), params.get("count")
        first = int((begin if isinstance(begin, int) else self._now()) // SLOT_S)
        many = max(1, min(SHOWN, count if isinstance(count, int) else SOON))
        return await self.once_known(lambda: self._picture(first, many))

    async def _picture(self, first: int, many: int) -> Answer:
        capacity, booked = self._capacity(), self._booked()
        return {
            "slot_s": SLOT_S,
            "capacity": capacity.booked,
            "rooms": list(self._in_service()),
            "p50_s": round(capacity.p50_s, 1),
            "p99_s": round(capacity.p99_s, 1),
            "within_aim": round(capacity.within_aim, 4),
            "slots": [
                {"begins": slot * SLOT_S, "booked": booked[slot], "free": max(0, capacity.booked - booked[slot])}
                for slot in range(first, first + many)
            ],
        }

    def _booked(self) -> Counter[int]:
        """Return how many pick-ups each slot holds: those to come, and those who have come."""
        jobs = (job for job in self._book.jobs.values() if job.kind is JobKind.RETRIEVE and job.due is not None)
        pickups = {(each.car, each.due) for each in self._book.appointments.values()}
        pickups |= {(job.car, job.due) for job in jobs if job.due is not None and self._came(job.car)}
        return Counter(int(due // SLOT_S) for _, due in pickups)

    def _came(self, car: str) -> bool:
        """Return whether a job was for an appointment that was kept, or is: not one that lapsed or was cancelled."""
        return self._book.where(car) not in self._bench.shape.bays or self._book.job_of_car(car) is not None

    def _is_known(self) -> bool:
        basis = self._basis()
        return not basis.rooms or basis in self._known

    def _capacity(self) -> Capacity:
        """Return what a slot may hold: as things are, or as they were when it was reckoned last."""
        basis = self._basis()
        last = self._newest.get(basis.rooms, Capacity(0, 0.0, 0.0, 1.0))
        return self._known.get(basis, last)

    def _keep(self, basis: _Basis, found: Capacity) -> None:
        self._newest[basis.rooms] = self._known[basis] = found
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def _basis(self) -> _Basis:
        return _Basis(self._in_service(), self._foresight.learned())

    def _in_service(self) -> Rooms:
        """Return the rooms that customers of the next days may count on: one that is blocked is put right."""
        to_stay = (room for room in self._bench.shape.rooms if room_block(self._bench, room) is None)
        return tuple(room for room in to_stay if self._room(room) is not RoomState.OUT_OF_SERVICE)

    def _reckon(self) -> None:
        if not self._runner.busy:
            self._runner.start(self._reckoned(self._basis()))

    async def _reckoned(self, basis: _Basis) -> tuple[_Basis, Capacity]:
        """Reckon what a slot may hold: with a car in every other bay, whatever stands there now."""
        bays, rooms, course = self._bench.shape.bays, basis.rooms, self._foresight.course_of(basis.learned)
        opening = State(rooms[0], 0.0, dict.fromkeys(rooms, 0.0), frozenset(bays[1::2]))
        pieces = reckoned(course, opening, bays[::2], lambda booked: with_others(float(SLOT_S), booked))
        while True:
            for _ in range(PIECE):
                try:
                    next(pieces)
                except StopIteration as end:
                    found: Capacity = end.value
                    return basis, found
            await asyncio.sleep(PAUSE_S)


def _utc(slot: int) -> str:
    return datetime.fromtimestamp(slot * SLOT_S, UTC).isoformat(timespec="minutes")
