"""The invariants of the project's reliability page: each with its sentence, and who judges it or why nobody can yet."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Promise:
    """One invariant. Exactly one of the last two is filled."""

    id: str
    text: str
    judge: str = ""
    """Where it is judged."""
    missing: str = ""
    """Why it is not judged yet."""


_OFFICE: Final = "there is no front office yet: no booking, payment, code or locker"

PROMISES: Final = (
    Promise("I1", "no two cars in one place, no car in two", "roll"),
    Promise("I2", "no car appears or vanishes but through an open gate", "roll"),
    Promise("I3", "nothing moves while its way is not locked or somebody is near", "crimes, latch_law"),
    Promise("I4", "no exchange but from what is full to what is empty, on two signals", "invariants, crimes"),
    Promise("I5", "an axis moves homed, in range, powered and in its mode alone", "mailbox_law, invariants, stop_law"),
    Promise(
        "I6",
        "one motion a zone, on standby power no more than may; numbers rise; each is executed at most once",
        "mailbox_law, intent_law, standby_law",
    ),
    Promise(
        "I7",
        "nobody gets another one's car (key, code or receipt: with the front office)",
        "appointment_law, kept_law",
    ),
    Promise("I8", "a key compartment opens for whoever owns its booking alone", missing=_OFFICE),
    Promise("I9", "each deposit ends once, and no more is taken than was held", missing=_OFFICE),
    Promise("I10", "no car is booked twice for one time", "appointment_law"),
    Promise("I11", "every accepted job ends, or is parked with a reason, within ten minutes of healing", "run"),
    Promise("I12", "what was acknowledged survives any crash", "durability, appointment_law"),
    Promise("I13", "after every recovery the book is as the tower is, or says that it does not know", "invariants"),
    Promise(
        "I14", "no exchange with a place that is unverified or blocked, or on a blocked level", "invariants, level_law"
    ),
    Promise("I15", "a trip or silence stops everything in time, and nothing starts again without a reset", "stop_law"),
    Promise("I16", "a code works once", missing=_OFFICE),
    Promise("I17", "the audit chain is whole", "durability"),
    Promise("I18", "each fault raises its alarm in time, none is lost, none floods", "alarm_law"),
    Promise("I19", "a step of the wall clock changes no delay", "alarm_law, stop_law, run: under the letters of time"),
    Promise("I20", "it can always be shut down", "durability"),
    Promise("I21", "no image of a face is kept", missing="no face is looked at yet"),
    Promise("I22", "nothing but the tower itself keeps an owner from their car", "invariants, appointment_law"),
    Promise("I23", "somebody who is or may be inside is never waited away", "people_law"),
    Promise("I24", "the same seed gives the same trace", "the trace's hash, by tests and replays"),
    Promise("DIED", "no daemon ends by itself", "invariants"),
)

BY_ID: Final = {promise.id: promise for promise in PROMISES}

THE_TOWERS_OWN: Final = frozenset(
    {
        "CAR_BOOKED",
        "CAR_HAS_JOB",
        "CAR_IN_DOUBT",
        "CAR_LEFT_OVER",
        "CAR_NOT_IN_A_BAY",
        "DUE_PAST",
        "DUE_TOO_FAR",
        "GENERATOR",
        "JOURNAL_FAILED",
        "LEVEL_BLOCKED",
        "MAINTENANCE",
        "NOT_ONLINE",
        "PLACE_BLOCKED",
        "PLACE_UNVERIFIED",
        "ROOM_OUT_OF_SERVICE",
        "SLOT_FULL",
        "UNIT_MODE",
        "UNKNOWN_CAR",
        "UNKNOWN_ROOM",
    }
)
"""Rules by which a car may be kept from whoever asks for it: each speaks of the tower, none of the world outside."""

UNKNOWN: Final = "JOURNAL_FAILED"
"""The refusal of a daemon whose disk has failed: what was asked first may stand in its journal all the same."""
