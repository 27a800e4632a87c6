"""Which tower is under test is said once, before anybody asks; its places play parts that every packaged tower has."""

import pytest

from config.load import load_tower
from config.packaged import packaged
from hal.plcmap.registers import latches_station
from hal.plcmap.shape import level_of
from tests.support import tower_under_test as under_test
from tests.support.places import bay_beside, bus_of, quarter_bays
from tests.support.towers import tower_named


def test_a_tower_that_is_in_use_is_not_exchanged_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "_chosen", [])
    assert under_test.chosen() == under_test.DEFAULT
    under_test.choose(under_test.DEFAULT)
    with pytest.raises(RuntimeError, match="too late"):
        under_test.choose("autostadt")


def test_the_tower_that_was_chosen_is_the_one_that_everybody_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "_chosen", [])
    under_test.choose("autostadt")
    assert under_test.tower_under_test().name == under_test.roomy_tower().name == "autostadt"


def test_a_tower_with_one_room_lends_itself_to_no_test_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "_chosen", ["small"])
    assert under_test.roomy_tower().name == "guangzhou"


@pytest.mark.parametrize("name", packaged("towers"))
def test_every_tower_has_six_bays_far_apart_and_one_beside_its_room(name: str) -> None:
    tower = load_tower(name)
    shape, room = tower.shape, tower.shape.rooms[0]
    low, top = quarter_bays(shape, shape.bay_levels[0]), quarter_bays(shape, shape.bay_levels[-1])
    assert len({*low, *top}) == 6
    assert {*low, *top} <= set(shape.bays)
    assert {level_of(bay) for bay in low} < {level_of(bay) for bay in (*low, *top)}
    assert abs(bay_beside(shape, room) - room) == 1
    assert latches_station(top[0]) in tower.bus[bus_of(tower, latches_station(top[0]))].stations


def test_a_tower_is_read_once_and_is_what_its_file_says() -> None:
    keys = {"timing.customer_patience_s": "60"}
    assert tower_named("small", "brisk", keys) is tower_named("small", "brisk", dict(keys))
    assert tower_named("small", "brisk", keys) == load_tower("small", profile="brisk", overrides=keys)
    assert tower_named("small", "brisk") != tower_named("small") == load_tower("small")
