"""Whatever stands in a file: a tower, or faults with places; never another exception."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.faults import ConfigError, Fault
from config.load import load_tower
from config.packaged import packaged
from config.plc_map import plc_map_csv
from config.schema import Tower
from tests.support.samples import campaign, each_value

TEXT = packaged("towers")["guangzhou"].read_text("utf-8")
PIECES = ["[", "]", "=", '"', "'", "#", "\n", "{", "}", ",", ".", "-", "0", "9", "e", "true", "inf", "[[", '"""', "é"]


def mutated(dice: random.Random) -> str:
    text = TEXT
    for _ in range(dice.randint(1, 3)):
        start = dice.randrange(len(text))
        end = start + dice.choice([0, 0, 1, 1, 2, 8])
        text = text[:start] + dice.choice([*PIECES, ""]) + text[end:]
    return text


def loaded(path: Path | str, overrides: dict[str, str]) -> Tower | list[Fault]:
    try:
        return load_tower(path, overrides=overrides)
    except ConfigError as error:
        return error.faults


@pytest.mark.parametrize("seed", [*each_value(range(4)), *campaign(range(4, 20))])
def test_a_mangled_file_is_a_tower_or_a_list_of_faults(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    refused = 0
    for _ in range(60):
        text = mutated(dice)
        (tmp_path / "t.toml").write_text(text, "utf-8")
        lines = text.split("\n")
        found = loaded(tmp_path / "t.toml", {})
        if isinstance(found, Tower):
            continue
        refused += 1
        assert found
        for fault in found:
            assert 1 <= fault.line <= len(lines) or not fault.file.endswith("t.toml")
            assert str(fault)
    assert refused > 10


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    levels=st.integers(1, 60),
    positions=st.integers(2, 60),
    rooms=st.sets(st.integers(101, 160), min_size=1, max_size=8),
    omitted=st.sets(st.integers(101, 6060), max_size=4),
    tolerance=st.integers(1, 5000),
)
def test_any_ring_makes_a_map_or_faults(
    levels: int, positions: int, rooms: set[int], omitted: set[int], tolerance: int
) -> None:
    overrides = {
        "ring.levels": str(levels),
        "ring.positions": str(positions),
        "ring.rooms": str(sorted(rooms)),
        "ring.omitted": str(sorted(omitted)),
        "ring.angle_tolerance_mdeg": str(tolerance),
    }
    for first in range(1, levels + 1, 5):
        stations = [f"bays{level}" for level in range(first, min(first + 5, levels + 1))]
        name = "bays" if first == 1 else f"line{first}"
        overrides[f"bus.{name}.stations"] = str(stations).replace("'", '"')
        overrides[f"bus.{name}.kind"] = "rtu"
        overrides[f"bus.{name}.device"] = name
    found = loaded("guangzhou", overrides)
    if isinstance(found, Tower):
        assert plc_map_csv(found.shape)
    else:
        assert found
        assert all(fault.key.startswith(("ring", "bus")) for fault in found)
