"""Which change of the machine, its interlocks or its customers would buy most: the bounds, each time taken apart.

A time is halved, or left out, and the rest stays as it is; nothing of it says what the change would cost, or that it
could be built. An inner door that opens while the carriage still comes is half of the door's time. Two carriages are
reckoned as one of half the times: they would never wait for each other.

    python -m tests.bench.dispatch_levers
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import fmean

from controller.domain.dispatch.bounds import cars_an_hour
from controller.domain.dispatch.cycles import Pace, Paces
from controller.domain.dispatch.scene import DWELL_S
from controller.domain.dispatch.turnover import PROOF_S
from tests.support.bound_cases import Case, case_of

TOWERS = (("guangzhou", 1), ("guangzhou", 2), ("guangzhou", 3))

NOTHING = 1e-9
"""A share of a time that is left out."""

AS_BUILT = Paces()


@dataclass(frozen=True)
class Lever:
    """A change: the pace of what the machine does, and which shares of gates, stay and proof are left."""

    title: str
    paces: Paces = AS_BUILT
    gates: float = 1.0
    stay: float = 1.0
    proof: float = 1.0
    rooms: int = 0
    """So many more."""
    two: bool = False
    """One car is not brought sooner by a second carriage."""

    def of(self, name: str, rooms: int) -> Case:
        """Return a tower with this change."""
        case = case_of(name, rooms + self.rooms, self.paces)
        served_s = 2 * case.gate_s * self.gates + DWELL_S * self.stay + PROOF_S * self.proof
        return replace(case, served_s=served_s, gate_s=case.gate_s * self.gates)


def levers(most_rooms: int, rooms: int) -> Iterator[Lever]:
    """Yield each change, the tower as it is first."""
    yield Lever("as it is")
    for share, left in ((0.5, "halved"), (NOTHING, "none")):
        pace = Pace(share)
        yield Lever(f"lift {left}", Paces(lift=pace))
        yield Lever(f"turntable {left}", Paces(travel=pace, lift=Pace()))
        yield Lever(f"lift and turntable {left}", Paces(travel=pace))
        yield Lever(f"exchange {left}", Paces(exchange=pace))
        yield Lever(f"inner doors {left}", Paces(door=pace))
        yield Lever(f"latches {left}", Paces(latch=pace))
        yield Lever(f"gates {left}", gates=share)
        yield Lever(f"customer's stay {left}", stay=share)
        yield Lever(f"proof of emptiness {left}", proof=share)
    half = Pace(0.5)
    yield Lever("ways open on approach", Paces(door=half, latch=half))
    yield Lever("two carriages", Paces(half, half, half, half), two=True)
    if rooms < most_rooms:
        yield Lever("one more room", rooms=1)


def show(name: str, rooms: int) -> None:
    """Print what each change makes of a tower's bounds."""
    print(f"{name}, {rooms} of its rooms           all out, min | retrieved an h | to gate open, s | at once, farthest")
    base: tuple[float, float, float] | None = None
    for lever in levers(len(case_of(name, 1).cycles.rooms), rooms):
        case = lever.of(name, rooms)
        out_min, rate = case.out_s / 60, cars_an_hour(case.legs, case.bays, case.served_s)
        gate_s = fmean(case.legs.single_s(bay) for bay in case.bays) + case.gate_s
        base = base or (out_min, rate, gate_s)
        to_gate = "      -      " if lever.two else f"{gate_s:6.1f} {gate_s / base[2] - 1:+6.0%}"
        print(
            f"  {lever.title:28} {out_min:9.1f} {out_min / base[0] - 1:+6.0%} | {rate:6.1f} {rate / base[1] - 1:+6.0%}"
            f"  | {to_gate}   | {case.burst(case.bays[::-1]):8}"
        )


def main() -> None:
    """Reckon and print."""
    for name, rooms in TOWERS:
        show(name, rooms)


if __name__ == "__main__":
    main()
