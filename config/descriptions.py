"""The docstrings under the keys of a table: what people are told about each key."""

import ast
import functools
import inspect
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from config.table import Table


def described_schema(table: type[BaseModel], **options: Any) -> dict[str, Any]:
    """Return a model's JSON Schema, each key with its description; ``options`` as `model_json_schema` has them."""
    schema = table.model_json_schema(**options)
    described = described_tables()
    for name, node in {table.__name__: schema, **schema.get("$defs", {})}.items():
        for key, text in described.get(name, {}).items():
            if key in node.get("properties", {}):
                node["properties"][key]["description"] = text
    return schema


def described_tables(root: type[Table] = Table) -> Mapping[str, Mapping[str, str]]:
    """Return the description of each key, by the name of its table; keys of a base count as the table's own."""
    found: dict[str, Mapping[str, str]] = {}
    for table in root.__subclasses__():
        bases = [base for base in reversed(table.__mro__) if issubclass(base, Table)]
        found[table.__name__] = {key: text for base in bases for key, text in _own(base).items()}
        found.update(described_tables(table))
    return found


def _own(table: type[Table]) -> Mapping[str, str]:
    return _of_module(table.__module__).get(table.__name__, {})


@functools.cache
def _of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    tree = ast.parse(inspect.getsource(sys.modules[name]))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_documented(node)) for node in classes}


def _documented(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Yield each annotated name that a string follows."""
    for key, text in zip(node.body, node.body[1:], strict=False):
        match key, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, inspect.cleandoc(words)
