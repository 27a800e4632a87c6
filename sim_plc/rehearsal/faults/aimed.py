"""Scripts that aim: each strike waits for a state of the unit and a step of a job that chance alone would rarely give.

What brings the unit or the job there is struck before it, where one letter does so. Aims are drawn uniformly over the
pairs that can be met, so that a campaign fills its table evenly.
"""

import random
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sim_plc.rehearsal.cells import REACHABLE, Cell
from sim_plc.rehearsal.faults import humans, iron, plc, process, safety, wire
from sim_plc.rehearsal.faults.letter import Aim, Letter, Strike

EACH_S: Final = 75.0
"""Room for one aimed strike with what leads to it: so many of them fit into a run."""

PATIENCE_S: Final = 150.0
"""How long a strike waits for its moment."""

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

_BEHIND_A_START: Final = frozenset({"ABORTED", "CLEARING", "STOPPED", "RESETTING", "IDLE"})
"""States in which only a job of a daemon that was killed is at work."""

_LEADS_ASIDE: Final[Mapping[str, tuple[Letter, ...]]] = MappingProxyType(
    {"UNKNOWN": (wire.CUT, plc.PLC_WARM), "PARKED": (plc.PLC_COLD, iron.JAM), "RESUMED": (plc.PLC_COLD, iron.JAM)}
)
"""By state of a job: what leads there, whatever the unit does then."""

WORKING: Final = tuple(
    cell.step for cell in REACHABLE if cell.unit == "EXECUTE" and cell.step not in ("none", "PARKED", "UNDONE")
)
"""Steps in which the carriage works."""

_EXCHANGES: Final = ("PICKING", "PLACING")


def draw_aimed(rng: random.Random, *, begin_s: float, end_s: float, kinds: Sequence[Letter]) -> tuple[Strike, ...]:
    """Draw a script of aimed strikes with letters of ``kinds``, all over by ``end_s``."""
    strikes: list[Strike] = []
    # Few runs have wires that carry bytes: they are for the letters that others cannot play.
    aiming = [letter for letter in kinds if letter.of_bytes] or kinds
    for _ in range(max(1, int((end_s - begin_s) / EACH_S))):
        letter, cell = rng.choice(aiming), rng.choice(REACHABLE)
        at_s = rng.uniform(begin_s, max(begin_s, end_s - PATIENCE_S))
        lead = _lead(rng, cell, kinds)
        if lead is not None:
            strikes.append(_strike(rng, lead[0], lead[1], at_s, end_s, 0.0))
        strikes.append(_strike(rng, letter, cell, at_s, end_s, rng.choice(LINGERS_S)))
    return tuple(sorted(strikes, key=lambda strike: strike.at_s))


def _strike(rng: random.Random, letter: Letter, cell: Cell, at_s: float, end_s: float, linger_s: float) -> Strike:
    hold_s = rng.uniform(*letter.hold_s)
    until_s = max(at_s, min(at_s + PATIENCE_S, end_s - hold_s))
    return Strike(at_s, letter, hold_s, rng.randrange(1000), Aim(cell, until_s, rng.uniform(0.0, linger_s)))


def _lead(rng: random.Random, cell: Cell, kinds: Sequence[Letter]) -> tuple[Letter, Cell] | None:
    """Return what leads to a pair, and when it is to strike; None where nothing is needed, or no letter may do it."""
    leads = _LEADS_ASIDE.get(cell.step) or _LEADS.get(cell.unit, ())
    if cell.step in WORKING and cell.unit in _BEHIND_A_START:
        leads = (process.CRASH,)
    allowed = [letter for letter in leads if letter in kinds]
    if not allowed:
        return None
    if cell.step in ("PARKED", "RESUMED"):
        step = rng.choice(_EXCHANGES)
    else:
        step = cell.step if cell.step in (*WORKING, "none") else rng.choice(WORKING)
    return rng.choice(allowed), Cell("EXECUTE", step)
