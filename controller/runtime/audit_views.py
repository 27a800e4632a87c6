"""The audit as people and programs are shown it: which bay was looked into when, by whom, and whose turn it is."""

from dataclasses import asdict

from controller.activities.audit import contacts
from controller.activities.context import Bench
from controller.activities.readings import docked_place
from controller.domain.book import Book
from controller.domain.looks import Finding, Look
from controller.domain.places import Place, PlaceStatus
from controller.runtime.audit_pace import DAY_S
from controller.runtime.inbox import Answer
from hal.errors import NotOnline


def in_short(bench: Bench, book: Book, visiting: int | None, now: float) -> dict[str, object]:
    """Return what a status says of it: the bay that the carriage visits, and how many are due."""
    due = sum(_due(bench, book.places[bay], book.looks.get(bay), now) for bay in bench.shape.bays)
    return {"visiting": visiting, "due": due}


def picture(bench: Bench, book: Book, visiting: int | None, now: float) -> dict[str, object]:
    """Return every bay in the order in which somebody should look: doubtful, never seen, then longest ago.

    Due are those that are unverified, and those that nobody has seen for longer than the visits of all take.
    """
    return {
        "visits_per_day": bench.rounds.visits_per_day,
        "idle_s": bench.rounds.idle_s,
        "round_s": _round_s(bench),
        **in_short(bench, book, visiting, now),
        "bays": [_row(bench, book.places[bay], book.looks.get(bay), now) for bay in _in_order(bench, book)],
    }


def _in_order(bench: Bench, book: Book) -> list[int]:
    age = {bay: rank for rank, bay in enumerate(book.looks, start=1)}

    def key(bay: int) -> tuple[int, int, int]:
        look, status = book.looks.get(bay), book.places[bay].status
        failed = look is not None and look.finding is Finding.FAILED
        kind = {PlaceStatus.UNVERIFIED: 0, PlaceStatus.BLOCKED: 3}.get(status, 1 if failed else 2)
        return kind, age.get(bay, 0), bay

    return sorted(bench.shape.bays, key=key)


def _row(bench: Bench, place: Place, look: Look | None, now: float) -> Answer:
    return {
        "place": place.number,
        "status": place.status.value,
        "car": place.car,
        "reason": place.reason,
        "contacts": _contacts(bench, place.number),
        "carriage": _carriage(bench, place.number),
        "due": _due(bench, place, look, now),
        "look": None if look is None else asdict(look),
    }


def _contacts(bench: Bench, bay: int) -> list[bool | None] | None:
    """Return what the bay's two contacts show; None where nobody sees them."""
    try:
        return list(contacts(bench, bay))
    except NotOnline:
        return None


def _carriage(bench: Bench, bay: int) -> list[bool] | None:
    """Return what the carriage's two sensors show of a bay; None where it is not docked there."""
    try:
        return list(bench.tower.dock.contacts) if docked_place(bench) == bay else None
    except NotOnline:
        return None


def _due(bench: Bench, place: Place, look: Look | None, now: float) -> bool:
    if place.status is PlaceStatus.BLOCKED:
        return False
    if place.status is PlaceStatus.UNVERIFIED or look is None or look.finding is Finding.FAILED:
        return True
    round_s = _round_s(bench)
    return round_s is not None and now - look.at > round_s


def _round_s(bench: Bench) -> float | None:
    """Return how long the visits of all bays take, None without visits."""
    a_day = bench.rounds.visits_per_day
    return DAY_S * len(bench.shape.bays) / a_day if a_day else None
