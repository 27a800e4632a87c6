"""The control task: takes one event after another and owns all state. Nothing else changes any of it."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

import structlog

from controller.activities.context import Bench
from controller.activities.readings import cause_names
from controller.domain.events import (
    Adopt,
    AlarmCommand,
    AuditPlace,
    BlockPlace,
    Cancel,
    CompleteService,
    ConfirmPlace,
    FreePlace,
    ImportInventory,
    Interlocks,
    Jog,
    JogHold,
    Query,
    Refusal,
    Relocate,
    Request,
    Resolve,
    Retrieve,
    SaveTrace,
    SensorIn,
    SensorOut,
    SetMode,
    StateService,
    Store,
    UnitCommand,
)
from controller.domain.jobs import Job, JobEvent, JobState
from controller.domain.places import Car
from controller.domain.records import BaySeen, CarKnown, PlaceSet, Record
from controller.domain.service_plan import NONE, Intervals
from controller.domain.unit import UnitState
from controller.runtime import wind_up
from controller.runtime.admission import Admission
from controller.runtime.alarm_sources import Line, Sources, safety_keys
from controller.runtime.alarms import Alarms
from controller.runtime.audit import Audit
from controller.runtime.inbox import Answer, Asked, Board, Inbox, Later, grant, reject
from controller.runtime.jobs import Jobs
from controller.runtime.jog import Hand
from controller.runtime.leave import Leave
from controller.runtime.ledger import Ledger
from controller.runtime.locked_places import LockedPlaces
from controller.runtime.register import Register
from controller.runtime.rooms import Rooms
from controller.runtime.runner import Runner
from controller.runtime.sensors import Sensors
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
from controller.runtime.tracing import Traces
from controller.runtime.trail import Trail
from controller.runtime.unit import Unit
from controller.runtime.views import Views
from hal.errors import HalError, NotOnline
from hal.interfaces import StationState
from hal.plcmap.codes import Safety
from hal.plcmap.codes import Status as StatusBits

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
        self._traces = traces
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._looked_s = -math.inf
        ledger.on_failure = lambda error: inbox.post(JournalBroke(error), urgent=True)
        self.rooms = Rooms(bench, ledger, board, self._post, self._given_up)
        self._register = Register(ledger, board, now)
        self.jobs = Jobs(bench, ledger, self._register, self.rooms, board, self._post, now)
        self.hand = Hand(bench, board, self._post)
        self.audit = Audit(bench, ledger, self.jobs, self.rooms, board, inbox.post, now, loop.time)
        self.unit = Unit(bench, ledger, self.jobs, self.rooms, self.hand, self.audit, board, self._post, loop.time)
        self._admission = Admission(bench, ledger.book, self.rooms, now)
        self._sources = Sources(bench, ledger.book, buses)
        self.alarms = Alarms(ledger, board, self._sources, now, loop.time)
        self.service = ServiceDesk(bench.shape, ledger, intervals, now, loop.time)
        self._first_out = Runner("first_out", self._post)
        self._locked = LockedPlaces(bench, ledger.book)
        self._sensors = Sensors(bench, ledger.book, self._locked, self.rooms.state)
        self._leave = Leave()
        self._trail = Trail(ledger)

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
                    await self._take(event)
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

    def publish(self) -> None:
        """Put the newest status on the board."""
        self._board.publish(lambda: self._views.status(self))

    async def _take(self, event: Signal) -> None:  # noqa: C901, PLR0912 - one case a signal
        match event:
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
            case ActivityEnded(owner) if owner == "mode":
                self.unit.modes.ended(event)
            case ActivityEnded():
                await self.rooms.ended(event)
            case Measured(values):
                self._sources.take(values)
            case Stirred():
                await self._trail.keep()
            case JournalBroke(error):
                raise error

    def _may_follow(self, event: Signal | Asked) -> bool:
        """Return whether anything may follow from an event: not from a look at what shows the same as before.

        All that waits for a time says so; a look every `LOOK_S` bears with whatever does not.
        """
        now_s = self._clock()
        same = isinstance(event, Stirred) and not event.news and now_s - self._looked_s < LOOK_S
        if same and not any(each.waits for each in (self.unit, self.alarms, self.rooms, self.audit)):
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
            self.audit.give_way()
            if not self.audit.has_carriage:
                await self.jobs.dispatch()
            self.audit.begin()
        except NotOnline as error:
            # A station vanished between its last image and now; its own event follows and aborts the unit.
            log.warning("not_online", error=str(error))
        findings = self._sources.look(self)
        self._leave.look({tag.key for tag in findings.standing}, self.unit.state, self.unit.mode)
        if await self.alarms.look(findings) and not self._first_out.busy:
            self._first_out.start(self._bench.tower.safety.first_out())
        self.publish()

    def _told_first_out(self, event: ActivityEnded) -> None:
        if self._first_out.take(event) and isinstance(event.result, Safety) and event.result:
            self.alarms.first_out(safety_keys(event.result))

    async def _safety(self, safety: Safety, status: StatusBits) -> None:
        lost_power = self.unit.state in RUNNING - {UnitState.RESETTING} and not status & StatusBits.POWERED
        if not safety & Safety.CHAIN_CLOSED:
            causes = ", ".join(cause_names(self._bench)) or "chain open"
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
        request = asked.request
        try:
            self._leave.require(request)
            answer = await self._grant(request)
        except Refusal as refusal:
            self._audit(request, refusal.rule)
            reject(asked, refusal)
        except HalError as error:
            self._audit(request, "NOT_ONLINE")
            reject(asked, Refusal("NOT_ONLINE", str(error)))
        except OSError as error:
            reject(asked, wind_up.in_doubt(error))
            raise
        else:
            grant(asked, answer)

    def _audit(self, request: Request, rule: str = "") -> None:
        self._trail.note(request, rule)

    async def _grant(self, request: Request) -> Answer | Later:  # noqa: C901, PLR0911, PLR0912 - one case a request
        if not isinstance(request, Query | JogHold | Interlocks):
            log.info("asked", request=type(request).__name__, by=request.by)
        match request:
            case Jog() | JogHold() | Interlocks():
                return self._by_hand(request)
            case Query(what="sensors"):
                return {"sensors": self._sensors.picture()}
            case SaveTrace() | Query(what="traces"):
                return self._trace(request)
            case Query(what="service", params=params):
                return self.service.picture(str(params.get("component", "")))
            case Query(what=what, params=params):
                return self._views.answer(self, what, params)
            case UnitCommand(event=event):
                state = await self.unit.command(event)
                self._audit(request)
                return {"state": state.name}
            case SetMode(mode=mode):
                answer = await self.unit.change_mode(mode, request.by)
                self._audit(request)
                return answer
            case Retrieve() | Store() | Relocate():
                self.unit.require_no_key()
                self.unit.require_production()
                return await self._order(request)
            case ImportInventory():
                return await self._import(request)
            case Cancel(job=number):
                self._audit(request)
                return _state_of(await self.jobs.cancel(self._admission.cancel(number)))
            case Resolve():
                return await self._resolve(request)
            case BlockPlace():
                return await self._believe(request, PlaceSet(self._locked.block(request)))
            case FreePlace():
                return await self._believe(request, PlaceSet(self._locked.free(request)))
            case ConfirmPlace() | AuditPlace():
                return await self._believe(request, *self.audit.stated(request, self._locked.stated(request)))
            case SensorOut() | SensorIn():
                return await self._serve_sensor(request)
            case CompleteService() | StateService():
                return await self.service.take(request, self._audit)
            case AlarmCommand():
                numbers = await self.alarms.command(request)
                self._audit(request)
                return {"numbers": numbers}
            case Adopt():
                self._audit(request)
                return {"stations": await self._adopt()}
            case _:
                raise Refusal("UNKNOWN_REQUEST", f"{type(request).__name__} is not known here")

    async def _order(self, request: Retrieve | Store | Relocate) -> Answer:
        match request:
            case Retrieve():
                return await self._add(request, self._admission.retrieve(request))
            case Store():
                job = self._admission.store(request)
                return await self._add(request, job, CarKnown(Car(request.car, request.model)))
            case Relocate():
                return await self._add(request, self._admission.relocate(request))

    def _by_hand(self, request: Jog | JogHold | Interlocks) -> Answer:
        mode, state = self.unit.mode, self.unit.state
        match request:
            case Jog():
                self.unit.modes.require_followed()
                answer = self.hand.begin(request, mode, state)
                self._audit(request)
                return answer
            case JogHold():
                return self.hand.hold(request)
            case Interlocks(mechanism=mechanism):
                conditions = self.hand.conditions(mechanism, mode, state)
                return {"mechanism": mechanism, "conditions": [asdict(each) for each in conditions]}

    def _trace(self, request: SaveTrace | Query) -> Answer:
        if isinstance(request, Query):
            return self._traces.picture()
        answer = self._traces.save(request.why)
        self._audit(request)
        return answer

    async def _add(self, request: Request, job: Job, *records: Record) -> Answer:
        self._audit(request)
        await self._register.enter(job, *records)
        return {"job": job.id}

    async def _import(self, request: ImportInventory) -> Answer:
        records, disagreements = self._admission.inventory(request)
        self._audit(request)
        await self._ledger.commit(*records)
        for job in self._ledger.book.open_jobs():
            await self._judge_again(job)
        agreed = len(self._bench.shape.bays) - len(disagreements)
        return {"agreed": agreed, "disagreements": disagreements}

    async def _judge_again(self, job: Job) -> None:
        """Let a job that waits begin where its car is now; end it if it would not be granted any more."""
        try:
            planned = self._admission.replan(job)
        except Refusal as refusal:
            await self.jobs.give_up(job, str(refusal))
        else:
            if planned != job:
                await self._register.note(planned)

    async def _resolve(self, request: Resolve) -> Answer:
        job, event, place = self._admission.resolve(request)
        self._audit(request)
        if event is JobEvent.CLOSE_BY_HAND:
            await self._ledger.commit(*self._admission.by_hand(job, place, lock=request.choice == "lock"))
            place = None
        changed = await self.jobs.resolve(job, event, target=place, reason=f"{request.choice} by {request.by}")
        if event is JobEvent.CLOSE_BY_HAND:
            await self.unit.need_reset(f"job {job.id} was closed by hand")
        return _state_of(changed)

    async def _believe(self, request: Request, *records: Record) -> Answer:
        """Believe of one bay what is granted; every look into it is told of."""
        self._audit(request)
        await self._ledger.commit(*records)
        answer: dict[str, object] = {}
        for record in records:
            match record:
                case PlaceSet(place):
                    answer |= {"place": place.number, "status": place.status.value, "reason": place.reason}
                case BaySeen(look):
                    answer |= {"finding": look.finding.value}
                    self.audit.tell(look)
        return answer

    async def _serve_sensor(self, request: SensorOut | SensorIn) -> Answer:
        match request:
            case SensorOut():
                records = self._sensors.take_out(request)
            case SensorIn():
                records = self._sensors.put_in(request)
        self._audit(request)
        await self._ledger.commit(*records)
        return {"sensors": self._sensors.picture()}

    async def _adopt(self) -> list[str]:
        """Take over every station that another master made us leave alone."""
        frozen = [each for each in self._bench.tower.stations.values() if each.state is StationState.FROZEN]
        for station in frozen:
            await station.adopt_epoch()
        return [station.name for station in frozen]

    async def _given_up(self, number: int, rule: str, text: str) -> None:
        """End a storing whose car will not come."""
        job = self._ledger.book.jobs[number]
        if job.state is JobState.QUEUED:
            await self.jobs.give_up(job, f"{rule}: {text}")

    def _post(self, event: ActivityEnded) -> None:
        self._inbox.post(event)


def _state_of(job: Job) -> Answer:
    return {"state": job.state.name}
