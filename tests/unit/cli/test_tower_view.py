import click
import pytest

from controller.cli import output
from controller.cli.cells import clip
from controller.cli.picture import News, picture
from controller.cli.tower_view import tower_lines
from tests.support.sample_status import sample_status


def test_the_grid_shows_levels_from_top_to_bottom() -> None:
    assert tower_lines(sample_status(), 80) == [
        "                1       2       3       4    ",
        " " * 13 + " " * 12 + "▼",
        "  2 │[ C9 ]│            ·    [  ·   ]?  C2  ?",
        "  1 │      │    R1      C1      ·       ·    ",
    ]


@pytest.mark.parametrize("columns", [30, 40, 60, 200])
def test_every_line_of_the_grid_keeps_its_columns(columns: int) -> None:
    lines = tower_lines(sample_status(), columns)
    assert len({len(line) for line in lines[2:]}) == 1
    width = len(lines[2]) - 13
    assert width in (4 * 4, 4 * 6, 4 * 8)
    assert 13 <= lines[1].index("▼") < 13 + width


@pytest.mark.parametrize(("angle_mdeg", "column"), [(0, 4), (90_000, 12), (350_000, 3)])
def test_the_mark_follows_the_angle_round_the_ring(angle_mdeg: int, column: int) -> None:
    status = sample_status()
    status["carriage"]["angle_mdeg"] = angle_mdeg
    assert tower_lines(status, 80)[1].index("▼") == 13 + column


@pytest.mark.parametrize(
    ("load", "car", "shown"), [("EMPTY", None, "[    ]"), ("LOADED", None, "[load]"), ("DOUBTFUL", None, "[????]")]
)
def test_the_shaft_shows_the_load(load: str, car: str | None, shown: str) -> None:
    status = sample_status()
    status["carriage"] |= {"load": load, "car": car, "height_mm": 100}
    lines = tower_lines(status, 80)
    assert shown not in lines[2]
    assert shown in lines[3]


def test_a_carriage_that_nobody_sees_is_nowhere() -> None:
    status = sample_status()
    status["carriage"] |= {"height_mm": None, "angle_mdeg": None}
    lines = tower_lines(status, 80)
    assert lines[1] == ""
    assert all("│      │" in line for line in lines[2:])


def test_a_frame_tells_what_matters_from_top_to_bottom() -> None:
    text = "\n".join(picture(News(sample_status(), ["12:00 something"]), 80, 24))
    order = ["EXECUTE", "STATION_OFFLINE", "C9", "room 1", "now  7 STORE", "then 8 RETRIEVE", "12:00"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)


def test_an_open_chain_and_the_next_step_are_said() -> None:
    status = sample_status()
    status["safety"] = {"closed": False, "causes": ["E_STOP_LATCHED"]}
    status["unit"]["state"] = "ABORTED"
    text = "\n".join(picture(News(status), 80, 24))
    assert "safety chain OPEN: E_STOP_LATCHED" in text
    assert "cartower unit clear" in text
    assert "cartower place confirm 204" in text


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "for_people", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    coloured = "\n".join(tower_lines(sample_status(), 80))
    assert "\x1b[" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "\n".join(tower_lines(sample_status(), 80))
    assert click.unstyle(coloured) == plain


def test_a_styled_line_is_cut_by_what_is_seen() -> None:
    line = f"ab{click.style('cdef', bold=True)}gh"
    assert click.unstyle(clip(line, 4)) == "abcd"
    assert clip(line, 4).endswith("\x1b[0m")
    assert clip(line, 80) == line
