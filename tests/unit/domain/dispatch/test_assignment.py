"""The cheapest assignment is the cheapest of all permutations, and a hundred rows are no matter of seconds."""

import random
from itertools import permutations

import pytest

from controller.domain.dispatch.assignment import Costs, assign, least_cost


def by_trying(costs: Costs, columns: int) -> float:
    ways = permutations(range(columns), len(costs))
    return min(sum(row[column] for row, column in zip(costs, way, strict=True)) for way in ways)


def test_no_permutation_is_cheaper() -> None:
    rng = random.Random(1)
    for _ in range(150):
        rows = rng.randint(1, 4)
        columns = rows + rng.randint(0, 2)
        costs = [[rng.choice([rng.uniform(-5, 5), rng.randint(0, 2)]) for _ in range(columns)] for _ in range(rows)]
        assert len(set(assign(costs))) == rows
        assert least_cost(costs) == pytest.approx(by_trying(costs, columns), abs=1e-9)


def test_a_known_assignment_of_a_hundred_is_found() -> None:
    rng = random.Random(2)
    hidden = rng.sample(range(100), 100)
    costs = [[0.0 if column == hidden[row] else rng.uniform(0.1, 9.0) for column in range(100)] for row in range(100)]
    assert assign(costs) == tuple(hidden)


def test_prices_of_rows_and_columns_change_the_cost_and_not_the_assignment() -> None:
    rng = random.Random(3)
    costs = [[rng.uniform(0.0, 9.0) for _ in range(12)] for _ in range(12)]
    dearer = [[cost + 100.0 * row + 7.0 * column for column, cost in enumerate(costs[row])] for row in range(12)]
    assert assign(dearer) == assign(costs)
    assert least_cost(dearer) == pytest.approx(least_cost(costs) + 107.0 * 66)


def test_nothing_costs_nothing() -> None:
    assert least_cost([]) == 0


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ([[1.0], [2.0]], "2 rows for 1 columns"),
        ([[1.0, 2.0], [3.0]], "rows of"),
        ([[float("inf"), 1.0]], "not finite"),
    ],
)
def test_what_cannot_be_assigned_is_refused(costs: Costs, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        assign(costs)
