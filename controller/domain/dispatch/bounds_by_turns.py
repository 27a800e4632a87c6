"""What it costs the carriage that rooms take turns: two cars in a row go to two rooms, or the second waits at the door.

A bound of retrievals alone. Behind a car the carriage stands at its room, whichever that was; to the next car, and with
it to a room, it takes two ways. If that is the same room, no door opens before its customer is gone. Detours save
nothing (triangle inequality). Units: seconds; places by number.
"""

from collections.abc import Collection

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import Request, Scene


def turns_s(cycles: Cycles, scene: Scene, requests: Collection[Request], rooms: Collection[int]) -> float:
    """Return the least time from the scene's begin until the last of these RETRIEVEs is served.

    ``rooms`` are those that take cars. It is the sum of what each car takes at least behind any other, but for one,
    which the carriage fetches from where it stands.

    Raises:
        KeyError: a place that the tower has not.
        ValueError: no request, or no room for one.

    """
    behind_s = [_behind_s(cycles, scene.served_s, each, rooms) for each in requests]
    first_s = [_first_s(cycles, scene.carriage, each, rooms) for each in requests]
    return sum(behind_s) + min(first - behind for first, behind in zip(first_s, behind_s, strict=True))


def _behind_s(cycles: Cycles, served_s: float, request: Request, rooms: Collection[int]) -> float:
    """Return the least time from one car served until another one is."""
    bay = request.source
    ways = [
        max(cycles.go_s(room, bay) + cycles.visit_s(bay) + cycles.go_s(bay, target), served_s * (room == target))
        + cycles.visit_s(target)
        for room in rooms
        for target in _targets(request, rooms)
    ]
    return min(ways)


def _first_s(cycles: Cycles, carriage: int, request: Request, rooms: Collection[int]) -> float:
    bay = request.source
    carried_s = (cycles.go_s(bay, target) + cycles.visit_s(target) for target in _targets(request, rooms))
    return cycles.go_s(carriage, bay) + cycles.visit_s(bay) + min(carried_s)


def _targets(request: Request, rooms: Collection[int]) -> Collection[int]:
    return rooms if request.target is None else [room for room in rooms if room == request.target]
