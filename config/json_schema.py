"""The JSON Schema of a tower's file, for editors: completion, descriptions with units, ranges, faults as you type.

It says of a file what `config.schema` says of a whole tower: a file may leave out of [machine] what its profile
fills, and holds no calibration. ``python -m config.json_schema`` writes it beside this file; a test fails when it
is stale.
"""

import json
from pathlib import Path
from typing import Any, Final

from config.descriptions import described_schema
from config.packaged import packaged
from config.schema import Tower
from config.units import unit_of

FILE: Final = "tower.schema.json"

# Taplo, which stands behind the editors' TOML plug-ins, knows drafts 4 to 7.
DRAFT: Final = "http://json-schema.org/draft-07/schema#"

MACHINE_PARTS: Final = ("Machine", "Lift", "Turntable", "Shuttle", "Door", "Latch")
"""Tables that the profile completes: no key of them must stand in a tower's file."""

Node = dict[str, Any]


def tower_schema() -> Node:
    """Return the schema as plain values."""
    whole = described_schema(Tower, ref_template="#/definitions/{model}")
    definitions: dict[str, Node] = whole.pop("$defs")
    definitions.pop("PlaceOffset")
    whole["properties"].pop("calibration")
    whole["required"].remove("machine")
    for name in MACHINE_PARTS:
        definitions[name].pop("required", None)
    whole["properties"]["profile"]["enum"] = list(packaged("profiles"))
    head = {"$schema": DRAFT, "title": "A tower of cartower"}
    return {**head, **_plain(whole), "definitions": {name: _plain(node) for name, node in sorted(definitions.items())}}


def schema_text() -> str:
    """Return the schema as it stands in its file."""
    return json.dumps(tower_schema(), indent=2, ensure_ascii=False) + "\n"


def _plain(node: Any, key: str = "") -> Any:
    """Return a node as draft 7 reads it: no null (TOML has none), no title from a name, units in descriptions."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "anyOf" in node:
        [node] = [each | _rest(node) for each in node["anyOf"] if each.get("type") != "null"]
    plain = {name: _plain(value) for name, value in node.items() if name not in ("title", "discriminator")}
    if "properties" in node:
        plain["properties"] = {name: _plain(value, name) for name, value in node["properties"].items()}
    if isinstance(plain.get("default"), dict) or plain.get("default", "") is None:
        del plain["default"]
    if unit_of(key) and "description" in plain:
        plain["description"] += f" [{unit_of(key)}]"
    if "$ref" in plain and len(plain) > 1:
        # Draft 7 overlooks whatever stands beside a reference.
        plain["allOf"] = [{"$ref": plain.pop("$ref")}]
    return plain


def _rest(node: Node) -> Node:
    return {key: value for key, value in node.items() if key != "anyOf"}


def main() -> None:
    """Write the schema beside this file."""
    Path(__file__).with_name(FILE).write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
