"""Taking secrets out of what leaves the house. Pure.

A secret is known by its name (a key such as ``password``), by its look (a private key in PEM, a bearer token, the
password in a URL), or by having been found once in one of these ways: then it is hidden wherever else it stands.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

HIDDEN: Final = "<redacted>"
"""Hidden again it stays the same."""

SHORTEST: Final = 6
"""A shorter secret is hidden where it is named, but not looked for elsewhere: it may be any word."""

REMEMBERED: Final = 4096
"""Texts of which it is remembered whether a secret is in them."""

_NAMES: Final = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|credential|api[_-]?key|private[_-]?key|authorization|cookie"
)
_NAME: Final = re.compile(rf"{_NAMES}|(?:^|[_-])(?:key|pin|pin[_-]?code|otp)$", re.IGNORECASE)

_PEM: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_URL: Final = re.compile(r"(?<=://)[^\s/@:]+:([^\s/@]+)(?=@)")
_BEARER: Final = re.compile(r"\b(?:Bearer|Basic)\s+([A-Za-z0-9._~+/=-]{6,})", re.IGNORECASE)
_NAMED: Final = re.compile(
    rf"""[\w-]*(?:{_NAMES})[\w-]*['"]?\s*[:=]\s*(?:(?:Bearer|Basic)\s+)?(?:'([^']+)'|"([^"]+)"|([^\s'",;}})\]]+))""",
    re.IGNORECASE,
)

class Redactor:
    """Learns secrets from everything first, and hides them in everything then."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._clean: dict[str, str] = {}
        """Texts that were looked through, and what is left of them: in a trace few are told thousands of times."""

    @property
    def known(self) -> int:
        """How many different secrets are hidden wherever they stand."""
        return len(self._known)

    def learn(self, value: object) -> None:
        """Take note of every secret in JSON-able data."""
        self._known.update(each for each in _secrets(value, named=False) if len(each) >= SHORTEST)
        self._clean.clear()

    def hide(self, value: object) -> object:
        """Return JSON-able data without secrets: those that are named or look like one, and all that were learned."""
        return self._hide(value, named=False)

    def _hide(self, value: object, *, named: bool) -> object:
        match value:
            case bool() | None:
                return value
            case Mapping():
                items = ((key, self._hide(each, named=named or _is_name(str(key)))) for key, each in value.items())
                return {self._text(str(key)): each for key, each in items}
            case list() | tuple():
                return [self._hide(each, named=named) for each in value]
            case str() if named:
                return HIDDEN if value else value
            case str():
                return self._text(value)
            case _:
                return HIDDEN if named else value

    def _text(self, text: str) -> str:
        clean = self._clean.get(text)
        if clean is None:
            clean = self._clean[text] = self._hidden(text)
        return clean

    def _hidden(self, text: str) -> str:
        text = _PEM.sub(HIDDEN, text)
        for pattern in (_URL, _BEARER, _NAMED):
            text = pattern.sub(_without_groups, text)
        # The longest first: one secret may be a part of another.
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text


@lru_cache(maxsize=REMEMBERED)
def _is_name(key: str) -> bool:
    return _NAME.search(key) is not None


def _secrets(value: object, *, named: bool) -> Iterator[str]:
    match value:
        case bool() | None:
            return
        case Mapping():
            for key, each in value.items():
                yield from _secrets(str(key), named=False)
                yield from _secrets(each, named=named or _is_name(str(key)))
        case list() | tuple():
            for each in value:
                yield from _secrets(each, named=named)
        case str() if named:
            yield value
        case str():
            yield from _in_text(value)
        case _:
            if named:
                yield str(value)


@lru_cache(maxsize=REMEMBERED)
def _in_text(text: str) -> tuple[str, ...]:
    return tuple(_looked_for(text))


def _looked_for(text: str) -> Iterator[str]:
    yield from (found[0] for found in _PEM.finditer(text))
    for pattern in (_URL, _BEARER, _NAMED):
        for found in pattern.finditer(text):
            yield from (group for group in found.groups() if group)


def _without_groups(found: "re.Match[str]") -> str:
    """Return a match with its groups hidden."""
    text, start = found[0], found.start()
    spans = [found.span(number) for number, group in enumerate(found.groups(), start=1) if group is not None]
    for first, last in reversed(spans):
        text = text[: first - start] + HIDDEN + text[last - start :]
    return text


