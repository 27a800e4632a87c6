"""What became of a day: of each customer, of the rooms, and of the carriage."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from controller.domain.dispatch.scene import Move
from sim_plc.study.draw import Customer, Day


@dataclass(frozen=True, slots=True)
class Served:
    """What became of one customer. Seconds from the opening; infinity: not within the day."""

    customer: Customer
    opened_s: float = inf
    """When the gate opened for them: then they have waited."""
    move: Move | None = None
    """What the carriage did for them."""
    here: int = 0
    """Where the carriage stood before."""

    @property
    def wait_s(self) -> float:
        """From coming to gate open."""
        return self.opened_s - self.customer.comes_s

    @property
    def late_s(self) -> float:
        """From coming, but not before the appointment, to gate open; of somebody who was served before it 0."""
        booked_s = self.customer.booked_s
        return self.wait_s if booked_s is None else max(0.0, self.opened_s - max(booked_s, self.customer.comes_s))


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody's use of a room, from the room given until it is vacant again."""

    room: int
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Trip:
    """What the carriage does at a stretch: empty to a place, and with its car, if it takes one there, to another."""

    begin_s: float
    end_s: float
    here: int
    """Where the carriage stood before."""
    source: int
    target: int | None = None
    """None: it takes no car."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What became of a day."""

    day: Day
    served: tuple[Served, ...]
    """In the order of the customers' coming."""
    uses: tuple[Use, ...]
    moved_by_night: int = 0
    """How many cars were moved to better bays before it began."""
    dwell_moves: int = 0
    """How often the empty carriage went to where it was likely wanted next."""
    beside: tuple[Trip, ...] = ()
    """What the carriage did within the day beside the moves of `served`: to where it waits, on the way to a car that it
    left for somebody else, with a car ahead that was sent back, and back."""

    @property
    def trips(self) -> Iterator[Trip]:
        """All that the carriage did."""
        moves = ((each.move, each.here) for each in self.served if each.move is not None)
        yield from (Trip(move.begin_s, move.end_s, here, move.source, move.target) for move, here in moves)
        yield from self.beside

    @property
    def end_s(self) -> float:
        """When the last has gone, or the doors close, whichever is later."""
        moves = (each.move.end_s for each in self.served if each.move is not None)
        return max(self.day.length_s, max(moves, default=0.0), max((use.to_s for use in self.uses), default=0.0))
