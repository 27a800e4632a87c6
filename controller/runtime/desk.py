"""The desk: what people ask of a tower, granted by the part that it concerns, or refused by a rule.

Called by the control task alone, one request after another.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import structlog

from controller.activities.context import Bench
from controller.domain.events import (
    Adopt,
    AlarmCommand,
    Arrive,
    AuditPlace,
    BlockLevel,
    BlockPlace,
    Cancel,
    CompleteService,
    ConfirmPlace,
    FreeLevel,
    FreePlace,
    ImportInventory,
    Interlocks,
    Jog,
    JogHold,
    OnTheWay,
    Query,
    Relocate,
    Request,
    Resolve,
    Retrieve,
    RoomIn,
    RoomOut,
    SaveTrace,
    SensorIn,
    SensorOut,
    SetGenerator,
    SetMode,
    SetSpeed,
    StateService,
    Store,
    UnitCommand,
)
from controller.domain.jobs import Job, JobEvent, JobKind, JobState
from controller.domain.places import Car
from controller.domain.records import BaySeen, CarKnown, JobSet, PlaceSet, Record
from controller.domain.refusal import Refusal
from controller.domain.restrictions import SPEEDS, over
from controller.runtime.admission import Admission
from controller.runtime.appointments import Appointments
from controller.runtime.decisions import Decisions
from controller.runtime.imported import Imported
from controller.runtime.inbox import Answer, Later
from controller.runtime.ledger import Ledger
from controller.runtime.locked_places import LockedPlaces
from controller.runtime.register import Register
from controller.runtime.restricting import Wish
from controller.runtime.sensors import Sensors
from controller.runtime.tracing import Traces
from controller.runtime.trail import Trail
from controller.runtime.views import Views

if TYPE_CHECKING:
    from controller.runtime.control import Control

log = structlog.get_logger(__name__)


class Desk:
    """Knows which part grants which request. What is granted, and what is not, goes into the audit trail."""

    def __init__(
        self,
        control: "Control",
        bench: Bench,
        ledger: Ledger,
        register: Register,
        admission: Admission,
        appointments: Appointments,
        views: Views,
        traces: Traces,
        trail: Trail,
    ) -> None:
        """Take the control task's parts, which are all there."""
        self._control = control
        self._bench = bench
        self._ledger = ledger
        self._register = register
        self._admission = admission
        self._appointments = appointments
        self._views = views
        self._traces = traces
        self._trail = trail
        self._decisions = Decisions(bench, ledger.book)
        self._imported = Imported(bench, ledger.book)
        self._locked = LockedPlaces(bench, ledger.book)
        self._sensors = Sensors(bench, ledger.book, self._locked, control.rooms.state)

    async def grant(self, request: Request) -> Answer | Later:  # noqa: C901, PLR0911, PLR0912 - one case a request
        """Do what a person asks; return the answer, now or once it is known.

        Raises:
            Refusal: a rule forbids it; nothing has changed.
            HalError: a station that it takes is not there.
            OSError: the journal failed.

        """
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
                return self._control.service.picture(str(params.get("component", "")))
            case Query(what="slots", params=params):
                return await self._control.slots.asked(params)
            case Query(what=what, params=params):
                return self._views.answer(self._control, what, params)
            case UnitCommand(event=event):
                state = await self._control.unit.command(event)
                self._trail.note(request)
                return {"state": state.name}
            case SetMode():
                return await self._control.unit.change_mode(request, self._trail.note)
            case Retrieve(due=int()):
                return await self._appointments.book(request, self._trail.note)
            case Retrieve() | Store() | Relocate() | Arrive():
                if isinstance(request, Arrive):
                    self._appointments.seen(request.car)
                self._control.unit.require_no_key()
                self._control.unit.require_production()
                return await self._order(request)
            case OnTheWay():
                return await self._appointments.expect(request, self._trail.note)
            case ImportInventory():
                return await self._import(request)
            case Cancel():
                return await self._cancel(request)
            case Resolve():
                return await self._resolve(request)
            case BlockPlace():
                return await self._believe(request, PlaceSet(self._locked.block(request)))
            case FreePlace():
                return await self._believe(request, PlaceSet(self._locked.free(request)))
            case ConfirmPlace() | AuditPlace():
                return await self._look(request)
            case BlockLevel() | FreeLevel() | RoomOut() | RoomIn() | SetGenerator() | SetSpeed():
                return await self._restrict(request)
            case SensorOut() | SensorIn():
                return await self._serve_sensor(request)
            case CompleteService() | StateService():
                return await self._control.service.take(request, self._trail.note)
            case AlarmCommand():
                return {"numbers": await self._control.alarms.command(request, self._trail.note)}
            case Adopt():
                self._trail.note(request)
                return {"stations": await self._control.adoption.of_frozen()}
            case _:
                raise Refusal("UNKNOWN_REQUEST", f"{type(request).__name__} is not known here")

    async def _cancel(self, request: Cancel) -> Answer:
        ended = await self._appointments.cancel(request, self._trail.note)
        if ended is not None:
            return ended
        job = self._decisions.cancel(request.job)
        self._trail.note(request)
        return _state_of(await self._control.jobs.cancel(job))

    async def _order(self, request: Retrieve | Store | Relocate | Arrive) -> Answer:
        match request:
            case Arrive():
                return await self._appointments.meet(request, self._trail.note)
            case Retrieve() if self._appointments.left_over(request.car, request.room) is not None:
                return await self._appointments.meet(request, self._trail.note)
            case Retrieve():
                return await self._add(request, self._admission.retrieve(request))
            case Store():
                job = self._admission.store(request)
                return await self._add(request, job, CarKnown(Car(request.car, request.model)))
            case Relocate():
                return await self._add(request, self._admission.relocate(request, self._begins))

    def _begins(self, job: Job) -> bool:
        """Return whether a job is begun as soon as it is granted, before anything could hold it back."""
        return not self._control.audit.has_carriage and self._control.jobs.begins(job)

    def _by_hand(self, request: Jog | JogHold | Interlocks) -> Answer:
        mode, state = self._control.unit.mode, self._control.unit.state
        match request:
            case Jog():
                self._control.unit.modes.require_followed()
                answer = self._control.hand.begin(request, mode, state)
                self._trail.note(request)
                return answer
            case JogHold():
                return self._control.hand.hold(request)
            case Interlocks(mechanism=mechanism):
                conditions = self._control.hand.conditions(mechanism, mode, state)
                return {"mechanism": mechanism, "conditions": [asdict(each) for each in conditions]}

    def _trace(self, request: SaveTrace | Query) -> Answer:
        if isinstance(request, Query):
            return self._traces.picture()
        answer = self._traces.save(request.why)
        self._trail.note(request)
        return answer

    async def _add(self, request: Request, job: Job, *records: Record) -> Answer:
        self._trail.note(request)
        await self._register.enter(job, *records)
        return {"job": job.id}

    async def _import(self, request: ImportInventory) -> Answer:
        records, disagreements = self._imported.records(request)
        self._trail.note(request)
        await self._believe_and_judge(records, self._ledger.book.open_jobs())
        agreed = len(self._bench.shape.bays) - len(disagreements)
        return {"agreed": agreed, "disagreements": disagreements}

    async def _believe_and_judge(self, records: Sequence[Record], jobs: Sequence[Job]) -> None:
        """Believe something, and let jobs that wait begin where their cars are then; end those not granted any more.

        In one commit: behind a crash nobody would judge them again.
        """
        given_up, planned = self._admission.behind(records).judge_again(jobs) if jobs else ([], [])
        await self._control.jobs.give_up_each(given_up, *records, *map(JobSet, planned))

    async def _resolve(self, request: Resolve) -> Answer:
        job, event, place = self._decisions.resolve(request)
        self._trail.note(request)
        jobs, reason = self._control.jobs, f"{request.choice} by {request.by}"
        if event is not JobEvent.CLOSE_BY_HAND:
            return _state_of(await jobs.resolve(job, event, target=place, reason=reason))
        believed = self._decisions.by_hand(job, place, lock=request.choice == "lock")
        changed = await jobs.resolve(job, event, *believed, reason=reason)
        await self._control.unit.need_reset(f"job {job.id} was closed by hand")
        return _state_of(changed)

    async def _believe(self, request: Request, *records: Record, jobs: Sequence[Job] = ()) -> Answer:
        """Believe of one bay what is granted, and judge jobs that wait again; every look into it is told of."""
        self._trail.note(request)
        await self._believe_and_judge(records, jobs)
        answer: dict[str, object] = {}
        for record in records:
            match record:
                case PlaceSet(place):
                    answer |= {"place": place.number, "status": place.status.value, "reason": place.reason}
                case BaySeen(look):
                    answer |= {"finding": look.finding.value}
                    self._control.audit.tell(look)
        return answer

    async def _look(self, request: ConfirmPlace | AuditPlace) -> Answer:
        """Believe what somebody has seen in a bay; a driver who is awaited with the car that stands there is told."""
        records = self._control.audit.stated(request, self._locked.stated(request))
        waiting = (job for job in self._ledger.book.open_jobs() if job.state is JobState.QUEUED)
        drivers = [job for job in waiting if job.kind is JobKind.STORE]
        return await self._believe(request, *records, jobs=drivers)

    async def _restrict(self, request: Wish) -> Answer:
        """Keep the tower from something, or let it again; whoever waits is told what follows for them."""
        record = self._control.restricting.grant(request)
        self._trail.note(request)
        await self._ledger.commit(record)
        self._bench.motions.stir()
        restriction = record.restriction
        if restriction.kind in SPEEDS:
            self._control.jobs.foresight.restated(restriction.kind)
        text = str(restriction) if record.on else over(restriction.key)
        log.info("restriction", kind=restriction.kind.value, number=restriction.number, on=record.on, by=request.by)
        told = {"kind": restriction.kind.value, "number": restriction.number, "on": record.on}
        self._control.tell({"event": "restriction", **told, "text": text, "by": request.by})
        return {"restrictions": self._control.restricting.picture()}

    async def _serve_sensor(self, request: SensorOut | SensorIn) -> Answer:
        match request:
            case SensorOut():
                records = self._sensors.take_out(request)
            case SensorIn():
                records = self._sensors.put_in(request)
        self._trail.note(request)
        await self._ledger.commit(*records)
        return {"sensors": self._sensors.picture()}


def _state_of(job: Job) -> Answer:
    return {"state": job.state.name}
