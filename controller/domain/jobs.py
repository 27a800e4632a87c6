"""One car move: its kinds, states, events and record.

How a job leaves the straight way:

- INTERRUPTED, UNKNOWN and PARKED keep the step they left in `Job.left`. The way back is one event a step
  (`RETURN`), so that the table stays free of guards and the journal shows where the job went on. From
  INTERRUPTED a job returns to `Job.left`; from UNKNOWN to whatever step the sensors and the outcome table prove.
- RESUMED and UNDONE are states that an operator's decision leads to and in which work is done, not outcomes.
  RESUMED settles a cut exchange and returns to a step. UNDONE brings the car back to its source and closes the
  way; it ends CANCELLED when the car is proven back there. A cancel while the way opens takes the same road,
  since the way must be closed again.
- From PICKING on a car hangs between two places, so that a cancel cannot end at once: the job keeps going with
  `Job.diverting` set and a new target. A running PICK or PLACE is never cut. The job ends DIVERTED instead of DONE,
  with the place recorded; a cancel that comes with the PLACE or after it leaves the car at the place it was put.
  An operator's DIVERT of a parked job is the same: RESUMED, then on with `Job.diverting` set; in CLOSING
  a placing that was cut is first taken back onto the carriage.
- Interrupted, unknown and parked jobs take no cancel: first the unit executes again or an operator decides.
- A car may be fetched while its room is still in use (`Job.ahead`). It waits aboard, in WAITING, until the room is
  vacant; if that takes too long it is put back into its bay, which is kept for it, and the job is QUEUED again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class JobKind(StrEnum):
    """From where to where."""

    RETRIEVE = "RETRIEVE"
    """Bay to room."""
    STORE = "STORE"
    """Room to bay."""
    RELOCATE = "RELOCATE"
    """Bay to bay."""


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "QUEUED"
    ASSIGNED = "ASSIGNED"
    POSITIONING = "POSITIONING"
    OPENING = "OPENING"
    PICKING = "PICKING"
    CLOSING = "CLOSING"
    """The way at the place where the carriage stands is being closed (the source; a given-up target in a diversion)."""
    POSITIONING_TO = "POSITIONING_TO"
    WAITING = "WAITING"
    """The carriage stands with the car before a room that is not vacant yet."""
    OPENING_TO = "OPENING_TO"
    PLACING = "PLACING"
    CLOSING_TO = "CLOSING_TO"
    CONFIRMING = "CONFIRMING"
    DONE = "DONE"
    INTERRUPTED = "INTERRUPTED"
    UNKNOWN = "UNKNOWN"
    PARKED = "PARKED"
    RESUMED = "RESUMED"
    UNDONE = "UNDONE"
    CANCELLED = "CANCELLED"
    DIVERTED = "DIVERTED"
    CLOSED_BY_HAND = "CLOSED_BY_HAND"


class JobEvent(StrEnum):
    """What moves a job on."""

    SELECTED = "SELECTED"
    """Chosen as the next; source and target are reserved."""
    ROOM_BUSY = "ROOM_BUSY"
    """The target is a room that is not vacant yet."""
    ROOM_FREE = "ROOM_FREE"
    """The target can take the car; also for a bay, which is free once reserved."""
    REDIRECTED = "REDIRECTED"
    """A car that waits aboard goes to another room, back to its bay, or once more to where it is to wait."""
    DOCKED = "DOCKED"
    WAY_OPEN = "WAY_OPEN"
    """Latch or inner door proven open."""
    PICKED = "PICKED"
    """Load on the carriage proven, source proven empty."""
    WAY_CLOSED = "WAY_CLOSED"
    """Latch or inner door proven closed."""
    PLACED = "PLACED"
    """Load gone from the carriage, target proven occupied."""
    OUTCOME_DURABLE = "OUTCOME_DURABLE"
    DIVERSION_DURABLE = "DIVERSION_DURABLE"
    """As OUTCOME_DURABLE, of a job that was diverting."""
    CANCEL = "CANCEL"
    INTERRUPT = "INTERRUPT"
    """The unit left Execute."""
    LINK_LOST = "LINK_LOST"
    """Link or PLC lost: what runs has an unknown outcome until it is read."""
    PARK = "PARK"
    """A fault that no rule mends; the reason and the choices are written into the job."""
    RESUME = "RESUME"
    UNDO = "UNDO"
    DIVERT = "DIVERT"
    CLOSE_BY_HAND = "CLOSE_BY_HAND"
    """An operator states where the car is; the places touched stay unverified."""
    RETURNED = "RETURNED"
    """The car is proven back at its source and the way there proven closed."""
    TO_ASSIGNED = "TO_ASSIGNED"
    TO_POSITIONING = "TO_POSITIONING"
    TO_OPENING = "TO_OPENING"
    TO_PICKING = "TO_PICKING"
    TO_CLOSING = "TO_CLOSING"
    TO_POSITIONING_TO = "TO_POSITIONING_TO"
    TO_WAITING = "TO_WAITING"
    TO_OPENING_TO = "TO_OPENING_TO"
    TO_PLACING = "TO_PLACING"
    TO_CLOSING_TO = "TO_CLOSING_TO"
    TO_CONFIRMING = "TO_CONFIRMING"
    TO_UNDONE = "TO_UNDONE"


RETURN: Final[Mapping[JobState, JobEvent]] = MappingProxyType(
    {
        JobState.ASSIGNED: JobEvent.TO_ASSIGNED,
        JobState.POSITIONING: JobEvent.TO_POSITIONING,
        JobState.OPENING: JobEvent.TO_OPENING,
        JobState.PICKING: JobEvent.TO_PICKING,
        JobState.CLOSING: JobEvent.TO_CLOSING,
        JobState.POSITIONING_TO: JobEvent.TO_POSITIONING_TO,
        JobState.WAITING: JobEvent.TO_WAITING,
        JobState.OPENING_TO: JobEvent.TO_OPENING_TO,
        JobState.PLACING: JobEvent.TO_PLACING,
        JobState.CLOSING_TO: JobEvent.TO_CLOSING_TO,
        JobState.CONFIRMING: JobEvent.TO_CONFIRMING,
        JobState.UNDONE: JobEvent.TO_UNDONE,
    }
)
"""The event that brings a job back to a step it left."""

STEPS: Final = frozenset(RETURN) - {JobState.UNDONE}
"""ASSIGNED to CONFIRMING: the straight way of a job that was taken up."""

TERMINAL: Final = frozenset({JobState.DONE, JobState.CANCELLED, JobState.DIVERTED, JobState.CLOSED_BY_HAND})
"""A job here never changes again."""

CARRYING: Final = frozenset(
    {
        JobState.PICKING,
        JobState.CLOSING,
        JobState.POSITIONING_TO,
        JobState.WAITING,
        JobState.OPENING_TO,
        JobState.PLACING,
    }
)
"""Steps in which the car is, or may be, on the carriage."""


THE_TOWER: Final = "the tower itself"
"""Who ordered a job that nobody did: a car moved to a better bay, or put back since nobody came for it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One car move as the journal records it.

    Places are numbers level x 100 + position; ``source`` and ``target`` are None until chosen. ``left`` is the step
    left when the job stands INTERRUPTED, UNKNOWN, PARKED or RESUMED. Times are wall time in seconds since the epoch.
    """

    id: int
    kind: JobKind
    car: str
    source: int | None
    target: int | None
    room: int | None
    state: JobState
    left: JobState | None = None
    reason: str = ""
    choices: tuple[str, ...] = ()
    diverting: bool = False
    created_at: float = 0.0
    started_at: float | None = None
    finished_at: float | None = None
    requested_by: str = ""
    due: float | None = None
    """When the customer was to come, if they had an appointment."""
    ahead: bool = False
    """Taken up before its room was vacant. That is ``target`` then, kept for it and not reserved yet; ``room`` is still
    what was asked for."""
    put_back: bool = False
    """Its car was put back into its bay once, since no room was vacant in time: it is not fetched ahead again."""
    given: bool = False
    """Its driver asked for no certain room, and was given ``room`` in turn."""

    @property
    def waits_outside(self) -> bool:
        """Whether a driver waits with the car until it is their turn to have a room."""
        return self.kind is JobKind.STORE and self.room is None and self.state is JobState.QUEUED

    @property
    def puts_back(self) -> bool:
        """Whether the tower itself puts a car back from its room that nobody came for: no driver is awaited with it."""
        return self.kind is JobKind.STORE and self.requested_by == THE_TOWER

    @property
    def returning(self) -> bool:
        """Whether a car that was fetched ahead goes back into its bay, from where it will be fetched again."""
        return self.ahead and self.target == self.source
