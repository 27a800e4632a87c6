"""The first day is what it promises, and an impossible day says why."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.faults import ConfigError
from config.load import load_tower
from config.packaged import packaged
from config.scenario import Habits, Relocate, Retrieve, Store, load_scenario

GUANGZHOU = load_tower("guangzhou", profile="brisk")
SMALL = load_tower("small")

DAY = """\
tower = "small"

[model.aster]
title = "Aster"
length_mm = 3620
width_mm = 1810
height_mm = 1490
weight_kg = 1010

[[car]]
id = "A1"
model = "aster"
place = 102

[[order]]
at_s = 0
kind = "retrieve"
car = "A1"

[[order]]
at_s = 5.0
kind = "store"
car = "A1"
room = 101
"""


def test_the_first_day() -> None:
    day = load_scenario("first-day", GUANGZHOU)
    kinds = Counter(type(order) for order in day.order)
    assert len(day.car) == 38
    assert kinds[Retrieve] >= 8
    assert kinds[Store] >= 6
    assert kinds[Relocate] == 1
    assert day.order[-1].at_s <= 70
    assert {order.room for order in day.order if isinstance(order, Store)} == set(GUANGZHOU.ring.rooms)
    assert day.habits == Habits(drive_s=1.5, leave_s=1.5, dwell_s=1.5)


def test_the_make_of_a_car_that_stands_here_and_of_one_that_comes() -> None:
    day = load_scenario("first-day", GUANGZHOU)
    assert day.model_of("C039").title == "Dunlin crossover"
    assert day.model_of("C001") == day.model[day.car[0].model]
    with pytest.raises(KeyError):
        day.model_of("C999")


def test_a_car_may_leave_and_come_back(tmp_path: Path) -> None:
    (tmp_path / "day.toml").write_text(DAY, "utf-8")
    assert len(load_scenario(tmp_path / "day.toml", SMALL).order) == 2


def test_every_packaged_scenario_is_possible_at_its_tower() -> None:
    for name in packaged("scenarios"):
        load_scenario(name, GUANGZHOU)


@dataclass(frozen=True)
class Broken:
    """A change of `DAY` and the one fault it must give."""

    what: str
    old: str
    new: str
    line: int
    column: int
    key: str
    words: str


ORDER_3 = '\n[[order]]\nat_s = 9.0\nkind = "relocate"\ncar = "A1"\nbay = '

BROKEN = [
    Broken("another tower", 'tower = "small"', 'tower = "guangzhou"', 1, 9, "tower", "not for tower 'small'"),
    Broken("no such model", 'model = "aster"\n', 'model = "astre"\n', 12, 9, "car[0].model", "did you mean 'aster'"),
    Broken("a room for a bay", "place = 102", "place = 101", 13, 9, "car[0].place", "no such bay"),
    Broken("a car too wide", "width_mm = 1810", "width_mm = 2310", 6, 12, "model.aster.width_mm", "takes in"),
    Broken("nobody's car", 'car = "A1"\n\n', 'car = "A2"\n\n', 18, 7, "order[0].car", "not in the tower"),
    Broken("a car stored twice", 'kind = "retrieve"\ncar = "A1"', 'kind = "relocate"\ncar = "A1"\nbay = 202',
           24, 7, "order[1].car", "in the tower already"),
    Broken("no such room", "room = 101", "room = 104", 24, 8, "order[1].room", "no such room"),
    Broken("back in time", "at_s = 0\n", "at_s = 6\n", 21, 8, "order[1].at_s", "before the order above"),
    Broken("a stranger of no make", 'car = "A1"\nroom', 'car = "A7"\nroom', 20, 1, "order[1].model", "first time"),
    Broken("a make told twice", "room = 101", 'room = 101\nmodel = "aster"', 25, 9, "order[1].model", "is known"),
    Broken("a slip", 'kind = "store"', 'kind = "stroe"', 22, 8, "order[1].kind", "none of the known kinds"),
    Broken("an unknown key", "room = 101", "room = 101\nbay = 2", 25, 1, "order[1].bay", "unknown key"),
    Broken("relocated to a room", "room = 101\n", "room = 101\n" + ORDER_3 + "101\n", 30, 7, "order[2].bay", "no such"),
    Broken("a negative time", "at_s = 5.0", "at_s = -5.0", 21, 8, "order[1].at_s", "is too small"),
    Broken("a car named oddly", 'id = "A1"', 'id = "a 1"', 11, 6, "car[0].id", "is not written"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.what)
def test_an_impossible_day_says_why_and_where(broken: Broken, tmp_path: Path) -> None:
    assert DAY.count(broken.old) == 1
    (tmp_path / "day.toml").write_text(DAY.replace(broken.old, broken.new), "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_scenario(tmp_path / "day.toml", SMALL)
    [fault] = [fault for fault in caught.value.faults if fault.key == broken.key]
    assert (fault.line, fault.column) == (broken.line, broken.column), str(fault)
    assert broken.words in fault.message


def test_two_cars_in_one_bay_and_a_target_that_is_taken(tmp_path: Path) -> None:
    twin = '[[car]]\nid = "A2"\nmodel = "aster"\nplace = 102\n'
    text = DAY.replace("[[order]]", twin + "[[order]]", 1) + ORDER_3.replace("A1", "A2") + "102\n"
    (tmp_path / "day.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_scenario(tmp_path / "day.toml", SMALL)
    assert [fault.key for fault in caught.value.faults] == ["car[1].place", "order[2].bay"]


def test_a_tower_that_overflows(tmp_path: Path) -> None:
    orders = "".join(
        f'[[order]]\nat_s = 9\nkind = "store"\ncar = "B{i}"\nmodel = "aster"\nroom = 101\n' for i in range(6)
    )
    (tmp_path / "day.toml").write_text(DAY + orders, "utf-8")
    with pytest.raises(ConfigError, match=r"order\[7\].car = \"B5\": finds every bay taken"):
        load_scenario(tmp_path / "day.toml", SMALL)
