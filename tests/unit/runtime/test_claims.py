"""Which car of a room is kept for somebody who has not come."""

from controller.domain.appointments import Appointment
from controller.domain.book import Book
from controller.domain.jobs import THE_TOWER, Job, JobKind, JobState
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import AppointmentSet, JobSet, PlaceSet
from controller.runtime import claims

ROOM, BAY = 101, 202
AHEAD, LATER = 2, 3


def moved(number: int, kind: JobKind, by: str = "") -> Job:
    return Job(number, kind, "A", None, None, ROOM, JobState.DONE, requested_by=by)


def kept(job: int | None, *jobs: Job) -> bool:
    """Tell whether car A, which has an appointment and stands in the room behind these jobs, is kept."""
    book = Book.empty([ROOM, BAY])
    book.apply(PlaceSet(Place(ROOM, PlaceStatus.OCCUPIED, "A")))
    book.apply(AppointmentSet(Appointment(1, "A", 600.0, None, job=job)))
    for each in jobs:
        book.apply(JobSet(each))
    return claims.kept(book, ROOM) is not None


def test_a_car_that_was_brought_ahead_is_kept_also_behind_a_way_back_that_came_to_nothing() -> None:
    ahead = moved(AHEAD, JobKind.RETRIEVE)
    assert kept(AHEAD, ahead)
    assert kept(AHEAD, ahead, moved(LATER, JobKind.STORE, THE_TOWER))
    assert not kept(None)


def test_a_car_that_had_gone_and_that_its_driver_brings_again_is_the_drivers() -> None:
    assert not kept(AHEAD, moved(AHEAD, JobKind.RETRIEVE), moved(LATER, JobKind.STORE, "somebody"))
