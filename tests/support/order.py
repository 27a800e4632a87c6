"""The order in which tests begin, when several workers take one after another."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import pytest

WAITING_S: Final = {
    "tests/contract/tower/": 0.5,
    "tests/contract/": 0.2,
    "tests/fault/": 1.7,
    "tests/scenario/": 0.5,
    "tests/unit/": 0.05,
}
"""About how long a test in real time takes, by the beginning of its name: it mostly waits.

Measured, as the others, in a run of three workers on two cores. The first that fits counts.
"""

COMPUTING_S: Final = {
    "tests/contract/": 0.04,
    "tests/fault/": 0.45,
    "tests/scenario/": 0.55,
    "tests/unit/domain/": 0.01,
    "tests/unit/machines/": 0.01,
    "tests/unit/program/": 0.07,
    "tests/unit/plant/": 0.07,
    "tests/unit/": 0.03,
}
"""The same of a test that computes."""

ELSEWHERE_S: Final = 0.1
LONG_WAIT_S, LONG_COMPUTATION_S = 8.0, 6.0
"""Of a test that is marked `long`."""


def interleaved(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests so that of both kinds, at any time, the same share is done; the long ones of both first.

    So both end together, however many workers there are, and at no time do all of them wait while cores stand idle.
    The order depends on the tests' marks and folders alone: all worker processes have the same.
    """
    ordered = sorted(items, key=lambda item: not _is_long(item))
    waiting = deque((item, _length_s(item, LONG_WAIT_S, WAITING_S)) for item in ordered if _waits(item))
    computing = deque((item, _length_s(item, LONG_COMPUTATION_S, COMPUTING_S)) for item in ordered if not _waits(item))
    whole_wait_s, whole_computation_s = (sum(length_s for _, length_s in kind) for kind in (waiting, computing))
    merged: list[pytest.Item] = []
    waited_s = computed_s = 0.0
    while waiting or computing:
        if waiting and (waited_s * whole_computation_s <= computed_s * whole_wait_s or not computing):
            item, length_s = waiting.popleft()
            waited_s += length_s
        else:
            item, length_s = computing.popleft()
            computed_s += length_s
        merged.append(item)
    return merged


def _length_s(item: pytest.Item, long_s: float, short_s: Mapping[str, float]) -> float:
    if _is_long(item):
        return long_s
    return next((length_s for start, length_s in short_s.items() if item.nodeid.startswith(start)), ELSEWHERE_S)


def _is_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("long") is not None


def _waits(item: pytest.Item) -> bool:
    return item.get_closest_marker("realtime") is not None
