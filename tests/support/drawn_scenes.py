"""Scenes and requests drawn from a seed, at the reference tower with machines of several speeds."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf

from controller.domain.dispatch.cycles import Cycles, Pace, Paces
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind
from controller.settings import kinematics_of
from tests.support.towers import tower_named

TOWER = "guangzhou"
LIFT_SPEEDS_MM_S = (200.0, 500.0, 2000.0)
PACES = Paces(travel=Pace(1.05, 0.4), exchange=Pace(1.0, 0.2), door=Pace(1.1, 0.2), latch=Pace(1.0, 0.2))

STANDS_THERE = 0.7
"""How many of the cars to be stored stand in their room already; the others have still to drive in."""


@cache
def cycles_at(lift_speed_mm_s: float) -> Cycles:
    """Return the times of the reference tower with another lift, at a pace somewhat behind its numbers."""
    tower = tower_named(TOWER)
    kinematics = kinematics_of(tower)
    lift = replace(kinematics.lift, speed_mm_s=lift_speed_mm_s)
    return Cycles(replace(kinematics, lift=lift), tower.shape, PACES)


@dataclass(frozen=True)
class Drawn:
    """A scene with requests that can be served, the carriage and the rooms at any hour."""

    cycles: Cycles
    scene: Scene
    requests: tuple[Request, ...]


def drawn(rng: random.Random, cars: int, kinds: Sequence[JobKind], rooms: int | None = None) -> Drawn:
    """Draw a scene with so many requests of these kinds, two free bays, and one to three rooms if not told.

    In every third nothing has to be waited for, so that the carriage alone is the limit.
    Of STOREs there are no more than free bays: the cars behind these are retrieved.
    """
    shape = tower_named(TOWER).shape
    late_s = rng.choice([0.0, 300.0, 300.0])
    in_service = rng.sample(shape.rooms, rooms or rng.randint(1, 3))
    *bays, one, other = rng.sample(shape.bays, cars + 2)
    vacant_s = {room: _now_or_within(rng, late_s) for room in in_service}
    wanted = [rng.choice(kinds) for _ in bays]
    for number in [number for number, kind in enumerate(wanted) if kind is JobKind.STORE][2:]:
        wanted[number] = JobKind.RETRIEVE
    cases = zip(range(cars), wanted, bays, strict=True)
    requests = tuple(_request(rng, number, kind, bay, in_service, late_s) for number, kind, bay in cases)
    stored_from = [each.source for each in requests if each.kind is JobKind.STORE]
    vacant_s.update({room: inf for room in stored_from if rng.random() < STANDS_THERE})
    served_s = rng.choice([20.0, 106.0, 300.0]) if late_s else 0.0
    begin_s, carriage = rng.uniform(0.0, 60.0), rng.choice([*in_service, *bays])
    scene = Scene(0.0, carriage, begin_s, vacant_s, served_s, (one, other))
    return Drawn(cycles_at(rng.choice(LIFT_SPEEDS_MM_S)), scene, requests)


def _request(rng: random.Random, number: int, kind: JobKind, bay: int, rooms: Sequence[int], late_s: float) -> Request:
    source = rng.choice(rooms) if kind is JobKind.STORE else bay
    named = kind is JobKind.RETRIEVE and rng.random() < 0.2
    target = rng.choice(rooms) if named else None
    ready_s = _now_or_within(rng, late_s)
    since_s = ready_s - _now_or_within(rng, ready_s)
    return Request(number, kind, since_s, source, target, ready_s=ready_s)


def _now_or_within(rng: random.Random, limit_s: float) -> float:
    return rng.choice([0.0, rng.uniform(0.0, limit_s)])
