"""Wires to bits: building flag words without the cost of flag arithmetic at every poll."""

from collections.abc import Sequence
from itertools import compress


def bits(masks: Sequence[int], wires: Sequence[bool]) -> int:
    """Return the sum of the masks whose wire is on; both come in the same order.

    Raises:
        ValueError: there is not one wire a mask.

    """
    if len(masks) != len(wires):
        raise ValueError(f"{len(wires)} wires for {len(masks)} masks")
    return sum(compress(masks, wires))
