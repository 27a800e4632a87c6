"""The order of tests: those that wait and those that compute end together, and the long ones begin first."""

import pytest

from tests.support.order import interleaved


class Marked:
    """As much of a collected test as the order looks at."""

    def __init__(self, *marks: str, folder: str = "scenario") -> None:
        self._marks = marks
        self.nodeid = f"tests/{folder}/test_it.py::test_it"

    def get_closest_marker(self, name: str) -> object:
        return name if name in self._marks else None

    def __repr__(self) -> str:
        return " ".join(self._marks) or "short"


def order(*items: Marked) -> list[str]:
    return [repr(item) for item in interleaved(items)]  # type: ignore[arg-type]  # looks at marks and name alone


def test_at_any_time_the_same_share_of_both_kinds_is_done() -> None:
    computing = [Marked("long") for _ in range(14)]
    waiting = [Marked("realtime", "long") for _ in range(2)]
    found = order(*computing, *waiting)
    assert found[0] == "realtime long"
    # The second comes when half of the others have begun: not at once, and not at the end.
    assert found.index("realtime long", 1) == 8


def test_long_ones_come_before_short_ones_of_their_kind() -> None:
    found = order(Marked(), Marked("realtime"), Marked("long"), Marked("realtime", "long"))
    assert found.index("long") < found.index("short")
    assert found.index("realtime long") < found.index("realtime")


def test_a_thousand_that_are_over_at_once_are_no_company_for_tests_that_wait() -> None:
    quick = [Marked(folder="unit/domain") for _ in range(1100)]
    found = order(*(Marked() for _ in range(20)), *quick, *(Marked("realtime") for _ in range(20)))
    waits = [place for place, name in enumerate(found) if name == "realtime"]
    # The twenty take 11 s, as the thousand do: half of what waits is begun beside the one, half beside the other.
    assert sum(place < 30 for place in waits) == 10
    assert len(order(Marked("realtime", folder="elsewhere"), Marked(folder="elsewhere"))) == 2


@pytest.mark.parametrize("marks", [(), ("realtime",)])
def test_nothing_is_lost_where_one_kind_is_missing(marks: tuple[str, ...]) -> None:
    assert len(order(*(Marked(*marks) for _ in range(5)))) == 5
