"""The order in which tests begin, when several workers take one after another."""

from collections import deque
from collections.abc import Sequence
from typing import Final

import pytest

WAITING_S: Final = {True: 15.0, False: 0.25}
"""About how long a test in real time takes, by whether it is marked `long`: it mostly waits."""

COMPUTING_S: Final = {True: 8.0, False: 0.06}
"""The same of a test that computes."""


def interleaved(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests so that of both kinds, at any time, the same share is done; the long ones of both first.

    So both end together, however many workers there are: nobody is left alone with tests that wait, while cores
    stand idle. The order depends on the marks alone: all worker processes have the same.
    """
    ordered = sorted(items, key=lambda item: not _is_long(item))
    waiting = deque(item for item in ordered if _waits(item))
    computing = deque(item for item in ordered if not _waits(item))
    whole_wait_s = sum(WAITING_S[_is_long(item)] for item in waiting)
    whole_computation_s = sum(COMPUTING_S[_is_long(item)] for item in computing)
    merged: list[pytest.Item] = []
    waited_s = computed_s = 0.0
    while waiting or computing:
        if waiting and (waited_s * whole_computation_s <= computed_s * whole_wait_s or not computing):
            waited_s += WAITING_S[_is_long(waiting[0])]
            merged.append(waiting.popleft())
        else:
            computed_s += COMPUTING_S[_is_long(computing[0])]
            merged.append(computing.popleft())
    return merged


def _is_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("long") is not None


def _waits(item: pytest.Item) -> bool:
    return item.get_closest_marker("realtime") is not None
