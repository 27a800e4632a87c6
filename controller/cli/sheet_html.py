"""Retrieval sheets as one HTML file that a browser prints on A4, a page a bay. Pure.

Nothing is loaded from elsewhere: the file prints wherever it is carried.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from math import cos, radians, sin
from typing import Final

from controller.cli.retrieval import BLANKS, Sheet, belief_text, degrees, marks_text, steps, way_text

STYLE: Final = """
@page { size: A4 portrait; margin: 12mm 14mm; }
body { font: 9.5pt/1.3 sans-serif; color: #000; margin: 0; }
section { break-after: page; max-width: 182mm; margin: 0 auto; }
section:last-child { break-after: auto; }
h1 { font-size: 20pt; margin: 0; } h2 { font-size: 10.5pt; margin: 1.6mm 0 .6mm; }
header { display: flex; justify-content: space-between; align-items: end; border-bottom: .6mm solid #000; }
.where { display: flex; gap: 6mm; margin: 2mm 0; }
.marks { font-size: 12.5pt; font-weight: bold; }
.belief { border: .4mm solid #000; padding: 1.5mm 2mm; margin: 1.5mm 0; }
table { border-collapse: collapse; width: 100%; }
td, th { border: .2mm solid #000; padding: .5mm 1.5mm; text-align: left; vertical-align: top; }
ol { margin: 0; padding: 0; list-style: none; }
li { padding-left: 12mm; text-indent: -12mm; }
.box { display: inline-block; width: 3mm; height: 3mm; border: .3mm solid #000; margin-right: 2mm; text-indent: 0; }
.number { display: inline-block; width: 6.4mm; text-indent: 0; }
.blanks td { height: 7.5mm; width: 50%; font-size: 8pt; }
@media screen { section { padding: 8mm; border-bottom: 1px dashed #888; } }
"""

_SIZE: Final = 130
"""Side of a drawing, in its own units."""


def html_pages(sheets: Sequence[Sheet]) -> str:
    """Return the file; more than one sheet have their list in front."""
    body = "\n".join([*(_list(sheets) if len(sheets) > 1 else ()), *map(_page, sheets)])
    title = escape(f"Manual retrieval, {sheets[0].tower}")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _page(sheet: Sheet) -> str:
    bay = sheet.bay
    return "\n".join(
        (
            f'<section id="bay-{bay.place}">',
            f"<header><h1>Bay {bay.place}</h1><div>Manual retrieval<br>{escape(sheet.tower)}</div></header>",
            f'<div class="where"><div>{_shaft(sheet)}</div><div>{_ring(sheet)}</div><div>',
            f'<div class="marks">{escape(marks_text(bay))}</div>',
            f'<div class="belief"><b>Believed:</b> {escape(belief_text(sheet.believed))}',
            f"<br>as of {escape(sheet.as_of)}</div>",
            _rooms(sheet),
            "</div></div>",
            *_steps(sheet),
            _blanks(),
            "</section>",
        )
    )


def _rooms(sheet: Sheet) -> str:
    rows = (
        (
            f"{room.number} ({room.marks.place})",
            f"{room.marks.height_mm:,} mm",
            degrees(room.marks.angle_mdeg),
            way_text(room),
        )
        for room in sheet.rooms
    )
    return _table(("room", "height", "angle", "way from this bay"), rows)


def _steps(sheet: Sheet) -> Iterator[str]:
    number = 0
    for part, each in steps(sheet):
        yield f"<h2>{escape(part)}</h2><ol>"
        for text in each:
            number += 1
            yield f'<li><span class="box"></span><span class="number">{number}</span>{escape(text)}</li>'
        yield "</ol>"


def _blanks() -> str:
    cells = [f"<td>{escape(blank)}</td>" for blank in BLANKS]
    rows = (f"<tr>{''.join(cells[first : first + 2])}</tr>" for first in range(0, len(cells), 2))
    return f'<h2>To be signed</h2><table class="blanks">{"".join(rows)}</table>'


def _list(sheets: Sequence[Sheet]) -> Iterator[str]:
    first = sheets[0]
    yield f'<section id="list"><header><h1>Bays</h1><div>{escape(first.tower)}</div></header>'
    yield f"<p>As of {escape(first.as_of)}. Carriage: {escape(belief_text(first.carriage))}.</p>"
    rows = (
        (
            str(sheet.bay.place),
            f"{sheet.bay.height_mm:,} mm",
            degrees(sheet.bay.angle_mdeg),
            belief_text(sheet.believed),
        )
        for sheet in sheets
    )
    yield f"{_table(('bay', 'height', 'angle', 'believed'), rows)}</section>"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{lines}</table>"


def _shaft(sheet: Sheet) -> str:
    """Draw the tower from the side: its levels, and this one filled."""
    step = (_SIZE - 20) / sheet.levels
    parts = []
    for level in range(1, sheet.levels + 1):
        y = _SIZE - 10 - level * step
        fill = "#000" if level == sheet.bay.level else "none"
        parts.append(f'<rect x="22" y="{y:.1f}" width="30" height="{step:.1f}" fill="{fill}" stroke="#000"/>')
        if level in (1, sheet.levels, sheet.bay.level):
            parts.append(f'<text x="18" y="{y + step / 2 + 3:.1f}" font-size="9" text-anchor="end">{level}</text>')
    return _drawing(60, f"level {sheet.bay.level}", parts)


def _ring(sheet: Sheet) -> str:
    """Draw the ring from above, angles growing clockwise from position 1 at the top: bay filled, rooms as squares."""
    middle, radius = _SIZE / 2, _SIZE / 2 - 18
    parts = [f'<circle cx="{middle}" cy="{middle}" r="{radius - 12}" fill="none" stroke="#888"/>']
    rooms = {room.marks.position for room in sheet.rooms}
    for position in range(1, sheet.positions + 1):
        turn = radians((position - 1) * 360 / sheet.positions)
        x, y = middle + radius * sin(turn), middle - radius * cos(turn)
        fill = "#000" if position == sheet.bay.position else "none"
        if position in rooms:
            parts.append(f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" fill="none" stroke="#000"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="#000"/>')
        if position in (1, sheet.bay.position) or position in rooms:
            x, y = middle + (radius + 12) * sin(turn), middle - (radius + 12) * cos(turn) + 3
            parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="9" text-anchor="middle">{position}</text>')
    return _drawing(_SIZE, f"position {sheet.bay.position}", parts)


def _drawing(width: int, label: str, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {_SIZE}" width="{width * 0.3:.0f}mm" height="{_SIZE * 0.3:.0f}mm" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
