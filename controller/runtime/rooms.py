"""The transfer rooms: each one's machine, fed by its sensors, and the activity of its state."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from controller.activities import recovery
from controller.activities.context import Bench
from controller.activities.primitive import StepFailed
from controller.activities.restricted import room_block
from controller.domain.dispatch.turnover import NEVER
from controller.domain.jobs import Job
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import PlaceSet
from controller.domain.room_facts import RoomFacts, between
from controller.domain.rooms import RoomEvent as E
from controller.domain.rooms import RoomState as S
from controller.runtime import claims, duties
from controller.runtime.inbox import Board
from controller.runtime.ledger import Ledger
from controller.runtime.room_record import RoomRecord, is_fault
from controller.runtime.runner import Runner
from controller.runtime.signals import ActivityEnded, RoomSensed
from hal.errors import NotOnline

log = structlog.get_logger(__name__)

GivenUp = Callable[[int, str, str], Awaitable[None]]
"""Tells the jobs that a car for storing will not come: job, rule, text."""

AGAIN_S = 0.5
"""How long an activity that broke is left alone: what broke it, a lost image or a refusal, may stand for a while."""

OUT_OF_SIGHT = "not seen since the daemon looks again"
"""Why the car of a room may be called unverified; it is believed again once it is seen."""

OPEN_BEFORE_A_KEPT_CAR = "the gate is open before a car that is kept for its customer"
"""Why such a room is blocked: somebody has opened it by hand, or was seen inside and let out."""

_GONE = frozenset({S.CLEARING, S.REFUSED, S.UNKNOWN, S.VACANT})
"""States in which a proof of emptiness means that no car is believed here any more."""

_BY_A_DRIVER = frozenset({S.OPEN_FOR_CAR, S.CAR_PRESENT})
"""States from which an awaited car is measured: seen as it drove in, or found there when the room was seen again."""

_KEPT_IN = frozenset({S.CAR_PRESENT, S.MEASURING})
"""States in which a car is kept: it stands there, or is measured before it goes back. What is ACCEPTED, goes."""

_FOR_A_DRIVER = frozenset({S.VACANT, S.RESERVED, S.OPEN_FOR_CAR})
"""States in which a car that is awaited is still outside."""

_BEING_LEFT = frozenset({S.CAR_PRESENT, S.CUSTOMER_ADMITTED, S.DEPARTING, S.CLEARING})
"""States of a room that end without the carriage: somebody takes their car out of it."""


class Rooms:
    """All rooms of the tower. Called by the control task alone."""

    def __init__(
        self, bench: Bench, ledger: Ledger, board: Board, post: Callable[[ActivityEnded], None], given_up: GivenUp
    ) -> None:
        self._bench = bench
        self._ledger = ledger
        self._book = ledger.book
        self._board = board
        self._given_up = given_up
        self.on_state: Callable[[int, S], None] = lambda _place, _state: None
        """Called with each new state of a room."""
        self._rooms = {
            place: RoomRecord(place, number, Runner(f"room{number}", post))
            for number, place in enumerate(bench.shape.rooms, start=1)
        }
        self.executing = False

    def state(self, place: int) -> S:
        """Return the state of a room."""
        return self._rooms[place].machine.state

    @property
    def places(self) -> Collection[int]:
        """The places of all rooms."""
        return self._rooms.keys()

    def has(self, place: int | None) -> bool:
        """Return whether a place is a room."""
        return place in self._rooms

    def any_vacant(self) -> bool:
        """Return whether a room is vacant."""
        return any(room.machine.state is S.VACANT for room in self._rooms.values())

    def facts(self, place: int) -> RoomFacts | None:
        """Return the last look at a room."""
        return self._rooms[place].facts

    def fault(self, place: int) -> str:
        """Return why a room is blocked."""
        return self._rooms[place].fault

    def serves(self, place: int) -> bool:
        """Return whether a room serves people, now or once it is left."""
        room = self._rooms[place]
        return room.machine.state not in NEVER and not self._is_out(room)

    def fails_driver(self, place: int) -> str:
        """Return why a room will not open for who it was given to, and has let nobody in; empty: it will, or has."""
        room = self._rooms[place]
        if room.let_in or room.facts is None or room.facts.gate_open or not room.facts.empty:
            return ""
        match room.machine.state:
            case S.BLOCKED:
                return room.fault
            case S.OUT_OF_SERVICE:
                return "it is out of service"
            case _:
                return ""

    def is_left_soon(self, place: int) -> bool:
        """Return whether a customer is about to leave a room, which will serve the next then."""
        room = self._rooms[place]
        return room.machine.state in _BEING_LEFT and not self._is_out(room) and not self._kept(room)

    def is_left_standing(self, place: int) -> bool:
        """Return whether a car stands in a room that was opened for whoever it belongs to, and nobody is seen there."""
        room = self._rooms[place]
        waits = room.machine.state in (S.CUSTOMER_ADMITTED, S.REFUSED)
        return waits and room.facts is not None and room.facts.has_car and not room.facts.maybe_person

    def overstayed(self, place: int) -> bool:
        """Return whether somebody has stayed in a room for longer than a customer may take."""
        return self._rooms[place].overstayed

    async def fire(self, place: int, event: E) -> bool:
        """Let a room take an event if its state accepts it; return whether it did."""
        room = self._rooms[place]
        if not room.machine.can(event):
            return False
        change = room.machine.fire(event)
        if change.source is not change.target:
            self._name_fault(room, change.source, change.target, event)
            log.info("room_state", room=room.number, state=change.target.name, was=change.source.name, on=event.name)
            self._board.tell(
                {"event": "room_state", "room": place, "state": change.target.name, "was": change.source.name}
            )
            self.on_state(place, change.target)
            await self._entered(room, change.source, change.target)
        return True

    async def release(self, place: int, *, stays: bool = False) -> None:
        """Withdraw what a job wanted of a room. A BLOCKED room stays so: that is for a person (`looked_at`).

        ``stays``: it was to put back a car that was brought here, and that its customer may have by now.
        """
        room = self._rooms[place]
        if room.machine.state is not S.BLOCKED:
            await self._withdraw(room, stays=stays and room.machine.state is S.MEASURING)

    async def _withdraw(self, room: RoomRecord, *, stays: bool = False) -> None:
        """Take back what was wanted of a room: a driver may drive out again, a kept car stays behind its gate."""
        await self.fire(room.place, E.CAR_PLACED if stays or self._kept(room) else E.RELEASE)

    async def looked_at(self) -> None:
        """Take a person's reset: blocked rooms are proven anew, and a departure that was not seen is not asked for."""
        for room in self._rooms.values():
            if room.machine.state is S.CLEARING:
                room.crossings_before = None
            if room.machine.state is S.BLOCKED:
                await self.fire(room.place, E.RELEASE)

    @staticmethod
    def _name_fault(room: RoomRecord, was: S, state: S, event: E) -> None:
        """Name the fault of a room that becomes BLOCKED, if nobody has; forget it where it is so no longer."""
        if state is S.BLOCKED and not room.fault:
            room.fault = f"{event.name} is not plausible while {was.name}"
        elif was is S.BLOCKED is not state:
            room.fault = ""

    async def sensed(self, signal: RoomSensed) -> None:
        """Take a new look at a room: the events since the last one, then what the sensors prove together."""
        room = self._rooms[signal.place]
        before, room.facts, room.last_seen = room.last_seen, signal.facts, signal.facts
        room.seen_before = before
        awaited, kept = self._awaited(room) is not None, self._kept(room)
        if signal.facts.gate_open and duties.belongs_shut(room.machine.state, awaited=awaited, kept=kept):
            room.fault = OPEN_BEFORE_A_KEPT_CAR if kept else "the gate was opened by hand"
            await self.fire(room.place, E.FAULT)
        else:
            await self._judge_door(room)
        if before is not None:
            for event in between(before, signal.facts):
                await self._happened(room, event)
        await self._prove(room)

    async def _happened(self, room: RoomRecord, event: E) -> None:
        """Take what the sensors tell: a kept car that is gone while it was measured makes room for no other."""
        if event is E.CROSSING_OUTWARD and room.machine.state is S.MEASURING and self._kept(room):
            room.fault, event = "a car that was kept for its customer has left", E.FAULT
        await self.fire(room.place, event)

    async def _judge_door(self, room: RoomRecord) -> None:
        """Call an inner door forced that is not locked where no job has anything to do: nothing could move."""
        if room.facts is None or room.facts.door_locked:
            return
        if claims.carriage_comes(self._book, room.place) or claims.turns_back(self._book, room.place):
            return
        if duties.door_belongs_shut(room.machine.state, executing=self.executing):
            room.fault = "the inner door is not locked, though nobody has opened it"
            await self.fire(room.place, E.FAULT)

    @property
    def waits(self) -> bool:
        """Whether a room has waited for a time that has come: to try again, or for somebody who stays too long.

        While somebody is inside and a job waits, every look counts: for how long it does is for the jobs to say.
        """
        if any(room.inhabited_s is not None for room in self._rooms.values()) and claims.any_waits(self._book):
            return True
        now_s, patience_s = asyncio.get_running_loop().time(), self._bench.patience.customer_s
        return any(room.due_s(patience_s) <= now_s for room in self._rooms.values())

    async def stir(self) -> None:
        """Start what each room's state asks for, where nothing runs for it yet."""
        for room in self._rooms.values():
            room.look_for_people(asyncio.get_running_loop().time(), self._bench.patience.customer_s)
            # A job that has ended since the last look explains no open door any more.
            await self._judge_door(room)
            await self._prove(room)
            await self._miss(room)
            await self._keep_out(room)
            await self._serve(room)

    async def _miss(self, room: RoomRecord) -> None:
        """Block a room that was left and is not proven so for long: somebody has to look, and whoever waits is told."""
        now_s, patience_s = asyncio.get_running_loop().time(), self._bench.patience.customer_s
        if missing := room.not_cleared(now_s, patience_s, executing=self.executing):
            room.fault = missing
            await self.fire(room.place, E.FAULT)

    async def _keep_out(self, room: RoomRecord) -> None:
        """Put a room out of service once it serves nobody, while one of its sensors is out; and back behind that."""
        out = self._is_out(room)
        if out and room.machine.state in (S.VACANT, S.BLOCKED) and not self._is_needed(room):
            await self.fire(room.place, E.PUT_OUT_OF_SERVICE)
        elif not out and room.machine.state is S.OUT_OF_SERVICE:
            await self.fire(room.place, E.PUT_BACK)
            # Nothing new may be seen of it for long: the last look has all that it takes.
            await self._prove(room)

    def _is_needed(self, room: RoomRecord) -> bool:
        """Return whether a car is in a room, may be, or is on its way there: somebody is served, or has to look."""
        if room.facts is None or claims.carriage_comes(self._book, room.place):
            return True
        return room.facts.has_car or self._book.places[room.place].car is not None

    def _is_out(self, room: RoomRecord) -> bool:
        """Return whether a room is to serve nobody who comes next: a person says so, or a sensor of it is out."""
        sensor = any(name.startswith(f"room{room.number}.") for name in self._bench.sensors_out)
        return sensor or room_block(self._bench, room.place) is not None

    async def ended(self, signal: ActivityEnded) -> None:
        """Take the end of a room's activity."""
        room = next((each for each in self._rooms.values() if each.runner.owner == signal.owner), None)
        if room is None or not room.runner.take(signal):
            return
        served, room.running = room.running, None
        if signal.error is not None:
            await self._failed(room, signal.error)
        else:
            await self._finished(room, served, signal.result)
            await self._serve(room)

    async def halt(self) -> None:
        """Cancel the activities of all rooms and wait until their gates stand."""
        self.executing = False
        for room in self._rooms.values():
            await room.runner.cancel()
            room.running = None

    def lose_sight(self) -> None:
        """Trust no look any more: the station is gone. The next one tells what has happened meanwhile."""
        for room in self._rooms.values():
            room.facts = None

    async def _prove(self, room: RoomRecord) -> None:
        facts = room.facts
        if facts is None:
            return
        if room.machine.state is S.UNKNOWN:
            await self._doubt(room, facts)
        if not claims.counted_on(self._book, room.place):
            await self._give_back(room, facts)
        handed_over = room.machine.state is S.CLEARING and room.crossings_before is not None
        before = room.crossings_before if handed_over else None
        if facts.proven_clear(crossings_before=before):
            await self._proven_clear(room)
            return
        # A car that a job is about to take stays behind locked ways: it is nobody's to collect.
        if self._may_hold_a_car(room) and facts.presented and not claims.to_be_taken(self._book, room.place):
            await self.fire(room.place, E.CAR_PLACED)

    def _may_hold_a_car(self, room: RoomRecord) -> bool:
        """Return whether a car that is seen in a room is handed over there, whatever was meant to become of it."""
        state = room.machine.state
        return state is S.UNKNOWN or (state is S.CLEARING and self._book.places[room.place].car is not None)

    async def _doubt(self, room: RoomRecord, facts: RoomFacts) -> None:
        """Call a car verified only while it is seen: somebody may have driven it out while nobody looked."""
        place = self._book.places[room.place]
        if place.status is PlaceStatus.OCCUPIED and not facts.has_car:
            await self._believe(room.place, Place(room.place, PlaceStatus.UNVERIFIED, place.car, OUT_OF_SIGHT))
        elif place.reason == OUT_OF_SIGHT and facts.has_car:
            await self._believe(room.place, Place(room.place, PlaceStatus.OCCUPIED, place.car))

    async def _give_back(self, room: RoomRecord, facts: RoomFacts) -> None:
        """Free a room that stands for a job which was closed by hand or brings its car elsewhere."""
        match room.machine.state:
            case S.OPEN_FOR_CAR | S.MEASURING | S.ACCEPTED:
                await self._withdraw(room)
            case S.RESERVED | S.CAR_COMING | S.CAR_LEAVING if facts.presented:
                await self.fire(room.place, E.CAR_PLACED)
            case S.RESERVED | S.CAR_COMING | S.CAR_LEAVING if facts.proven_clear(crossings_before=None):
                await self.fire(room.place, E.RELEASE)

    async def _proven_clear(self, room: RoomRecord) -> None:
        if room.machine.state is S.CAR_LEAVING and claims.worked_at(self._book, room.place):
            return
        if room.machine.state in _GONE:
            await self._believe(room.place, room.free)
            await self._forget_way_back(room)
        if room.machine.can(E.PROVEN_CLEAR):
            await self.fire(room.place, E.PROVEN_CLEAR)

    async def _forget_way_back(self, room: RoomRecord) -> None:
        """End the way back of a car that is not there any more, before its room is anybody's: no driver brings it."""
        job = claims.inbound(self._book, room.place)
        if job is not None and job.puts_back:
            await self._given_up(job.id, "CAR_GONE", f"car {job.car} does not stand in room {room.place} any more")

    async def _entered(self, room: RoomRecord, was: S, state: S) -> None:
        if room.runner.busy and (room.running, state) not in duties.ITS_OWN_DOING:
            # What comes next begins once its gate stands: nobody waits for that here.
            room.runner.dismiss()
            room.running = None
        match state:
            case S.CUSTOMER_ADMITTED if was is S.CAR_PRESENT and room.facts is not None:
                # The look that shows the gate open may show that the car is out already: the process may have slept.
                room.crossings_before = (room.seen_before or room.facts).crossings
            case S.MEASURING | S.ACCEPTED if was in _BY_A_DRIVER:
                job = self._awaited(room)
                if job is not None:
                    await self._believe(room.place, Place(room.place, PlaceStatus.OCCUPIED, job.car))
            case S.VACANT:
                room.crossings_before, room.fault, room.let_in = None, "", False
            case S.OPEN_FOR_CAR:
                room.crossings_before, room.let_in = None, True
        await self._serve(room)

    async def _serve(self, room: RoomRecord) -> None:
        """Start the activity of the state that a room stands in, while what the tower shows may be trusted."""
        job = self._awaited(room)
        if room.running is S.CAR_PRESENT and room.serves not in (None, job and job.id):
            # Nothing but this tells that the car stays there: the room's state was and is the same.
            room.runner.dismiss()
            room.running = None
        now_s = asyncio.get_running_loop().time()
        if not self.executing or room.facts is None or room.runner.busy or now_s < room.again_s:
            return
        if not self._bench.tower.stations["tower"].online:
            # Gone while a commit was waited for, or just now (below): its own event is still to come.
            return
        room.again_s = 0.0
        state, awaited = room.machine.state, job is not None
        if state is S.VACANT and awaited and not self._is_out(room):
            await self.fire(room.place, E.RESERVE)
            return
        kept = self._kept(room)
        try:
            activity = duties.activity(self._bench, room.place, state, room.facts, awaited=awaited, kept=kept)
        except NotOnline:
            return
        if activity is not None:
            room.running, room.serves = state, None if job is None else job.id
            own = {f"tower/room{room.number}.outer_gate", f"tower/room{room.number}.signal"}
            room.runner.start(recovery.settle_open(self._bench, self._book, own), activity)

    async def _finished(self, room: RoomRecord, served: S | None, result: object) -> None:
        job = self._awaited(room)
        match served:
            case S.OPEN_FOR_CAR if result:
                await self.fire(room.place, E.NO_SHOW)
                if job is not None:
                    await self._given_up(job.id, "NO_SHOW", "nobody drove a car in")
            case S.MEASURING | S.CAR_PRESENT if job is not None and result is not None:
                if not self._kept(room):
                    await self.fire(room.place, E.MEASURED_REFUSED)
                await self._given_up(job.id, str(result), f"the car may not be taken in: {result}")
            case S.MEASURING if result is not None:
                # The carriage is on its way to a car that was accepted once: somebody has to look.
                room.fault = f"measured again, the car may not be taken in: {result}"
                await self.fire(room.place, E.FAULT)
            case S.MEASURING | S.CAR_PRESENT if served is S.MEASURING or job is not None:
                # Somebody may have got out of the car, or opened the gate, since: then it is measured again.
                if room.facts is not None and room.facts.shut_in:
                    await self.fire(room.place, E.MEASURED_OK)

    def _awaited(self, room: RoomRecord) -> Job | None:
        """Return the job that waits for the car of a room, or for a driver with one."""
        job = claims.inbound(self._book, room.place)
        return None if job is not None and job.puts_back and room.machine.state in _FOR_A_DRIVER else job

    def _kept(self, room: RoomRecord) -> bool:
        """Return whether the car of a room is kept for a customer who has not come."""
        return room.machine.state in _KEPT_IN and claims.kept(self._book, room.place) is not None

    async def _failed(self, room: RoomRecord, error: Exception) -> None:
        room.again_s = asyncio.get_running_loop().time() + AGAIN_S
        if isinstance(error, StepFailed) and self.executing and is_fault(error):
            room.fault = str(error)
            await self.fire(room.place, E.FAULT)
        else:
            log.warning("room_activity_broken", room=room.number, error=str(error))

    async def _believe(self, place: int, belief: Place) -> None:
        if self._book.places[place] != belief:
            await self._ledger.commit(PlaceSet(belief))
