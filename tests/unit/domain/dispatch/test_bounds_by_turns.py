"""Plans of an emptied tower, and of bursts, beside what no dispatch can beat: the bounds are met, or nearly so."""

import pytest

from controller.domain.dispatch.bounds_by_turns import turns_s
from tests.support.bound_cases import asked, case_of


@pytest.mark.parametrize("rooms", [1, 2, 3])
def test_all_cars_are_out_within_a_twentieth_of_what_is_possible(rooms: int) -> None:
    case = case_of("guangzhou", rooms)
    assert case.out_s <= case.planned_out_s <= 1.05 * case.out_s


def test_with_two_rooms_nothing_but_their_turns_keeps_the_cars() -> None:
    case = case_of("guangzhou", 2)
    by_turns_s = turns_s(case.cycles, case.scene, asked(case.bays), case.legs.rooms)
    assert case.out_s == by_turns_s + case.served_s
    assert case.planned_out_s == pytest.approx(case.out_s, rel=0.001)


@pytest.mark.parametrize("rooms", [1, 2, 3])
def test_no_more_than_one_customer_of_a_burst_is_promised_ten_minutes_in_vain(rooms: int) -> None:
    case = case_of("guangzhou", rooms)
    for bays in (case.bays, case.bays[::-1]):
        assert 0 <= case.burst(bays) - case.planned_burst(bays) <= 1
