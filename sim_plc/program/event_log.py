"""What a station's program did with each sequence, for whoever judges it from outside."""

from dataclasses import dataclass
from enum import Enum

from hal.plcmap.codes import Reason, Result
from hal.plcmap.frame import Content


class Event(Enum):
    """What the log tells of a sequence."""

    ACCEPTED = "accepted"
    STARTED = "started"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of a program's log."""

    t: float
    mechanism: str
    sequence: int
    event: Event
    content: Content | None = None
    """Of ACCEPTED and STARTED."""
    result: Result = Result.NONE
    reason: Reason = Reason.NONE
