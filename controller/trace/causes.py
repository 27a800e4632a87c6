"""What a trace is kept for: which news are a fault. Pure."""

from collections.abc import Mapping
from typing import Final

from controller.domain.alarms import Priority
from controller.domain.jobs import JobState
from controller.domain.records import JobSet, Record, Settled, UnitSet
from controller.domain.unit import ASKED_FOR, UnitState
from controller.trace.ring import Cause, Standing
from hal.interfaces import StationState, Verdict
from hal.plcmap.codes import Safety

BY_HAND: Final = "hand"
ENDED: Final = "ended"

FAULTS: Final = frozenset({UnitState.ABORTING.name, UnitState.HOLDING.name})
"""The ways to Aborted and to Held: what stops the tower begins here."""

URGENT: Final = frozenset({Priority.HIGH.value, Priority.MEDIUM.value})


def of_record(record: Record) -> Cause | None:
    """Return why a record of the journal is worth a trace: an abort, a hold, a parked job, an unknown outcome."""
    match record:
        case UnitSet(state, cause) if state in FAULTS and cause != ASKED_FOR:
            return Cause("unit", f"unit {state}: {cause}")
        case JobSet(job) if job.state is JobState.PARKED:
            return Cause("parked", f"job {job.id} is parked: {job.reason}")
        case JobSet(job) if job.state is JobState.UNKNOWN:
            return Cause("unknown", f"job {job.id}: the outcome of a command is unknown")
        case Settled(mechanism, sequence, verdict) if verdict == Verdict.UNKNOWN.name:
            return Cause("unknown", f"{mechanism} {sequence}: the outcome is unknown")
        case _:
            return None


def of_event(event: Mapping[str, object]) -> Cause | None:
    """Return why an event of the board is worth a trace: an alarm that a person must answer soon."""
    if event.get("event") == "alarm" and event.get("active") and event.get("priority") in URGENT:
        return Cause("alarm", f"alarm {event['number']} {event['code']}: {event['text']}")
    return None


def of_standing(name: str, before: str, now: Standing) -> Cause | None:
    """Return why a station's new state is worth a trace: it was online, and is not any more."""
    online = StationState.ONLINE.name
    if before == online != now.state:
        return Cause("station", f"station {name} is {now.state}: {now.detail}")
    return None


def of_safety(before: int, now: int) -> Cause | None:
    """Return why another safety word is worth a trace: the chain was closed, and is open."""
    if before & ~now & Safety.CHAIN_CLOSED:
        names = [str(bit.name) for bit in Safety if bit & now and bit is not Safety.CHAIN_CLOSED]
        return Cause("safety", f"safety: {', '.join(names) or 'the chain is open'}")
    return None
