"""What people keep the tower from, asked of one place."""

from controller.activities.context import Bench
from controller.domain.restrictions import Restricted, Restriction
from hal.plcmap.shape import level_of


def level_block(bench: Bench, place: int) -> Restriction | None:
    """Return what keeps cars from being put into a bay and taken out of it; None: its level is in use, or a room."""
    if place in bench.shape.rooms:
        return None
    return bench.restrictions.get((Restricted.LEVEL, level_of(place)))


def room_block(bench: Bench, place: int) -> Restriction | None:
    """Return what keeps a room from taking whoever comes next; None: nothing does, or it is no room."""
    return bench.restrictions.get((Restricted.ROOM, place))
