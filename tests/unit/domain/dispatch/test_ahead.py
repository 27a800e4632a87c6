"""How long a carriage stands with a car before a room that is in use: as long as it is worth it, and never for ever."""

from math import inf

import pytest

from controller.domain.dispatch.ahead import LONGEST_S, OTHERS_S, STANDS_S, Wait, may_fetch, put_back, stands_s
from controller.domain.dispatch.cycles import Cycles
from controller.settings import kinematics_of
from tests.support.places import LOW1, ROOM, TOP1
from tests.support.tower_under_test import tower_under_test


def test_nobody_stops_a_wait_that_is_foreseen_to_end_while_nobody_else_could_start() -> None:
    assert put_back(Wait(0.0, 300.0)) == ""
    assert put_back(Wait(LONGEST_S, inf)) == ""


@pytest.mark.parametrize(
    ("others_s", "due_s", "ends"),
    [
        (0.0, OTHERS_S, False),
        (0.0, OTHERS_S + 1, True),
        (OTHERS_S - 5, 4.0, False),
        (OTHERS_S - 5, 6.0, True),
        (OTHERS_S + 1, 0.0, True),
        (0.0, inf, True),
    ],
)
def test_who_could_start_waits_for_a_standing_carriage_no_longer_than_is_said(
    others_s: float, due_s: float, *, ends: bool
) -> None:
    assert ("others could start" in put_back(Wait(1.0, due_s, others_s=others_s))) is ends


def test_a_room_that_needs_a_person_is_not_waited_for() -> None:
    assert "somebody has acted" in put_back(Wait(0.0, 5.0, lost=True))


def test_no_car_waits_aboard_for_ever() -> None:
    assert "not vacant within" in put_back(Wait(LONGEST_S + 1, 0.0))


def test_a_car_is_fetched_for_a_room_that_will_be_vacant_soon_after_it_gets_there() -> None:
    tower = tower_under_test()
    cycles = Cycles(kinematics_of(tower), tower.shape)
    gets_there_s = cycles.go_s(TOP1, LOW1) + cycles.visit_s(LOW1) + cycles.go_s(LOW1, ROOM)
    assert stands_s(cycles, TOP1, LOW1, ROOM, gets_there_s) == pytest.approx(0.0)
    assert may_fetch(stands_s(cycles, TOP1, LOW1, ROOM, gets_there_s + STANDS_S - 0.1))
    assert not may_fetch(stands_s(cycles, TOP1, LOW1, ROOM, gets_there_s + STANDS_S + 0.1))
    assert not may_fetch(stands_s(cycles, TOP1, LOW1, ROOM, inf))
