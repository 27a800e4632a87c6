"""Judges what moves: each motion that a PLC lets begin, and goes on letting, held against the table and the truth.

A motion counts from the first instant at which steel is driven: a command that is stopped before it moved anything
has harmed nobody. While it goes on, a condition may be broken for as long as a PLC may take to see it. Beside the
table the plant's own ledger of crimes is read: it knows no commands, only what happened to steel, cars and people.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hal.plcmap.codes import MechanismKind as Kind
from hal.plcmap.codes import Opcode, Result
from hal.plcmap.frame import Content
from hal.plcmap.registers import StationMap
from sim_plc.plant.crimes import Crime, CrimeCode
from sim_plc.plant.plant import Plant
from tests.support.safety_facts import TOWER, Box, Facts, Log, facts_of
from tests.support.safety_table import Case, Rule, broken, place_of, rules_of

REACTION_S: Final = 0.2
"""A contact's or light barrier's filter (20 and 100 ms), two scans, and the drive's own answer."""

SET_OUT: Final = frozenset({CrimeCode.LATCH_ON_ARMS, CrimeCode.ARMS_INTO_WAY})
"""What happens where, in one scan, the tower PLC lets the arms set out and a bay controller lets their latch go.

Neither sees the other before its next scan: as with a condition of the table that is told late, the motion must be over
before it counts, with the arms less than a millimetre out.
"""

RESTART_S: Final = 0.5
"""What a bay controller's lost power lets fall has begun to fall within this: no program can hold a latch then."""


@dataclass(frozen=True, slots=True)
class Unsafe:
    """A motion that should not have been."""

    t: float
    what: str
    rule: str

    def __str__(self) -> str:
        return f"{self.t:.3f} s: {self.what} without: {self.rule}"


@dataclass(slots=True)
class _Motion:
    case: Case
    rules: tuple[Rule, ...]
    began: bool = False
    since: dict[str, float] | None = None


