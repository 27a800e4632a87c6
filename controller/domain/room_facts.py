"""What the sensors of a transfer room show together, and which events lie between two looks."""

from collections.abc import Iterator
from dataclasses import dataclass

from controller.domain.rooms import RoomEvent

CROSSINGS = 16
"""The counter of complete crossings runs modulo this."""


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """One look at a room. A person who cannot be excluded counts as inside."""

    gate_open: bool
    gate_locked: bool
    door_locked: bool
    occupied_a: bool
    occupied_b: bool
    weight: bool
    person: bool
    person_sensor_ok: bool
    in_marks: bool
    curtain_clear: bool
    measured: bool
    crossings: int
    """Complete crossings of the gate by a car, modulo `CROSSINGS`."""
    last_outward: bool
    """The last of them went outward."""

    @property
    def maybe_person(self) -> bool:
        """Whether somebody is, or may be, inside."""
        return self.person or not self.person_sensor_ok

    @property
    def empty(self) -> bool:
        """Whether three signals agree that no car is inside."""
        return not (self.occupied_a or self.occupied_b or self.weight)

    @property
    def has_car(self) -> bool:
        """Whether three signals agree that a car is inside."""
        return self.occupied_a and self.occupied_b and self.weight

    @property
    def shut(self) -> bool:
        """Whether gate and inner door are closed and locked."""
        return self.gate_locked and self.door_locked

    @property
    def presented(self) -> bool:
        """Whether a car is proven to stand behind closed ways."""
        return self.has_car and self.shut

    @property
    def shut_in(self) -> bool:
        """Whether a car is proven to stand alone behind a locked gate."""
        return self.has_car and self.gate_locked and not self.maybe_person

    def proven_clear(self, *, crossings_before: int | None) -> bool:
        """Whether the room is shut, empty and free of people.

        ``crossings_before`` is the counter before a hand-over: then a crossing outward must have followed too.
        """
        left = crossings_before is None or (self.crossings != crossings_before and self.last_outward)
        return self.shut and self.empty and not self.maybe_person and left


def between(before: RoomFacts, now: RoomFacts) -> Iterator[RoomEvent]:
    """Yield the events that lead from one look to the next, causes first.

    A crossing outward that leaves all three signals of a car behind was none: one barrier alone lets no car go.
    """
    if now.gate_open and not before.gate_open:
        yield RoomEvent.GATE_PROVEN_OPEN
    if now.maybe_person and not before.maybe_person:
        yield RoomEvent.PERSON_IN
    if now.crossings != before.crossings and not (now.last_outward and now.has_car):
        yield RoomEvent.CROSSING_OUTWARD if now.last_outward else RoomEvent.CROSSING_INWARD
    if now.weight != before.weight:
        yield RoomEvent.WEIGHT_ON if now.weight else RoomEvent.WEIGHT_OFF
    if before.maybe_person and not now.maybe_person:
        yield RoomEvent.PERSON_OUT
    if now.gate_locked and not before.gate_locked:
        yield RoomEvent.GATE_PROVEN_CLOSED
