"""A seed is played again to the same bytes, shrunk to what matters, told and drawn."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from config.load import load_tower
from sim_plc.cli import cartower_sim
from sim_plc.rehearsal.chronicle import replay
from sim_plc.rehearsal.faults import humans, sensors
from sim_plc.rehearsal.run import Options, Report, rehearse
from sim_plc.rehearsal.shrink import fewest, shrink
from sim_plc.rehearsal.story import story
from sim_plc.rehearsal.timeline import timeline_svg

SMALL = load_tower("small")
MINUTES = 0.5
STOLEN = Options(most_strikes=6, stolen_s=25.0, kinds=(humans.PERSON, humans.STOP, sensors.LOOSE))
"""A few letters of its own: another alphabet makes no other run of it."""


@given(st.sets(st.integers(0, 40), max_size=5), st.integers(1, 41))
def test_the_fewest_are_those_that_it_takes(needed: set[int], count: int) -> None:
    needed = {item for item in needed if item < count}
    tried: list[int] = []

    def fails(kept: Sequence[int]) -> bool:
        tried.append(1)
        return needed <= set(kept)

    assert set(fewest(range(count), fails)) == needed
    assert len(tried) <= 12 * (len(needed) + 1) * 8


@cache
def failed() -> Report:
    """A seed that a stolen car makes fail."""
    return rehearse(SMALL, 5, MINUTES, STOLEN)


def test_the_log_is_the_same_byte_by_byte() -> None:
    once, twice = (replay(SMALL, 5, MINUTES, Options()) for _ in range(2))
    assert once[1].text() == twice[1].text()
    assert once[0].trace_hash == twice[0].trace_hash == rehearse(SMALL, 5, MINUTES, Options()).trace_hash
    assert once[0].trace_hash != failed().trace_hash


def test_a_failing_seed_shrinks_to_what_makes_it_fail() -> None:
    report = failed()
    assert report.script
    assert not report.good
    told: list[str] = []
    small = shrink(SMALL, report, MINUTES, STOLEN, told=told.append)
    assert small.options.script == ()
    assert small.orders == ()
    assert {violation.invariant for violation in small.report.violations} & {"I2"}
    assert told
    with pytest.raises(ValueError, match="has not failed"):
        shrink(SMALL, rehearse(SMALL, 5, MINUTES, Options(faults=False)), MINUTES, Options())


def test_shrinking_ends_when_its_runs_are_used_up() -> None:
    small = shrink(SMALL, failed(), MINUTES, STOLEN, most_runs=1)
    assert small.runs == 1
    assert not small.report.good


def test_orders_that_are_kept_back_are_drawn_all_the_same() -> None:
    calm = Options(faults=False)
    report = rehearse(SMALL, 5, 2.0, calm)
    assert report.orders > 1
    without = rehearse(SMALL, 5, 2.0, Options(faults=False, unasked=frozenset(range(1, 100))))
    assert without.jobs.get("DONE", 0) == 0
    assert report.jobs["DONE"] > 0


def test_a_story_tells_what_led_to_what_broke() -> None:
    report, chronicle = replay(SMALL, 3, MINUTES, Options(faults=False, stolen_s=25.0))
    told = story(report, chronicle)
    assert told.startswith("Tower small, seed 3: ")
    assert "BROKEN  I2 at 25.0" in told
    assert "unit IDLE -> STARTING" in told
    assert "somebody asks: " in told
    assert "PLC tower/" in told
    assert all("event" not in line.split("  ")[-1][:6] for line in told.splitlines())


def test_a_picture_shows_every_lane_and_marks_what_broke() -> None:
    report, chronicle = replay(SMALL, 3, MINUTES, STOLEN)
    picture = ET.fromstring(timeline_svg(report, chronicle))
    texts = {element.text for element in picture.iter() if element.tag.endswith("text")}
    assert {"small, seed 3", "faults", "unit", "jobs"} <= texts
    hints = [str(element.text) for element in picture.iter() if element.tag.endswith("title")]
    assert any(hint.startswith("I2 at 25.0") for hint in hints)
    assert any(hint.startswith(report.script[0].kind.name) for hint in hints)


def run(*words: str) -> Result:
    return CliRunner().invoke(cartower_sim, list(words))


def test_the_command_tells_draws_and_writes_down(tmp_path: Path) -> None:
    log, picture = tmp_path / "log.jsonl", tmp_path / "run.svg"
    once = ["replay", "3", "--tower", "small", "--minutes", "0.5"]
    result = run(*once, "--log", str(log), "--picture", str(picture))
    assert result.exit_code == 0, result.output
    assert "Nothing was broken." in result.output
    trace_hash = result.stdout.split()[-1]
    written = log.read_bytes()
    assert run(*once, "--log", str(log), "--expect", trace_hash[:12]).exit_code == 0
    assert log.read_bytes() == written
    assert picture.read_text().startswith("<svg")
    assert run(*once, "--expect", "0000").exit_code == 127


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("campaign", "--seeds", "5..1"), 2),
        (("campaign", "--seeds", "x"), 2),
        (("campaign", "--tower", "nowhere.toml"), 5),
        (("replay", "-1"), 2),
        (("replay", "1", "--tower", "nowhere.toml"), 5),
    ],
)
def test_wrong_use_is_told(words: tuple[str, ...], code: int) -> None:
    assert run(*words).exit_code == code
