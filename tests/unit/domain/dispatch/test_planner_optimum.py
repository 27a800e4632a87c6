"""How far plans are from the best that the rules allow: every order, room and bay is tried."""

import statistics
from collections.abc import Iterable

import pytest

from controller.domain.dispatch.planner import first_come, plan
from controller.domain.dispatch.scene import Limits
from tests.support.planning import Draw, draw, gap, least

TOWERS = ("small", "guangzhou", "autostadt")


def must_be_near(seeds: Iterable[int], limits: Limits, late: float, worst: float) -> None:
    """Mean gap one percent, of all seeds whose requests can all be served.

    Where some must stay, a plan costs the less the dearer they are whom it leaves: that is nothing to be good at.
    """
    gaps, plain = [], []
    for seed in seeds:
        like = Draw(TOWERS[seed % 3], 3 + seed % 3, 1 + seed % 4, 1 + seed % 2, late, overtaken=True)
        case = draw(seed, like)
        left, cost = least(case, limits)
        if not left:
            found = plan(*case, limits)
            assert not found.unplanned
            gaps.append(gap(found.cost, cost, case[0]))
            plain.append(gap(first_come(*case, limits).cost, cost, case[0]))
    print(f"{len(gaps)} scenes: mean gap {statistics.mean(gaps):.4%}, worst {max(gaps):.3%};", end=" ")
    print(f"first come {statistics.mean(plain):.2%}, worst {max(plain):.1%}")
    assert min(gaps) > -1e-9
    assert statistics.mean(gaps) <= 0.01
    assert max(gaps) <= worst


@pytest.mark.parametrize("load_ahead", [True, False])
def test_small_plans_are_as_good_as_trying_everything(load_ahead: bool) -> None:
    must_be_near(range(20, 44), Limits(load_ahead=load_ahead), late=0.0, worst=0.05)


@pytest.mark.campaign
@pytest.mark.parametrize("load_ahead", [True, False])
@pytest.mark.parametrize("shift", [1, 2, 3])
def test_hundreds_of_small_plans_are_as_good_as_trying_everything(load_ahead: bool, shift: int) -> None:
    must_be_near(range(400), Limits(shift=shift, load_ahead=load_ahead), late=0.0, worst=0.05)


@pytest.mark.campaign
@pytest.mark.parametrize("load_ahead", [True, False])
def test_with_people_who_come_later_they_are_as_good_but_for_dawdling(load_ahead: bool) -> None:
    """The best of all may put a car into a far bay, to be free when somebody is ready: no plan does so."""
    must_be_near(range(400), Limits(load_ahead=load_ahead), late=0.4, worst=0.15)
