"""All that happened in a run, line by line: what a replay writes down and a story is told from."""

import json
from dataclasses import dataclass, field
from typing import Any

from config.schema import Tower
from sim_plc.rehearsal.run import Options, Report, rehearse


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened; ``kind`` and ``body`` are those of `sim_plc.rehearsal.world.World.note`."""

    t: float
    kind: str
    body: Any


@dataclass(slots=True)
class Chronicle:
    """A run's lines in their order."""

    lines: list[Line] = field(default_factory=list)

    def take(self, t: float, kind: str, body: object) -> None:
        """Add a line."""
        self.lines.append(Line(t, kind, body))

    def text(self) -> str:
        """Return all of it as JSON lines: the same bytes for the same seed, options and program."""
        return "".join(
            json.dumps([round(line.t, 6), line.kind, line.body], sort_keys=True, default=str) + "\n"
            for line in self.lines
        )


def replay(tower: Tower, seed: int, minutes: float, options: Options) -> tuple[Report, Chronicle]:
    """Run a seed again and take everything down."""
    chronicle = Chronicle()
    return rehearse(tower, seed, minutes, options, chronicle.take), chronicle
