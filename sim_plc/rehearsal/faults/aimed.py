"""Scripts that aim: each strike waits for a state of the unit and a step of a job that chance alone would rarely give.

What brings the unit or the job there is struck before it, where one letter does so. Every letter gets its turn at every
pair that can be met, run after run, so that a campaign fills its table evenly.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from sim_plc.rehearsal.cells import REACHABLE, Cell
from sim_plc.rehearsal.faults import drives, humans, plc, process, safety, sensors, wire
from sim_plc.rehearsal.faults.letter import Aim, Letter, Strike

EACH_S: Final = 20.0
"""Room for one volley with what leads to it: so many of them fit into a run."""

VOLLEY: Final = 4
"""As many letters wait for one moment."""

PATIENCE_S: Final = 150.0
"""The last volley still has as long to wait for its moment."""

LINGERS_S: Final = (0.0, 0.0, 0.5, 3.0)
"""How long behind the first moment it strikes at the most."""

_LEADS: Final[Mapping[str, tuple[Letter, ...]]] = MappingProxyType(
    {
        "HOLDING": (humans.HOLD,),
        "HELD": (humans.HOLD,),
        "SUSPENDING": (humans.SUSPEND,),
        "SUSPENDED": (humans.SUSPEND,),
        "STOPPING": (humans.STOP,),
        "STOPPED": (humans.STOP, humans.ABORT),
        "RESETTING": (humans.STOP, humans.ABORT),
        "IDLE": (humans.STOP,),
        "ABORTING": (humans.ABORT, safety.E_STOP),
        "ABORTED": (humans.ABORT, safety.E_STOP),
        "CLEARING": (humans.ABORT,),
    }
)
"""By state of the unit: what leads there from Execute."""

_BRIEF: Final = frozenset({"ABORTING", "CLEARING"})
"""States that last for a moment: whoever lingers misses them."""

_PASSING: Final = frozenset({"STOPPING", "ABORTING"})
"""States in which a job is put aside only when they end: one that was so before is met in them."""

_BEHIND_A_START: Final = frozenset({"ABORTED", "CLEARING", "STOPPED", "RESETTING", "IDLE"})
"""States in which only a job of a daemon that was killed is at work."""

_BEHIND_A_TRIP: Final = frozenset({"ABORTED", "CLEARING"})
"""Of these, where a start stays only with the chain open."""

_TRIPPED_AND_KILLED: Final = (safety.E_STOP, process.CRASH)
"""In this order: of a daemon that is gone nobody knows what it did."""

_THAT_PARK: Final = (plc.PLC_COLD, drives.DRIVE, drives.SEIZED, sensors.CROSS_TALK)

_LEADS_ASIDE: Final[Mapping[str, tuple[Letter, ...]]] = MappingProxyType(
    {
        "UNKNOWN": (wire.CUT, plc.PLC_WARM),
        "PARKED": _THAT_PARK,
        "RESUMED": _THAT_PARK,
        "UNDONE": _THAT_PARK,
    }
)
"""By state of a job: what leads there, whatever the unit does then."""

_ON_THE_WAY: Final = MappingProxyType(
    {"PARKED": "HELD", "RESUMED": "HELD", "UNDONE": "HELD", "INTERRUPTED": "HELD", "UNKNOWN": "RESETTING"}
)
"""By state of a job: the state of the unit out of which others are reached with it."""

WORKING: Final = tuple(
    cell.step for cell in REACHABLE if cell.unit == "EXECUTE" and cell.step not in ("none", "PARKED", "UNDONE")
)
"""Steps in which the carriage works."""

_EXCHANGES: Final = ("PICKING", "PLACING")


@dataclass(frozen=True, slots=True)
class Volley:
    """Letters that wait for the same pair."""

    cell: Cell
    letters: tuple[Letter, ...]


def draw_aimed(
    rng: random.Random, turn: int, *, begin_s: float, end_s: float, kinds: Sequence[Letter]
) -> tuple[Strike, ...]:
    """Draw the script of the ``turn``-th run that aims, from 0, with letters of ``kinds``, all over by ``end_s``."""
    # Few runs have wires that carry bytes: they are for the letters that others cannot play.
    aiming = tuple(letter for letter in kinds if letter.of_bytes) or tuple(kinds)
    volleys, count = len(REACHABLE) * math.ceil(len(aiming) / VOLLEY), max(1, int((end_s - begin_s) / EACH_S))
    strikes: list[Strike] = []
    for place in range(count):
        lap, number = divmod(turn * count + place, volleys)
        volley = _in_turn(aiming, lap)[number]
        latest_s = max(begin_s, end_s - PATIENCE_S)
        at_s = begin_s + (latest_s - begin_s) * (place + rng.random()) / count
        strikes += [_strike(rng, lead, before, at_s, end_s, 0.0) for lead, before in _leads(rng, volley.cell, kinds)]
        for letter in volley.letters:
            lingers_s = rng.choice(LINGERS_S) if volley.cell.unit not in _BRIEF else 0.0
            strikes.append(_strike(rng, letter, volley.cell, at_s, end_s, lingers_s))
    return tuple(sorted(strikes, key=lambda strike: strike.at_s))


@cache
def _in_turn(letters: tuple[Letter, ...], lap: int) -> tuple[Volley, ...]:
    """Return every letter with every pair, shuffled: run after run takes the next ones, so that all get their turn."""
    rng, volleys = random.Random(lap), []
    for cell in REACHABLE:
        mixed = rng.sample(letters, len(letters))
        volleys += [Volley(cell, tuple(mixed[at : at + VOLLEY])) for at in range(0, len(mixed), VOLLEY)]
    rng.shuffle(volleys)
    return tuple(volleys)


def _strike(rng: random.Random, letter: Letter, cell: Cell, at_s: float, end_s: float, linger_s: float) -> Strike:
    hold_s = rng.uniform(*letter.hold_s)
    until_s = max(at_s, end_s - hold_s)
    return Strike(at_s, letter, hold_s, rng.randrange(1000), Aim(cell, until_s, rng.uniform(0.0, linger_s)))


def _leads(rng: random.Random, cell: Cell, kinds: Sequence[Letter]) -> list[tuple[Letter, Cell]]:
    """Return what leads to a pair, and when it is to strike: nothing where nothing is needed, or no letter may."""
    leads: list[tuple[Letter, Cell]] = []
    here = Cell("EXECUTE", cell.step if cell.step in (*WORKING, "none") else rng.choice(WORKING))
    unit = [(rng.choice(_LEADS[cell.unit]), here)] if cell.unit in _LEADS else []
    if cell.step in WORKING and cell.unit in _BEHIND_A_START:
        killed = _TRIPPED_AND_KILLED if cell.unit in _BEHIND_A_TRIP else (process.CRASH,)
        leads = [(letter, here) for letter in killed]
    elif cell.step in _LEADS_ASIDE:
        if cell.step != "UNKNOWN":
            here = Cell("EXECUTE", rng.choice(_EXCHANGES))
        leads = [(rng.choice(_LEADS_ASIDE[cell.step]), here), *_onward(cell, unit)]
    elif cell.step == "INTERRUPTED" and cell.unit in _PASSING:
        leads = [(humans.HOLD, here), *_onward(cell, unit)]
    else:
        leads = unit
    return [(letter, when) for letter, when in leads if letter in kinds]


def _onward(cell: Cell, unit: list[tuple[Letter, Cell]]) -> list[tuple[Letter, Cell]]:
    """Return what leads to a state of the unit with a job that was put aside, or parked, before."""
    via = _ON_THE_WAY[cell.step]
    direct = cell.unit == via or (cell.step == "UNKNOWN" and cell.unit not in _PASSING)
    return [] if direct else [(letter, Cell(via, cell.step)) for letter, _ in unit]
