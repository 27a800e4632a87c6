"""The schema that editors read: fresh, complete, and of one mind with what the daemon takes."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

import config
from config.explain import misfits
from config.gather import gather, overriding
from config.json_schema import FILE, schema_text, tower_schema
from config.packaged import packaged
from config.schema import Tower
from tests.support.broken_towers import BASE, BROKEN, SYNTAX, Broken
from tests.support.json_schema import complaints

SCHEMA = tower_schema()

KEY_CODES = ("unknown-key", "missing-key", "wrong-type", "out-of-range", "unknown-value", "wrong-pattern",
             "wrong-length", "unknown-profile", "calibration-elsewhere")


def test_the_file_is_fresh() -> None:
    file = Path(str(config.__path__[0])) / FILE
    assert file.read_text("utf-8") == schema_text(), "python -m config.json_schema"


@pytest.mark.parametrize("name", packaged("towers"))
def test_a_packaged_tower_is_valid_and_leads_its_editor_to_the_schema(name: str) -> None:
    file = packaged("towers")[name]
    text = file.read_text("utf-8")
    assert complaints(SCHEMA, tomllib.loads(text)) == []
    directive, reference = text.splitlines()[0].split()
    assert directive == "#:schema"
    assert (file.parent / reference).resolve() == Path(str(config.__path__[0])).resolve() / FILE


@pytest.mark.parametrize("broken", [b for b in BROKEN if b not in SYNTAX], ids=lambda broken: broken.what)
def test_an_editor_marks_what_the_daemon_refuses_as_a_key_and_nothing_else(broken: Broken) -> None:
    refused = any(code in KEY_CODES for _, _, _, code, _ in broken.faults)
    # JSON has no infinity: an editor cannot know.
    if "inf" not in broken.new.split():
        assert bool(complaints(SCHEMA, tomllib.loads(broken.text))) == refused


def _nodes(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [each for part in node for each in _nodes(part)]
    return [node, *(each for part in node.values() for each in _nodes(part))] if isinstance(node, dict) else []


def test_every_key_is_described_with_its_unit() -> None:
    keys = [pair for node in _nodes(SCHEMA) for pair in node.get("properties", {}).items()]
    assert len(keys) > 60
    for name, node in keys:
        assert "$ref" in node or node.get("description"), name
    described = {name: node.get("description", "") for name, node in keys}
    assert described["speed_mm_s"].endswith("[mm/s]")
    assert described["height_tolerance_mm"].endswith("[mm]")
    assert described["level_pitch_mm"].endswith("[mm]")


def test_a_profile_alone_makes_the_machine() -> None:
    base = tomllib.loads(BASE)
    assert "machine" not in base
    assert complaints(SCHEMA, base) == []
    assert complaints(SCHEMA, {**base, "machine": {"lift": {"speed_mm_s": 900}}}) == []
    assert complaints(SCHEMA, {**base, "machine": {"lift": {"speed_mm_s": 0}}}) == [".machine.lift.speed_mm_s"]
    gathered = gather(Path("t.toml"), overriding({}), profile=None, overrides={})
    tower, _ = misfits(Tower, {**base, **gathered.sources.merged()}, gathered.sources)
    assert tower is not None
