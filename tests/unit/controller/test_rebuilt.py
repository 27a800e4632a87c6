"""A tower's file that was changed, on the journal of the tower as it was: a bay more, a bay less, a car in it."""

import asyncio
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from config.load import load_tower
from config.schema import Tower
from controller import app
from controller.domain.book import CARRIAGE, Book
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import Planned
from controller.runtime.rebuilt import PlaceGone, settle_places
from tests.support.journals import open_journal

SMALL = load_tower("small")
LARGER = load_tower("small", overrides={"ring.omitted": "[]", "ring.bays": "7"})
SMALLER = load_tower("small", overrides={"ring.omitted": "[201, 204]", "ring.bays": "5"})
LOWER = load_tower(
    "small",
    overrides={"ring.levels": "1", "ring.omitted": "[]", "ring.bays": "3", "bus.bays.stations": '["bays1"]'},
)


def book_of(tower: Tower, car_at: int | None = None) -> Book:
    book = Book.empty(tower.shape.places)
    book.places = {place: Place(place, PlaceStatus.FREE) for place in book.places}
    if car_at is not None:
        book.places[car_at] = Place(car_at, PlaceStatus.OCCUPIED, "C7")
    return book


def started(tower: Tower, folder: Path, before: Book) -> Book:
    """Return what a daemon of ``tower`` believes behind a snapshot of ``before``."""

    async def scenario() -> Book:
        with closing(open_journal(folder / "journal.sqlite")) as journal:
            await journal.append([("Asked", {"request": "x", "by": "y"})])
            await journal.save_snapshot(before.to_body())
            return await app._restore(journal, tower)

    return asyncio.run(scenario())


def test_a_bay_more_is_there_unverified_and_the_others_are_as_they_were(tmp_path: Path) -> None:
    book = started(LARGER, tmp_path, book_of(SMALL, car_at=204))
    assert book.places.pop(201).status is PlaceStatus.UNVERIFIED
    assert book.places == book_of(SMALL, car_at=204).places


def test_an_empty_bay_less_is_forgotten(tmp_path: Path) -> None:
    assert started(SMALLER, tmp_path, book_of(SMALL, car_at=203)).places == book_of(SMALLER, car_at=203).places


def test_a_tower_as_it_was_changes_nothing() -> None:
    book = book_of(SMALL, car_at=204)
    settle_places(book, SMALL.shape.places, ())
    assert book == book_of(SMALL, car_at=204)


def test_a_car_in_a_bay_that_is_gone_is_not_forgotten(tmp_path: Path) -> None:
    with pytest.raises(PlaceGone, match="car C7 is believed in 204: this tower's file has no such thing") as gone:
        started(SMALLER, tmp_path, book_of(SMALL, car_at=204))
    assert app.code_of(gone.value) == app.EXIT_CONFIGURATION, "systemd does not try again"


def test_a_job_to_a_bay_that_is_gone_is_not_forgotten() -> None:
    book = book_of(SMALL, car_at=CARRIAGE)
    book.jobs[3] = Job(3, JobKind.RELOCATE, "C7", 203, 204, None, JobState.QUEUED)
    with pytest.raises(PlaceGone, match="job 3 needs 204"):
        settle_places(book, SMALLER.shape.places, ())
    assert 204 in book.places


@pytest.mark.parametrize(("tower", "fits"), [(SMALL, True), (LOWER, False)])
def test_a_command_on_a_level_that_is_gone_is_not_forgotten(tmp_path: Path, tower: Tower, *, fits: bool) -> None:
    book = book_of(SMALL)
    book.apply(Planned("bays2/latches", 1, 1, 0, 0, 0, 1, 1, None, "x"))
    with nullcontext() if fits else pytest.raises(PlaceGone, match="command of bays2/latches is not known"):
        started(tower, tmp_path, book)
