"""Booked cars brought ahead: when one is, when the carriage is given up for somebody who came, and the way back.

The idle carriage brings the next booked car into a room, where it stands behind a shut gate until its customer comes.
Whoever comes meanwhile is served first: a move that has not opened the way to its car yet is given up for them. If
nobody comes for the car within the grace, it is put back as a car that was brought is, measured and stored; earlier,
and with its appointment standing, if others wait for its room while its customer is not expected. When that is,
customers who are on the way say themselves, and the car is brought by then.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Final

import structlog

from controller.domain.appointments import Appointment, AppointmentState
from controller.domain.book import CARRIAGE
from controller.domain.jobs import TERMINAL, THE_TOWER, Job, JobKind, JobState
from controller.domain.places import PlaceStatus
from controller.domain.records import AppointmentSet, Record
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.runtime.admission import Admission
from controller.runtime.ledger import Ledger
from controller.runtime.register import Register
from controller.runtime.rooms import Rooms

if TYPE_CHECKING:
    from controller.runtime.jobs import Jobs

log = structlog.get_logger(__name__)

_NOT_AT_THE_CAR: Final = frozenset({JobState.QUEUED, JobState.ASSIGNED, JobState.POSITIONING})
"""States of a job that can be given up at once: no way is open yet."""


class Staging:
    """Looks after the appointments. Called by the control task alone.

    ``now`` is wall time in seconds since the epoch, in which appointments are; ``clock`` the loop's. Between the two
    only one thing is kept: since when an appointment is seen to have passed. A clock that is set moves what is due,
    and gives nobody less than the grace, ``grace_s``, to come.
    """

    def __init__(
        self,
        ledger: Ledger,
        register: Register,
        admission: Admission,
        jobs: "Jobs",
        rooms: Rooms,
        now: Callable[[], float],
        clock: Callable[[], float],
        grace_s: float,
    ) -> None:
        self._ledger = ledger
        self._book = ledger.book
        self._register = register
        self._admission = admission
        self._jobs = jobs
        self._rooms = rooms
        self._now = now
        self._clock = clock
        self.grace_s = grace_s
        """For so long behind its time, or behind that at which its customer is expected, an appointment stands."""
        self._crowded_s = -inf
        """When somebody waited for a room last, on the loop's clock."""
        self._passed_s: dict[int, float] = {}
        """By appointment: since when, on the loop's clock, its time is seen to have passed."""
        self._tried: set[int] = set()
        """Appointments whose cars were sent back once because others wanted their rooms."""
        self.on_end: Callable[[Appointment], None] = lambda _appointment: None
        """Called with each appointment that ends here."""

    @property
    def waits(self) -> bool:
        """Whether the time of an appointment has come, or the grace behind it is over, since the last look."""
        return any(map(self._turns, self._book.appointments.values()))

    async def look(self, *, idle: bool) -> bool:
        """Look after all appointments; return whether a job waits that did not before.

        ``idle``: nothing but a job keeps the carriage from being used.
        """
        if self._somebody_waits_for_a_room():
            self._crowded_s = self._clock()
        for each in list(self._book.appointments.values()):
            if each.back:
                await self._put_back(each)
            elif self._is_late(each):
                log.info("no_show", appointment=each.id, car=each.car)
                await self.end(each, AppointmentState.LAPSED, f"nobody came within {self.grace_s / 60:.0f} min")
            else:
                await self._give_way(each)
        if not idle or not self._book.appointments or not self._jobs.executing:
            return False
        if await self._make_room():
            return True
        return not self._jobs.need_carriage and self._jobs.quiet and await self._bring_next()

    async def end(self, appointment: Appointment, state: AppointmentState, reason: str) -> Appointment:
        """End an appointment; its car goes back if it was brought, or is on its way."""
        job = self._bringing(appointment)
        comes = job is not None and job.state not in _NOT_AT_THE_CAR
        back = comes or (appointment.job is not None and self._room_of(appointment) is not None)
        ended = replace(appointment, state=state, reason=reason, back=back)
        if job is None or comes:
            await self._ledger.commit(AppointmentSet(ended))
        else:
            await self._jobs.withdraw(job, reason, AppointmentSet(ended))
        self._passed_s.pop(appointment.id, None)
        self._tried.discard(appointment.id)
        self.on_end(ended)
        return ended

    def require_goes_back(self, appointment: Appointment) -> None:
        """See that a bay is free for a car whose way back was given up, if it is known which one it is.

        Raises:
            Refusal: none is; see the rule.

        """
        room = self._left_in(appointment)
        if room is not None and self._is_proven(room) and not self._admission.has_a_bay():
            raise Refusal("TOWER_FULL", f"no bay is free for car {appointment.car}: it stays in room {room}")

    async def put_back_again(self, appointment: Appointment) -> None:
        """Put a car back whose way back was given up; if nobody knows which one it is, leave it to whoever is there."""
        room = self._left_in(appointment)
        if room is None:
            return
        if self._is_proven(room):
            await self._store(appointment, room)
        else:
            await self._ledger.commit(AppointmentSet(replace(appointment, back=False)))

    def _left_in(self, appointment: Appointment) -> int | None:
        """Return the room that the car of an appointment stands in without a job."""
        return None if self._book.job_of_car(appointment.car) is not None else self._room_of(appointment)

    def stuck(self, room: int) -> str:
        """Return why nothing is done with a car that is to be put back from a room; empty: there is none, or it goes.

        Of a room that is BLOCKED its own fault tells.
        """
        for each in self._book.appointments.values():
            waits = each.back and self._book.job_of_car(each.car) is None
            if waits and self._room_of(each) == room and self._rooms.state(room) is not RoomState.BLOCKED:
                return self._why_not_back(each, room)
        return ""

    def _why_not_back(self, appointment: Appointment, room: int) -> str:
        last = None if appointment.job is None else self._book.jobs.get(appointment.job)
        if not self._is_proven(room):
            return f"nobody knows whether it is car {appointment.car}"
        if last is not None and last.kind is JobKind.STORE:
            return f"car {appointment.car}, job {last.id}: {last.reason}"
        return "" if self._admission.has_a_bay() else f"car {appointment.car}: no bay is free"

    def _somebody_waits_for_a_room(self) -> bool:
        queued = (job for job in self._book.open_jobs() if job.state is JobState.QUEUED)
        waits = any(job.kind is JobKind.RETRIEVE or job.waits_outside for job in queued)
        return waits and not self._rooms.any_vacant()

    def seen(self, appointment: Appointment) -> None:
        """Take note that its customer is there: the grace begins anew."""
        if appointment.id in self._passed_s:
            self._passed_s[appointment.id] = self._clock()

    def stands_until(self, appointment: Appointment) -> float:
        """Return the wall time until which its customer may say that they will come."""
        return appointment.due + self.grace_s

    def heard(self, appointment: Appointment) -> Appointment:
        """Return an appointment whose customer is on the way.

        Its grace begins anew, and a car that was sent back, or is about to be, may be brought again from its bay.
        """
        self._passed_s.pop(appointment.id, None)
        self._tried.discard(appointment.id)
        job = self._book.job_of_car(appointment.car)
        if appointment.job is not None and job is not None and job.kind is not JobKind.RETRIEVE:
            # Until it is in its bay again its room is kept for it.
            return replace(appointment, job=job.id)
        back = job is None and self._is_in_its_bay(appointment)
        return replace(appointment, job=None) if back else appointment

    def _is_late(self, appointment: Appointment) -> bool:
        """Return whether nobody has come within the grace."""
        if self._now() < appointment.grace_from:
            self._passed_s.pop(appointment.id, None)
            return False
        passed_s = self._passed_s.setdefault(appointment.id, self._clock())
        return self._clock() - passed_s >= self.grace_s

    def _turns(self, appointment: Appointment) -> bool:
        """Return whether it is late now, or passed, and was not at the last look."""
        if appointment.back:
            return False
        passed_s = self._passed_s.get(appointment.id, inf)
        passed = self._now() >= appointment.grace_from
        return passed is (passed_s == inf) or self._clock() - passed_s >= self.grace_s

    async def _give_way(self, appointment: Appointment) -> None:
        """Give a move up that was never begun, or that keeps somebody waiting who has come."""
        job = self._bringing(appointment)
        if job is None or job.state not in _NOT_AT_THE_CAR:
            return
        if job.state is not JobState.QUEUED and not self._jobs.queue.somebody_waits:
            return
        again = AppointmentSet(replace(appointment, job=None))
        await self._jobs.withdraw(job, "gives way to somebody who has come", again)

    async def _make_room(self) -> bool:
        """Send a car back whose customer is not expected now, if others wait for its room; return whether one goes."""
        if any(job.requested_by == THE_TOWER for job in self._book.open_jobs()) or not self._admission.has_a_bay():
            return False
        for each in sorted(self._book.appointments.values(), key=lambda one: -one.comes):
            room = self._room_of(each)
            if room is None or not self._is_kept(each, room) or each.id in self._tried:
                continue
            if self._is_proven(room) and self._jobs.queue.wants_back(room, each):
                self._tried.add(each.id)
                log.info("makes_room", appointment=each.id, car=each.car, room=room)
                await self._register.enter(self._admission.back(each, room))
                return True
        return False

    def _is_kept(self, appointment: Appointment, room: int) -> bool:
        """Return whether a car stands in a room behind a shut gate until its customer comes."""
        brought = appointment.job is not None and self._book.job_of_car(appointment.car) is None
        return brought and not appointment.back and self._rooms.state(room) is RoomState.CAR_PRESENT

    def way_back(self, car: str) -> Job | None:
        """Return the job that puts a car back, if it has not opened the way to it yet: it can be given up."""
        job = self._book.job_of_car(car)
        up = job is not None and job.puts_back and job.state in _NOT_AT_THE_CAR and not job.diverting
        return job if up else None

    async def keep_here(self, car: str, *records: Record) -> None:
        """Leave a car whose customer has come where it stands, in one commit with records that say so.

        Its way back is given up, if it has not opened the way to the car yet.
        """
        job = self.way_back(car)
        if job is None:
            await self._ledger.commit(*records)
        else:
            await self._jobs.withdraw(job, "its customer has come", *records)

    async def _bring_next(self) -> bool:
        """Let the next car be brought ahead, if that keeps nobody waiting; return whether one is."""
        awaited = [each for each in self._book.appointments.values() if self._may_be_brought(each)]
        move = self._jobs.queue.brought_next(awaited, self._crowded_s) if awaited else None
        if move is None:
            return False
        appointment = self._book.appointments[move.request]
        job = self._admission.ahead(appointment, move.source, move.target)
        if not self._jobs.queue.can_start(job):
            return False
        await self._register.enter(job, AppointmentSet(replace(appointment, job=job.id)))
        return True

    def _may_be_brought(self, appointment: Appointment) -> bool:
        """Return whether a car waits for its appointment where it verifiably stands, and was not brought before.

        Or it was, and its customer has said while it was going back that they come.
        """
        last = None if appointment.job is None else self._book.jobs.get(appointment.job)
        brought = appointment.job is not None and (last is None or last.kind is JobKind.RETRIEVE)
        if appointment.back or brought or self._book.job_of_car(appointment.car) is not None:
            return False
        return self._is_in_its_bay(appointment)

    def _is_in_its_bay(self, appointment: Appointment) -> bool:
        """Return whether the car of an appointment verifiably stands in a bay."""
        where = self._book.where(appointment.car)
        in_a_bay = where is not None and where != CARRIAGE and self._room_of(appointment) is None
        return in_a_bay and self._book.places[where or CARRIAGE].status is PlaceStatus.OCCUPIED

    async def _put_back(self, appointment: Appointment) -> None:
        """Store the car of an appointment that has ended; forget the appointment once nothing of it is in a room."""
        if self._book.job_of_car(appointment.car) is not None:
            return
        room = self._room_of(appointment)
        if room is None:
            await self._ledger.commit(AppointmentSet(replace(appointment, back=False)))
            return
        last = None if appointment.job is None else self._book.jobs.get(appointment.job)
        # A way back that was given up, by a person or since the car may not be taken in, is a person's matter, and so
        # is a car of which nobody knows whether it is the one.
        if (last is None or last.kind is not JobKind.STORE) and self._is_proven(room):
            await self._store(appointment, room)

    async def _store(self, appointment: Appointment, room: int) -> None:
        if self._rooms.state(room) is RoomState.CAR_PRESENT and self._admission.has_a_bay():
            job = self._admission.back(appointment, room)
            await self._register.enter(job, AppointmentSet(replace(appointment, job=job.id)))

    def _is_proven(self, room: int) -> bool:
        """Return whether it is known which car stands in a room."""
        return self._book.places[room].status is PlaceStatus.OCCUPIED

    def _bringing(self, appointment: Appointment) -> Job | None:
        """Return the job that brings the car of an appointment ahead and has not ended."""
        job = None if appointment.job is None else self._book.jobs.get(appointment.job)
        return None if job is None or job.kind is not JobKind.RETRIEVE or job.state in TERMINAL else job

    def _room_of(self, appointment: Appointment) -> int | None:
        """Return the room that the car of an appointment stands in."""
        where = self._book.where(appointment.car)
        return where if self._rooms.has(where) else None
