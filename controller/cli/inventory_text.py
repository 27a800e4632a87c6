"""Bays and looks into them in words, for the inventory audit. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from controller.cli.resolve_text import two_sensors_text
from controller.cli.texts import who_looked
from controller.domain.looks import Eye
from controller.domain.places import PlaceStatus

Bay = Mapping[str, Any]
"""One row of the picture ``inventory.audit``."""


def believed_text(bay: Bay) -> str:
    """Return what is believed of a bay, and why it is locked."""
    car = f" with {bay['car']}" if bay["car"] else ""
    why = f": {bay['reason']}" if bay["reason"] else ""
    return f"{bay['status']}{car}{why}"


def sensed_text(bay: Bay) -> str:
    """Return what a bay's contacts show, and the carriage's sensors if it is docked there."""
    carriage = bay["carriage"]
    docked = "" if carriage is None else f"; of the carriage, docked there: {_pair(carriage)}"
    return _pair(bay["contacts"]) + docked


def seen_text(bay: Bay) -> str:
    """Return when a bay was looked into last, by whom, and what came of it."""
    look = bay["look"]
    if look is None:
        return "never"
    return f"{moment_text(look['at'])} by {who_looked(look['eye'], look['by'])}: {look['finding']}"


def moment_text(at: float) -> str:
    """Return wall time in seconds as local time, to the minute."""
    return datetime.fromtimestamp(at, UTC).astimezone().isoformat(" ", "minutes")[:16]


def to_walk(bays: Sequence[Bay], since_s: float) -> list[Bay]:
    """Return the bays that a person is led to, in the order of ``bays``.

    Left out are those out of use, and those that a person has seen since ``since_s`` (wall time) and left no doubt of.
    """
    return [
        bay
        for bay in bays
        if bay["status"] != PlaceStatus.BLOCKED
        and (bay["status"] == PlaceStatus.UNVERIFIED or not _seen_since(bay["look"], since_s))
    ]


def _seen_since(look: Mapping[str, Any] | None, since_s: float) -> bool:
    return look is not None and look["eye"] == Eye.PERSON and look["at"] >= since_s


def _pair(pair: Sequence[bool | None] | None) -> str:
    match pair:
        case None:
            return "not seen"
        case None, None:
            return "both sensors are out of service"
        case None, bool(b):
            return f"sensor A is out of service, B shows {'a car' if b else 'nothing'}"
        case bool(a), None:
            return f"sensor B is out of service, A shows {'a car' if a else 'nothing'}"
        case a, b:
            return two_sensors_text(bool(a), bool(b))
    raise AssertionError(f"two sensors, not {pair}")
