"""Scripts that aim: at every state of the unit with every step of a job some letters wait for a run to come there.

What brings the unit or the job to the rarer ones is struck as well. Every letter gets its turn at every pair that can
be met, run after run, so that a campaign fills its table evenly.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Final

from sim_plc.rehearsal.cells import NO_JOB, REACHABLE, Cell
from sim_plc.rehearsal.faults import desk, drives, humans, iron, plc, process, safety, wire
from sim_plc.rehearsal.faults.letter import Aim, Letter, Strike

EACH_S: Final = 40.0
"""Room for what leads to one pair: so many of them fit into a run."""

ALONE: Final = 1
FEW: Final = 3
SOME: Final = 6
MANY: Final = 12
"""As many letters wait for one pair in a run: where hardly a run misses it, where some do, many do, and most do.

A pair that leads to others has few, or no run would get there.
"""

PATIENCE_S: Final = 150.0
"""What leads to a pair last still has as long to meet its own moment."""

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

_PAUSING: Final = frozenset({"HOLDING", "SUSPENDING", "SUSPENDED"})
"""States that are reached from Execute alone, also with a job that was parked before."""

_COMING_TO_REST: Final = frozenset({"HOLDING", "SUSPENDING", "STOPPING"})
"""States that last until the carriage stands: in most runs not for a moment of a certain step."""

_SELDOM: Final = frozenset({"PARKED", "RESUMED", "UNDONE"})
"""States of a job that come seldom, in whichever state the unit is."""

_SELDOM_WITH_THEM: Final = frozenset({"IDLE", "HELD"})
"""States of the unit that come often, and with one of them hardly ever."""

_GATEWAY: Final = Cell("HELD", "PARKED")
"""All that is decided about a job comes behind it."""

_LOOKED_INTO_S: Final = 15.0
"""Within it the carriage is used for something else again, as to look into a bay: it has to come to rest only then."""

_BEHIND_A_START: Final = frozenset({"ABORTED", "CLEARING", "STOPPED", "RESETTING", "IDLE"})
"""States in which only a job of a daemon that was killed is at work."""

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


def draw_aimed(
    rng: random.Random, turn: int, *, begin_s: float, end_s: float, kinds: Sequence[Letter]
) -> tuple[Strike, ...]:
    """Draw the script of the ``turn``-th run that aims, from 0, with letters of ``kinds``, all over by ``end_s``."""
    # Few runs have wires that carry bytes: they are for the letters that others cannot play.
    aiming = tuple(letter for letter in kinds if letter.of_bytes) or tuple(kinds)
    latest_s = max(begin_s, end_s - PATIENCE_S)
    strikes: list[Strike] = []
    for cell in REACHABLE:
        size = _size(cell)
        for letter in _in_turn(aiming, cell, turn, size):
            at_s = rng.uniform(begin_s, latest_s) if size == ALONE else begin_s
            lingers_s = rng.choice(LINGERS_S) if cell.unit not in _BRIEF else 0.0
            strikes.append(_strike(rng, letter, cell, at_s, end_s, lingers_s))
    count = max(1, int((end_s - begin_s) / EACH_S))
    for place in range(count):
        at_s = begin_s + (latest_s - begin_s) * (place + rng.random()) / count
        cell = _wanted(turn * count + place)
        strikes += [_lead(rng, lead, before, at_s, end_s) for lead, before in _leads(rng, cell, kinds)]
    return tuple(sorted(strikes, key=lambda strike: strike.at_s))


def _size(cell: Cell) -> int:
    """Return how many letters wait for a pair in one run."""
    seldom = cell.step in _SELDOM
    if cell.unit in _COMING_TO_REST:
        return MANY if seldom or cell.step == NO_JOB else SOME
    if cell.unit == "SUSPENDED" or (seldom and cell.unit in _SELDOM_WITH_THEM and cell != _GATEWAY):
        return MANY
    if cell.unit == "HELD" and cell != _GATEWAY:
        return SOME
    return FEW if seldom or (cell.step in WORKING and cell.unit != "EXECUTE") else ALONE


def _in_turn(letters: tuple[Letter, ...], cell: Cell, turn: int, size: int) -> list[Letter]:
    """Return the letters that wait for a pair in one run: run after run takes the next ones, so that all get there."""
    first, drawn = turn * size, []
    for number in range(first, first + min(size, len(letters))):
        lap, place = divmod(number, len(letters))
        drawn.append(_order(letters, cell, lap)[place])
    return drawn


@cache
def _order(letters: tuple[Letter, ...], cell: Cell, lap: int) -> tuple[Letter, ...]:
    return tuple(random.Random(f"{cell} {lap}").sample(letters, len(letters)))


@cache
def _order_of_pairs(lap: int) -> tuple[Cell, ...]:
    wanted = [cell for cell in REACHABLE if _size(cell) >= SOME]
    return tuple(random.Random(lap).sample(wanted, len(wanted)))


def _wanted(number: int) -> Cell:
    """Return the ``number``-th pair that is led to, of those which chance alone would rarely give."""
    lap, place = divmod(number, len(_order_of_pairs(0)))
    return _order_of_pairs(lap)[place]


def _strike(rng: random.Random, letter: Letter, cell: Cell, at_s: float, end_s: float, linger_s: float) -> Strike:
    hold_s = rng.uniform(*letter.hold_s)
    until_s = max(at_s, end_s - hold_s)
    return Strike(at_s, letter, hold_s, rng.randrange(1000), Aim(cell, until_s, rng.uniform(0.0, linger_s)))


def _lead(rng: random.Random, letter: Letter, before: Cell, at_s: float, end_s: float) -> Strike:
    """Return a strike that leads on: at the job in progress, and at once, or while a tower looks into a bay."""
    unused = before.step in (NO_JOB, "PARKED")
    lingers_s = _LOOKED_INTO_S if unused and letter in (humans.HOLD, humans.SUSPEND) else 0.0
    strike = _strike(rng, letter, before, at_s, end_s, lingers_s)
    return replace(strike, where=0) if letter is desk.TWO_CANCEL else strike


def _leads(rng: random.Random, cell: Cell, kinds: Sequence[Letter]) -> list[tuple[Letter, Cell]]:
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
