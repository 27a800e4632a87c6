"""A transfer room: states and events.

Sensor events (gate, person, crossing, weight) are facts that happen whatever the state; where one is implausible
the room goes BLOCKED. Proof events are sent only when every sensor they name agrees.
"""

from enum import StrEnum


class RoomState(StrEnum):
    """What a transfer room is used for at the moment."""

    UNKNOWN = "UNKNOWN"
    """Nothing is proven: at start, after release and after being put back."""
    VACANT = "VACANT"
    RESERVED = "RESERVED"
    CAR_COMING = "CAR_COMING"
    """The carriage is docked here with the car for this room, or the next car follows at once."""
    CAR_PRESENT = "CAR_PRESENT"
    """A car stands in the room behind a closed gate."""
    CUSTOMER_ADMITTED = "CUSTOMER_ADMITTED"
    DEPARTING = "DEPARTING"
    CLEARING = "CLEARING"
    """The gate is closed; the room is being proven."""
    CAR_LEAVING = "CAR_LEAVING"
    """The carriage is docked here to take the car in."""
    OPEN_FOR_CAR = "OPEN_FOR_CAR"
    MEASURING = "MEASURING"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    BLOCKED = "BLOCKED"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"


class RoomEvent(StrEnum):
    """What happens to a transfer room."""

    RESERVE = "RESERVE"
    RELEASE = "RELEASE"
    """The reservation is withdrawn; or an operator gives a BLOCKED room free for proof."""
    CARRIAGE_DOCKED = "CARRIAGE_DOCKED"
    CAR_PLACED = "CAR_PLACED"
    """A car is proven to stand in the room within its marks, put there or found there."""
    CAR_TAKEN = "CAR_TAKEN"
    """The carriage is proven to have taken the car, the room proven empty of it."""
    GATE_PROVEN_OPEN = "GATE_PROVEN_OPEN"
    GATE_PROVEN_CLOSED = "GATE_PROVEN_CLOSED"
    PERSON_IN = "PERSON_IN"
    PERSON_OUT = "PERSON_OUT"
    CROSSING_OUTWARD = "CROSSING_OUTWARD"
    """A car has crossed the gate outward completely."""
    CROSSING_INWARD = "CROSSING_INWARD"
    """A car has crossed the gate inward completely."""
    WEIGHT_ON = "WEIGHT_ON"
    WEIGHT_OFF = "WEIGHT_OFF"
    PROVEN_CLEAR = "PROVEN_CLEAR"
    """Gate and inner door closed and locked, no weight, no car, person sensor healthy and nobody inside; after a
    hand-over also a last crossing outward."""
    MEASURED_OK = "MEASURED_OK"
    """Length, width, height, weight and wheels fit, within the marks, person sensor healthy and nobody inside."""
    MEASURED_REFUSED = "MEASURED_REFUSED"
    NO_SHOW = "NO_SHOW"
    FAULT = "FAULT"
    PUT_OUT_OF_SERVICE = "PUT_OUT_OF_SERVICE"
    PUT_BACK = "PUT_BACK"
