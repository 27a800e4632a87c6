"""A frame of the live picture: what is always there, and what gives way."""

from typing import Any

import click
import pytest

from controller.cli import cells, output
from controller.cli.picture import News, picture
from tests.support.sample_status import sample_status

EVENTS = [f"12:00:{second:02} something" for second in range(60)]


def tall(levels: int = 20, positions: int = 20, rooms: int = 4) -> dict[str, Any]:
    status = sample_status()
    places = {
        str(number): {"place": number, "status": "occupied", "car": f"C{number}", "reason": "", "job": None}
        for number in (level * 100 + position for level in range(1, levels + 1) for position in range(1, positions + 1))
    }
    status["places"] = places
    status["tower"] |= {"levels": levels, "positions": positions, "rooms": [101 + 5 * i for i in range(rooms)]}
    status["tower"]["heights_mm"] = [2500 * level for level in range(levels)]
    status["rooms"] = [status["rooms"][0] | {"place": 101 + 5 * i, "number": i + 1} for i in range(rooms)]
    status["carriage"]["height_mm"] = 2500 * (levels // 2)
    return status


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (100, 30), (200, 60)])
@pytest.mark.parametrize("make", [sample_status, tall])
def test_a_frame_fits_and_holds_what_matters(size: tuple[int, int], make: Any) -> None:
    status = make()
    lines = picture(News(status, EVENTS), *size)
    assert len(lines) <= size[1]
    text = "\n".join(lines)
    parts = ("EXECUTE", "STATION_OFFLINE", "room 1", "7 STORE C9", "8 RETRIEVE C1", "[ C9 ]", "12:00:00", "12:00:01")
    assert [part for part in parts if part not in text] == []
    assert all(f"room {number}" in text for number in range(1, len(status["rooms"]) + 1))


def test_a_large_terminal_is_used_for_events() -> None:
    assert len(picture(News(sample_status(), EVENTS), 120, 40)) == 40


def test_of_a_tall_tower_the_ground_and_what_is_around_the_carriage_stay() -> None:
    lines = picture(News(tall(), EVENTS), 80, 24)
    levels = [int(line[:3]) for line in lines if line[4:5] == "│"]
    assert levels[-1] == 1
    assert 11 in levels
    assert levels[:-1] == list(range(levels[0], levels[-2] - 1, -1))
    assert sum("┆" in line for line in lines) == 1


def test_a_longer_queue_is_counted() -> None:
    status = sample_status()
    status["queue"] = [status["queue"][0] | {"id": number} for number in range(10, 30)]
    text = "\n".join(picture(News(status), 80, 24))
    assert text.count(" RETRIEVE C1 for room") == 5
    assert "then 15 more" in text
    assert "then 20 jobs" in "\n".join(picture(News(status), 80, 12))


def test_the_step_at_hand_is_marked() -> None:
    text = "\n".join(picture(News(sample_status()), 80, 24))
    assert "██████░░░░░░ 50%  go open pick close [go] open place close" in text


def test_alarms_are_broken_to_the_width_and_counted() -> None:
    status = sample_status()
    status["alarms"] = [{"code": "ROOM_BLOCKED", "text": f"room {i}: " + "why " * 30} for i in range(1, 5)]
    lines = picture(News(status), 60, 40)
    alarms = [line for line in lines if line.startswith(("!", "  why"))]
    assert "4 alarms in all" in alarms[-1]
    assert max(map(len, alarms)) <= 60


def test_why_the_unit_stands_is_told_in_full() -> None:
    status = sample_status()
    status["unit"] |= {"state": "ABORTED", "reason": "station bays4 is STALE: " + "why " * 20 + "really"}
    lines = picture(News(status), 60, 24)
    assert lines[1].startswith("ABORTED (production, 65 s): station bays4")
    assert max(map(len, lines[1:4])) <= 60
    assert "really" in "\n".join(lines[1:4])


def test_old_news_are_said_to_be_old() -> None:
    assert "no news" not in "\n".join(picture(News(sample_status(), age_s=2.0), 80, 24))
    assert "no news for 12 s: this is not now" in picture(News(sample_status(), age_s=12.0), 80, 24)[0]
    assert "no news for 12 s" in picture(News(sample_status(), age_s=12.0), 50, 24)[0]


def test_a_room_that_nobody_sees_is_unknown() -> None:
    status = sample_status()
    status["rooms"][0] |= {"door": None, "gate": None, "person": None}
    (line,) = (line for line in picture(News(status), 80, 24) if line.startswith("room 1"))
    assert "door unknown gate unknown not seen" in line


def test_wide_letters_take_two_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "for_people", lambda: True)
    assert cells.width("粤A12345") == 8
    assert cells.width(click.style("粤", bold=True)) == 2
    assert cells.tail("粤A12345", 7) == "A12345"
    assert cells.centred("粤", 5) == " 粤  "
    assert cells.clip("粤A1", 1) == "\x1b[0m"
    assert click.unstyle(cells.clip("a粤b", 3)) == "a粤"
    status = sample_status()
    status["places"]["102"]["car"] = "粤A1"
    grid = [line for line in picture(News(status), 80, 24) if "│" in line]
    assert len({cells.width(line) for line in grid}) == 1


def test_a_table_breaks_its_last_column_at_the_terminals_edge(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "for_people", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    output.emit_table(("job", "note"), [("12", "a long story " * 5), ("13", "short")], empty="")
    lines = click.unstyle(capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[0] == "job  note"
    assert lines[2].startswith("     ")
    assert lines[-1] == "13   short"
