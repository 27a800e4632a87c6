"""The parameters of a call, each taken by its name and checked."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from controller.api.messages import INVALID_PARAMS, BadMessage

MAX_TEXT: Final = 200
"""Longest name or id that is taken."""


class Params:
    """The parameters of one call. Each is taken once; `end` complains about what nobody took."""

    def __init__(self, values: Mapping[str, Any], where: str = "") -> None:
        self._values = dict(values)
        self._where = where

    def text(self, name: str, *, default: str | None = None) -> str:
        """Take a text; without a ``default`` it must be there, and not be empty.

        Raises:
            BadMessage: missing, not a text, empty, too long, or with control characters.

        """
        value = self._take(name, default)
        if not isinstance(value, str):
            raise self._bad(name, "must be a text")
        if len(value) > MAX_TEXT or not value.isprintable() or value != value.strip():
            raise self._bad(name, f"must be at most {MAX_TEXT} printable characters, without blanks around it")
        if not value and default is None:
            raise self._bad(name, "must not be empty")
        return value

    def number(self, name: str) -> int:
        """Take a whole number that must be there.

        Raises:
            BadMessage: missing, or not a whole number from 0 to 2^31 - 1.

        """
        value = self._take(name, None)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
            raise self._bad(name, "must be a whole number from 0 to 2147483647")
        return value

    def optional_number(self, name: str) -> int | None:
        """Take a whole number, or nothing (absent or null).

        Raises:
            BadMessage: not a whole number from 0 to 2^31 - 1.

        """
        if self._values.get(name) is None:
            self._values.pop(name, None)
            return None
        return self.number(name)

    def flag(self, name: str) -> bool:
        """Take true or false; absent is false.

        Raises:
            BadMessage: neither true nor false.

        """
        value = self._take(name, False)
        if not isinstance(value, bool):
            raise self._bad(name, "must be true or false")
        return value

    def one_of(self, name: str, known: Iterable[str]) -> str:
        """Take one of several words.

        Raises:
            BadMessage: missing or none of them.

        """
        value, words = self._take(name, None), tuple(known)
        if value not in words:
            raise self._bad(name, f"must be one of {', '.join(words)}")
        return str(value)

    def texts(self, name: str) -> list[str]:
        """Take a list of texts; absent is empty.

        Raises:
            BadMessage: not a list of texts.

        """
        value = self._take(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._bad(name, "must be a list of texts")
        return value

    def items(self, name: str) -> "list[Params]":
        """Take a list of objects.

        Raises:
            BadMessage: missing, or not a list of objects.

        """
        value = self._take(name, None)
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self._bad(name, "must be a list of objects")
        return [Params(each, f"{self._where}{name}[{i}].") for i, each in enumerate(value)]

    def end(self) -> None:
        """Nothing more is expected.

        Raises:
            BadMessage: a parameter is left that the method does not know.

        """
        for name in self._values:
            raise self._bad(name, "is not a parameter of this method")

    def _take(self, name: str, default: Any) -> Any:
        if name not in self._values and default is None:
            raise self._bad(name, "is missing")
        return self._values.pop(name, default)

    def _bad(self, name: str, text: str) -> BadMessage:
        return BadMessage(INVALID_PARAMS, f"parameter {self._where}{name}: {text}")
