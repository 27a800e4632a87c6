"""The families that come with the package are sound, and a demand that cannot be says where it is wrong."""

from pathlib import Path

import pytest

from config.demand import WEEK, load_demand
from config.faults import ConfigError
from config.packaged import packaged

DEMAND = """\
measure = "cars"
opens_h = 9
closes_h = 11

[arrivals]
every_day = [2.0, 3.0]
sunday = [0.0, 0.0]

[models]
city = 1.0
"""


def faults_of(tmp_path: Path, text: str) -> str:
    file = tmp_path / "demand.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_demand(file)
    return str(caught.value).replace(str(tmp_path), "")


def test_the_families() -> None:
    assert set(packaged("demands")) == {"quiet", "normal", "saturday", "sale", "returns"}
    for name in packaged("demands"):
        demand = load_demand(name)
        assert demand.measure == "capacity"
        assert all(sum(demand.arrivals.of(weekday)) > 0 for weekday in range(len(WEEK)))


def test_a_weekday_has_its_own_hours(tmp_path: Path) -> None:
    file = tmp_path / "demand.toml"
    file.write_text(DEMAND, encoding="utf-8")
    arrivals = load_demand(file).arrivals
    assert arrivals.of(0) == (2.0, 3.0)
    assert arrivals.of(6) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("closes_h = 11", "closes_h = 9", ":3:12: closes_h = 9: is not behind the opening hour (allowed: 10 to 24)"),
        ("[2.0, 3.0]", "[2.0]", ":6:13: arrivals.every_day = [2.0]: needs one value for each opening hour"),
        ("sunday = [0.0, 0.0]", "sunday = [0.0]", ":7:10: arrivals.sunday = [0.0]: needs one value"),
        (
            "[2.0, 3.0]",
            "[2.0, -3.0]",
            ":6:19: arrivals.every_day[1] = -3.0: is too small (allowed: a number, 0 to 1000)",
        ),
        (
            '"cars"',
            '"lorries"',
            ':1:11: measure = "lorries": is none of the known ones (allowed: "cars" or "capacity")',
        ),
        ("closes_h", "closes", ":3:1: closes: unknown key, did you mean 'closes_h'?"),
        ("[models]\ncity = 1.0\n", "", "models: is missing"),
        (
            "[models]",
            "[[rush]]\nat_h = 12.5\nminutes = 5\ncustomers = 1.0\n\n[models]",
            ":10:8: rush[0].at_h = 12.5: lies outside the opening hours (allowed: 9 to 11)",
        ),
    ],
)
def test_a_fault_names_its_line_and_what_is_allowed(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert fault in faults_of(tmp_path, DEMAND.replace(old, new, 1))
