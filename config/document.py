"""One configuration file: its values, and where each of them stands."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from config.faults import ConfigError, Fault, dotted, shown
from config.json_positions import json_index
from config.positions import KeyPath, Position, Spot, index

NOWHERE: Final = Position(0, 0)

UNREADABLE: Final = "unreadable"
SYNTAX: Final = "syntax"

_WHERE: Final = re.compile(r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


@dataclass(frozen=True)
class Document:
    """Values of one source and the spots of their keys."""

    file: str
    values: dict[str, Any]
    spots: Mapping[KeyPath, Spot] = field(default_factory=dict)
    top: Position = NOWHERE
    """Where a fault of the whole stands."""

    def holds(self, path: KeyPath) -> bool:
        """Whether the source itself names this key."""
        return path in self.spots

    def fault(
        self,
        path: KeyPath,
        mount: KeyPath,
        message: str,
        *,
        allowed: str = "",
        value: object = None,
        code: str = "",
    ) -> Fault:
        """Return a fault at a key of the whole, of which this document is the part at ``mount``.

        It points at the value if one is given, else at the key, else at the nearest table above a missing key.
        """
        local = path[len(mount) :]
        there = local
        while there and there not in self.spots:
            there = there[:-1]
        spot = self.spots.get(there, Spot(self.top, self.top))
        position = spot.value if value is not None and there == local else spot.key
        text = "" if value is None else shown(value)
        return Fault(self.file, position.line, position.column, dotted(path), text, message, allowed, code)


def read_document(path: Path, *, name: str = "") -> Document:
    """Read a TOML file; ``name`` is what faults call it (default: its path).

    Raises:
        ConfigError: the file cannot be read, is not UTF-8, or is not TOML.

    """
    name = name or str(path)
    return parse_document(read_text(path, name), name)


def read_text(path: Path, name: str) -> str:
    """Read a UTF-8 file.

    Raises:
        ConfigError: the file cannot be read, or is not UTF-8.

    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        fault = Fault(name, 0, 0, "", "", f"cannot be read: {error.strerror}", code=UNREADABLE)
        raise ConfigError([fault]) from error
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        fault = Fault(name, line, column, "", "", "is not UTF-8 text", code=UNREADABLE)
        raise ConfigError([fault]) from error


def parse_document(text: str, name: str) -> Document:
    """Read a TOML text.

    Raises:
        ConfigError: the text is not TOML.

    """
    try:
        return Document(name, tomllib.loads(text), index(text), Position(1, 1))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_fault(error, text, name)]) from error
    except (ValueError, RecursionError) as error:
        # What TOML allows and no machine holds: an integer of thousands of digits, arrays a thousand deep.
        raise ConfigError([Fault(name, 1, 1, "", "", f"cannot be read: {error}", code=SYNTAX)]) from error


def parse_json_document(text: str, name: str) -> Document:
    """Read a JSON text that holds one object.

    Raises:
        ConfigError: the text is not JSON, or is something else than an object.

    """
    try:
        values, spots = json.loads(text), json_index(text)
    except json.JSONDecodeError as error:
        fault = Fault(name, error.lineno, error.colno, "", "", f"is not JSON: {error.msg}", code=SYNTAX)
        raise ConfigError([fault]) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError([Fault(name, 1, 1, "", "", f"cannot be read: {error}", code=SYNTAX)]) from error
    if not isinstance(values, dict):
        raise ConfigError([Fault(name, 1, 1, "", "", "must hold one object", code=SYNTAX)])
    return Document(name, values, spots, Position(1, 1))


def _syntax_fault(error: tomllib.TOMLDecodeError, text: str, name: str) -> Fault:
    match = _WHERE.match(str(error))
    lines = text.split("\n")
    line, column, what = 1, 1, str(error)
    if match is not None and match["line"] is None:
        line, column, what = len(lines), len(lines[-1]) + 1, f"{match['what']} before the end"
    elif match is not None:
        line, column, what = int(match["line"]), int(match["column"]), match["what"]
    return Fault(name, line, column, "", "", f"is not TOML: {what}", code=SYNTAX)
