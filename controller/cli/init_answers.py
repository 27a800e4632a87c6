"""Answers that describe a tower: given as options, typed at a question, or as suggested."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import click

NONE: Final = "none"
"""How a person says that a list is empty."""


class Whole(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.5 on
    """A whole number in the range that the schema gives a key."""

    name = "number"

    def __init__(self, key: str) -> None:
        """``key`` is a location of the schema, with the kind behind a bus's name: ``bus.NAME.tcp.port``."""
        self.key = key

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or say what is allowed."""
        from config.draft import bounds

        least, most = bounds(self.key)
        return click.IntRange(least, most).convert(value, param, ctx)


class Name(click.ParamType):  # type: ignore[type-arg]  # as above
    """A tower's short name."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or say what is allowed."""
        from config.draft import is_name

        if not is_name(str(value)):
            self.fail(f"'{value}': a small letter first, then small letters, digits, - and _, at most 32", param, ctx)
        return str(value)


class Places(click.ParamType):  # type: ignore[type-arg]  # as above
    """Place numbers: ``101,104`` or ``101 104``; ``none`` for none."""

    name = "places"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Return the places; whether they exist is the check's to say."""
        if isinstance(value, tuple):
            return value
        words = [] if value.strip() == NONE else value.replace(",", " ").split()
        odd = next((word for word in words if not word.isascii() or not word.isdigit()), None)
        if odd is not None:
            self.fail(f"'{odd}' is no place: level x 100 + position, such as 101", param, ctx)
        return tuple(map(int, words))


@dataclass(frozen=True)
class Asker:
    """Where answers come from: ``given`` by options, else as suggested if ``yes``, else typed."""

    given: Mapping[str, Any]
    yes: bool

    def text(self, key: str, question: str, suggested: str) -> str:
        """Return a text."""
        return str(self._answer(key, question, suggested, click.STRING))

    def name(self, key: str, question: str, suggested: str) -> str:
        """Return a tower's short name."""
        return str(self._answer(key, question, suggested, Name()))

    def whole(self, key: str, question: str, suggested: int, *, like: str) -> int:
        """Return a whole number in the range of the schema's key ``like``."""
        return int(self._answer(key, question, suggested, Whole(like)))

    def choice(self, key: str, question: str, options: tuple[str, ...], suggested: str) -> str:
        """Return one of several."""
        return str(self._answer(key, question, suggested, click.Choice(options)))

    def places(self, key: str, question: str, suggested: tuple[int, ...]) -> tuple[int, ...]:
        """Return places."""
        answer: tuple[int, ...] = self._answer(key, question, suggested, Places())
        return answer

    def _answer(self, key: str, question: str, suggested: object, kind: "click.ParamType[Any]") -> Any:
        value = self.given.get(key)
        if value is not None:
            return value
        if self.yes:
            return suggested
        shown = (", ".join(map(str, suggested)) or NONE) if isinstance(suggested, tuple) else suggested
        return click.prompt(question, default=shown, type=kind)
