"""Python sources as data: modules, what they import, what they call. Nothing is executed."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

OURS = ("controller", "hal", "sim_plc", "config", "tests")


@dataclass(frozen=True)
class Import:
    """One imported module, or a name in it: ``hal.errors`` or ``pymodbus.pdu.ModbusPDU``."""

    name: str
    line: int

    @property
    def root(self) -> str:
        return self.name.partition(".")[0]

    def within(self, prefix: str) -> bool:
        """Whether the import is of ``prefix`` or of something below it."""
        return self.name == prefix or self.name.startswith(f"{prefix}.")


@dataclass(frozen=True)
class Module:
    """One source file under its dotted name."""

    name: str
    path: str
    text: str

    def within(self, prefix: str) -> bool:
        return self.name == prefix or self.name.startswith(f"{prefix}.")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of it, walked through once: the walk costs more than all that is asked of it."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import wherever it stands, each imported name as ``module.name``."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[Import]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                yield from (Import(f"{base}.{alias.name}", node.lineno) for alias in node.names)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        if not self.path.endswith("__init__.py"):
            package = package[:-1]
        package = package[: len(package) - node.level + 1]
        return ".".join([*package, node.module] if node.module else package)

    @cached_property
    def dotted_names(self) -> tuple[tuple[str, int], ...]:
        """Every ``a.b.c`` that the code reads, with its line; a called or indexed part ends the chain."""
        return tuple(
            (dotted, node.lineno)
            for node in self.nodes
            if isinstance(node, ast.Attribute) and (dotted := _dotted(node))
        )


SourceTree = Mapping[str, Module]
"""Modules by dotted name."""


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            base = _dotted(value)
            return f"{base}.{attr}" if base else ""
        case _:
            return ""


def from_texts(texts: Mapping[str, str]) -> SourceTree:
    """Make a tree of texts by path: ``{"hal/link.py": "import serial"}``."""
    modules = (Module(_module_name(path), path, text) for path, text in texts.items())
    return {module.name: module for module in modules}


def from_folder(root: Path) -> SourceTree:
    """Read our packages below a folder."""
    files = (file for package in OURS for file in sorted((root / package).rglob("*.py")))
    return from_texts({str(file.relative_to(root)): file.read_text("utf-8") for file in files})


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
