"""Wires to bits: building flag words without the cost of flag arithmetic at every poll."""

from collections.abc import Callable
from enum import IntFlag
from functools import cache
from itertools import compress
from typing import TypeVar

F = TypeVar("F", bound=IntFlag)


def word(*bits: F) -> Callable[[tuple[bool, ...]], F]:
    """Return what makes a word of wires, one a bit and in their order. Each combination is worked out once.

    What is returned raises ValueError where there is not one wire a bit.
    """
    kind, masks = type(bits[0]), tuple(map(int, bits))

    @cache
    def of(wires: tuple[bool, ...]) -> F:
        if len(masks) != len(wires):
            raise ValueError(f"{len(wires)} wires for {len(masks)} bits")
        return kind(sum(compress(masks, wires)))

    return of
