"""Types, tokens and run time of the subset of Structured Text that `tests.support.structured_text` translates."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

RANGES: Final = {
    "BOOL": (0, 1),
    "WORD": (0, 0xFFFF),
    "INT": (-0x8000, 0x7FFF),
    "UINT": (0, 0xFFFF),
    "DINT": (-0x8000_0000, 0x7FFF_FFFF),
    "UDINT": (0, 0xFFFF_FFFF),
}
LITERAL: Final = "a literal"
"""The type of a number that stands in the text: it takes the type of what it meets."""

_TOKEN: Final = re.compile(
    r"(?P<skip>\s+|\(\*.*?\*\)|//[^\n]*)|(?P<number>16#[0-9A-F_]+|\d+)|(?P<name>[A-Z_]\w*)"
    r"|(?P<sign>:=|<>|<=|>=|\.\.|[-+*/=<>()\[\].,;:])",
    re.IGNORECASE | re.DOTALL,
)
ARITHMETIC: Final = {"+": "+", "-": "-", "*": "*", "/": "//", "MOD": "%"}
COMPARISON: Final = {"=": "==", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
LOGIC: Final = {"AND": "&", "OR": "|", "XOR": "^"}
LEVELS: Final = (("OR",), ("XOR",), ("AND",), ("=", "<>", "<", ">", "<=", ">="), ("+", "-"), ("*", "/", "MOD"))
"""Operators by rising precedence (table 71)."""


class StructuredTextError(ValueError):
    """The text is not of the subset, or its types do not fit."""


@dataclass(frozen=True)
class Array:
    """ARRAY[low..high] OF of."""

    low: int
    high: int
    of: "Type"


@dataclass(frozen=True)
class Structure:
    """STRUCT: fields by name, each with its type and initial value."""

    name: str
    fields: Mapping[str, tuple["Type", int]]


Type = str | Array | Structure


@dataclass
class Signature:
    """How a function is called; names in lower case."""

    inputs: dict[str, Type] = field(default_factory=dict)
    in_outs: dict[str, Type] = field(default_factory=dict)
    returns: Type | None = None


@dataclass
class Program:
    """What a text declares. Functions take Python keywords in lower case; structures are dicts, arrays lists."""

    types: dict[str, Structure] = field(default_factory=dict)
    constants: dict[str, tuple[str, int]] = field(default_factory=dict)
    signatures: dict[str, Signature] = field(default_factory=dict)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def new(self, name: str) -> dict[str, Any]:
        """Return a structure with its initial values."""
        made = initial(self.types[name.lower()])
        assert isinstance(made, dict)
        return made


def initial(kind: Type, value: int = 0) -> Any:
    """Return the initial value of a variable of some type."""
    if isinstance(kind, Array):
        return [initial(kind.of) for _ in range(kind.low, kind.high + 1)]
    if isinstance(kind, Structure):
        return {name: initial(of, start) for name, (of, start) in kind.fields.items()}
    return bool(value) if kind == "BOOL" else value


def tokens(text: str) -> "list[tuple[str, int]]":
    """Return words in capitals (the language knows no small letters) and their lines."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        line = text.count("\n", 0, at) + 1
        if match is None:
            raise StructuredTextError(f"line {line}: {text[at]!r}")
        if not match["skip"]:
            found.append((match[0].upper(), line))
        at = match.end()
    return found


def number(word: str) -> int:
    return int(word[3:].replace("_", ""), 16) if word.startswith("16#") else int(word)


def _range_check(kind: str) -> Callable[[int], int]:
    low, high = RANGES[kind]

    def check(value: int) -> int:
        if low <= value <= high:
            return value
        raise OverflowError(f"{value} is no {kind}")

    return check


def _within(index: int, low: int, high: int) -> int:
    if low <= index <= high:
        return index - low
    raise IndexError(f"{index} is not in {low}..{high}")


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _overwrite(target: Any, value: Any) -> None:
    """Give a VAR_IN_OUT a new value as a whole: its owner sees it."""
    if isinstance(target, list):
        target[:] = value
    else:
        target.update(value)


RUNTIME: Final = {
    "within": _within,
    "copied": _copied,
    "overwrite": _overwrite,
    **{f"to_{kind}": _range_check(kind) for kind in RANGES},
}
