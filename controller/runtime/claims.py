"""What the open jobs want of a room, read from the book."""

from controller.domain.appointments import Appointment
from controller.domain.book import Book
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.places import PlaceStatus

_TURNING_BACK = frozenset({JobState.CLOSING, JobState.UNDONE})
"""Steps in which a job closes the way of a target that it was taken from."""

_AT_THE_SOURCE = frozenset({JobState.POSITIONING, JobState.OPENING, JobState.PICKING})


def inbound(book: Book, place: int) -> Job | None:
    """Return the job that waits for a car to come into a room."""
    for job in book.open_jobs():
        if job.kind is JobKind.STORE and job.room == place and job.state is JobState.QUEUED:
            return job
    return None


def kept(book: Book, place: int) -> Appointment | None:
    """Return the appointment for which a car was brought into a room: the gate stays shut until its customer comes.

    Or for which it may have been, and nobody knows: its job came there and was closed, and where the car is since is
    not proven.
    """
    car = book.places[place].car
    if car is None:
        return next((each for each in book.appointments.values() if _may_stand_in(book, each, place)), None)
    appointment = book.appointment_of_car(car)
    return None if appointment is None or _brought_since(book, appointment) else appointment


def left_behind(book: Book, place: int) -> str | None:
    """Return the car that stands in a room behind the end of its appointment, and that nothing fetches from there."""
    appointment = kept(book, place)
    if appointment is None or not appointment.back or book.job_of_car(appointment.car) is not None:
        return None
    return appointment.car


def _brought_since(book: Book, appointment: Appointment) -> bool:
    """Return whether a car does not stand where it was brought ahead to: it was not, or had gone, and a driver came."""
    if appointment.job is None:
        return True
    return any(
        job.kind is JobKind.STORE and not job.puts_back and job.id > appointment.job
        for job in book.jobs.values()
        if job.car == appointment.car
    )


def _may_stand_in(book: Book, appointment: Appointment, place: int) -> bool:
    job = None if appointment.job is None else book.jobs.get(appointment.job)
    if job is None or job.state is not JobState.CLOSED_BY_HAND or place not in (job.room, job.target):
        return False
    where = book.where(appointment.car)
    return where is None or book.places[where].status is PlaceStatus.UNVERIFIED


def counted_on(book: Book, place: int) -> bool:
    """Return whether a job that was taken up comes to a room or fetches from it, or a car is awaited there."""
    return carriage_comes(book, place) or inbound(book, place) is not None


def carriage_comes(book: Book, place: int) -> bool:
    """Return whether a job that was taken up comes to a room or fetches from it, and opens its inner door for that.

    One that waits for a room does not yet.
    """
    return any(place in (job.source, None if job.ahead else job.target) for job in _taken_up(book))


def turns_back(book: Book, place: int) -> bool:
    """Return whether a job that turned back before a room, to another target, has yet to close its inner door."""
    return any(job.room == place and (job.left or job.state) in _TURNING_BACK for job in _taken_up(book))


def to_be_taken(book: Book, place: int) -> bool:
    """Return whether a job that was taken up has yet to fetch the car that stands in a room."""
    return any(job.source == place and book.where(job.car) == place for job in _taken_up(book))


def worked_at(book: Book, place: int) -> bool:
    """Return whether a job still works at a room's inner door to fetch a car."""
    return any(job.source == place and job.state in _AT_THE_SOURCE for job in book.open_jobs())


def any_waits(book: Book) -> bool:
    """Return whether a job waits to be taken up, or before a room."""
    return any(job.state in (JobState.QUEUED, JobState.WAITING) for job in book.open_jobs())


def _taken_up(book: Book) -> list[Job]:
    return [job for job in book.open_jobs() if job.state is not JobState.QUEUED]
