"""From pydantic's findings to faults with a position, a hint and the allowed range.

Ranges and known keys come from the model's JSON Schema: it is plain data, so nothing here looks into classes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from config.descriptions import described_schema
from config.faults import ConfigError, Fault, by_position, did_you_mean, dotted
from config.positions import KeyPath
from config.sources import Sources

Node = dict[str, Any]
"""One node of a JSON Schema."""

Model = TypeVar("Model", bound=BaseModel)

_TYPES: Final = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text in quotes",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
}

UNKNOWN_KEY: Final = "unknown-key"

_MISSING: Final = ("is missing", "missing-key")
_TOO_SMALL: Final = ("is too small", "out-of-range")
_TOO_LARGE: Final = ("is too large", "out-of-range")
_WRONG_TYPE: Final = ("is of the wrong type", "wrong-type")
_WORDS: Final = {
    "missing": _MISSING,
    "extra_forbidden": ("unknown key", UNKNOWN_KEY),
    "too_short": ("too few entries", "wrong-length"),
    "too_long": ("too many entries", "wrong-length"),
    "literal_error": ("is none of the known ones", "unknown-value"),
    "string_pattern_mismatch": ("is not written as it must be", "wrong-pattern"),
    "string_too_short": ("is too short", "wrong-length"),
    "string_too_long": ("is too long", "wrong-length"),
    "less_than_equal": _TOO_LARGE,
    "less_than": _TOO_LARGE,
    "greater_than_equal": _TOO_SMALL,
    "greater_than": _TOO_SMALL,
    "finite_number": ("is not finite", "out-of-range"),
    "union_tag_invalid": ("is none of the known kinds", "unknown-value"),
    "union_tag_not_found": _MISSING,
}
"""Pydantic's findings: in our words, and the code of the rule."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A key that does not fit the model, and what there is to say about it."""

    path: KeyPath
    fault: Fault


def validate(model: type[Model], sources: Sources) -> Model:
    """Return the model of the merged sources.

    Raises:
        ConfigError: one or more values do not fit the model; all of them are named.

    """
    made, wrong = misfits(model, sources.merged(), sources)
    if made is None:
        raise ConfigError(by_position(each.fault for each in wrong))
    return made


def misfits(model: type[Model], values: Mapping[str, Any], sources: Sources) -> tuple[Model | None, list[Misfit]]:
    """Return the model of the values, or every key that does not fit it; ``sources`` know where the keys stand."""
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        schema = schema_of(model)
        return None, [_misfit(dict(found), schema, sources) for found in error.errors(include_url=False)]


@cache
def schema_of(model: type[BaseModel]) -> "Schema":
    """Return the JSON Schema of a model, made once."""
    return Schema(described_schema(model))


@dataclass(frozen=True)
class Schema:
    """A JSON Schema that can be walked along a location of pydantic."""

    root: Node

    def walk(self, location: tuple[str | int, ...]) -> tuple[KeyPath, Node]:
        """Return the key path of a location (pydantic's union tags dropped) and the node that describes it.

        The node is empty for a key that the schema does not know.
        """
        path: KeyPath = ()
        node = self._resolve(self.root)
        for part in location:
            mapping = node.get("discriminator", {}).get("mapping", {})
            if part in mapping:
                node = self._resolve({"$ref": mapping[part]})
                continue
            path = (*path, part)
            node = self._resolve(_child(node, part))
        return path, node

    def named(self, name: str) -> list[KeyPath]:
        """Return every key of a name whose tables all have fixed names."""
        return [path for path, _ in self.every() if path[-1] == name]

    def every(self, path: KeyPath = (), node: Node | None = None) -> Iterator[tuple[KeyPath, Node]]:
        """Yield every key below a node, tables before what they hold; not below tables of free names."""
        for name, child in self._resolve(self.root if node is None else node).get("properties", {}).items():
            below = self._resolve(child)
            yield (*path, name), child | below
            yield from self.every((*path, name), below)

    def _resolve(self, node: Node) -> Node:
        while "$ref" in node:
            node = self.root["$defs"][node["$ref"].rpartition("/")[2]]
        return node


def _child(node: Node, part: str | int) -> Node:
    if isinstance(part, int):
        return dict(node.get("items", {}))
    child = node.get("properties", {}).get(part, node.get("additionalProperties", {}))
    return child if isinstance(child, dict) else {}


def allowed(node: Node) -> str:
    """Return what a node admits, in words: ``1 to 60``, ``"tcp" or "rtu"``."""
    if "discriminator" in node:
        return _TYPES["object"]
    if "enum" in node or "const" in node:
        return _either(node.get("enum", [node.get("const")]))
    if "anyOf" in node:
        return " or ".join(allowed(option) for option in node["anyOf"] if option.get("type") != "null")
    kind = _TYPES.get(node.get("type", ""), "")
    limits = _range(node)
    return f"{kind}, {limits}" if kind and limits else kind or limits


def _range(node: Node) -> str:
    if "pattern" in node:
        return f"written as {node['pattern']}"
    if node.get("type") == "array":
        least, most = node.get("minItems"), node.get("maxItems")
        return _between(least, most, " entry" if (least if most is None else most) == 1 else " entries")
    above = node.get("exclusiveMinimum")
    if above is not None:
        most = node.get("maximum")
        return f"more than {_number(above)}" + (f", at most {_number(most)}" if most is not None else "")
    return _between(node.get("minimum"), node.get("maximum"))


def _between(least: float | None, most: float | None, unit: str = "") -> str:
    if least is not None and most is not None:
        return f"{_number(least)} to {_number(most)}{unit}"
    if least is not None:
        return f"at least {_number(least)}{unit}"
    return f"at most {_number(most)}{unit}" if most is not None else ""


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"


def _either(options: list[Any]) -> str:
    texts = [f'"{option}"' if isinstance(option, str) else str(option) for option in options]
    return ", ".join(texts[:-1]) + " or " + texts[-1] if len(texts) > 1 else texts[0]


def _misfit(found: dict[str, Any], schema: Schema, sources: Sources) -> Misfit:
    path, node = schema.walk(found["loc"])
    kind: str = found["type"]
    message, code = _WORDS.get(kind, _WRONG_TYPE)
    value = None
    if kind.startswith("union_tag"):
        path, node, value = _tag(found, path, node)
    elif kind == "extra_forbidden":
        message += _nearest(str(path[-1]), found["loc"][:-1], schema)
        node = {}
    elif kind != "missing":
        value = found["input"]
    return Misfit(path, sources.fault(path, message, allowed=allowed(node), value=value, code=code))


def _tag(found: dict[str, Any], path: KeyPath, node: Node) -> tuple[KeyPath, Node, object]:
    """Return the key that tells apart the kinds of a table, what it admits, and what stands there."""
    tag = node["discriminator"]["propertyName"]
    value = found["input"].get(tag) if isinstance(found["input"], dict) else None
    return (*path, tag), {"enum": list(node["discriminator"]["mapping"])}, value


def _nearest(name: str, table: KeyPath, schema: Schema) -> str:
    """Return a hint at the key that an unknown one was meant to be: near in writing, or of the name elsewhere."""
    _, node = schema.walk(table)
    hint = did_you_mean(name, list(node.get("properties", {})))
    if hint:
        return hint
    elsewhere = " or ".join(f"'{dotted(path)}'" for path in schema.named(name)[:3])
    return f" here, did you mean {elsewhere}?" if elsewhere else ""
