"""What no dispatch can beat, tower by tower, beside what other towers and the law of their country are known for.

And what the planner makes of it; and which change of the machine would buy most (`dispatch_levers`). Closed forms, one
assignment and a few plans, no run of anything: the same figures on every computer. Rooms fewer than a tower has
are out of service: the steel and its bays stay as they are. A room is kept for a customer for gate, 90 s, gate and the
proof that nobody is left. The carriage stands at a room in the beginning, all rooms are vacant, all bays are full. It
may fetch a car while its room is in use.

    python -m tests.bench.dispatch_bounds
"""

from statistics import fmean

from controller.domain.dispatch.bounds import cars_an_hour, job_to_gate_s, platform_makespan_s
from tests.bench import dispatch_levers
from tests.support.bound_cases import Case, case_of

CASES = (("small", 1), ("guangzhou", 1), ("guangzhou", 2), ("guangzhou", 3), ("autostadt", 4))
"""Towers, and how many of their rooms are in service."""

ALL_OUT_MIN = 90.0
"""What Japan asks of a tower until all cars are out (etnews.com, 1995)."""

YARDSTICKS = (
    "all cars out within 90 min (Japan; with the customers' time in the rooms counted here)",
    "VW Autostadt: 104 s to the farthest slot, a car every 45 s (80 an hour) at peak",
    "Autobahn Motors, Singapore: at most 120 s",
    "the promise: everybody within 600 s",
)


def show(case: Case) -> None:
    """Print the bounds of a case, and what is planned."""
    legs, bays, gate_s = case.legs, case.bays, case.cycles.gate_s()
    anywhere = [job_to_gate_s(legs, bay) for bay in bays]
    from_a_room = [legs.single_s(bay) + gate_s for bay in bays]
    out_s, planned_s = case.out_s, case.planned_out_s
    out_min, far = out_s / 60, bays[::-1]
    platform_min = platform_makespan_s(legs, bays, case.served_s) / 60
    rate = cars_an_hour(legs, bays, case.served_s)
    print(
        f"{case.name:9} {len(bays):4} {len(legs.rooms):5} | {fmean(anywhere):5.1f} {max(anywhere):6.1f} |"
        f" {fmean(from_a_room):5.1f} {max(from_a_room):6.1f} | {rate:6.1f} {3600 / rate:6.1f} |"
        f" {out_min:6.1f} {out_min / ALL_OUT_MIN:5.2f} {platform_min:8.1f}"
        f" {planned_s / 60:7.1f} {planned_s / out_s:5.3f} |"
        f" {case.burst(bays):7} {case.planned_burst(bays):7} {case.burst(far):8} {case.planned_burst(far):7}"
    )


def main() -> None:
    """Reckon and print."""
    print(
        "                     | to gate open, s: carriage |  retrieved   |  all out, min: last room vacant     |"
        " customers at once in 600 s\n"
        "                     |  anywhere   | at a room   |  at most     |  at least              as planned    |"
        " at most and as planned\n"
        "tower     bays rooms |  mean    max |  mean    max |   an h  every |  rooms  /90 platform  planned /least |"
        " nearest planned farthest planned"
    )
    for name, rooms in CASES:
        show(case_of(name, rooms))
    print("beside these:", *YARDSTICKS, sep="\n  ")
    print("\nwhat would buy most:")
    dispatch_levers.main()


if __name__ == "__main__":
    main()
