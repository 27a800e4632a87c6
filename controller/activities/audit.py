"""A visit: the carriage docks at a bay and looks with sensors of its own. Nothing is opened, no car is moved.

A bay's contacts are two sensors at one bay controller. Both may lie together; only whoever goes there finds out.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from controller.activities import readings, transfer
from controller.activities.context import Bench
from controller.activities.primitive import Errand, StepFailed
from controller.activities.readings import CONTACTS
from controller.domain.book import Book
from hal.plcmap.shape import level_of
from hal.readings import Loaded

ERRAND: Final = Errand(None, "audit")

WAITING: Final = Errand(None, "dwell")

STEADY_S: Final = 1.0
"""How long the carriage stands before its sensors count: their filters, and a poll of either station."""

Pair = tuple[bool | None, bool | None]
"""What two sensors show, A first; None of one that is out of service."""

_SHOWN: Final = {True: "a car", False: "nothing", None: "out of service"}


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of a bay at which the carriage is docked."""

    contacts: Pair
    """Of the bay controller."""
    carriage: Pair

    @property
    def says(self) -> Loaded:
        """What all the sensors that are in service say together."""
        shown = {each for each in (*self.contacts, *self.carriage) if each is not None}
        if len(shown) > 1:
            return Loaded.DOUBTFUL
        return Loaded.YES if True in shown else Loaded.NO

    def __str__(self) -> str:
        return f"contacts of the bay: {_shown(self.contacts)}; sensors of the carriage: {_shown(self.carriage)}"


def _shown(pair: Pair) -> str:
    a, b = pair
    return f"A {_SHOWN[a]}, B {_SHOWN[b]}"


def believed(book: Book, bay: int) -> Loaded:
    """Return what the sensors of a bay show if the book is right."""
    return Loaded.NO if book.places[bay].car is None else Loaded.YES


def contacts(bench: Bench, bay: int) -> Pair:
    """Return what the bay controller's two contacts show of a bay.

    Raises:
        NotOnline: nobody sees the bay.

    """
    out = readings.missing(bench, bay)
    seen = zip(CONTACTS, bench.tower.latches[level_of(bay)].contacts(bay), strict=True)
    a, b = (None if f"bay{bay}.{name}" in out else shows for name, shows in seen)
    return a, b


async def visit(bench: Bench, book: Book, bay: int) -> Sight:
    """Dock at a bay and return what all its sensors show; for a moment they may differ from the book.

    Raises:
        StepFailed: the carriage is not docked there, or may not move.
        HalError: a station was lost.
        OSError: an intent could not be made durable; nothing was issued.

    """
    done = await transfer.position(bench, ERRAND, bay)
    await bench.keeper.commit(*done.records)
    await asyncio.sleep(STEADY_S)
    transfer.look_at(bench, bay)
    await bench.news.until(lambda: _sight(bench, bay).says is believed(book, bay), transfer.SECOND_OPINION_S)
    return _sight(bench, bay)


async def go(bench: Bench, place: int) -> None:
    """Dock the empty carriage at a place, to wait there.

    Raises:
        StepFailed: the carriage is not docked there, or may not move.
        HalError: a station was lost.
        OSError: an intent could not be made durable; nothing was issued.

    """
    done = await transfer.position(bench, WAITING, place)
    await bench.keeper.commit(*done.records)


def _sight(bench: Bench, bay: int) -> Sight:
    if readings.docked_place(bench) != bay:
        raise StepFailed("NOT_DOCKED", f"the carriage has not stayed docked at {bay}")
    return Sight(contacts(bench, bay), bench.tower.dock.contacts)
