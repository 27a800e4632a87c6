"""How long a plan takes, by bays and by requests that wait, and how that grows with the tower.

Processor time of whole plans, each the best of five: three rooms at Guangzhou, four at the Autostadt, and four at a
tower of 5,000 bays that nobody has built. A growth of 1.0 is that of n log n. Each is told in bare calls of a function
too, timed between the plans, since others may compute on the same machine: a plan of 100,000 calls takes 5 ms where a
call takes 50 ns. What is aimed at: 5 ms at 42 bays, 20 ms at 396.

    python -m tests.bench.planning_time
"""

import random
import statistics
import time
import timeit
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, log

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.planner import plan
from controller.domain.dispatch.scene import DWELL_S, Request, Scene
from controller.domain.dispatch.slot_capacity import quantile
from controller.domain.jobs import JobKind
from controller.domain.travel import Pose
from controller.settings import kinematics_of
from tests.support.towers import tower_named

SCENES = 100
"""Of fewer the hundredth worst would be the worst."""
LEVELS, POSITIONS = 251, 20


@dataclass(frozen=True)
class Spot:
    height_mm: int
    angle_mdeg: int


@dataclass(frozen=True)
class Tower:
    poses: Mapping[int, Pose]
    rooms: tuple[int, ...]

    @property
    def bays(self) -> list[int]:
        return sorted(set(self.poses) - set(self.rooms))


def built(name: str) -> tuple[Tower, Cycles]:
    tower = tower_named(name)
    places = Tower(dict(tower.shape.poses), tuple(tower.shape.rooms))
    return places, Cycles(kinematics_of(tower), places)


def imagined() -> tuple[Tower, Cycles]:
    poses = {
        level * 100 + position: Spot((level - 1) * 2400, (position - 1) * 360_000 // POSITIONS)
        for level in range(1, LEVELS + 1)
        for position in range(1, POSITIONS + 1)
    }
    rooms = (101, 106, 111, 116)
    bays = [place for place in sorted(poses) if place not in rooms][:5000]
    places = Tower({place: poses[place] for place in (*rooms, *bays)}, rooms)
    return places, Cycles(kinematics_of(tower_named("autostadt")), places)


def scene(tower: Tower, cycles: Cycles, pending: int, seed: int) -> tuple[list[Request], Scene]:
    """Return a scene with half of the bays taken; in one room at least nobody waits to be stored."""
    rng, bays, rooms = random.Random(seed), tower.bays, list(tower.rooms)
    rng.shuffle(bays)
    cars, free = bays[: max(len(bays) // 2, min(pending, len(bays) - 2))], bays[len(bays) // 2 :]
    free = sorted(set(free) - set(cars))
    vacant_s = {room: max(0.0, rng.uniform(-100, 100)) for room in rooms}
    stores = rng.sample(rooms, rng.randrange(len(rooms)))
    turns = rng.sample(range(pending), min(len(stores), pending))
    requests = []
    for number in range(min(pending, len(cars))):
        since_s, weight = -rng.uniform(0, 60), 3.0 if rng.random() < 0.2 else 1.0
        if number in turns:
            room = stores[turns.index(number)]
            vacant_s[room] = inf
            requests.append(Request(number, JobKind.STORE, since_s, room, weight=weight))
        else:
            requests.append(Request(number, JobKind.RETRIEVE, since_s, cars[number], weight=weight))
    return requests, Scene(0.0, rng.choice(rooms), 0.0, vacant_s, 2 * cycles.gate_s() + DWELL_S, tuple(free))


@dataclass(frozen=True)
class Timed:
    """How long each scene's plan takes, ordered, and a bare call beside them."""

    times_ms: list[float]
    call_us: float

    @property
    def middle_ms(self) -> float:
        return statistics.median(self.times_ms)

    @property
    def p99_ms(self) -> float:
        return quantile(self.times_ms, 0.99)

    @property
    def p99_calls(self) -> float:
        return self.p99_ms * 1000 / self.call_us


def timed(tower: Tower, cycles: Cycles, pending: int) -> Timed:
    """Plan each scene."""
    times, calls = [], []
    for seed in range(SCENES):
        requests, now = scene(tower, cycles, pending, seed)
        calls.append(a_call_us())
        tries = []
        for _ in range(5):
            began = time.process_time_ns()
            plan(requests, now, cycles)
            tries.append((time.process_time_ns() - began) / 1e6)
        times.append(min(tries))
    return Timed(sorted(times), statistics.median(calls))


def a_call_us() -> float:
    """Return how long a bare call takes, the best of three."""

    def nothing(one: int) -> int:
        return one

    taken_s = timeit.repeat("call(1)", globals={"call": nothing}, number=5_000, repeat=3, timer=time.process_time)
    return min(taken_s) * 200


def main() -> None:
    """Measure and print."""
    towers = [built("guangzhou"), built("autostadt"), imagined()]
    for pending in (8, 60):
        least: tuple[int, float] | None = None
        for tower, cycles in towers:
            count, found = len(tower.bays), timed(tower, cycles, pending)
            least = least or (count, found.middle_ms)
            growth = found.middle_ms / least[1] / (count * log(count) / (least[0] * log(least[0])))
            print(
                f"{count:5} bays, {pending:2} wait: p50 {found.middle_ms:6.2f} ms, p99 {found.p99_ms:6.2f} ms,"
                f" {found.p99_calls / 1000:4.0f},000 calls of {found.call_us * 1000:.0f} ns"
                f"  growth / n log n {growth:.2f}"
            )


if __name__ == "__main__":
    main()
