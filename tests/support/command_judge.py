"""Judges what a daemon writes: each command, at the instant at which it leaves the daemon, against table and truth.

A command counts as unsafe when a rule of the table (`tests.support.safety_table`) is broken in the plant and the daemon
could have known it:

* it has been broken without a break for `KNOWN_S`: three of the slowest polls and the slowest input filter. A younger
  change may still be on its way to the newest image, which the contract lets the daemon trust for as long;
* what the daemon's own commands bring about counts at once: it wrote them;
* no sensor lies that alone tells of it. Of what two signals tell, one lie excuses nothing: the other contradicts it;
* the daemon's process was not frozen within `KNOWN_S`.

Every write counts, repeated ones too. STOP and what moves nothing is never unsafe, but for one thing: with the
maintenance key on, no command at all may be written.
"""

import math
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from controller.domain.events import Request
from hal.plcmap.codes import MechanismKind as Kind
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import FRAME_WORDS, Frame
from hal.plcmap.registers import StationMap
from sim_plc.plant.contacts import Wire
from sim_plc.plant.plant import Plant
from sim_plc.program.event_log import Event, LogEntry
from tests.support import safety_table as table
from tests.support.motion_judge import Unsafe
from tests.support.safety_facts import Facts, Log, facts_of
from tests.support.safety_table import Case, Rule, broken, place_of, rules_of

KNOWN_S: Final = 3 * 0.5 + 0.1

TOLD: Final = frozenset({table.HOMED, table.CUT, table.POWER})
"""Rules about what the PLCs remember, which a restart or a trip may change behind the daemon's back."""

UNSEEN: Final = frozenset({table.COMB})
"""Rules about what no register shows: the daemon cannot know where the comb stands."""

ABOUT_PLACE: Final = frozenset({table.DOCKED, table.WAY_OPEN, table.MARKS, table.SOURCE, table.TARGET})
"""Rules about the place at which an exchange was cut."""

ALONE: Final[Mapping[Rule, tuple[str, ...]]] = {
    table.CENTRED: ("arms_centred",),
    table.ARMS_CENTRED: ("arms_centred",),
    table.FREE: ("arms_centred", "opened"),
    table.WAY_OPEN: ("opened",),
    table.LOAD: ("secured",),
    table.LATCHES: ("all_latches_locked",),
    table.NOBODY: ("person",),
    table.MARKS: ("in_marks",),
    table.PLANE: ("door_plane_clear",),
    table.CURTAIN: ("curtain_clear",),
    table.NOT_HALF_WAY: ("occupied_a", "occupied_b", "weight"),
}
"""By rule: the inputs that no other contradicts when they lie. A car half-way shows in three inputs together."""


class CommandJudge:
    """A `sim_plc.rehearsal.world.Witness` of the plant; told of each write by `writes`."""

    def __init__(self, plant: Plant, stations: Mapping[str, StationMap]) -> None:
        self.unsafe: list[Unsafe] = []
        self.commands: Counter[str] = Counter()
        """Written, by mechanism kind and opcode."""
        self.blind_since = -math.inf
        """When the daemon's process last went on after a freeze."""
        self._plant = plant
        self._boxes = {
            (station.unit, station.mailbox(m.name)): ((name, m.name), m)
            for name, station in stations.items()
            for m in station.mechanisms
        }
        self._log = Log()
        self._past: deque[Facts] = deque()

    @property
    def rules(self) -> set[str]:
        """The names of all rules that were broken."""
        return {each.rule for each in self.unsafe}

    def writes(self, t: float, unit: int, address: int, words: tuple[int, ...]) -> None:
        """Take a write of the daemon at ``t``, before it arrives."""
        found = self._boxes.get((unit, address))
        if found is None or len(words) != FRAME_WORDS:
            return
        (box, mechanism), content = found, Frame.from_words(words).content
        self.commands[f"{mechanism.kind.name} {Opcode(content.opcode).name}"] += 1
        place = place_of(box, mechanism.kind, content, room=mechanism.place, exchange=self._log.exchange)
        case = Case(box, mechanism.kind, content, place)
        now = self._facts()
        for rule in broken(now, case, self._rules(case)):
            if self._known(t, now, case, rule) and not self._lied_about(rule):
                what = f"{'/'.join(box)} {Opcode(content.opcode).name} at {place}"
                self.unsafe.append(Unsafe(t, what, rule.name))

    def on_plc(self, station: str, entry: LogEntry) -> None:
        """Follow the logs."""
        box = (station, entry.mechanism)
        if entry.event is Event.STARTED and entry.content is not None:
            self._log.begins(box, entry.content)
        elif entry.event is Event.OUTCOME and entry.result.name != "REFUSED":
            self._log.ends(box, entry.result)
        self.on_plant()

    def on_plant(self) -> None:
        """Keep the truth for as long as it matters."""
        steel = self._plant._steel
        if not steel.chain.closed:
            self._log.trips()
        if steel.maintenance_key:
            self._log.key_turned()
        self._past.append(self._facts())
        while len(self._past) > 1 and self._past[1].t < self._past[-1].t - 2 * KNOWN_S:
            self._past.popleft()

    def on_power_up(self, station: str, *, warm: bool) -> None:
        """Take a restart."""
        self._log.power_up(station, warm=warm)
        self.on_plant()

    def on_forgotten(self, station: str) -> None:
        """Nothing: it is the power-up that counts."""

    def on_asked(self, request: Request) -> None:
        """Nothing: what people ask for is no command yet."""

    def on_refused(self, request: Request, rule: str) -> None:
        """Nothing: what is refused moves nothing."""

    def on_told(self, event: Mapping[str, object]) -> None:
        """Nothing: what a daemon tells moves nothing."""

    def on_died(self, why: str) -> None:
        """Take notice: a daemon that dies has failed the run."""
        self.unsafe.append(Unsafe(self._plant._now_s, f"the daemon died: {why}", "alive"))

    def _facts(self) -> Facts:
        return facts_of(self._plant, self._log.view())

    def _rules(self, case: Case) -> tuple[Rule, ...]:
        """Return the table's row, with what a daemon must mind beside it."""
        rules = tuple(rule for rule in rules_of(case) if rule not in UNSEEN)
        if case.content.opcode in (Opcode.RESUME, Opcode.UNDO) and not case.place:
            # Nothing is cut, perhaps because this very command was done and its answer lost: what it needs is a cut
            # exchange, and where that was is nowhere told any more.
            rules = tuple(rule for rule in rules if rule not in ABOUT_PLACE)
        chain = () if case.kind in (Kind.STATION, Kind.SIGNAL) or case.content.opcode == Opcode.STOP else (table.CHAIN,)
        return tuple(dict.fromkeys((table.KEY, *chain, *rules)))

    def _known(self, t: float, now: Facts, case: Case, rule: Rule) -> bool:
        """Tell whether a broken rule has been so for as long as its news may take."""
        if t - self.blind_since < KNOWN_S:
            return False
        recent: list[Facts] = []
        for past in reversed(self._past):
            recent.append(past)
            if past.t <= t - KNOWN_S:
                break
        if rule not in TOLD:
            recent = [replace(past, asked=now.asked) for past in recent]
        return all(not rule.holds(past, case) for past in recent)

    def _lied_about(self, rule: Rule) -> bool:
        inputs = ALONE.get(rule, ())
        return any(_input(wire) in inputs for wire in self._plant.overrides)


def _input(wire: Wire) -> str:
    return str(wire[-1])
