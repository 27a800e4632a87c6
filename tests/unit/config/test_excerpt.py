"""The faulty line with its mark."""

from pathlib import Path

import pytest

from config.check import check
from config.excerpt import excerpt, lines_of
from config.faults import Fault
from config.json_positions import json_index
from config.positions import Position
from tests.support.broken_towers import BASE


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("levels = 2", "levels = 61", "  6 | levels = 61\n    |          ^^"),
        ("levels = 2", "levels =\t61", "  6 | levels =\t61\n    |         \t^^"),
        ("port = 15021", "prot = 15021", "  13 | prot = 15021\n     | ^^^^"),
        ('kind = "tcp"\n', "", "  11 | [bus.tower]\n     | ^^^^^^^^^^^"),
        ("rooms = [101]", "rooms = [101, 105]", "  8 | rooms = [101, 105]\n    |               ^^^"),
    ],
)
def test_a_mark_stands_below_what_is_wrong(old: str, new: str, marked: str, tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(BASE.replace(old, new), "utf-8")
    [fault] = check(tmp_path / "t.toml").faults
    assert "\n".join(excerpt(fault, lines_of([fault]))) == marked


def test_where_there_is_no_line_there_is_no_excerpt(tmp_path: Path) -> None:
    for fault in (Fault("override", 0, 0, "a", "1", "x"), Fault(str(tmp_path / "gone.toml"), 3, 1, "a", "1", "x")):
        assert excerpt(fault, lines_of([fault])) == []
    (tmp_path / "t.toml").write_text("a = 1\n\n", "utf-8")
    beyond = Fault(str(tmp_path / "t.toml"), 2, 1, "", "", "x")
    assert excerpt(beyond, lines_of([beyond])) == []


def test_the_spots_of_a_json_text() -> None:
    text = '{"a": {"b\\"": -1.5e3, "c": [1, {"d": null}]},\n  "e" : "x, {"}'
    spots = json_index(text)
    assert {path: spot.value for path, spot in spots.items()} == {
        ("a",): Position(1, 7),
        ("a", 'b"'): Position(1, 15),
        ("a", "c"): Position(1, 28),
        ("a", "c", 0): Position(1, 29),
        ("a", "c", 1): Position(1, 32),
        ("a", "c", 1, "d"): Position(1, 38),
        ("e",): Position(2, 9),
    }
    assert spots["e",].key == Position(2, 3)
    assert json_index("7") == {}
