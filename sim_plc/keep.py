"""What outlives the process: the steel as it stands, and the retained memory of each PLC.

A clean end writes both together, and the next start is a power-up of PLCs that remember. After a crash the steel
is as it was last seen, at most a second old, and no PLC memory is trusted: it may be older than what the PLC had
accepted. Then each station reports MEMORY LOST until the device reset at the tower.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sim_plc.roster import Roster

FILE: Final = "plant.json"

LOST: Final = b""
"""Retained memory of which neither copy is good."""


class CannotResume(ValueError):
    """The kept state belongs to another tower, or cannot be read."""


@dataclass(frozen=True, slots=True)
class KeptSteel:
    """Where everything stood. Cars by name."""

    cars: dict[int, str]
    aboard: str | None
    height_mm: float
    angle_mdeg: float


@dataclass(slots=True)
class Kept:
    """All that is kept of one tower."""

    tower: str
    steel: KeptSteel
    roster: Roster
    clean: bool = False
    """Written at a clean end: the retained memories belong to it."""
    retained: dict[str, bytes] = field(default_factory=dict)
    """By station; empty unless ``clean``."""


def save(run_dir: Path, kept: Kept) -> None:
    """Replace the file in one step; durable if the end is clean."""
    body = {
        "tower": kept.tower,
        "clean": kept.clean,
        "steel": asdict(kept.steel),
        "roster": kept.roster.to_plain(),
        "retained": {name: memory.hex() for name, memory in kept.retained.items()} if kept.clean else {},
    }
    fresh = run_dir / f"{FILE}.new"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(body, file)
        if kept.clean:
            file.flush()
            os.fsync(file.fileno())
    fresh.replace(run_dir / FILE)


def load(run_dir: Path, tower: str) -> Kept | None:
    """Return what an earlier process kept, None if there was none.

    Raises:
        CannotResume: it belongs to another tower, or cannot be read.

    """
    file = run_dir / FILE
    try:
        body = json.loads(file.read_text("utf-8"))
        kept = _read(body)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CannotResume(f"{file} cannot be read: {error}") from error
    if kept.tower != tower:
        raise CannotResume(f"{file} was kept for tower '{kept.tower}', not '{tower}': use another run directory")
    return kept


def _read(body: Mapping[str, Any]) -> Kept:
    steel = body["steel"]
    cars = {int(place): str(name) for place, name in steel["cars"].items()}
    return Kept(
        body["tower"],
        KeptSteel(cars, steel["aboard"], steel["height_mm"], steel["angle_mdeg"]),
        Roster.from_plain(body["roster"]),
        bool(body["clean"]),
        {name: bytes.fromhex(memory) for name, memory in body["retained"].items()},
    )
