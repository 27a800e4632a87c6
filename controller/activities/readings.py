"""What the sensors prove of places, ways and the carriage, whichever station sees them.

Every function raises `hal.errors.NotOnline` where a station's image may not be trusted.
"""

from controller.activities.context import Bench
from hal.errors import NotOnline
from hal.interfaces import StationState
from hal.plcmap.shape import level_of
from hal.readings import Loaded, loaded
from hal.scan import Station

SEEN = {Loaded.YES: "occupied", Loaded.NO: "empty", Loaded.DOUBTFUL: "doubtful"}
"""What two sensors say together, in words."""


def cause_names(bench: Bench) -> list[str]:
    """Return the names of the safety causes that stand or are latched."""
    return [str(cause.name) for cause in bench.tower.safety.causes()]


def standing(station: Station) -> str:
    """Return how far a station can be relied on: a `StationState` by name, STALE too while its last image is old."""
    if station.state is StationState.ONLINE and not station.online:
        return StationState.STALE.name
    return station.state.name


CONTACTS = ("occupied_a", "occupied_b")
"""The bay controller's own two sensors of a bay."""


def presence(bench: Bench, place: int, *, but: str = "") -> Loaded:
    """Return what a place's own sensors prove: the bay controller's two, or the room's two with its floor scale.

    Of a bay without one of its contacts the other one speaks: a person has said what stands there, and when the
    carriage is docked its own two sensors see the bay as well. Without both nothing is proven. ``but``: a sensor that
    counts as being in service.
    """
    if place in bench.shape.rooms:
        return bench.tower.rooms[place].occupied
    latches = bench.tower.latches[level_of(place)]
    out = missing(bench, place) - {but} if bench.sensors_out else frozenset()
    if not out:
        return latches.occupied(place)
    seen = zip(CONTACTS, latches.contacts(place), strict=True)
    left = [shows for contact, shows in seen if f"bay{place}.{contact}" not in out]
    return loaded(a=left[0], b=left[0]) if left else Loaded.DOUBTFUL


def presence_by_all(bench: Bench, bay: int) -> Loaded:
    """Return what everything that sees a bay now proves: its contacts, and the carriage where it is docked there."""
    sight = presence(bench, bay)
    if docked_place_or_none(bench) == bay and bench.tower.dock.occupied is not sight:
        return Loaded.DOUBTFUL
    return sight


def missing(bench: Bench, bay: int) -> frozenset[str]:
    """Return the contacts of a bay that are out of service: no car is put into a bay without both."""
    return frozenset(name for name in (f"bay{bay}.{contact}" for contact in CONTACTS) if name in bench.sensors_out)


def docked_place(bench: Bench) -> int | None:
    """Return the place at which the carriage is proven docked and held."""
    return bench.tower.dock.docked_at


def docked_place_or_none(bench: Bench) -> int | None:
    """Return the place at which the carriage is proven docked and held, None also without a trusted image."""
    try:
        return bench.tower.dock.docked_at
    except NotOnline:
        return None


def may_hang(bench: Bench) -> bool:
    """Return whether a car may hang between the carriage and a place: an exchange was cut, or the arms are out."""
    shuttle = bench.tower.shuttle
    return shuttle.resumable or not shuttle.centred


def way_open(bench: Bench, place: int) -> bool:
    """Return whether the inner door, or the latch by both stations that see it, is proven open."""
    if place in bench.shape.rooms:
        return bench.tower.rooms[place].inner_door.is_open
    return bench.tower.latches[level_of(place)].latch_open(place) and bench.tower.dock.latch_open


def every_way_closed(bench: Bench) -> bool:
    """Return whether every inner door is proven closed, and every latch by its hard-wired chain."""
    doors = all(bench.tower.rooms[place].inner_door.is_locked for place in bench.shape.rooms)
    return doors and bench.tower.dock.all_latches_locked


def way_closed(bench: Bench, place: int) -> bool:
    """Return whether the inner door, or the latch by both stations that see it, is proven closed."""
    if place in bench.shape.rooms:
        return bench.tower.rooms[place].inner_door.is_locked
    return bench.tower.latches[level_of(place)].latch_closed(place) and bench.tower.dock.all_latches_locked
