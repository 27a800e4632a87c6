"""The command: the same days for every case, a page that needs nothing, and a word for every mistake."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from config.load import load_tower
from controller.domain.travel import Speeds
from sim_plc.cli import cartower_sim
from sim_plc.study.command import CODES
from sim_plc.study.effects import POLICIES
from sim_plc.study.rules import FCFS, RULES, TOWER
from sim_plc.study.site import site_of
from sim_plc.study.study import study
from sim_plc.study.variants import FASTER, with_a_room_out, with_faster_lift, with_rooms
from tests.support.study import demand_named
from tests.support.towers import tower_named


def run(*args: str) -> Result:
    return CliRunner().invoke(cartower_sim, ["study", *args])


def told(_done: int, _total: int) -> None:
    return


def test_a_study_of_a_quiet_day(tmp_path: Path) -> None:
    result = run("--tower", "small", "--demand", "quiet", "--days", "2", "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("small (medium), Quiet day: 2 days")
    assert f"report: {tmp_path / 'study.html'}" in result.stdout
    lived = 2 * (5 + len(RULES) - 1)
    assert f"{lived}/{lived} days" in result.stderr
    lifts = (f"a lift of {FASTER:g} times the speed and acceleration", "the lift at 50% of its speed")
    for title in ("as planned", "one more room in place of a bay", *lifts, "nearest car first"):
        assert title in result.stdout
    assert re.search(r"One more room in place of a bay: mean wait \d+:\d\d \([+-]\d+% ± \d+%\)", result.stdout)
    assert "So few days do not tell" in result.stdout
    body = json.loads((tmp_path / "study.json").read_text())
    assert [case["rooms"] for case in body["cases"]] == [1, 2, 1, 1, 1]
    assert {case["figures"]["customers"] for case in body["cases"] + body["by_rule"]} == {
        body["cases"][0]["figures"]["customers"]
    }
    _self_contained((tmp_path / "study.html").read_text())


def _self_contained(page: str) -> None:
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)\s*=|@import|url\(", page)
    pictures = re.findall(r"<svg .*?</svg>", page, re.DOTALL)
    assert len(pictures) == 3
    for picture in pictures:
        assert ET.fromstring(picture)[0].tag.endswith("title")
    for colour in set(re.findall(r"var\((--\w+)\)", page)):
        assert page.count(f"{colour}:") == 2, f"{colour}: by day and in the dark"


def test_a_page_says_how_rooms_are_given_under_its_rule_and_what_it_leaves_out(tmp_path: Path) -> None:
    args = ("--tower", "small", "--demand", "quiet", "--days", "1", "--out", str(tmp_path))
    for rule in (FCFS, TOWER):
        assert run(*args, "--rule", rule).exit_code == 0
        page = (tmp_path / "study.html").read_text()
        assert ("a driver who came later may have the vacant one" in page) == RULES[rule].load_ahead
        assert "brings no car ahead, and lets gates and carriage take turns: none of that is in these figures" in page


def test_a_study_is_a_function_of_its_seed() -> None:
    one, again = (study(tower_named("small"), demand_named("quiet"), 1, 7, FCFS, told) for _ in range(2))
    assert one == again
    other = study(tower_named("small"), demand_named("quiet"), 1, 8, FCFS, told)
    assert other.planned != one.planned


def test_a_rule_that_is_asked_for_is_studied_and_the_others_beside_it(tmp_path: Path) -> None:
    args = ("--tower", "small", "--demand", "quiet", "--days", "1", "--rule", "nearest", "--json")
    result = run(*args, "--out", str(tmp_path))
    body = json.loads(result.stdout)
    assert body["rule"] == "nearest"
    assert {case["rule"] for case in body["by_rule"]} == set(RULES) - {"nearest"}


def test_a_policy_is_weighed_alone_and_the_rest_of_the_study_is_as_it_was(tmp_path: Path) -> None:
    args = ("--tower", "small", "--rooms", "2", "--demand", "quiet", "--days", "1", "--out", str(tmp_path))
    plain = json.loads(run(*args, "--json").stdout)
    assert plain.pop("effects") == []
    result = run(*args, "--effect", "staging")
    assert result.exit_code == 0, result.output
    assert "Booked cars brought ahead, mean wait with it and without: without an appointment " in result.stdout
    assert "Booked cars brought ahead, mean wait" in (tmp_path / "study.html").read_text()
    body = json.loads((tmp_path / "study.json").read_text())
    [staging] = body.pop("effects")
    assert body == plain
    # The tower does that anyway; without it, its planner alone is left.
    rules = {case["rule"]: case["figures"] for case in body["cases"][:1] + body["by_rule"]}
    assert (staging["with"], staging["without"]) == (rules["tower"], rules["planned"])
    assert staging["own_moves_a_day"] == 0


def test_all_policies_are_weighed_by_one_word(tmp_path: Path) -> None:
    result = run("--tower", "small", "--demand", "quiet", "--days", "1", "--effect", "all", "--out", str(tmp_path))
    body = json.loads((tmp_path / "study.json").read_text())
    assert [each["policy"] for each in body["effects"]] == list(POLICIES)
    lived = 5 + len(RULES) - 1 + 2 * len(POLICIES)
    assert f"{lived}/{lived} days" in result.stderr


def test_a_demand_of_ones_own_may_be_of_cars_and_of_nobody(tmp_path: Path) -> None:
    demand = 'measure = "cars"\nopens_h = 9\ncloses_h = 10\narrivals.every_day = [{}]\nmodels.city = 1.0\n'
    file = tmp_path / "demand.toml"
    args = ("--tower", "small", "--demand", str(file), "--days", "2", "--out", str(tmp_path))
    file.write_text(demand.format(4.0))
    assert "As planned, 100.0% wait no longer" in run(*args).stdout
    file.write_text(demand.format(0.0))
    assert "Nobody came on these days." in run(*args).stdout
    _self_contained((tmp_path / "study.html").read_text())


@pytest.mark.parametrize(
    ("args", "code", "text"),
    [
        (["--tower", "nowhere"], 5, "no such packaged name among towers"),
        (["--demand", "nothing"], 5, "no such packaged name among demands"),
        (["--tower", "small", "--rooms", "5"], 2, "has no place for 5 rooms"),
        (["--rule", "whim"], 2, "is not one of 'fcfs'"),
        (["--days", "0"], 2, "is not in the range"),
        (["--effect", "magic"], 2, "is not one of 'slotting'"),
    ],
)
def test_a_mistake_is_named(args: Sequence[str], code: int, text: str, tmp_path: Path) -> None:
    result = run(*args, "--out", str(tmp_path))
    assert result.exit_code == code
    assert text in result.stderr


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("--tower", "small", "--demand", "quiet", "--days", "1", "--out", str(tmp_path / "file" / "out"))
    assert result.exit_code == 1


def test_every_exit_code_is_in_the_help() -> None:
    text = run("--help").stdout
    assert all(line.strip() in text for line in CODES.splitlines()[2:])


def test_another_room_stands_in_the_widest_gap_and_fewer_are_the_first() -> None:
    tower = tower_named("guangzhou")
    more, fewer = with_rooms(tower, 4), with_rooms(tower, 2)
    assert more is not None
    assert fewer is not None
    assert more.shape.rooms == (101, 104, 107, 102)
    assert fewer.shape.rooms == (101, 104)
    assert len(fewer.shape.bays) == len(tower.shape.bays) + 1
    assert with_rooms(tower_named("small"), 2) is not None
    assert with_rooms(tower_named("small"), 5) is None


def test_a_tower_that_is_built_otherwise_is_one_that_a_file_could_describe() -> None:
    more = with_rooms(tower_named("small"), 2)
    assert more is not None
    said = load_tower("small", overrides={"ring.rooms": str(list(more.ring.rooms))})
    assert more.shape == said.shape
    lift, faster = tower_named("small").machine.lift, with_faster_lift(tower_named("small")).machine.lift
    assert (faster.speed_mm_s, faster.home_speed_mm_s) == (1500, lift.home_speed_mm_s)


def test_a_room_out_of_service_is_no_bay() -> None:
    tower = tower_named("guangzhou")
    out = with_a_room_out(tower)
    assert out is not None
    assert out.shape.rooms == (101, 104)
    assert out.shape.bays == tower.shape.bays
    assert with_a_room_out(tower_named("small")) is None


def test_on_the_generator_no_way_of_the_carriage_is_shorter_and_most_are_longer() -> None:
    tower, visits = tower_named("guangzhou"), demand_named("normal").visits
    mains, generator = site_of(tower, visits), site_of(tower, visits, on_generator=True)
    ways = [(mains.cycles.go_s(101, bay), generator.cycles.go_s(101, bay)) for bay in tower.shape.bays]
    assert all(longer >= way for way, longer in ways)
    assert sum(longer > way + 1.0 for way, longer in ways) > len(ways) / 2
    assert generator.cars_an_hour < mains.cars_an_hour


@pytest.mark.parametrize("axis", ["lift", "turntable", "shuttle"])
def test_with_a_slow_axis_a_tower_gives_out_fewer_cars(axis: str) -> None:
    tower, visits = tower_named("guangzhou"), demand_named("quiet").visits
    rated, *slow = [site_of(tower, visits, speeds=Speeds(**{axis: share})) for share in (1.0, 0.5, 0.25)]
    assert rated.cars_an_hour == site_of(tower, visits).cars_an_hour
    assert rated.cars_an_hour > slow[0].cars_an_hour > slow[1].cars_an_hour
