"""Where each key of a JSON text stands, as `config.positions` tells of TOML.

It goes over text that `json` has accepted already, so it checks nothing.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from config.positions import KeyPath, Position, Spot

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


def json_index(text: str) -> dict[KeyPath, Spot]:
    """Return the spot of every key and array element of a JSON text; the root is not in it."""
    tokens = _Tokens(text)
    spots: dict[KeyPath, Spot] = {}
    _value(tokens, (), spots)
    return spots


class _Tokens:
    """The tokens of a text, one ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._all: Iterator[re.Match[str]] = _TOKEN.finditer(text)
        self._next = next(self._all, None)

    @property
    def ahead(self) -> str:
        return self._next.group() if self._next else ""

    @property
    def position(self) -> Position:
        at = self._next.start() if self._next else len(self._text)
        before = self._text.rfind("\n", 0, at)
        return Position(self._text.count("\n", 0, at) + 1, at - before)

    def take(self) -> str:
        token = self.ahead
        self._next = next(self._all, None)
        return token


def _value(tokens: _Tokens, path: KeyPath, spots: dict[KeyPath, Spot]) -> None:
    match tokens.take():
        case "{":
            _object(tokens, path, spots)
        case "[":
            _array(tokens, path, spots)
        case _:
            pass


def _object(tokens: _Tokens, path: KeyPath, spots: dict[KeyPath, Spot]) -> None:
    while tokens.ahead not in ("}", ""):
        key = tokens.position
        name = str(json.loads(tokens.take()))
        tokens.take()
        spots[*path, name] = Spot(key, tokens.position)
        _value(tokens, (*path, name), spots)
        if tokens.ahead == ",":
            tokens.take()
    tokens.take()


def _array(tokens: _Tokens, path: KeyPath, spots: dict[KeyPath, Spot]) -> None:
    count = 0
    while tokens.ahead not in ("]", ""):
        spots[*path, count] = Spot(tokens.position, tokens.position)
        _value(tokens, (*path, count), spots)
        count += 1
        if tokens.ahead == ",":
            tokens.take()
    tokens.take()
