"""The assignment problem: each row gets a column of its own so that the sum of the costs is least.

Shortest augmenting paths over reduced costs: Kuhn (1955) and Munkres (1957), in the form of Jonker and Volgenant,
"A shortest augmenting path algorithm for dense and sparse linear assignment problems", Computing 38 (1987). Exact, of
the order rows x rows x columns: a hundred rows take a few hundredths of a second, three hundred about half a second.
"""

from collections.abc import Sequence
from math import inf, isfinite

Costs = Sequence[Sequence[float]]


def assign(costs: Costs) -> tuple[int, ...]:
    """Return the column of each row in an assignment of least cost; of several, always the same one.

    Raises:
        ValueError: rows of different lengths, more rows than columns, or a cost that is not finite.

    """
    width = _width(costs)
    rows = _Rows(costs, [0.0] * len(costs), [0.0] * width, [-1] * width)
    for row in range(len(costs)):
        rows.add(row)
    columns = [-1] * len(costs)
    for column, row in enumerate(rows.row_of):
        if row >= 0:
            columns[row] = column
    return tuple(columns)


def least_cost(costs: Costs) -> float:
    """Return the cost of the best assignment; 0 without a row.

    Raises:
        ValueError: as `assign`.

    """
    return sum(row[column] for row, column in zip(costs, assign(costs), strict=True))


def _width(costs: Costs) -> int:
    widths = {len(row) for row in costs}
    if len(widths) > 1:
        raise ValueError(f"rows of {sorted(widths)} columns")
    width = widths.pop() if widths else 0
    if width < len(costs):
        raise ValueError(f"{len(costs)} rows for {width} columns")
    if not all(isfinite(cost) for row in costs for cost in row):
        raise ValueError("a cost that is not finite")
    return width


class _Rows:
    """The rows that have a column so far, and prices that make every cost beside them 0 or more."""

    def __init__(self, costs: Costs, of_row: list[float], of_column: list[float], row_of: list[int]) -> None:
        self._costs = costs
        self._of_row = of_row
        self._of_column = of_column
        self.row_of = row_of
        """By column; -1: nobody's."""

    def add(self, row: int) -> None:
        """Give one more row a column, along the cheapest path over those that have one."""
        length, before, visited = [inf] * len(self.row_of), [-1] * len(self.row_of), list[int]()
        # Of equal ways the one to a column that nobody has comes first: it ends the search.
        waiting = sorted(range(len(self.row_of)), key=lambda column: self.row_of[column] >= 0)
        here, so_far = row, 0.0
        while True:
            last = visited[-1] if visited else -1
            self._look(here, so_far, last, waiting, length, before)
            nearest = min(waiting, key=length.__getitem__)
            so_far = length[nearest]
            if self.row_of[nearest] < 0:
                break
            waiting.remove(nearest)
            visited.append(nearest)
            here = self.row_of[nearest]
        self._of_row[row] += so_far
        for column in visited:
            self._of_row[self.row_of[column]] += so_far - length[column]
            self._of_column[column] -= so_far - length[column]
        self._hand_over(row, nearest, before)

    def _look(
        self, row: int, so_far: float, last: int, waiting: list[int], length: list[float], before: list[int]
    ) -> None:
        """Shorten the paths to all columns that wait, over a row reached by the column ``last``."""
        costs, prices, base = self._costs[row], self._of_column, so_far - self._of_row[row]
        for column in waiting:
            over = base + costs[column] - prices[column]
            if over < length[column]:
                length[column], before[column] = over, last

    def _hand_over(self, row: int, column: int, before: list[int]) -> None:
        while before[column] >= 0:
            self.row_of[column] = self.row_of[before[column]]
            column = before[column]
        self.row_of[column] = row
