"""Retrieval sheets as plain text: A4 on any printer that knows a form feed. Pure."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from controller.cli.retrieval import (
    BLANKS,
    LONGEST,
    Room,
    Sheet,
    belief_text,
    degrees,
    marks_text,
    shorten,
    steps,
    way_text,
)

COLUMNS: Final = 76
"""A4 upright at ten characters an inch, with margins."""

LINES: Final = 62
"""Of a page at six lines an inch, which has 70 with its margins."""

FORM_FEED: Final = "\f"


def text_pages(sheets: Sequence[Sheet]) -> str:
    """Return all pages, each ended by a form feed; more than one sheet have their list in front."""
    pages = [*(_list_pages(sheets) if len(sheets) > 1 else ()), *map(_page, sheets)]
    return "".join(f"{page}\n{FORM_FEED}" for page in pages)


def _page(sheet: Sheet) -> str:
    lines = [
        f"MANUAL RETRIEVAL, BAY {sheet.bay.place}",
        shorten(sheet.tower, COLUMNS),
        "=" * COLUMNS,
        *_wrapped(marks_text(sheet.bay)),
        *_wrapped(f"believed: {belief_text(sheet.believed)}"),
        *_wrapped(f"as of:    {shorten(sheet.as_of, LONGEST)}"),
        "",
        *(line for room in sheet.rooms for line in _wrapped(_room_line(room))),
        "",
    ]
    number = 0
    for part, each in steps(sheet):
        lines.append(part)
        for text in each:
            number += 1
            lines += _wrapped(f"[ ] {number:>2} {text}", " " * 7)
    lines.append("")
    for blank in BLANKS:
        lines.append(f"{blank} ".ljust(COLUMNS, "_"))
    return "\n".join(lines)


def _room_line(room: Room) -> str:
    where = f"room {room.number} ({room.marks.place}): {room.marks.height_mm:,} mm, {degrees(room.marks.angle_mdeg)}"
    return f"{where}; {way_text(room)}"


def _list_pages(sheets: Sequence[Sheet]) -> Iterator[str]:
    first = sheets[0]
    head = [shorten(f"BAYS OF {first.tower}", COLUMNS), *_wrapped(f"as of: {shorten(first.as_of, LONGEST)}")]
    head += ["=" * COLUMNS, *_wrapped(f"carriage: {belief_text(first.carriage)}")]
    rows = [_row(sheet) for sheet in sheets]
    room = LINES - len(head)
    for start in range(0, len(rows), room):
        yield "\n".join([*head, *rows[start : start + room]])


def _row(sheet: Sheet) -> str:
    marks = f"{sheet.bay.place:>5} {sheet.bay.height_mm:>8,} mm {degrees(sheet.bay.angle_mdeg):>10}"
    return f"{marks}  {shorten(belief_text(sheet.believed), COLUMNS - len(marks) - 2)}"


def _wrapped(text: str, indent: str = "          ") -> list[str]:
    return textwrap.wrap(text, COLUMNS, subsequent_indent=indent, break_on_hyphens=False)
