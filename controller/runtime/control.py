"""The control task: takes one event after another and owns all state. Nothing else changes any of it."""

import asyncio
import math
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from controller.activities.context import Bench
from controller.domain.events import Query
from controller.domain.jobs import JobState
from controller.domain.refusal import Refusal
from controller.domain.service_plan import NONE, Intervals
from controller.domain.unit import UnitState, stands
from controller.runtime import wind_up
from controller.runtime.admission import Admission
from controller.runtime.adoption import Adoption
from controller.runtime.alarm_sources import Line, Sources, safety_keys
from controller.runtime.alarms import Alarms
from controller.runtime.appointments import Appointments
from controller.runtime.audit import Audit
from controller.runtime.barred import BarWatch
from controller.runtime.desk import Desk
from controller.runtime.idleness import Idleness
from controller.runtime.inbox import Answer, Asked, Board, Inbox, grant, reject
from controller.runtime.jobs import Jobs
from controller.runtime.jog import Hand
from controller.runtime.leave import Leave
from controller.runtime.ledger import Ledger
from controller.runtime.register import Register
from controller.runtime.reslotting import Reslotting
from controller.runtime.restricting import Restricting
from controller.runtime.rooms import Rooms
from controller.runtime.runner import Runner
from controller.runtime.service import ServiceDesk
from controller.runtime.signals import (
    ActivityEnded,
    JournalBroke,
    Measured,
    RoomSensed,
    SafetyChanged,
    Signal,
    StationChanged,
    Stirred,
)
from controller.runtime.slots import Slots
from controller.runtime.staging import Staging
from controller.runtime.tracing import Traces
from controller.runtime.trail import Trail
from controller.runtime.unit import Unit
from controller.runtime.views import Views
from hal.errors import HalError, NotOnline
from hal.plcmap.codes import Safety
from hal.plcmap.codes import Status as StatusBits
from hal.safety import causes_in

log = structlog.get_logger(__name__)

LOOK_S: Final = 10.0
"""A tower that shows nothing new is looked over this often all the same."""

RUNNING = frozenset(
    {
        UnitState.RESETTING,
        UnitState.IDLE,
        UnitState.STARTING,
        UnitState.EXECUTE,
        UnitState.HOLDING,
        UnitState.HELD,
        UnitState.UNHOLDING,
        UnitState.SUSPENDING,
        UnitState.SUSPENDED,
        UnitState.UNSUSPENDING,
        UnitState.COMPLETING,
        UnitState.COMPLETE,
        UnitState.STOPPING,
    }
)
"""States that a trip ends; Stopped stays Stopped until somebody resets, which a trip refuses."""


