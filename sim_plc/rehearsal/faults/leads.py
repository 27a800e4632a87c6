"""What leads the unit and a job to a pair that chance alone rarely gives."""

import random
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sim_plc.rehearsal.cells import REACHABLE, Cell
from sim_plc.rehearsal.faults import desk, drives, humans, iron, plc, process, safety, wire
from sim_plc.rehearsal.faults.letter import Letter

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

_PASSING: Final = frozenset({"STOPPING", "ABORTING"})
"""States in which a job is put aside only when they end: one that was so before is met in them."""

_PAUSING: Final = frozenset({"HOLDING", "SUSPENDING", "SUSPENDED"})
"""States that are reached from Execute alone, also with a job that was parked before."""

_BEHIND_A_START: Final = frozenset({"ABORTED", "CLEARING", "STOPPED", "RESETTING", "IDLE"})
"""States in which only a job of a daemon that was killed is being undone, and, in the first of them, at work."""

_FROM_EXECUTE: Final = frozenset({"EXECUTE", "HOLDING", "SUSPENDING", "STOPPING", "ABORTING"})
"""States in which a job that is being undone goes on being so."""

_BEHIND_A_TRIP: Final = frozenset({"ABORTED", "CLEARING"})
"""Of these, where a start stays only with the chain open."""

_TRIPPED_AND_KILLED: Final = (safety.E_STOP, process.CRASH)
"""In this order: of a daemon that is gone nobody knows what it did."""

_THAT_PARK: Final = (drives.DRIVE, drives.PAST_PLACE, iron.LATCH_AJAR, iron.JAM)

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



def beside_parked(unit: str, kinds: Sequence[Letter]) -> list[tuple[Letter, Cell]]:
    """Return what parks a job that leaves the carriage empty, for the next one, and leads the unit on beside it."""
    leads = [
        (drives.PAST_PLACE, Cell("EXECUTE", "POSITIONING")),
        *((letter, Cell("EXECUTE", "PARKED")) for letter in _LEADS[unit]),
    ]
    return [(letter, when) for letter, when in leads if letter in kinds]


def leads_to(rng: random.Random, cell: Cell, kinds: Sequence[Letter]) -> list[tuple[Letter, Cell]]:
    """Return what leads to a pair, and when it is to strike: nothing where nothing is needed, or no letter may."""
    here = Cell("EXECUTE", cell.step if cell.step in (*WORKING, "none") else rng.choice(WORKING))
    unit = [(rng.choice(_LEADS[cell.unit]), here)] if cell.unit in _LEADS else []
    if cell.step in (*WORKING, "UNDONE") and cell.unit in _BEHIND_A_START:
        killed = _TRIPPED_AND_KILLED if cell.unit in _BEHIND_A_TRIP else (process.CRASH,)
        leads = [*_undone(cell), *((letter, Cell("EXECUTE", cell.step)) for letter in killed)]
    elif cell.step == "UNDONE" and cell.unit in _FROM_EXECUTE:
        leads = [*_undone(cell), *((letter, Cell("EXECUTE", cell.step)) for letter, _ in unit)]
    elif cell.step in _LEADS_ASIDE:
        if cell.step != "UNKNOWN":
            here = Cell("EXECUTE", rng.choice(_EXCHANGES))
        leads = [(rng.choice(_LEADS_ASIDE[cell.step]), here), *_onward(cell, unit)]
    elif cell.step == "INTERRUPTED" and cell.unit in _PASSING:
        leads = [(humans.HOLD, here), *_onward(cell, unit)]
    else:
        leads = unit
    return [(letter, when) for letter, when in leads if letter in kinds]


def _undone(cell: Cell) -> list[tuple[Letter, Cell]]:
    """Return what leads to a job that is undone while the unit executes; nothing for any other."""
    return [(desk.TWO_CANCEL, Cell("EXECUTE", "OPENING"))] if cell.step == "UNDONE" else []


def _onward(cell: Cell, unit: list[tuple[Letter, Cell]]) -> list[tuple[Letter, Cell]]:
    """Return what leads to a state of the unit with a job that was put aside, or parked, before."""
    via = Cell("EXECUTE", "PARKED") if cell.unit in _PAUSING else Cell(_ON_THE_WAY[cell.step], cell.step)
    direct = cell.unit == via.unit or (cell.step == "UNKNOWN" and cell.unit not in _PASSING)
    return [] if direct else [(letter, via) for letter, _ in unit]
