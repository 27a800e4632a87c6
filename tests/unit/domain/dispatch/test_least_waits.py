"""What cuts the search for the best order short is a bound: behind no move of an allowed order is less waited."""

import pytest

from controller.domain.dispatch.docket import Docket
from controller.domain.dispatch.least_waits import LeastWaits
from controller.domain.dispatch.planner import first_come, plan
from controller.domain.dispatch.scene import Limits, Move, Plan
from controller.domain.jobs import JobKind
from tests.support.planning import EPSILON_S, Case, Draw, draw


def waited_behind(case: Case, found: Plan, number: int) -> float:
    """Return what is waited behind the move of a number from when the carriage is free, as a search counts it.

    A car whose bay was open is exchanged where it comes from: its way, and what waits for that, comes behind.
    """
    requests, move = {each.id: each for each in case[0]}, found.moves[number]
    free_s = _free_s(case, move)
    behind = sum(
        requests[each.request].weight * (each.served_s - requests[each.request].since_s - free_s)
        for each in found.moves[number + 1 :]
    )
    own = requests[move.request].weight if move.kind is JobKind.RELOCATE else 0.0
    return behind + own * (move.end_s - free_s)


def _free_s(case: Case, move: Move) -> float:
    named = next(each.target for each in case[0] if each.id == move.request) is not None
    open_way_s = case[2].go_s(move.source, move.target) if move.kind is not JobKind.RETRIEVE and not named else 0.0
    return move.end_s - open_way_s


@pytest.mark.parametrize("tower", ["small", "guangzhou", "autostadt"])
def test_nothing_that_is_allowed_waits_less_than_the_least(tower: str) -> None:
    near = []
    for seed in range(20):
        case = draw(seed, Draw(tower, 3 + seed % 5, 1 + seed % 4, 1 + seed % 4))
        for found in (first_come(*case), plan(*case, Limits(window=8))):
            if found.unplanned:
                continue
            docket = Docket(*case)
            index = {each.id: number for number, each in enumerate(docket.requests)}
            least, done = LeastWaits(docket, range(len(case[0]))), 0
            for number, move in enumerate(found.moves):
                done |= 1 << index[move.request]
                told, is_it = least[done | least.mark(index[move.request])], waited_behind(case, found, number)
                assert told <= is_it + EPSILON_S, (seed, number)
                asked = sum(each.weight * each.since_s for each in case[0] if not done >> index[each.id] & 1)
                near.append(told + asked > 0.8 * (is_it + asked) > 0)
    assert sum(near) > len(near) / 20, "a bound that is never near cuts nothing"
