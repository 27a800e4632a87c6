"""A new tower's file from a few answers: what a person knows of a tower before any of it is programmed."""

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from config.check import Report, report_of
from config.document import parse_document
from config.examine import examine_document
from config.explain import schema_of
from config.schema import Tower
from hal.plcmap.shape import level_of, place_number, position_of

MOST_LEVELS_ON_A_LINE: Final = 5

BUSY_CODES: Final = ("line-load", "busy-line")


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers."""

    name: str
    title: str
    tower_id: int
    levels: int
    positions: int
    rooms: tuple[int, ...]
    omitted: tuple[int, ...] = ()
    level_pitch_mm: int = 2500
    profile: str = "medium"
    host: str = "127.0.0.1"
    port: int = 502
    devices: tuple[str, ...] = ()
    """Serial devices of the lines from the lowest levels up; lines beyond them get names in the run directory."""
    baud: int = 115_200
    levels_on_a_line: int = MOST_LEVELS_ON_A_LINE

    @property
    def bay_levels(self) -> tuple[int, ...]:
        """Levels that have a bay, and so a bay controller."""
        taken = {*self.rooms, *self.omitted}
        return tuple(
            level
            for level in range(1, self.levels + 1)
            if any(place_number(level, position) not in taken for position in range(1, self.positions + 1))
        )

    @property
    def lines(self) -> tuple[tuple[int, ...], ...]:
        """Levels of each serial line."""
        levels, most = self.bay_levels, self.levels_on_a_line
        return tuple(levels[start : start + most] for start in range(0, len(levels), most))

    def device(self, line: int) -> str:
        """Return the serial device of a line, counted from 0."""
        return self.devices[line] if line < len(self.devices) else default_device(line)


def default_device(line: int) -> str:
    """Return a name for the serial device of a line, counted from 0; it stands in the run directory."""
    return f"line{line + 1}.tty"


def is_name(text: str) -> bool:
    """Return whether a text may be a tower's name."""
    _, node = schema_of(Tower).walk(("name",))
    return re.search(node["pattern"], text) is not None and not text.endswith("\n")


def suggested_name(text: str) -> str:
    """Return a tower's name that is as near to a text as a name may be."""
    name = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_0123456789")[:32]
    return name or "tower"


def suggested_id(name: str) -> int:
    """Return a tower id that two towers hardly share: the same for the same name."""
    return zlib.crc32(name.encode()) % 65_535 + 1


def suggested_rooms(positions: int) -> tuple[int, ...]:
    """Return a third of the positions, evenly around the ring; with more than four a small PLC lacks addresses."""
    count = max(1, min(4, positions // 3))
    return tuple(place_number(1, 1 + i * positions // count) for i in range(count))


def bounds(key: str) -> tuple[int, int]:
    """Return the least and the largest value of a whole-number key, as the schema has them."""
    _, node = schema_of(Tower).walk(tuple(key.split(".")))
    return int(node["minimum"]), int(node["maximum"])


def judged(draft: Draft, file: Path) -> Report:
    """Return what `config.check` would say of the draft in ``file``."""
    return report_of(examine_document(file, parse_document(text_of(draft), str(file))))


def with_room_on_lines(draft: Draft, file: Path) -> Draft:
    """Return the draft with fewer levels to a line, if that many would keep a line too busy."""
    for most in range(draft.levels_on_a_line, 0, -1):
        spread = replace(draft, levels_on_a_line=most)
        report = judged(spread, file)
        if not any(fault.code in BUSY_CODES for fault in (*report.faults, *report.warnings)):
            return spread
    return draft


def text_of(draft: Draft, *, schema: str = "") -> str:
    """Return the tower's file. ``schema``: where an editor finds its JSON Schema, from the file."""
    parts = [f"#:schema {schema}\n" if schema else "", _head(draft), _ring(draft), _tower_bus(draft)]
    parts += [_line(draft, i, levels) for i, levels in enumerate(draft.lines)]
    return "".join(parts)


def _head(draft: Draft) -> str:
    return f"""\
# A place is level x 100 + position, both from 1: 203 is position 3 of level 2. What else can stand here:
# `cartower config explain`.

name = {_quoted(draft.name)}
title = {_quoted(draft.title)}
tower_id = {draft.tower_id}    # the PLCs carry it too: the daemon stays offline on another tower's PLC
profile = {_quoted(draft.profile)}    # a [machine.lift] here would override it key by key

"""


def _ring(draft: Draft) -> str:
    taken = {*draft.rooms, *draft.omitted}
    existing = {place for place in taken if _exists(draft, place)}
    omitted = f"omitted = {list(draft.omitted)}    # places that the steel leaves out\n" if draft.omitted else ""
    return f"""\
[ring]
levels = {draft.levels}
positions = {draft.positions}    # {360 / draft.positions:g} degrees apart; position 1 stands at 0 degrees
rooms = {list(draft.rooms)}
{omitted}bays = {draft.levels * draft.positions - len(existing)}    # the sum, to check the other numbers by
level_pitch_mm = {draft.level_pitch_mm}    # level 1 is at height 0

"""


def _exists(draft: Draft, place: int) -> bool:
    return 1 <= level_of(place) <= draft.levels and 1 <= position_of(place) <= draft.positions


def _tower_bus(draft: Draft) -> str:
    return f"""\
# The tower PLC: lift, turntable, shuttle, rooms, safety word. Point to point, one master.
[bus.tower]
kind = "tcp"
host = {_quoted(draft.host)}
port = {draft.port}
stations = ["tower"]
"""


def _line(draft: Draft, number: int, levels: Sequence[int]) -> str:
    units = f"unit id {levels[0] + 10}" if len(levels) == 1 else f"unit ids {levels[0] + 10} to {levels[-1] + 10}"
    return f"""
# Bay controllers, one a level, {units} (10 + level). A relative device stands in the run directory.
[bus.line{number + 1}]
kind = "rtu"
device = {_quoted(draft.device(number))}
baud = {draft.baud}
parity = "E"
stations = [{", ".join(f'"bays{level}"' for level in levels)}]
"""


def _quoted(text: str) -> str:
    """Return a text as a basic string of TOML, which is JSON's but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
