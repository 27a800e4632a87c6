"""A car that is awaited at a room and said to stand in a bay: what is seen in the bay wins over what was promised.

A journal that lost where a car stands grants a storing of it. Its driver is told to leave once somebody has found it.
"""

from controller.domain.book import Book
from controller.domain.jobs import JobKind
from controller.domain.places import Place, PlaceStatus
from controller.domain.refusal import Refusal
from hal.readings import Loaded


def require_not_awaited(book: Book, car: str, place: Place, sight: Loaded) -> None:
    """See that a car which is said to stand in a bay is not one that a driver is about to bring.

    Raises:
        Refusal: CAR_AWAITED: it is, and the bay is not seen to hold a car that the book has no other name for.

    """
    job = book.job_of_car(car)
    if job is None or job.kind is not JobKind.STORE or book.where(car) is not None:
        return
    another = place.status is PlaceStatus.OCCUPIED and place.car != car
    if sight is not Loaded.YES or another:
        raise Refusal("CAR_AWAITED", f"car {car} is awaited at room {job.room}: cancel job {job.id} first")
