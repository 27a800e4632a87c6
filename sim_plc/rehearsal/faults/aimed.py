"""Scripts that aim: at every state of the unit with every step of a job some letters wait for a run to come there.

A run that is struck at every step of a job hardly ever gets to the later ones. So each run has a theme: one step of a
job, or one way to be suspended or to go on beside a parked job. It is brought there again and again, and what waits for
the other steps waits for other runs. Every letter gets its turn at every pair that can be met, run after run, so that a
campaign fills its table evenly.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from sim_plc.rehearsal.cells import NO_JOB, REACHABLE, Cell
from sim_plc.rehearsal.faults import desk
from sim_plc.rehearsal.faults.leads import WORKING, beside_parked, leads_to
from sim_plc.rehearsal.faults.letter import Aim, Letter, Strike
from sim_plc.rehearsal.operator import Care
from sim_plc.rehearsal.people import Manners

ASIDE: Final = "ASIDE"
"""Theme: what comes to rest, or is held, with jobs that were put aside."""

PARKED: Final = "PARKED"
"""Theme: the unit goes on, pauses and is suspended beside a parked job, and that is decided on meanwhile."""

THEMES: Final = (*WORKING[:2], ASIDE, *WORKING[2:4], PARKED, *WORKING[4:6], ASIDE, *WORKING[6:], PARKED)
"""What one run after the other is about."""

_LATE: Final = frozenset(WORKING[3:])
"""Steps that a job comes to only if it is let."""

_WITH_PARKED: Final = frozenset(
    {
        Cell("EXECUTE", "PARKED"),
        Cell("HOLDING", "PARKED"),
        Cell("SUSPENDING", "PARKED"),
        Cell("SUSPENDED", "PARKED"),
        Cell("SUSPENDED", "RESUMED"),
        Cell("SUSPENDED", "UNDONE"),
    }
)
"""Pairs that hardly any run comes to where others are struck as well."""

ALONE: Final = 1
FEW: Final = 3
SOME: Final = 6
MANY: Final = 12
"""As many letters wait for one pair in a run: where hardly a run misses it, where some do, many do, and most do."""

AT_WORK: Final = 8
"""As many wait for a step of a job while the unit executes."""

TOGETHER: Final = 4
"""As many strike into a step each time that it comes."""

PATIENCE_S: Final = 150.0
"""What strikes last still has as long to meet its own moment."""

LINGERS_S: Final = (0.0, 0.0, 0.5, 3.0)
"""How long behind the first moment it strikes at the most."""

_USED_AGAIN_S: Final = 15.0
"""Within it the carriage is used again, for another job or to look into a bay: it has to come to rest only then."""

_HURRY_S: Final = (2.0, 10.0)
"""Between two orders, so that strikes find a job."""

_SOON_S: Final = (0.5, 4.0)
"""Between two looks of whoever looks after the tower."""

_BRIEF: Final = frozenset({"ABORTING", "CLEARING"})
"""States that last for a moment: whoever lingers misses them."""

_CHAINED: Final = 15
"""So many things, one behind the other, lead on from the step that a run is about: more often it hardly comes."""

_AT_WORK_TOO: Final = 2
"""Of three places of a chain, from 0: the one at which letters strike that wait for the step itself."""

_CUT: Final = "ABORTED"
"""Where a start behind a kill keeps the step."""

_PAUSING: Final = ("HOLDING", "STOPPING", "SUSPENDING")
"""States that come to rest when the step has ended, and nobody meets by chance."""

_LED_TO: Final = tuple(
    cell
    for cell in REACHABLE
    if cell.step not in WORKING and cell not in _WITH_PARKED and cell.unit in {*_PAUSING, "HELD", "SUSPENDED"}
)
"""Pairs without a step that chance alone would rarely give."""

_SELDOM: Final = frozenset({"PARKED", "RESUMED", "UNDONE"})
"""States of a job that come seldom, in whichever state the unit is."""


def theme_of(turn: int) -> str:
    """Return what the ``turn``-th run that aims is about."""
    return THEMES[turn % len(THEMES)]


def looks_into_bays(turn: int) -> bool:
    """Tell whether the ``turn``-th run leaves a tower time for it: else its carriage rests while there is no job."""
    return theme_of(turn) == ASIDE


def manners_for(turn: int, manners: Manners) -> Manners:
    """Return how people behave in the ``turn``-th run: as they do, but that fewer of them keep a job from its steps."""
    pause_s = manners.pause_s if looks_into_bays(turn) else _HURRY_S
    return replace(
        manners, pause_s=pause_s, no_show=0.01, odd_car=0.02, beside_marks=0.05, lingers=0.01, cancel=0.03
    )


def care_for(turn: int) -> Care:
    """Return how somebody looks after the tower in the ``turn``-th run: often, and patiently where it is meant so."""
    if theme_of(turn) == PARKED:
        return Care(pause_s=_SOON_S, left_alone_s=(25.0, 60.0, 90.0), suspension_ends=0.05)
    return Care(pause_s=_SOON_S, left_alone_s=(0.0, 0.0, 15.0, 60.0))


def _nth(turn: int) -> int:
    """Return the how manyth a run is, from 0, of those with its theme."""
    lap, place = divmod(turn, len(THEMES))
    return lap * THEMES.count(THEMES[place]) + THEMES[:place].count(THEMES[place])


def draw_aimed(
    rng: random.Random, turn: int, *, begin_s: float, end_s: float, kinds: Sequence[Letter]
) -> tuple[Strike, ...]:
    """Draw the script of the ``turn``-th run that aims, from 0, with letters of ``kinds``, all over by ``end_s``."""
    draw = _Draw(rng, turn, begin_s, end_s, tuple(kinds))
    strikes = (*draw.volleys(), *draw.chain(), *draw.leads())
    return tuple(sorted(strikes, key=lambda strike: strike.at_s))


@dataclass(frozen=True, slots=True)
class _Draw:
    """Draws one script."""

    rng: random.Random
    turn: int
    begin_s: float
    end_s: float
    kinds: tuple[Letter, ...]

    @property
    def theme(self) -> str:
        return theme_of(self.turn)

    def volleys(self) -> Iterator[Strike]:
        """Yield what waits for the pairs of every run, and for those of the theme."""
        # Few runs have wires that carry bytes: they are for the letters that others cannot play.
        aiming = tuple(letter for letter in self.kinds if letter.of_bytes) or self.kinds
        for cell in REACHABLE:
            about = _about(cell)
            nth, size = _nth(self.turn) if about else self.turn, _size(cell)
            if about == self.theme or (not about and size <= self._bears):
                for number, letter in enumerate(_in_turn(aiming, cell, nth, size)):
                    yield self._waiting(letter, cell, number)

    def chain(self) -> Iterator[Strike]:
        """Yield what leads on from the step that a run is about, in a queue."""
        if self.theme not in WORKING:
            return
        for number in range(_CHAINED):
            unit = _chained(self.turn, number)
            leads = leads_to(self.rng, Cell(unit, self.theme), self.kinds) if unit else []
            for letter, before in leads:
                yield _queued(self._strike(letter, before, self.begin_s), number)

    def leads(self) -> Iterator[Strike]:
        """Yield what leads to pairs without a step, now and then."""
        wanted = self._wanted()
        for number, cell in enumerate(wanted):
            at_s = self.begin_s + (self._latest_s - self.begin_s) * (number + self.rng.random()) / len(wanted)
            if self.theme == PARKED:
                leads = beside_parked(cell.unit, self.kinds)
            else:
                leads = leads_to(self.rng, cell, self.kinds)
            for letter, before in leads:
                yield self._lead(letter, before, at_s, cell)

    def _wanted(self) -> list[Cell]:
        if self.theme in WORKING:
            return [] if self.theme in _LATE else list(_next(self.turn, 4))
        if self.theme == ASIDE:
            wanted = [*_next(_nth(self.turn), 10), *[Cell("HOLDING", NO_JOB), Cell("SUSPENDING", NO_JOB)] * 3]
            return self.rng.sample(wanted, len(wanted))
        return [Cell(unit, "PARKED") for unit in ("HOLDING", "SUSPENDED", "SUSPENDING", "SUSPENDED") * 3]

    @property
    def _bears(self) -> int:
        """As many letters at a pair that is not of the theme as leave a run time for that."""
        if self.theme == PARKED:
            return 0
        return FEW if self.theme in _LATE else MANY

    @property
    def _latest_s(self) -> float:
        return max(self.begin_s, self.end_s - PATIENCE_S)

    def _waiting(self, letter: Letter, cell: Cell, number: int) -> Strike:
        """Return the ``number``-th strike, from 0, of those that wait for one pair."""
        if cell.unit == "EXECUTE" and cell.step in WORKING:
            return _queued(self._strike(letter, cell, self.begin_s), 3 * (number // TOGETHER) + _AT_WORK_TOO)
        at_s = self.begin_s
        if cell in (Cell("EXECUTE", "PARKED"), Cell("SUSPENDED", "PARKED")):
            # What comes behind it begins there.
            at_s = self.begin_s + 0.6 * (self._latest_s - self.begin_s)
        elif _size(cell) == ALONE:
            at_s = self.rng.uniform(self.begin_s, self._latest_s)
        return self._strike(letter, cell, at_s, 0.0 if cell.unit in _BRIEF else self.rng.choice(LINGERS_S))

    def _lead(self, letter: Letter, before: Cell, at_s: float, cell: Cell) -> Strike:
        """Return a strike that leads on to a pair: at the job in progress, and at once, or as the carriage is used."""
        waits = before.step in (NO_JOB, "PARKED") and cell.unit in _PAUSING
        strike = self._strike(letter, before, at_s, _USED_AGAIN_S if waits else 0.0)
        return replace(strike, where=0) if letter is desk.TWO_CANCEL else strike

    def _strike(self, letter: Letter, cell: Cell, at_s: float, lingers_s: float = 0.0) -> Strike:
        shortest_s, longest_s = letter.hold_s
        # While a fault lasts a run gets nowhere: long ones are rare.
        hold_s = shortest_s + (longest_s - shortest_s) * self.rng.random() ** 3
        until_s = max(at_s, self.end_s - hold_s)
        aim = Aim(cell, until_s, self.rng.uniform(0.0, lingers_s))
        return Strike(at_s, letter, hold_s, self.rng.randrange(1000), aim)


def _about(cell: Cell) -> str:
    """Return the theme of the runs that strike into a pair; empty: all do."""
    return cell.step if cell.step in WORKING else PARKED if cell in _WITH_PARKED else ""


def _size(cell: Cell) -> int:
    """Return how many letters wait for a pair in one run."""
    if cell.step in WORKING:
        return AT_WORK if cell.unit == "EXECUTE" else MANY
    if cell.unit == "HELD" and cell.step in (NO_JOB, "PARKED", "INTERRUPTED"):
        return FEW if cell.step == "PARKED" else SOME
    if cell in _WITH_PARKED or cell in _LED_TO:
        return MANY
    if cell.step in _SELDOM:
        return FEW if cell.step == "PARKED" or cell.unit == "EXECUTE" else SOME
    return FEW if cell.unit in ("ABORTING", "IDLE") else ALONE


def _chained(turn: int, place: int) -> str:
    """Return the state of the unit that a place of a chain leads to, empty for nowhere; later laps begin elsewhere.

    A pause costs a run the rest of that job, and a kill does not; in between what strikes into the step has its turn.
    """
    nth, (number, way) = _nth(turn), divmod(place, 3)
    if way == _AT_WORK_TOO:
        return ""
    return _CUT if way else _PAUSING[(nth + number) % len(_PAUSING)]


def _queued(strike: Strike, place: int) -> Strike:
    assert strike.when is not None
    return replace(strike, when=replace(strike.when, place=place))


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


def _next(turn: int, count: int) -> Iterator[Cell]:
    """Yield the pairs without a step that a run is led to."""
    for number in range(turn * count, (turn + 1) * count):
        lap, place = divmod(number, len(_LED_TO))
        yield random.Random(lap).sample(_LED_TO, len(_LED_TO))[place]
