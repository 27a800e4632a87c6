"""A driver passes somebody whose car is to be fetched where the car is foreseen to be no later for it."""

import pytest

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.room_turns import PASSED, Asker, Coming, admitted
from controller.settings import kinematics_of
from tests.support.towers import tower_named

TOWER = tower_named("guangzhou")
CYCLES = Cycles(kinematics_of(TOWER), TOWER.shape)
HERE, THERE, THIRD = TOWER.shape.rooms
BAY, OTHER_BAY, *_ = TOWER.shape.bays
IN_TIME_S = CYCLES.go_s(HERE, BAY) + CYCLES.visit_s(BAY) + CYCLES.go_s(BAY, HERE)
"""From the carriage free at a room until it is back there with the car of a bay."""


def car(number: int, source: int | None = BAY, passed: int = 0) -> Asker:
    return Asker(number, is_driver=False, rooms=(THERE, HERE), source=source, passed=passed)


def driver(number: int) -> Asker:
    return Asker(number, is_driver=True, rooms=(HERE, THERE))


@pytest.mark.parametrize(
    ("askers", "left_s", "found"),
    [
        pytest.param([car(1), driver(2)], IN_TIME_S - 0.1, {2: THERE}, id="its room is left in time"),
        pytest.param([car(1), driver(2)], IN_TIME_S + 0.1, {}, id="its room is left too late"),
        pytest.param([car(1, None), driver(2)], 0.0, {}, id="it cannot be fetched ahead"),
        pytest.param([car(1, passed=PASSED), driver(2)], 0.0, {}, id="it was passed often enough"),
        pytest.param([car(1, passed=PASSED - 1), driver(2)], 0.0, {2: THERE}, id="it may be passed once more"),
        pytest.param([car(1), car(2, OTHER_BAY), driver(3)], 0.0, {}, id="the next car keeps the vacant one"),
        pytest.param([car(1), driver(2), driver(3)], 0.0, {2: THERE}, id="one driver for one room"),
        pytest.param([driver(1), driver(2), car(3)], 0.0, {1: THERE}, id="drivers in turn"),
        pytest.param([driver(1), car(2), driver(3)], IN_TIME_S + 0.1, {1: THERE}, id="nothing left to keep"),
    ],
)
def test_who_passes(askers: list[Asker], left_s: float, found: dict[int, int]) -> None:
    assert admitted(askers, [THERE], Coming(CYCLES, HERE, 0.0, {HERE: left_s})) == found


def test_the_second_car_comes_behind_the_first() -> None:
    askers = [Asker(number, is_driver=False, rooms=(THIRD, THERE, HERE), source=BAY) for number in (1, 2)]
    askers.append(Asker(3, is_driver=True, rooms=(THIRD,)))
    first_s = IN_TIME_S + CYCLES.visit_s(HERE)
    second_s = first_s + CYCLES.go_s(HERE, BAY) + CYCLES.visit_s(BAY) + CYCLES.go_s(BAY, THERE)
    for left_s, found in ((second_s - 0.1, {3: THIRD}), (second_s + 0.1, {})):
        assert admitted(askers, [THIRD], Coming(CYCLES, HERE, 0.0, {HERE: 0.0, THERE: left_s})) == found


def test_a_driver_before_them_has_the_room_that_is_left_first() -> None:
    askers = [Asker(1, is_driver=True, rooms=(HERE,)), car(2), driver(3)]
    assert admitted(askers, [THERE], Coming(CYCLES, HERE, 0.0, {HERE: 0.0})) == {}
