"""Expected cycles in closed form: cross-checks for whoever adds up cycles car by car.

They say what a mean must come to, and bound nothing. Units: seconds, mm, mdeg.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence

from controller.domain.travel import Kinematics, Pose


def rack_single_s(longer_s: float, shape: float, exchange_s: float) -> float:
    """Return the expected single command cycle of a stacker crane in a rack.

    Bozer and White, "Travel-time models for automated storage/retrieval systems", IIE Transactions 16 (1984). The
    crane goes along and up at once at constant speeds, slots are used at random and everywhere in the rack, and the
    input/output point is at a lower corner. ``longer_s`` is the time to the far side of the longer axis, ``shape`` the
    ratio of the shorter time to it, ``exchange_s`` one pick or deposit (there are two).

    Raises:
        ValueError: a shape outside 0 to 1, or a time below 0.

    """
    _refuse(longer_s, shape, exchange_s)
    return longer_s * (1 + shape**2 / 3) + 2 * exchange_s


def rack_dual_s(longer_s: float, shape: float, exchange_s: float) -> float:
    """Return the expected dual command cycle in the same rack: a store and a retrieval, four exchanges.

    Source and assumptions as `rack_single_s`; the two slots are independent of each other.

    Raises:
        ValueError: a shape outside 0 to 1, or a time below 0.

    """
    _refuse(longer_s, shape, exchange_s)
    return longer_s * (4 / 3 + shape**2 / 2 - shape**3 / 30) + 4 * exchange_s


def ring_way_s(
    kinematics: Kinematics, room: Pose, heights_mm: Sequence[int], angles_mdeg: Sequence[int], missing: Collection[Pose]
) -> float:
    """Return the expected way from a room to a bay of a ring tower, all bays being equally likely.

    Lift and turntable move together, so that the way is the longer of two times. Over all crossings of heights and
    angles these are independent, and the mean of the longer is summed from the two distributions. What is ``missing``
    at a crossing (rooms, places left out by the steel) is taken out again. It assumes that each place stands exactly at
    its crossing: a calibrated tower differs by its calibration.

    Raises:
        ValueError: no bay is left.

    """
    lifts = sorted(kinematics.lift_s(room.height_mm, height) for height in heights_mm)
    turns = sorted(kinematics.turntable_s(room.angle_mdeg, angle) for angle in angles_mdeg)
    bays = len(lifts) * len(turns) - len(missing)
    if bays <= 0:
        raise ValueError(f"{len(missing)} places missing of {len(lifts) * len(turns)}")
    return (_sum_of_longer(lifts, turns) - sum(kinematics.carriage_s(room, pose) for pose in missing)) / bays


def ring_single_s(way_s: float, visits_s: float) -> float:
    """Return the single command cycle, from the room and back to it, for a mean way and both visits together."""
    return 2 * way_s + visits_s


def _sum_of_longer(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return the sum of the greater value over all pairs, of two sorted rows, without going through the pairs."""
    of_ones = sum(value * bisect_right(others, value) for value in ones)
    return of_ones + sum(value * bisect_left(ones, value) for value in others)


def _refuse(longer_s: float, shape: float, exchange_s: float) -> None:
    if longer_s < 0 or exchange_s < 0 or not 0 <= shape <= 1:
        raise ValueError(f"a rack of {longer_s} s and shape {shape}, exchanges of {exchange_s} s")
