"""A tower's file that was changed since its journal was written: which places there are now."""

from collections.abc import Collection

from controller.domain.book import CARRIAGE, Book


class PlaceGone(ValueError):
    """The tower's file lacks what the journal needs: a car's place, one of an open job, a mechanism under command."""


def settle_places(book: Book, places: Collection[int], mechanisms: Collection[str]) -> None:
    """Make the places of a book those of its tower: a new one is unverified, an empty one that is gone is forgotten.

    ``mechanisms``: the tower's, by full name.

    Raises:
        PlaceGone: one that is gone is not empty, or needed; nothing was changed.

    """
    gone = sorted(book.places.keys() - {CARRIAGE, *places})
    held = [f"car {book.places[place].car} is believed in {place}" for place in gone if book.places[place].car]
    needed = [
        f"job {job.id} needs {place}"
        for job in book.open_jobs()
        for place in (job.source, job.target)
        if place is not None and place not in (CARRIAGE, *places)
    ]
    open_ends = [f"the end of a command of {name} is not known" for name, _ in book.intents if name not in mechanisms]
    if held or needed or open_ends:
        todo = "with the file as it was empty it, or end the job"
        raise PlaceGone(f"{'; '.join(held + needed + open_ends)}: this tower's file has no such thing; {todo}")
    for place in gone:
        del book.places[place]
    fresh = Book.empty(places).places
    book.places |= {place: fresh[place] for place in places if place not in book.places}
