"""What no dispatch can beat, tower by tower, beside what other towers and the law of their country are known for.

Closed forms and one assignment, no run of anything: the same figures on every computer. Rooms fewer than a tower has
are out of service: the steel and its bays stay as they are. A room is kept for a customer for gate, 90 s, gate and the
proof that nobody is left. The carriage stands at a room in the beginning, all rooms are vacant, all bays are full. It
may fetch a car while its room is in use.

    python -m tests.bench.dispatch_bounds
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from config.load import load_tower
from controller.domain.dispatch.bounds import cars_an_hour, job_to_gate_s, makespan_s, platform_makespan_s
from controller.domain.dispatch.bounds_in_line import nth_served_s
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.legs import Legs
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.dispatch.turnover import as_built
from controller.domain.jobs import JobKind
from controller.domain.rooms import RoomState
from controller.settings import kinematics_of

CASES = (("small", 1), ("guangzhou", 1), ("guangzhou", 2), ("guangzhou", 3), ("autostadt", 4))
"""Towers, and how many of their rooms are in service."""

PROMISE_S = 600.0

ALL_OUT_MIN = 90.0
"""What Japan asks of a tower until all cars are out (etnews.com, 1995)."""

YARDSTICKS = (
    "all cars out within 90 min (Japan; with the customers' time in the rooms counted here)",
    "VW Autostadt: 104 s to the farthest slot, a car every 45 s (80 an hour) at peak",
    "Autobahn Motors, Singapore: at most 120 s",
    "the promise: everybody within 600 s",
)


@dataclass(frozen=True)
class Case:
    """A tower with so many rooms in service."""

    name: str
    cycles: Cycles
    legs: Legs
    bays: Sequence[int]
    """The nearest first."""

    @property
    def served_s(self) -> float:
        """How long a room needs for a customer."""
        return as_built(self.cycles.gate_s())[RoomState.CAR_PRESENT]

    @property
    def scene(self) -> Scene:
        """Everything at rest."""
        return Scene(0.0, min(self.legs.rooms), 0.0, dict.fromkeys(self.legs.rooms, 0.0), self.served_s)


def case_of(name: str, rooms: int) -> Case:
    """Return a tower with its first rooms in service."""
    tower = load_tower(name)
    cycles = Cycles(kinematics_of(tower), tower.shape)
    legs = Legs(cycles, tower.shape.rooms[:rooms])
    return Case(name, cycles, legs, sorted(tower.shape.bays, key=legs.single_s))


def asked(bays: Sequence[int]) -> list[Request]:
    """Return one customer for each of these cars, all at once."""
    return [Request(number, JobKind.RETRIEVE, 0.0, bay) for number, bay in enumerate(bays)]


def burst(case: Case, bays: Sequence[int]) -> int:
    """Return how many customers at once, the cars in this order, can all have their gate open within the promise."""
    for count in range(1, len(bays) + 1):
        served_s = nth_served_s(case.cycles, case.scene, asked(bays[:count]))
        if served_s[-1] + case.cycles.gate_s() > PROMISE_S:
            return count - 1
    return len(bays)


def show(case: Case) -> None:
    """Print the bounds of a case."""
    legs, bays, gate_s = case.legs, case.bays, case.cycles.gate_s()
    anywhere = [job_to_gate_s(legs, bay) for bay in bays]
    from_a_room = [legs.single_s(bay) + gate_s for bay in bays]
    out_min = makespan_s(case.cycles, case.scene, asked(bays)) / 60
    platform_min = platform_makespan_s(legs, bays, case.served_s) / 60
    rate = cars_an_hour(legs, bays, case.served_s)
    print(
        f"{case.name:9} {len(bays):4} {len(legs.rooms):5} | {fmean(anywhere):5.1f} {max(anywhere):6.1f} |"
        f" {fmean(from_a_room):5.1f} {max(from_a_room):6.1f} | {rate:6.1f} {3600 / rate:6.1f} |"
        f" {out_min:6.1f} {out_min / ALL_OUT_MIN:5.2f} {platform_min:8.1f} |"
        f" {burst(case, bays):7} {burst(case, bays[::-1]):8}"
    )


def main() -> None:
    """Reckon and print."""
    print(
        "                     | to gate open, s: carriage |  retrieved   |  all out, min, last   | customers at once\n"
        "                     |  anywhere   | at a room   |  at most     |  room vacant, least   | in 600 s, at most\n"
        "tower     bays rooms |  mean    max |  mean    max |   an h  every |"
        "  rooms  /90 platform | nearest farthest"
    )
    for name, rooms in CASES:
        show(case_of(name, rooms))
    print("beside these:", *YARDSTICKS, sep="\n  ")


if __name__ == "__main__":
    main()
