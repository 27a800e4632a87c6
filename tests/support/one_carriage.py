"""Every order of a few requests, with every choice of rooms and bays: what one carriage can do, tried out.

More is allowed than a controller would dare: the carriage knows what comes, goes to a source before its car is ready,
waits loaded at the door of a room that is in use, and uses a room for others until the car drives in that is to be
stored from it. So what no outcome here beats, no plan beats.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind


@dataclass(frozen=True, slots=True)
class Outcome:
    """When each was served, by request; when the carriage was free, and when the last room was vacant again."""

    served_s: tuple[tuple[Request, float], ...]
    free_s: float
    vacant_s: float

    @property
    def retrieved_s(self) -> list[float]:
        """When the first, second, third car was retrieved."""
        return sorted(at_s for each, at_s in self.served_s if each.kind is JobKind.RETRIEVE)

    @property
    def waits_s(self) -> list[float]:
        return [at_s - each.since_s for each, at_s in self.served_s]


def outcomes(cycles: Cycles, scene: Scene, requests: tuple[Request, ...]) -> Iterator[Outcome]:
    """Yield the outcome of every order, room and bay; nothing, if none serves all."""
    start = Outcome((), scene.begin_s, scene.begin_s)
    vacant = {room: at_s for room, at_s in scene.vacant_s.items() if at_s < inf}
    return _go_on(cycles, scene, requests, scene.carriage, vacant, frozenset(scene.free_bays), start)


def _go_on(
    cycles: Cycles, scene: Scene, left: tuple[Request, ...], carriage: int,
    vacant: Mapping[int, float], free: frozenset[int], so_far: Outcome,
) -> Iterator[Outcome]:  # fmt: skip
    if not left:
        yield so_far
    full = {each.source for each in left if each.kind is JobKind.STORE and scene.vacant_s[each.source] == inf}
    for each in left:
        rest = tuple(other for other in left if other is not each)
        docked_s = max(so_far.free_s + cycles.go_s(carriage, each.source), each.ready_s)
        if each.kind is JobKind.STORE and vacant.get(each.source) != scene.vacant_s[each.source]:
            # Somebody else's car was brought there meanwhile: this one drives in behind it.
            docked_s = max(docked_s, vacant.get(each.source, 0.0))
        picked_s = docked_s + cycles.visit_s(each.source)
        into_room = each.kind is JobKind.RETRIEVE
        for target in vacant.keys() - full if into_room else free:
            if each.target not in {None, target}:
                continue
            there_s = picked_s + cycles.go_s(each.source, target)
            if into_room:
                there_s = max(there_s, vacant[target])
            end_s = there_s + cycles.visit_s(target)
            served_s = picked_s if each.kind is JobKind.STORE else end_s
            rooms, bays, last_s = dict(vacant), free, so_far.vacant_s
            if each.kind is JobKind.STORE:
                rooms[each.source] = served_s
            else:
                bays |= {each.source}
            if into_room:
                rooms[target] = end_s + scene.served_s
                last_s = max(last_s, rooms[target])
            else:
                bays -= {target}
            served = (*so_far.served_s, (each, served_s))
            yield from _go_on(cycles, scene, rest, target, rooms, bays, Outcome(served, end_s, last_s))
