"""As much of JSON Schema draft 7 as editors need of a tower's schema; whatever else it says is a failure here."""

import operator
import re
from collections.abc import Callable
from typing import Any

Node = dict[str, Any]

_SILENT = {"$schema", "title", "description", "default", "definitions"}


def complaints(schema: Node, value: object) -> list[str]:
    """Return where a value breaks a schema: dotted paths, none if it is valid."""
    return _complaints(schema, value, schema, "")


def _complaints(node: Node, value: object, root: Node, path: str) -> list[str]:
    found: list[str] = []
    for keyword, wanted in node.items():
        match keyword:
            case "$ref":
                found += _complaints(root["definitions"][wanted.rpartition("/")[2]], value, root, path)
            case "allOf":
                found += [each for part in wanted for each in _complaints(part, value, root, path)]
            case "oneOf":
                fitting = [part for part in wanted if not _complaints(part, value, root, path)]
                found += [] if len(fitting) == 1 else [path]
            case "properties" | "additionalProperties" | "required" | "minProperties":
                if isinstance(value, dict):
                    found += _of_table(keyword, wanted, value, node, root, path)
            case "items":
                elements = value if isinstance(value, list) else []
                found += [
                    each for i, one in enumerate(elements) for each in _complaints(wanted, one, root, f"{path}[{i}]")
                ]
            case _ if keyword not in _SILENT and not _fits(keyword, wanted, value):
                found.append(path)
    return found


def _of_table(
    keyword: str, wanted: Any, value: dict[str, Any], node: Node, root: Node, path: str
) -> list[str]:
    known = node.get("properties", {})
    match keyword:
        case "properties":
            return [each for name in wanted.keys() & value.keys()
                    for each in _complaints(wanted[name], value[name], root, f"{path}.{name}")]
        case "additionalProperties" if wanted is False:
            return [f"{path}.{name}" for name in value.keys() - known.keys()]
        case "additionalProperties":
            return [each for name in value.keys() - known.keys()
                    for each in _complaints(wanted, value[name], root, f"{path}.{name}")]
        case "required":
            return [f"{path}.{name}" for name in wanted if name not in value]
        case _:
            return [] if len(value) >= wanted else [path]


def _fits(keyword: str, wanted: Any, value: object) -> bool:
    match keyword:
        case "type":
            return _is(wanted, value)
        case "enum" | "const":
            options = wanted if keyword == "enum" else [wanted]
            return any(type(option) is type(value) and option == value for option in options)
        case "pattern":
            return not isinstance(value, str) or re.search(wanted, value) is not None
    applies, measure, within = _BOUNDS[keyword]
    return not isinstance(value, applies) or isinstance(value, bool) or within(measure(value), wanted)


_BOUNDS: dict[str, tuple[Any, Callable[[Any], Any], Callable[[Any, Any], bool]]] = {
    "minimum": ((int, float), lambda value: value, operator.ge),
    "maximum": ((int, float), lambda value: value, operator.le),
    "exclusiveMinimum": ((int, float), lambda value: value, operator.gt),
    "minLength": (str, len, operator.ge),
    "minItems": (list, len, operator.ge),
    "maxItems": (list, len, operator.le),
}
"""A keyword that is not here either is unknown: a KeyError."""


def _is(kind: str, value: object) -> bool:
    if kind in ("integer", "number"):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (kind == "number" and isinstance(value, float))
    return isinstance(value, {"string": str, "boolean": bool, "array": list, "object": dict}[kind])
