"""Wires to bits: building flag words without the cost of flag arithmetic at every poll."""

from collections.abc import Iterable


def bits(masks: Iterable[int], wires: Iterable[bool]) -> int:
    """Return the sum of the masks whose wire is on; both come in the same order."""
    return sum(mask for mask, wire in zip(masks, wires, strict=True) if wire)
