"""Each policy does what it says to the same days, alone, and the moves that nobody asked for are counted."""

import pytest

from sim_plc.study.day import live
from sim_plc.study.effects import POLICIES, Effect, effects
from sim_plc.study.figures import figures
from sim_plc.study.rules import FCFS, RULES
from tests.support.study import day_of, demand_named, site_named


def effect_of(name: str, night_moves: int = 5) -> tuple[Effect, int]:
    """Weigh one policy under the cheapest rule; return it with how often a day was told of."""
    told: list[None] = []
    site, demand, days = site_named("guangzhou"), demand_named("quiet"), [day_of("quiet", "guangzhou")]
    [effect] = effects(site, demand, days, RULES[FCFS], (name,), night_moves, lambda: told.append(None))
    return effect, len(told)


@pytest.mark.parametrize(("name", "moves"), [("slotting", 0), ("reslotting", 5), ("staging", 0)])
def test_a_policy_changes_the_day_and_its_own_moves_are_told(name: str, moves: int) -> None:
    effect, told = effect_of(name)
    site, day = site_named("guangzhou"), day_of("quiet", "guangzhou")
    assert effect.without == figures(site, [live(site, day, RULES[FCFS])])
    assert effect.with_it != effect.without
    assert (effect.moves, told) == (moves, 2)
    assert effect.longer in (0.0, 1.0)
    assert effect.body()["title"] == POLICIES[name].title


def test_who_has_booked_waits_less_for_a_car_that_is_brought_ahead() -> None:
    effect, _ = effect_of("staging")
    assert effect.with_it.punctual.mean_s < effect.without.punctual.mean_s / 2


def test_the_idle_carriage_goes_to_where_it_waits() -> None:
    effect, _ = effect_of("dwell")
    assert effect.moves > 0
    assert effect.with_it.all.mean_s != effect.without.all.mean_s


def test_a_night_moves_no_more_cars_than_it_may() -> None:
    assert [effect_of("reslotting", most)[0].moves for most in (1, 3)] == [1, 3]
