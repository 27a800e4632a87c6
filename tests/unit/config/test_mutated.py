"""Any change of a good file: a tower, or faults that each point at something there is. Never another exception."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.check import check
from config.document import parse_document
from config.examine import Examined, examine_document
from config.faults import ConfigError, Fault
from config.json_schema import tower_schema
from config.plc_map import plc_map_csv
from tests.support.broken_towers import BASE
from tests.support.json_schema import complaints

LINES = BASE.splitlines()
PAIRS = [i for i, line in enumerate(LINES) if "=" in line]
SCHEMA = tower_schema()

VALUES = st.one_of(
    st.integers(-(2**40), 2**40).map(str),
    st.integers(0, 300).map(str),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda x: f"{x:f}"),
    st.sampled_from(["true", '""', '"tower"', '"rtu"', '"tcp"', '"fast"', "[]", "[101]", "[[1]]", "{}", "{a = 1}",
                     "2026-11-22", "12:00:00", "0x1F", '["bays1"]', '["bays1", "bays2", "tower"]', "[101, 102.5]"]),
)
KEYS = st.sampled_from(["levels", "rooms", "omitted", "bays", "kind", "port", "device", "stations", "baud", "name",
                        "tower_id", "profile", "title", "level_pitch_mm", "lift", "poll_s", '"a b"', "x.y", "bus.z"])
HEADERS = st.sampled_from(["[ring]", "[machine]", "[machine.lift]", "[bus]", "[bus.more]", "[[bus.many]]", "[timing]",
                           "[limits]", "[hoistway]", "[calibration]", "[x]"])
CHANGES = st.one_of(
    st.tuples(st.sampled_from(PAIRS), st.just("value"), VALUES),
    st.tuples(st.sampled_from(PAIRS), st.just("key"), KEYS),
    st.tuples(st.sampled_from(range(len(LINES))), st.just("drop"), st.just("")),
    st.tuples(st.sampled_from(range(len(LINES))), st.just("insert"), st.tuples(KEYS, VALUES).map(" = ".join)),
    st.tuples(st.sampled_from(range(len(LINES))), st.just("insert"), HEADERS),
)


def changed(changes: list[tuple[int, str, str]]) -> str:
    lines = [[line] for line in LINES]
    for i, what, text in changes:
        key, equals, value = lines[i][-1].partition(" = ")
        match what:
            case "value":
                lines[i][-1:] = [f"{key}{equals}{text}"]
            case "key":
                lines[i][-1:] = [f"{text}{equals}{value}"]
            case "drop":
                lines[i] = [""]
            case _:
                lines[i].insert(0, text)
    return "\n".join(line for group in lines for line in group) + "\n"


def examined(text: str) -> Examined | list[Fault]:
    try:
        return examine_document(Path("t.toml"), parse_document(text, "t.toml"))
    except ConfigError as error:
        return error.faults


def is_placed(fault: Fault, text: str) -> bool:
    """Whether a fault points at its key or value, or at a header or the first line for what is not there."""
    lines = text.splitlines()
    line = lines[fault.line - 1] if 1 <= fault.line <= len(lines) else ""
    at = line[fault.column - 1 :]
    return (fault.line, fault.column) == (1, 1) or at.startswith("[") or bool(at.strip())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(CHANGES, min_size=1, max_size=3))
def test_a_changed_file_is_a_tower_or_a_list_of_placed_faults(changes: list[tuple[int, str, str]]) -> None:
    judge_text(changed(changes))


@pytest.mark.campaign
@settings(max_examples=3_000, deadline=None)
@given(st.lists(CHANGES, min_size=1, max_size=6))
def test_many_changed_files(changes: list[tuple[int, str, str]]) -> None:
    judge_text(changed(changes))


def judge_text(text: str) -> None:
    found = examined(text)
    if isinstance(found, list):
        assert [fault.code for fault in found] == ["syntax"]
        return
    for fault in found.faults:
        assert fault.code
        assert fault.message
        assert not fault.file.endswith("t.toml") or is_placed(fault, text), (fault, text)
    if not found.faults:
        assert found.tower is not None
        assert plc_map_csv(found.tower.shape)
        assert complaints(SCHEMA, tomllib.loads(text)) == []


def test_check_takes_whatever_a_file_holds(tmp_path: Path) -> None:
    for text in ("", "\n", "[bus]\n", "bus = 3\n", "machine = 1\nring = []\n", "[[ring]]\n", "[bus.a]\n[bus.b]\n"):
        (tmp_path / "t.toml").write_text(text, "utf-8")
        assert check(tmp_path / "t.toml").faults
