"""A new tower from a few answers."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.draft import (
    Draft,
    bounds,
    is_name,
    judged,
    suggested_id,
    suggested_name,
    suggested_rooms,
    text_of,
    with_room_on_lines,
)
from config.json_schema import tower_schema
from tests.support.json_schema import complaints

FILE = Path("nowhere/t.toml")
SMALL = Draft("t", "T", 7, 2, 4, (101,), omitted=(201,))
TALL = Draft("t", "T", 7, 20, 20, suggested_rooms(20), profile="fast")


def test_a_draft_makes_a_sound_tower() -> None:
    assert judged(SMALL, FILE).ok
    assert (judged(SMALL, FILE).bays, judged(SMALL, FILE).warnings) == (6, ())
    assert judged(TALL, FILE).bays == 396
    assert [line.bus for line in judged(TALL, FILE).lines] == ["line1", "line2", "line3", "line4"]


def test_an_editor_finds_the_schema_and_no_fault() -> None:
    text = text_of(TALL, schema="tower.schema.json")
    assert text.startswith("#:schema tower.schema.json\n")
    assert complaints(tower_schema(), tomllib.loads(text)) == []


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    title=st.text(max_size=20).filter(lambda text: text.isprintable() or text.isascii()),
    levels=st.integers(1, 12),
    positions=st.integers(2, 24),
    rooms=st.lists(st.integers(0, 200), min_size=1, max_size=8),
    omitted=st.lists(st.integers(0, 7000), max_size=3),
)
def test_any_answers_make_a_file_that_can_be_read_and_judged(
    title: str, levels: int, positions: int, rooms: list[int], omitted: list[int]
) -> None:
    draft = Draft("t", title, 7, levels, positions, tuple(rooms), omitted=tuple(omitted))
    values = tomllib.loads(text_of(draft))
    assert (values["title"], values["ring"]["rooms"]) == (title, rooms)
    for fault in judged(draft, FILE).faults:
        assert fault.key.startswith(("ring.rooms", "ring.omitted")) or fault.code in {"bay-count", "station-missing"}


def test_a_slow_line_carries_fewer_levels() -> None:
    tight = replace(TALL, levels=5, positions=60, rooms=suggested_rooms(60), baud=57_600)
    assert not judged(tight, FILE).ok or judged(tight, FILE).warnings
    spread = with_room_on_lines(tight, FILE)
    assert spread.levels_on_a_line < 5
    assert (judged(spread, FILE).faults, judged(spread, FILE).warnings) == ((), ())
    assert with_room_on_lines(TALL, FILE) == TALL
    hopeless = replace(TALL, baud=9600)
    assert with_room_on_lines(hopeless, FILE) == hopeless


def test_suggestions_are_allowed() -> None:
    for positions in (2, 3, 4, 5, 9, 20, 59, 60):
        rooms = suggested_rooms(positions)
        assert len(set(rooms)) == len(rooms) <= 4
        assert judged(Draft("t", "T", 7, 3, positions, rooms), FILE).ok
    for text in ("2nd Tower!", "Ä", "", "tower", "A" * 80, "-x-"):
        assert is_name(suggested_name(text))
        least, most = bounds("tower_id")
        assert least <= suggested_id(text) <= most
    assert not is_name("My Tower")
    assert not is_name("tower\n")


@pytest.mark.parametrize(("key", "expected"), [("ring.levels", (1, 60)), ("bus.NAME.tcp.port", (1, 65535))])
def test_bounds_are_the_schema_s(key: str, expected: tuple[int, int]) -> None:
    assert bounds(key) == expected
