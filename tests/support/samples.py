"""A matrix of cases: the quick suite runs a sample of it, the campaign all the rest.

The rule of the sample: from the whole matrix take, again and again, the case that shows most of what no case taken
before has shown; among equals the one whose values have been taken least often, and then the first. What is to be shown
is each value of each axis (`each_value`), or each pair of values of two axes (`each_pair`).
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import combinations, product
from typing import TypeAlias

import pytest
from _pytest.mark import ParameterSet

Case: TypeAlias = tuple[int, ...]
"""The index of a value on each axis."""


def each_value(*axes: Sequence[object]) -> list[ParameterSet]:
    """Return every case of a matrix; the campaign's mark is on all but a sample with each value in it."""
    return _marked(axes, 1)


def every_other(*axes: Sequence[object]) -> list[ParameterSet]:
    """Return every case of a matrix; the campaign's mark is on all but every other case of what `each_value` leaves.

    For what each of the seeds of `tests/scenario/test_seeds.py` meets as well, at whichever step it comes to.
    """
    cases = _marked(axes, 1)
    quick = [number for number, case in enumerate(cases) if not case.marks]
    left_out = set(quick[1::2])
    return [
        pytest.param(*case.values, marks=pytest.mark.campaign) if number in left_out else case
        for number, case in enumerate(cases)
    ]


def each_pair(*axes: Sequence[object]) -> list[ParameterSet]:
    """Return every case of a matrix; the campaign's mark is on all but a sample with each pair of values in it."""
    return _marked(axes, 2)


def campaign(*axes: Sequence[object]) -> list[ParameterSet]:
    """Return every case of a matrix, each with the campaign's mark."""
    return [pytest.param(*case, marks=pytest.mark.campaign) for case in product(*axes)]


def _marked(axes: Sequence[Sequence[object]], strength: int) -> list[ParameterSet]:
    taken = sample([len(axis) for axis in axes], strength)
    return [
        pytest.param(
            *(axis[index] for axis, index in zip(axes, case, strict=True)),
            marks=() if case in taken else pytest.mark.campaign,
        )
        for case in _matrix([len(axis) for axis in axes])
    ]


def sample(sizes: Sequence[int], strength: int) -> set[Case]:
    """Return cases that show each combination of ``strength`` values of axes of these sizes."""
    matrix = _matrix(sizes)
    missing = {shown for case in matrix for shown in _shown(case, strength)}
    taken: set[Case] = set()
    worn: Counter[Hashable] = Counter()
    while missing:
        best = min(matrix, key=lambda case: (-len(missing & _shown(case, strength)), _wear(case, worn)))
        taken.add(best)
        missing -= _shown(best, strength)
        worn.update(enumerate(best))
    return taken


def _matrix(sizes: Sequence[int]) -> list[Case]:
    return list(product(*(range(size) for size in sizes)))


def _shown(case: Case, strength: int) -> set[Hashable]:
    """Return every combination of ``strength`` values that a case shows."""
    return set(combinations(enumerate(case), strength))


def _wear(case: Case, worn: Counter[Hashable]) -> int:
    return sum(worn[value] for value in enumerate(case))