class MotionJudge:
    """Feed it the logs (`begins`, `ends`, `power_up`) and let it `look` after every scan."""

    def __init__(self, plant: Plant, stations: Mapping[str, StationMap]) -> None:
        self.unsafe: list[Unsafe] = []
        self.moved: Counter[str] = Counter()
        """By mechanism kind and opcode: commands that moved steel."""
        self._plant = plant
        self._mechanisms = {(name, m.name): m for name, station in stations.items() for m in station.mechanisms}
        self._log = Log()
        self._motions: dict[Box, _Motion] = {}
        self._crimes = 0
        self._set_out_s = -math.inf
        self._undecided: list[Crime] = []
        self._restarts: list[float] = []

    @property
    def rules(self) -> set[str]:
        """The names of all rules that were broken."""
        return {each.rule for each in self.unsafe}

    def facts(self) -> Facts:
        """Return the truth now."""
        return facts_of(self._plant, self._log.view())

    def begins(self, box: Box, content: Content) -> None:
        """Take the start of a command: from now on it counts as running."""
        mechanism = self._mechanisms[box]
        place = place_of(box, mechanism.kind, content, room=mechanism.place, exchange=self._log.exchange)
        case = Case(box, mechanism.kind, content, place)
        self._motions[box] = motion = _Motion(case, rules_of(case))
        now = self.facts()
        for rule in broken(now, case, motion.rules):
            if rule.leave or mechanism.kind is Kind.STATION:
                self._accuse(now.t, case, rule.name)
        if mechanism.kind is Kind.SHUTTLE:
            self._set_out_s = now.t
        self._log.begins(box, content)

    def ends(self, box: Box, result: Result) -> None:
        """Take the outcome of a command."""
        self._motions.pop(box, None)
        self._log.ends(box, result)

    def power_up(self, station: str, *, warm: bool) -> None:
        """Take a restart of a station's PLC."""
        self._log.power_up(station, warm=warm)
        self._motions = {box: motion for box, motion in self._motions.items() if box[0] != station}
        if station != TOWER:
            self._restarts.append(self._plant._now_s)

    def look(self) -> None:
        """Judge the instant behind a scan, when every PLC has had its say."""
        steel = self._plant._steel
        if not steel.chain.closed:
            self._log.trips()
        if steel.maintenance_key:
            self._log.key_turned()
        self._read_ledger()
        for motion in self._motions.values():
            if motion.rules and motion.case.kind is not Kind.STATION:
                self._look_at(motion)

    def _look_at(self, motion: _Motion) -> None:
        now = self.facts()
        case, driven = motion.case, is_driven(self._plant, now, motion.case)
        if not motion.began and (driven or _draws_bolt(now, case)):
            motion.began = True
            self.moved[f"{case.kind.name} {Opcode(case.content.opcode).name}"] += 1
            self._judge(motion, now, beginning=True)
        elif driven:
            self._judge(motion, now, beginning=False)

    def _judge(self, motion: _Motion, now: Facts, *, beginning: bool) -> None:
        since = motion.since = {} if motion.since is None else motion.since
        rules = tuple(rule for rule in motion.rules if rule.throughout or (beginning and not rule.leave))
        wrong = broken(now, motion.case, rules)
        for rule in wrong:
            due_s = since.setdefault(rule.name, now.t) + (0.0 if beginning and not rule.told_late else REACTION_S)
            if now.t >= due_s:
                self._accuse(now.t, motion.case, rule.name)
                since[rule.name] = math.inf
        for rule in rules:
            if rule not in wrong and since.get(rule.name) != math.inf:
                since.pop(rule.name, None)

    def _accuse(self, t: float, case: Case, rule: str) -> None:
        what = f"{'/'.join(case.box)} {Opcode(case.content.opcode).name}"
        self.unsafe.append(Unsafe(t, f"{what} at {case.place}" if case.place else what, rule))

    def _read_ledger(self) -> None:
        crimes = self._plant.crimes
        for crime in crimes[self._crimes :]:
            fell = any(0 <= crime.t - t < RESTART_S for t in self._restarts)
            if crime.code in SET_OUT and 0 <= crime.t - self._set_out_s < REACTION_S:
                self._undecided.append(crime)
            elif not (fell and crime.code is CrimeCode.LATCH_ON_ARMS):
                self._condemn(crime)
        self._crimes = len(crimes)
        self._decide()

    def _decide(self) -> None:
        """Condemn arms that set out as their latch was let go, unless they stood as soon as that could be seen."""
        due = [crime for crime in self._undecided if self._plant._now_s >= crime.t + REACTION_S]
        for crime in due:
            self._undecided.remove(crime)
            if self._plant._steel.arms.moving:
                self._condemn(crime)

    def _condemn(self, crime: Crime) -> None:
        self.unsafe.append(Unsafe(crime.t, "the plant's ledger", crime.code.name))


def is_driven(plant: Plant, now: Facts, case: Case) -> bool:
    """Tell whether the steel behind a mechanism is driven now."""
    match case.kind:
        case Kind.LIFT | Kind.TURNTABLE | Kind.SHUTTLE:
            return case.box[1] in now.driven
        case Kind.INNER_DOOR:
            return now.rooms[case.place].door.driven
        case Kind.OUTER_GATE:
            return now.rooms[case.place].gate.driven
        case Kind.LATCHES if case.content.opcode == Opcode.UNLATCH:
            # The coil counts: what becomes of the latch the hard-wired inputs decide too.
            return case.place in plant._steel.wires.unlatch
        case Kind.LATCHES:
            return case.place in now.loose
    return False


def _draws_bolt(now: Facts, case: Case) -> bool:
    """Tell whether a door or gate begins to open by its bolt."""
    if case.content.opcode != Opcode.OPEN or case.place not in now.rooms:
        return False
    room = now.rooms[case.place]
    return (room.door if case.kind is Kind.INNER_DOOR else room.gate).bolting