class Control:
    """Wires the parts and runs them.

    ``now`` is wall time in seconds since the epoch; ``buses`` are all of them, in the configuration's order;
    ``intervals``: after how much each class of components is due for service.
    """

    def __init__(
        self,
        bench: Bench,
        ledger: Ledger,
        inbox: Inbox[Signal],
        board: Board,
        views: Views,
        now: Callable[[], float],
        traces: Traces,
        buses: tuple[Line, ...] = (),
        intervals: Intervals = NONE,
    ) -> None:
        self._bench = bench
        self._ledger = ledger
        self._inbox = inbox
        self._board = board
        self._views = views
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._looked_s = -math.inf
        ledger.on_failure = lambda error: inbox.post(JournalBroke(error), urgent=True)
        self.rooms = Rooms(bench, ledger, board, self._post, self._given_up)
        register = Register(ledger, board, now)
        self.jobs = Jobs(bench, ledger, register, self.rooms, board, self._post, now)
        self.rooms.on_state, register.on_change = self.jobs.foresight.entered, self.jobs.foresight.changed
        self.restricting = Restricting(bench, ledger.book)
        self.hand = Hand(bench, board, self._post)
        idleness = Idleness(bench, ledger, self.jobs, self.rooms)
        self.audit = Audit(bench, ledger, self.jobs, idleness, board, inbox.post, now, loop.time)
        self.reslotting = Reslotting(bench, ledger, register, self.jobs, idleness, now, loop.time)
        self.unit = Unit(bench, ledger, self.jobs, self.rooms, self.hand, self.audit, board, self._post, loop.time)
        self.jobs.foresight.hindrances.unit_stands = lambda: stands(self.unit.state, self.unit.cause)
        self.bar_watch = BarWatch(
            bench, ledger.book, lambda: idleness.free_of_jobs and not self.audit.has_carriage, loop.time
        )
        self._sources = Sources(bench, ledger.book, buses)
        self.alarms = Alarms(ledger, board, self._sources, now, loop.time)
        self.service = ServiceDesk(bench.shape, ledger, intervals, now, loop.time)
        self._first_out = Runner("first_out", self._post)
        self._leave = Leave()
        self._trail = Trail(ledger)
        admission = Admission(bench, ledger.book, self.rooms, now)
        self.staging = Staging(
            ledger, register, admission, self.jobs, self.rooms, now, loop.time, bench.patience.grace_s
        )
        self.slots = Slots(bench, ledger.book, self.rooms.state, self.jobs.foresight, self._post, now)
        self.appointments = Appointments(
            ledger, register, admission, self.jobs, self.rooms, self.staging, self.slots, board, now
        )
        self.adoption = Adoption(bench, ledger, now)
        self._desk = Desk(self, bench, ledger, register, admission, self.appointments, views, traces, self._trail)

    async def run(self) -> None:
        """Take events until cancelled; then bring everything to rest.

        Raises:
            OSError: the journal does not keep what it is given; everything was brought to rest.

        """
        try:
            while True:
                event = await self._inbox.get()
                if isinstance(event, Asked):
                    await self._answer(event)
                else:
                    await self._take_or_abort(event)
                if self._may_follow(event):
                    await self._settle_down()
                else:
                    self.publish()
        except OSError as error:
            if self._ledger.failed:
                await self._wind_up(error)
            raise
        finally:
            await self._first_out.cancel()
            await self.slots.halt()
            await self.unit.shut_down()

    async def _wind_up(self, error: OSError) -> None:
        self.jobs.executing = self.rooms.executing = False
        self.unit.cause = str(error)
        self.unit.modes.refuse(wind_up.in_doubt(error))
        self.alarms.no_journal(f"{error}; the daemon ends at rest")
        self.publish()

        def look(query: Query) -> Answer:
            return self._views.answer(self, query.what, query.params)

        await wind_up.wind_up(error, self._bench, self._inbox, look)

    def tell(self, event: Mapping[str, object]) -> None:
        """Put an event on the board."""
        self._board.tell(event)

    def publish(self) -> None:
        """Put the newest status on the board."""
        self._board.publish(lambda: self._views.status(self))

    async def _take_or_abort(self, event: Signal) -> None:
        """Take a signal. A station that has gone since its last image brings all to rest: half of it may be done."""
        try:
            await self._take(event)
        except NotOnline as error:
            log.warning("not_online", error=str(error))
            if self.unit.reconciled:
                await self.unit.abort(str(error))

    async def _take(self, event: Signal) -> None:  # noqa: C901, PLR0912 - one case a signal
        match event:
            case Stirred():
                await self._trail.keep()
            case RoomSensed():
                await self.rooms.sensed(event)
            case SafetyChanged(safety, status):
                await self._safety(safety, status)
            case StationChanged():
                await self._station(event)
            case ActivityEnded(owner) if owner == "unit":
                await self.unit.ended(event)
            case ActivityEnded(owner) if owner == "job":
                await self.jobs.ended(event)
            case ActivityEnded(owner) if owner == self._first_out.owner:
                self._told_first_out(event)
            case ActivityEnded(owner) if owner == "jog":
                self.hand.ended(event)
            case ActivityEnded(owner) if owner == "audit":
                await self.audit.ended(event)
            case ActivityEnded(owner) if owner == "slots":
                await self.slots.ended(event)
            case ActivityEnded(owner) if owner == "mode":
                self.unit.modes.ended(event)
            case ActivityEnded():
                await self.rooms.ended(event)
            case Measured(values):
                self._sources.take(values)
            case JournalBroke(error):
                raise error

    def _may_follow(self, event: Signal | Asked) -> bool:
        """Return whether anything may follow from an event: not from a look at what shows the same as before.

        All that waits for a time says so; a look every `LOOK_S` bears with whatever does not.
        """
        now_s = self._clock()
        same = isinstance(event, Stirred) and not event.news and now_s - self._looked_s < LOOK_S
        waiting = (self.unit, self.alarms, self.rooms, self.audit, self.service, self.staging)
        if same and not any(part.waits for part in waiting):
            return False
        self._looked_s = now_s
        return True

    async def _settle_down(self) -> None:
        """After each event: what follows from it, until nothing more does."""
        try:
            self.unit.power_up()
            for mover in (self.jobs, self.audit):
                if mover.wants_abort:
                    cause, mover.wants_abort = mover.wants_abort, ""
                    await self.unit.abort(cause)
                if mover.wants_hold:
                    cause, mover.wants_hold = mover.wants_hold, ""
                    await self.unit.hold(cause)
            await self.unit.stir()
            await self.rooms.stir()
            await self.jobs.give_rooms()
            self.audit.give_way()
            await self.reslotting.give_way()
            if not self.audit.has_carriage:
                await self.jobs.dispatch()
            idle = not self.audit.has_carriage and not self._bench.on_generator
            if await self.staging.look(idle=idle) or await self.reslotting.begin(idle=idle):
                await self.jobs.dispatch()
            self.audit.begin()
            self.jobs.queue.promise()
        except NotOnline as error:
            # A station vanished between its last image and now; its own event follows and aborts the unit.
            log.warning("not_online", error=str(error))
        try:
            await self._look_for_alarms()
        except NotOnline as error:
            log.warning("not_online", error=str(error))
        self.publish()

    async def _look_for_alarms(self) -> None:
        self._sources.take(self.jobs.foresight.learning.measures())
        findings = self._sources.look(self)
        self._leave.look({tag.key for tag in findings.standing}, self.unit.state, self.unit.mode)
        if await self.alarms.look(findings) and not self._first_out.busy:
            self._first_out.start(self._bench.tower.safety.first_out())

    def _told_first_out(self, event: ActivityEnded) -> None:
        if self._first_out.take(event) and isinstance(event.result, Safety) and event.result:
            self.alarms.first_out(safety_keys(event.result))

    async def _safety(self, safety: Safety, status: StatusBits) -> None:
        lost_power = self.unit.state in RUNNING - {UnitState.RESETTING} and not status & StatusBits.POWERED
        if not safety & Safety.CHAIN_CLOSED:
            # As it was told: by now the station may have gone.
            causes = ", ".join(str(cause.name) for cause in causes_in(safety)) or "chain open"
            if self.unit.state in RUNNING:
                await self.unit.abort(f"safety: {causes}")
        elif lost_power or status & StatusBits.MAINTENANCE_KEY:
            await self.unit.abort("maintenance key" if status & StatusBits.MAINTENANCE_KEY else "drives lost power")

    async def _station(self, event: StationChanged) -> None:
        self._board.tell(
            {"event": "station", "name": event.station, "state": event.state, "detail": event.detail}
        )
        if event.station == "tower" and event.state != "ONLINE":
            self.rooms.lose_sight()
        if event.state != "ONLINE" and self.unit.reconciled:
            await self.unit.abort(f"station {event.station} is {event.state}: {event.detail}")

    async def _answer(self, asked: Asked) -> None:
        """Answer a request. What fails in a way that nobody foresaw ends the daemon only if half of it may be done.

        A start takes up from the journal whatever was begun; what has changed nothing is whoever asked's alone.
        """
        request, before = asked.request, self._changes
        try:
            self._leave.require(request)
            answer = await self._desk.grant(request)
        except Refusal as refusal:
            self._trail.note(request, refusal.rule)
            reject(asked, refusal)
        except HalError as error:
            self._trail.note(request, "NOT_ONLINE")
            reject(asked, Refusal("NOT_ONLINE", str(error)))
        except OSError as error:
            reject(asked, wind_up.in_doubt(error))
            raise
        except Exception as error:
            log.exception("request_failed", request=type(request).__name__, by=request.by)
            reject(asked, error)
            if self._changes != before:
                raise
            self._trail.note(request, "INTERNAL_ERROR")
        else:
            grant(asked, answer)

    @property
    def _changes(self) -> tuple[int, int]:
        """How much was ever given to the journal, and told: whatever changes a state does one of these."""
        return self._ledger.taken, self._board.last_event

    async def _given_up(self, number: int, rule: str, text: str) -> None:
        """End a storing whose car will not come."""
        job = self._ledger.book.jobs[number]
        if job.state is JobState.QUEUED:
            await self.jobs.give_up(job, f"{rule}: {text}")

    def _post(self, event: ActivityEnded) -> None:
        self._inbox.post(event)
