"""How far plans are from what a constraint solver finds, which knows the rules alone."""

import statistics
from typing import TYPE_CHECKING

import pytest

from controller.domain.dispatch.planner import first_come, plan
from controller.domain.dispatch.scene import Limits, Plan
from tests.support.planning import Case, Draw, draw, gap, least

if TYPE_CHECKING:
    from tests.support.planning_solver import Optimum

SCENES = 504
PARTS = 12
SECONDS = 120.0
LIMITS = Limits(window=8)
PATIENT = Limits(window=8, evaluations=10_000)
TOWERS = ("small", "guangzhou", "autostadt")


def scene(seed: int, most: int) -> Case:
    """Return a scene of 3 to ``most`` requests, all ready, with bays for all who want one."""
    tower = TOWERS[seed % 3]
    free_bays = 1 if tower == "small" else 4
    return draw(seed, Draw(tower, 3 + seed % (most - 2), 1 + seed // 3 % 4, free_bays, overtaken=True))


def solved(case: Case, start: Plan) -> "Optimum":
    """Solve a scene by the rules of these limits. Its import takes longer than the other tests."""
    from tests.support.planning_solver import Model

    return Model(case, LIMITS).solve(start, SECONDS)


def gaps_of(case: Case) -> tuple[float, float, float, bool]:
    """Return the gaps to what nothing is better than, and whether that is met.

    They are of the plan, of one with tries enough, and of first come, first served.
    """
    found = plan(*case, LIMITS)
    assert not found.unplanned
    optimum = solved(case, found)
    costs = (found.cost, plan(*case, PATIENT).cost, first_come(*case).cost)
    quick, patient, plain = (gap(cost, optimum.bound, case[0]) for cost in costs)
    return quick, patient, plain, optimum.proven


def test_the_solver_knows_nothing_better_and_agrees_with_trying_everything() -> None:
    for seed in (1, 2, 6):
        case = scene(seed, 5)
        optimum = solved(case, first_come(*case))
        assert optimum.proven
        assert optimum.cost == pytest.approx(least(case, LIMITS)[1], abs=0.05)
        assert gap(plan(*case, LIMITS).cost, optimum.bound, case[0]) <= 0.05


def test_a_room_that_is_asked_for_by_name_is_not_spent_on_who_could_have_had_another() -> None:
    """Two ways of as many seconds: one leaves the rooms that two others want vacant, and is 270 s of waiting better."""
    case = scene(191, 8)
    assert gap(plan(*case, LIMITS).cost, plan(*case, PATIENT).cost, case[0]) <= 0.05


def test_the_last_near_bay_is_kept_for_the_car_that_counts_more() -> None:
    """A relocation into the bay that suits it best sends the next car far away: 119 s, three times as many weighted."""
    case = scene(11, 8)
    assert plan(*case, LIMITS).moves[0].target == 1316


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(PARTS))
def test_hundreds_of_plans_are_near_what_the_solver_proves(part: int) -> None:
    found = [gaps_of(scene(seed, 8)) for seed in range(part, SCENES, PARTS)]
    gaps, patient, plain, proven = zip(*found, strict=True)
    print(
        f"{len(gaps)} scenes, {sum(proven)} proven: mean gap {statistics.mean(gaps):.3%}, worst {max(gaps):.2%};",
        end=" ",
    )
    print(f"with tries enough {max(patient):.2%}; first come {statistics.mean(plain):.1%}, worst {max(plain):.0%}")
    assert min(gaps) > -1e-4
    assert statistics.mean(gaps) <= 0.01
    assert max(gaps) <= 0.05
    assert max(patient) <= 0.05
