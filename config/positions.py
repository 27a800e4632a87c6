"""Where each key of a TOML text stands, so that a fault can point at its line and column.

`tomllib` gives values without places. This walker goes over text that `tomllib` has accepted already, so it
checks nothing: it only needs to know where keys, values, strings and brackets begin and end.
"""

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys from the root; numbers are indexes of arrays and of array tables: ``("order", 2, "car")``."""

_SPACE: Final = " \t\r\n"
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(r"[^,\]}#\r\n]*")
_STRING: Final = {
    '"""': re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL),
    "'''": re.compile(r"'''.*?'{3,5}", re.DOTALL),
    '"': re.compile(r'"(?:[^"\\]|\\.)*"'),
    "'": re.compile(r"'[^']*'"),
}


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text, both from 1; a column counts characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a key stands, and where its value begins. An array's element is its own key."""

    key: Position
    value: Position


def index(text: str) -> dict[KeyPath, Spot]:
    """Return the spot of every table, key and array element of a TOML text that `tomllib` accepts.

    The root is not in it. A table that only longer headers imply stands at the first of them; of a table that is
    opened twice (first implied, then by its own header) the header counts.
    """
    return _Walker(text).walk()


class _Walker:
    """One pass over the text; ``at`` is the offset of the next character."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0] + [m.end() for m in re.finditer("\n", text)]
        self._at = 0
        self._spots: dict[KeyPath, Spot] = {}
        self._lengths: dict[KeyPath, int] = {}
        """How many tables each array of tables has so far."""

    def walk(self) -> dict[KeyPath, Spot]:
        table: KeyPath = ()
        while self._skip():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._spots

    def _header(self) -> KeyPath:
        """Read ``[a.b]`` or ``[[a.b]]`` and return the path of the table that it opens."""
        start = self._at
        is_array = self._text.startswith("[[", start)
        self._at += 2 if is_array else 1
        keys = [name for name, _ in self._keys()]
        self._at = self._text.index("]", self._at) + (2 if is_array else 1)
        parent = self._current(keys[:-1])
        for depth in range(1, len(parent) + 1):
            self._imply(parent[:depth], start)
        path = (*parent, keys[-1])
        if is_array:
            return self._open_element(path, start)
        self._declare(path, start, start)
        return path

    def _open_element(self, array: KeyPath, start: int) -> KeyPath:
        count = self._lengths.get(array, 0)
        self._lengths[array] = count + 1
        self._imply(array, start)
        self._declare((*array, count), start, start)
        return (*array, count)

    def _current(self, keys: list[str]) -> KeyPath:
        """Return the path of a header's parents: a name of an array of tables means its newest table."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        """Read ``key = value``."""
        path = table
        for name, start in self._keys():
            path = (*path, name)
            self._imply(path, start)
        self._at = self._text.index("=", self._at) + 1
        self._skip()
        self._declare(path, start, self._at)
        self._value(path)

    def _keys(self) -> list[tuple[str, int]]:
        """Read a dotted key: each part with its offset."""
        parts = [self._key()]
        self._skip_blanks()
        while self._text[self._at] == ".":
            self._at += 1
            parts.append(self._key())
            self._skip_blanks()
        return parts

    def _key(self) -> tuple[str, int]:
        self._skip_blanks()
        start = self._at
        quote = self._text[start]
        if quote in "\"'":
            end = self._string_end(quote)
            name = next(iter(tomllib.loads(f"{self._text[start:end]} = 0")))
        else:
            match = _BARE.match(self._text, start)
            assert match is not None, "tomllib has accepted the text"
            name, end = match.group(), match.end()
        self._at = end
        return name, start

    def _value(self, path: KeyPath) -> None:
        """Read a value, with the elements of arrays and the keys of inline tables."""
        match self._text[self._at]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'" as quote:
                self._at = self._string_end(quote)
            case _:
                match = _SCALAR.match(self._text, self._at)
                assert match is not None, "the pattern matches nothing too"
                self._at = match.end()

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        count = 0
        while self._skip() and self._text[self._at] != "]":
            element = (*path, count)
            self._declare(element, self._at, self._at)
            self._value(element)
            count += 1
            self._skip_comma()
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip() and self._text[self._at] != "}":
            self._pair(path)
            self._skip_comma()
        self._at += 1

    def _string_end(self, quote: str) -> int:
        triple = quote * 3
        pattern = _STRING[triple if self._text.startswith(triple, self._at) else quote]
        match = pattern.match(self._text, self._at)
        assert match is not None, "tomllib has accepted the text"
        return match.end()

    def _skip(self) -> bool:
        """Go over blanks, line ends and comments; return whether anything is left."""
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif character in _SPACE:
                self._at += 1
            else:
                return True
        return False

    def _skip_blanks(self) -> None:
        while self._text[self._at] in " \t":
            self._at += 1

    def _skip_comma(self) -> None:
        if self._skip() and self._text[self._at] == ",":
            self._at += 1

    def _declare(self, path: KeyPath, key: int, value: int) -> None:
        self._spots[path] = Spot(self._position(key), self._position(value))

    def _imply(self, path: KeyPath, start: int) -> None:
        if path not in self._spots:
            self._declare(path, start, start)

    def _position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)
