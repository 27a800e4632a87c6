"""From pydantic's findings to faults with a position, a hint and the allowed range.

Ranges and known keys come from the model's JSON Schema: it is plain data, so nothing here looks into classes.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from config.faults import ConfigError, Fault, by_position, did_you_mean
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

_MESSAGES: Final = {
    "missing": "is missing",
    "extra_forbidden": "unknown key",
    "too_short": "too few entries",
    "too_long": "too many entries",
    "literal_error": "is none of the known ones",
    "string_pattern_mismatch": "is not written as it must be",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "less_than_equal": "is too large",
    "less_than": "is too large",
    "greater_than_equal": "is too small",
    "greater_than": "is too small",
    "finite_number": "is not finite",
    "union_tag_invalid": "is none of the known kinds",
    "union_tag_not_found": "is missing",
}


def validate(model: type[Model], sources: Sources) -> Model:
    """Return the model of the merged sources.

    Raises:
        ConfigError: one or more values do not fit the model; all of them are named.

    """
    try:
        return model.model_validate(sources.merged())
    except ValidationError as error:
        schema = Schema(model.model_json_schema())
        faults = [_fault(dict(found), schema, sources) for found in error.errors(include_url=False)]
        raise ConfigError(by_position(faults)) from error


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
        return f"as {node['pattern']}"
    if node.get("type") == "array":
        return _between(node.get("minItems"), node.get("maxItems"), " entries")
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


def _fault(found: dict[str, Any], schema: Schema, sources: Sources) -> Fault:
    path, node = schema.walk(found["loc"])
    kind: str = found["type"]
    if kind.startswith("union_tag"):
        return _tag_fault(found, path, node, sources)
    if kind == "missing":
        return sources.fault(path, _MESSAGES[kind], allowed=allowed(node))
    if kind == "extra_forbidden":
        _, table = schema.walk(found["loc"][:-1])
        known = list(table.get("properties", {}))
        return sources.fault(path, _MESSAGES[kind] + did_you_mean(str(path[-1]), known))
    message = _MESSAGES.get(kind, "is of the wrong type")
    if kind.startswith("value_error"):
        message = str(found["msg"]).removeprefix("Value error, ")
    return sources.fault(path, message, allowed=allowed(node), value=found["input"])


def _tag_fault(found: dict[str, Any], path: KeyPath, node: Node, sources: Sources) -> Fault:
    """Return a fault of the key that tells apart the kinds of a table."""
    tag = node["discriminator"]["propertyName"]
    value = found["input"].get(tag) if isinstance(found["input"], dict) else None
    kinds = _either(list(node["discriminator"]["mapping"]))
    return sources.fault((*path, tag), _MESSAGES[found["type"]], allowed=kinds, value=value)
