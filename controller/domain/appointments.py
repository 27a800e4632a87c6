"""Appointments: a car that somebody comes for at a time. What counts from when, and until when one stands.

An appointment is no job: its car stands where it stands, may be put into another bay, and nothing is reserved for it
until the customer has come or the car is brought ahead. Who has come is a present customer with a RETRIEVE like any
other, whose turn is that of coming.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FARTHEST_S: Final = 7 * 86_400.0
"""How far ahead an appointment may be made: a longer list is the booking office's, not the tower's."""


class AppointmentState(StrEnum):
    """Where an appointment stands. All but the first are ends."""

    BOOKED = "BOOKED"
    MET = "MET"
    """The customer has come."""
    LAPSED = "LAPSED"
    """Nobody came in time."""
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Appointment:
    """Somebody comes for a car at a time. Times are wall time in seconds since the epoch.

    Its number is from the same count as those of jobs: whoever cancels one names a number, whichever it is.
    """

    id: int
    car: str
    due: float
    room: int | None
    """The room that the car is wanted in; None: any."""
    state: AppointmentState = AppointmentState.BOOKED
    job: int | None = None
    """The job that has brought the car ahead, or brings it; behind a meeting, the one that it is brought by.

    Or the one that puts the car back: of an appointment that has ended, or whose customer has said meanwhile that they
    come, so that it may be brought once more.
    """
    reason: str = ""
    back: bool = False
    """It has ended, and its car has still to be put back from the room that it was brought to."""
    booked_at: float = 0.0
    requested_by: str = ""
    expected: float | None = None
    """When its customer, who is on the way, has said last that they will be there; None: they have said nothing."""

    @property
    def comes(self) -> float:
        """When its customer is expected."""
        return self.due if self.expected is None else self.expected

    @property
    def grace_from(self) -> float:
        """From when whoever does not come has let it pass."""
        return max(self.due, self.comes)

    @property
    def stands(self) -> bool:
        """Whether its car is still somebody's, or still to be put back."""
        return self.state is AppointmentState.BOOKED or self.back


def waits_since(created_at: float, due: float | None) -> float:
    """Return from when a customer waits: since they have come, and not before their appointment."""
    return created_at if due is None else max(created_at, due)
