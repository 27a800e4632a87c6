"""How many columns of a terminal a text takes, and texts made to fit. Styles count nothing, wide letters two."""

import re
import unicodedata
from typing import Final

_STYLE: Final = re.compile(r"(\x1b\[[0-9;]*m)")
_PLAIN: Final = "\x1b[0m"


def width(text: str) -> int:
    """Return the columns that a text takes."""
    plain = _STYLE.sub("", text)
    return len(plain) if plain.isascii() else sum(map(_columns, plain))


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def left(text: str, columns: int) -> str:
    """Return a text filled up with blanks behind it; a longer one stays as it is."""
    return text + " " * (columns - width(text))


def centred(text: str, columns: int) -> str:
    """Return a text with blanks on both sides, the odd one behind; a longer one stays as it is."""
    spare = max(0, columns - width(text))
    return " " * (spare // 2) + text + " " * (spare - spare // 2)


def tail(text: str, columns: int) -> str:
    """Return as much of the end of an unstyled text as fits: of a plate or an id it tells the most."""
    while width(text) > columns:
        text = text[1:]
    return text


def clip(line: str, columns: int) -> str:
    """Return a styled line cut to so many columns."""
    room, parts, cut = columns, [], False
    for part in _STYLE.split(line):
        if _STYLE.fullmatch(part):
            parts.append(part)
            continue
        shown = part if width(part) <= room else _head(part, room)
        cut = cut or shown != part
        parts.append(shown)
        room -= width(shown)
        if cut:
            room = 0
    return "".join(parts) + (_PLAIN if cut else "")


def _head(text: str, columns: int) -> str:
    shown = ""
    for letter in text:
        columns -= _columns(letter)
        if columns < 0:
            break
        shown += letter
    return shown
