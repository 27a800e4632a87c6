"""The same tower built otherwise, with more or fewer rooms, with a faster lift; and as it is on a bad day."""

from typing import Final

from config.schema import Ring, Tower
from hal.plcmap.shape import place_number, position_of

FASTER: Final = 1.5
"""So many times the speed and the acceleration has a faster lift."""


def with_rooms(tower: Tower, count: int) -> Tower | None:
    """Return the tower with ``count`` rooms, None if it has no place for so many.

    Of more rooms each further one stands where the ring has the widest gap; of fewer the first of the file are left.
    """
    rooms = list(tower.ring.rooms[:count])
    while len(rooms) < count:
        room = _farthest(tower.ring, rooms)
        if room is None:
            return None
        rooms.append(room)
    return _built(tower, ring=tower.ring.model_copy(update={"rooms": tuple(rooms), "bays": None}))


def with_a_room_out(tower: Tower) -> Tower | None:
    """Return the tower with its last room out of service, None if it has no other."""
    *left, out = tower.ring.rooms
    if not left:
        return None
    ring = {"rooms": tuple(left), "omitted": (*tower.ring.omitted, out), "bays": None}
    return _built(tower, ring=tower.ring.model_copy(update=ring))


def with_faster_lift(tower: Tower) -> Tower:
    """Return the tower with a lift of `FASTER` times the speed and acceleration."""
    lift = tower.machine.lift
    faster = {
        "speed_mm_s": round(lift.speed_mm_s * FASTER),
        "acceleration_mm_s2": round(lift.acceleration_mm_s2 * FASTER),
    }
    return _built(tower, machine=tower.machine.model_copy(update={"lift": lift.model_copy(update=faster)}))


def _built(tower: Tower, **parts: object) -> Tower:
    """Return a tower with other parts: a new one, whose shape is reckoned anew."""
    return Tower.model_construct(**{**dict(tower), **parts})


def _farthest(ring: Ring, rooms: list[int]) -> int | None:
    free = [
        place
        for place in (place_number(1, position) for position in range(1, ring.positions + 1))
        if place not in rooms and place not in ring.omitted
    ]
    return max(free, key=lambda place: (_gap(ring, place, rooms), -place), default=None)


def _gap(ring: Ring, place: int, rooms: list[int]) -> int:
    ways = (abs(position_of(place) - position_of(room)) for room in rooms)
    return min((min(way, ring.positions - way) for way in ways), default=ring.positions)
