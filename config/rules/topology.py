"""Rooms, places left out, and the sum of the bays. Everything else of a tower rests on these."""

from collections.abc import Iterator
from typing import Final

from config.faults import Fault
from config.positions import KeyPath
from config.rules.rule import Rule
from config.schema import Ring, Tower
from config.sources import Sources
from hal.plcmap.shape import level_of, position_of

TOPOLOGY: Final = ("ring.levels", "ring.positions", "ring.rooms", "ring.omitted")
"""What the places of a tower follow from."""


def rooms_exist(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that a room is a position of level 1, named once."""
    ring = tower.ring
    allowed = f"101 to {100 + ring.positions}"
    for i, place in enumerate(ring.rooms):
        path: KeyPath = ("ring", "rooms", i)
        if level_of(place) != 1:
            yield sources.fault(path, "a room stands on level 1", allowed=allowed, value=place)
        elif not _on_ring(ring, place):
            yield sources.fault(path, "the ring has no such position", allowed=allowed, value=place)
        elif place in ring.rooms[:i]:
            yield sources.fault(path, "is named twice", value=place)


def omitted_exist(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that a place left out is one that the ring would have, named once."""
    ring = tower.ring
    for i, place in enumerate(ring.omitted):
        path: KeyPath = ("ring", "omitted", i)
        if not _on_ring(ring, place):
            allowed = f"level 1 to {ring.levels} x 100 + position 1 to {ring.positions}"
            yield sources.fault(path, "the tower has no such place to leave out", allowed=allowed, value=place)
        elif place in ring.omitted[:i]:
            yield sources.fault(path, "is named twice", value=place)


def rooms_are_built(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that no room is left out."""
    for i, place in enumerate(tower.ring.omitted):
        if place in tower.ring.rooms:
            yield sources.fault(("ring", "omitted", i), "is a room and left out at once", value=place)


def bays_add_up(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that there are bays, and as many as the drawing shows."""
    ring = tower.ring
    count = bay_count(ring)
    if not count:
        yield sources.fault(("ring",), "leaves the tower no bay")
    elif ring.bays is not None and ring.bays != count:
        omitted = f" - {len(set(ring.omitted))} left out" if ring.omitted else ""
        message = f"{ring.levels} x {ring.positions} - {len(set(ring.rooms))} rooms{omitted} makes {count} bays"
        yield sources.fault(("ring", "bays"), message, allowed=str(count), value=ring.bays)


def bay_count(ring: Ring) -> int:
    """Return how many places are neither rooms nor left out."""
    taken = {place for place in (*ring.rooms, *ring.omitted) if _on_ring(ring, place)}
    return ring.levels * ring.positions - len(taken)


def settled(ring: Ring) -> Ring | None:
    """Return the ring without those rooms and places left out that break a rule; None if too little is left."""
    rooms = tuple(dict.fromkeys(place for place in ring.rooms if level_of(place) == 1 and _on_ring(ring, place)))
    omitted = dict.fromkeys(place for place in ring.omitted if _on_ring(ring, place) and place not in rooms)
    sound = ring.model_copy(update={"rooms": rooms, "omitted": tuple(omitted)})
    return sound if rooms and bay_count(sound) else None


def _on_ring(ring: Ring, place: int) -> bool:
    return 1 <= level_of(place) <= ring.levels and 1 <= position_of(place) <= ring.positions


RULES: Final = (
    Rule("room-place", ("ring.positions", "ring.rooms"), rooms_exist),
    Rule("omitted-place", ("ring.levels", "ring.positions", "ring.omitted"), omitted_exist),
    Rule("room-omitted", ("ring.rooms", "ring.omitted"), rooms_are_built),
    Rule("bay-count", (*TOPOLOGY, "ring.bays"), bays_add_up),
)
