"""The appointments: made, expected, met and cancelled.

Whoever comes is a present customer from then on, with a RETRIEVE of their own: its number, which is its turn, is that
of coming. An appointment keeps nothing but the car from being given to somebody else.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog

from controller.domain.appointments import FARTHEST_S, Appointment, AppointmentState
from controller.domain.events import Arrive, Cancel, OnTheWay, Request, Retrieve
from controller.domain.jobs import THE_TOWER, JobKind
from controller.domain.places import PlaceStatus
from controller.domain.records import AppointmentSet
from controller.domain.refusal import Refusal
from controller.runtime.admission import Admission
from controller.runtime.inbox import Answer, Board, Later
from controller.runtime.jobs import Jobs
from controller.runtime.ledger import Ledger
from controller.runtime.register import Register
from controller.runtime.rooms import Rooms
from controller.runtime.slots import Slots
from controller.runtime.staging import Staging

log = structlog.get_logger(__name__)

Picture = dict[str, object]


class Appointments:
    """All that stand. Called by the control task alone. ``now`` is wall time in seconds since the epoch."""

    def __init__(
        self,
        ledger: Ledger,
        register: Register,
        admission: Admission,
        jobs: Jobs,
        rooms: Rooms,
        staging: Staging,
        slots: Slots,
        board: Board,
        now: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._book = ledger.book
        self._register = register
        self._admission = admission
        self._jobs = jobs
        self._rooms = rooms
        self._staging = staging
        self._slots = slots
        staging.on_end = self.tell
        self._board = board
        self._now = now

    def judged(self, request: Retrieve) -> Appointment:
        """Return the appointment that is asked for.

        Raises:
            Refusal: see the rule.

        """
        assert request.due is not None, "a car that is wanted now is no appointment"
        self._admission.may_be_booked(request.car, request.room)
        ahead_s = request.due - self._now()
        if ahead_s < 0:
            raise Refusal("DUE_PAST", "the time of the appointment has passed")
        if ahead_s > FARTHEST_S:
            raise Refusal("DUE_TOO_FAR", f"an appointment is made {FARTHEST_S / 86_400:.0f} days ahead at most")
        number = self._book.last_job + 1
        return Appointment(
            number, request.car, request.due, request.room, booked_at=self._now(), requested_by=request.by
        )

    async def book(self, request: Retrieve, granted: Callable[[Request, str], None]) -> Answer | Later:
        """Make an appointment if its slot takes it, now or once it is known what a slot may hold.

        ``granted`` takes down that the request was granted, or by which rule it was refused later: of one that is
        refused now whoever calls has the refusal.

        Raises:
            Refusal: see the rule.

        """
        self.judged(request)
        waits = False

        async def make() -> Answer:
            try:
                appointment = self.judged(request)
                self._slots.require_free(appointment.due)
            except Refusal as refusal:
                if waits:
                    granted(request, refusal.rule)
                raise
            granted(request, "")
            await self._keep(appointment)
            return {"appointment": appointment.id, "due": appointment.due}

        answer = await self._slots.once_known(make)
        waits = True
        return answer

    def seen(self, car: str) -> None:
        """Take note that whoever has an appointment for a car is there, whether anything can be done for them or not.

        Its grace begins anew: nobody loses an appointment who has come, and whom the tower cannot serve.
        """
        appointment = self._book.appointment_of_car(car)
        if appointment is not None:
            self._staging.seen(appointment)

    async def meet(self, request: Arrive | Retrieve, granted: Callable[[Request], None]) -> Answer:
        """Take note that a customer has come: from now on they wait; ``granted`` takes the request down.

        Also one who comes too late, or whoever wants the car now, as long as it stands in the room that it was brought
        to: it has only to be let out.

        Raises:
            Refusal: nobody has an appointment for the car, or it cannot be fetched; see the rule.

        """
        appointment = self.left_over(request.car) or self._standing(request.car)
        number = self._brought_by(appointment)
        if number is None:
            job = self._admission.fetched(request.car, appointment.room, request.by, appointment.due)
            granted(request)
            met = replace(appointment, state=AppointmentState.MET, job=job.id)
            await self._register.enter(job, AppointmentSet(met))
            self.tell(met)
            return {"job": job.id}
        granted(request)
        ended = f"it was {appointment.state.value}, and its car stood there still" if appointment.back else ""
        met = replace(appointment, state=AppointmentState.MET, back=False, job=number, reason=ended)
        room = self._book.where(request.car)
        await self._staging.keep_here(request.car, AppointmentSet(met))
        self.tell(met)
        if room is not None and self._rooms.has(room):
            self._jobs.foresight.handed_over(room)
        return {"job": number}

    def left_over(self, car: str, room: int | None = None) -> Appointment | None:
        """Return the appointment of a car that is to be put back from a room, and may be let out there; None: none is.

        ``room``: the one that it is wanted in; None: any.

        Raises:
            Refusal: the car is on its way back, or it is not proven to be the one; see the rule.

        """
        appointment, where = self._book.appointment_of_car(car), self._book.where(car)
        if appointment is None or not appointment.back:
            return None
        job = self._book.job_of_car(car)
        if self._brought_by(appointment) is None:
            if job is None:
                return None
            raise Refusal("CAR_HAS_JOB", f"car {car} is being put back by job {job.id}: ask again once it has ended")
        if where is not None and self._rooms.has(where) and self._book.places[where].status is not PlaceStatus.OCCUPIED:
            raise Refusal("CAR_IN_DOUBT", f"nobody knows whether the car in room {where} is {car}")
        at = where if job is None else job.room
        return appointment if room is None or room == at else None

    async def expect(self, request: OnTheWay, granted: Callable[[Request], None]) -> Answer:
        """Take note that a customer is on the way, and when they will be there; ``granted`` takes the request down.

        The answer says under ``held`` why the car cannot come, as things are; empty: nothing is known that keeps it.

        Raises:
            Refusal: nobody has an appointment for the car, or it does not stand until then; see the rule.

        """
        appointment, expected = self._standing(request.car), self._now() + request.in_s
        if request.in_s < 0:
            raise Refusal("EXPECTED_PAST", "whoever is on the way will be there in 0 s or more")
        if expected > self._staging.stands_until(appointment):
            minutes = self._staging.grace_s / 60
            raise Refusal(
                "EXPECTED_TOO_LATE", f"appointment {appointment.id} stands until {minutes:.0f} min behind its time"
            )
        granted(request)
        await self._keep(replace(self._staging.heard(appointment), expected=expected))
        return {"appointment": appointment.id, "expected": expected, "held": self._held(appointment)}

    def _held(self, appointment: Appointment) -> str:
        """Return why a car cannot come as things are; empty: nothing is known that keeps it, or it stands in a room."""
        hindrances = self._jobs.foresight.hindrances
        if self._rooms.has(self._book.where(appointment.car)):
            return ""
        if self._book.job_of_car(appointment.car) is not None:
            return hindrances.of_all()
        try:
            job = self._admission.fetched(appointment.car, appointment.room, THE_TOWER, appointment.due)
        except Refusal as refusal:
            return refusal.text
        return hindrances.of_fetching(job)

    def _standing(self, car: str) -> Appointment:
        """Return the appointment that somebody has for a car and has not come for.

        Raises:
            Refusal: there is none.

        """
        appointment = self._book.appointment_of_car(car)
        if appointment is None or appointment.state is not AppointmentState.BOOKED:
            ended = "" if appointment is None else f": appointment {appointment.id} is {appointment.state.value}"
            raise Refusal("NO_APPOINTMENT", f"nobody has an appointment for car {car}{ended}")
        return appointment

    async def cancel(self, request: Cancel, granted: Callable[[Request], None]) -> Answer | None:
        """End an appointment by its number; None: there is none. ``granted`` takes the request down.

        Raises:
            Refusal: it has ended, and its car cannot be put back as things are; see the rule.

        """
        appointment = self._book.appointments.get(request.job)
        if appointment is None:
            return None
        if appointment.back:
            self._staging.require_goes_back(appointment)
            granted(request)
            await self._staging.put_back_again(appointment)
        else:
            granted(request)
            appointment = await self._staging.end(appointment, AppointmentState.CANCELLED, "cancelled")
        return {"appointment": appointment.id, "state": appointment.state.name}

    def _brought_by(self, appointment: Appointment) -> int | None:
        """Return the job that has brought the car of an appointment into a room, or brings it; None: none does."""
        if appointment.job is None:
            return None
        job = self._book.job_of_car(appointment.car)
        if job is None or job == self._staging.way_back(appointment.car):
            return self._bringer(appointment) if self._rooms.has(self._book.where(appointment.car)) else None
        brings = job.id == appointment.job and job.kind is JobKind.RETRIEVE
        return job.id if brings and not job.diverting else None

    def _bringer(self, appointment: Appointment) -> int | None:
        """Return the job that has brought a car into its room, not one that was to put it back."""
        jobs = (job for job in self._book.jobs.values() if job.kind is JobKind.RETRIEVE and job.car == appointment.car)
        return max((job.id for job in jobs), default=appointment.job)

    def pictures(self, *, ended: bool = False) -> list[Picture]:
        """Return those that stand, the next one first; behind those that have ``ended``, if they are wanted."""
        past = self._book.ended_appointments.values() if ended else ()
        return [self._picture(each) for each in (*past, *self.in_turn())]

    def in_turn(self) -> list[Appointment]:
        """Return those that stand by their time."""
        return sorted(self._book.appointments.values(), key=lambda each: (each.due, each.id))

    async def _keep(self, appointment: Appointment) -> None:
        await self._ledger.commit(AppointmentSet(appointment))
        self.tell(appointment)

    def tell(self, appointment: Appointment) -> None:
        """Tell of an appointment that is kept as it is now."""
        state = appointment.state.value
        log.info("appointment", number=appointment.id, car=appointment.car, state=state, reason=appointment.reason)
        self._board.tell(
            {
                "event": "appointment",
                "appointment": appointment.id,
                "car": appointment.car,
                "due": appointment.due,
                "expected": appointment.expected,
                "state": state,
                "job": appointment.job,
                "reason": appointment.reason,
            }
        )

    def _picture(self, appointment: Appointment) -> Picture:
        where, brought = self._book.where(appointment.car), appointment.stands and appointment.job is not None
        return {
            "id": appointment.id,
            "car": appointment.car,
            "room": appointment.room,
            "due": appointment.due,
            "due_in_s": round(appointment.due - self._now(), 1),
            "expected": appointment.expected,
            "state": appointment.state.value,
            "job": appointment.job,
            "stands_in": where if brought and self._rooms.has(where) else None,
            "by": appointment.requested_by,
            "reason": appointment.reason,
        }
