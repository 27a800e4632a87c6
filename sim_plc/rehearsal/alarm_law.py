"""Alarms: each fault raises its own in time, none is lost, and no storm is more than people can take (I18).

What must be raised is read from the plant, the PLCs and the cables, never from the daemon. Its own list is compared
with that, and with itself: only a person's word takes an alarm away that nobody has seen, or that is latched.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from controller.app import Daemon
from controller.domain.alarm_load import MOST_IN_10_MIN, Annunciation, day_loads
from controller.domain.alarms import ACTIVE, BY_KEY, UNSEEN, AlarmLine, AlarmState, Tag
from controller.domain.events import AlarmAct, AlarmCommand, Request, Resolve
from sim_plc.plant.truth import Truth
from sim_plc.rehearsal.hearing import NEVER
from sim_plc.rehearsal.roll import Accuse

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

RAISED_S: Final = 2.0
"""Within this, beside the delay that keeps what chatters from becoming an alarm, a fault has raised its alarm."""

STALE_S: Final = 2.0
"""A daemon calls a station lost after 1.0 s or three missed polls, of which the slowest are 500 ms apart."""

ANSWERED_S: Final = 30.0
"""A daemon that runs so long has done what a person asked for, or has refused it."""

KEPT_S: Final = 10.0
"""A younger alarm may not have been durable yet when its daemon was killed; its condition raises it anew."""

STORM: Final = 8
"""As many faults are drawn for a run at the most, unless they are aimed; who lingers comes on top of them."""

LATCHED: Final = frozenset({AlarmState.LATCHED_UNACKNOWLEDGED, AlarmState.LATCHED_ACKNOWLEDGED})

NOT_KEPT: Final = Tag("JOURNAL_FAILED")
"""The one alarm that is of one daemon's life: no journal could keep it."""


class AlarmLaw:
    """Follows the alarm list of one daemon after another."""

    def __init__(self, world: "World", accuse: Accuse) -> None:
        self._world = world
        self._accuse = accuse
        self._shown: list[Annunciation] = []
        self._owed: dict[Tag, tuple[float, float]] = {}
        """What must raise its alarm: since when, and within how many seconds but those of waiting for the disk."""
        self._accused: set[Tag] = set()
        """Told as missing, for as long as its cause stands."""
        self._daemon: Daemon | None = None
        self._slept = 0
        """How often a daemon had ended or was frozen when the list was seen last."""
        self._lines: dict[Tag, AlarmLine] = {}
        self._first_seen_s: dict[Tag, float] = {}
        """By `_lived_s`: what a frozen daemon has told it may not have kept before it goes on."""
        self._asked_s: dict[AlarmAct, float] = {}
        """When people asked for each act last, by `_lived_s`: a frozen daemon takes what they said when it goes on."""

    @property
    def _lived_s(self) -> float:
        return self._world.hearing.lived_s(self._world.now)

    def asked(self, request: Request) -> None:
        """Take what a person asks for."""
        if isinstance(request, AlarmCommand):
            self._asked_s[request.act] = self._lived_s
        elif isinstance(request, Resolve):
            self._asked_s[AlarmAct.ACKNOWLEDGE] = self._lived_s

    def told(self, event: Mapping[str, object]) -> None:
        """Take what the daemon tells of an alarm."""
        if event["event"] == "alarm" and event["active"]:
            burst = event["burst"]
            assert isinstance(burst, int)
            self._shown.append(Annunciation(self._world.now, str(event["number"]), str(event["code"]), burst))
            self._judge_delay(str(event["number"]))
        self._compare()

    def look(self, truth: Truth) -> None:
        """Judge whether what stands has raised its alarm."""
        daemon, now_s, hearing = self._world.daemon, self._world.now, self._world.hearing
        awake_s = max(hearing.awake_s, hearing.calm_s)
        if daemon is not self._daemon:
            self._compare()
        if daemon is None or awake_s == NEVER or NOT_KEPT in daemon.book.alarms:
            self._owed.clear()
            return
        was, self._owed = self._owed, {}
        for tag, since_s, seen_s in self._standing(daemon, truth):
            begun_s = was[tag][0] if since_s is None and tag in was else now_s if since_s is None else since_s
            self._owed[tag] = max(begun_s, awake_s), tag.alarm.on_delay_s + seen_s + RAISED_S
            line = daemon.book.alarms.get(tag)
            if tag not in self._accused and (line is None or line.state not in ACTIVE) and now_s > self._due_s(tag):
                self._accuse("I18", f"alarm {tag} {tag.key} was due at {self._due_s(tag):.2f} s and is not raised")
                self._accused.add(tag)
        self._accused &= self._owed.keys()

    def lose_sight(self) -> None:
        """Take that a station comes, goes or forgets: what it shows is due anew from the next look on."""
        self._owed.clear()

    def lose_the_past(self) -> None:
        """Take that the list of before is gone with the journal that held it."""
        self._lines.clear()
        self._first_seen_s.clear()
        self._owed.clear()

    def judge_end(self, troubles: int) -> None:
        """Judge what people were shown in all, of so many faults and people who linger: each asks for an alarm.

        The promise is of a storm: of up to `STORM` of them in one run. Of more, each may add one alarm.
        """
        self._compare()
        most = MOST_IN_10_MIN + max(0, troubles - STORM)
        for load in day_loads(self._shown, lambda _at: ""):
            if load.worst_10_min > most:
                self._accuse("I18", f"{load.worst_10_min} alarms within ten minutes, beginning with {load.cause}")

    def _standing(self, daemon: Daemon, truth: Truth) -> Iterator[tuple[Tag, float | None, float]]:
        """Yield what must raise an alarm, since when (None: since it was seen), and how long it may take to be seen."""
        stations, world = daemon.stations, self._world
        names = list(stations)
        if stations["tower"].online:
            yield from ((Tag(cause.upper()), None, 0.0) for cause in truth.latched_causes)
            if truth.maintenance_key:
                yield Tag("MAINTENANCE", names.index("tower")), None, 0.0
        for program in world.programs:
            if program.memory_lost and stations[program.name].online:
                yield Tag("MEMORY_LOST", names.index(program.name)), None, 0.0
        for bus, silent_s in world.hearing.silent_s.items():
            if silent_s != NEVER:
                for name in world.tower.bus[bus].stations:
                    if stations[name].state.name != "FROZEN":
                        yield Tag("STATION_OFFLINE", names.index(name)), silent_s, STALE_S

    def _judge_delay(self, number: str) -> None:
        """Judge an alarm that comes now: not one that was raised before, and hidden until now."""
        daemon = self._world.daemon
        lines = {} if daemon is None else daemon.book.alarms
        for tag in self._owed:
            line = lines.get(tag)
            fresh = line is None or line.raised_at == line.changed_at
            if str(tag) == number and fresh and self._world.now > self._due_s(tag):
                self._accuse("I18", f"alarm {tag} {tag.key} was due at {self._due_s(tag):.2f} s and is raised now")

    def _due_s(self, tag: Tag) -> float:
        """Return until when what stands must have raised its alarm.

        The control task waits for the disk (DECISIONS 38): how long that has taken so far is no delay of its own.
        """
        since_s, allowed_s = self._owed[tag]
        return since_s + allowed_s + self._world.computer.disk.waited_s(since_s, self._world.now)

    def _compare(self) -> None:
        """Compare the list with what it was: what nobody has seen, and what is latched, goes by a person alone."""
        daemon = self._world.daemon
        if daemon is None:
            return
        lines, restarted, lived_s = dict(daemon.book.alarms), daemon is not self._daemon, self._lived_s
        # Others may have lived and died since without a list to be seen: what counts is the end of that daemon.
        slept_s = self._world.hearing.slept_s
        kept_s = min([*slept_s[self._slept :], self._first_seen_s.get(NOT_KEPT, NEVER)])
        for tag, before in self._lines.items():
            young = restarted and kept_s - self._first_seen_s[tag] < KEPT_S
            if not young and tag != NOT_KEPT:
                self._judge(tag, before.state, lines[tag].state if tag in lines else AlarmState.NORMAL)
        self._first_seen_s = {
            tag: self._first_seen_s[tag] if tag in self._lines and line.state is self._lines[tag].state else lived_s
            for tag, line in lines.items()
        }
        self._daemon, self._lines, self._slept = daemon, lines, len(slept_s)

    def _judge(self, tag: Tag, before: AlarmState, now: AlarmState) -> None:
        seen = self._was_asked(AlarmAct.ACKNOWLEDGE) or BY_KEY[tag.key].answered
        if before in UNSEEN and now not in UNSEEN and not seen:
            self._accuse("I18", f"alarm {tag} {tag.key} was {before}, is {now}, and nobody has acknowledged it")
        if before in LATCHED and now is AlarmState.NORMAL and not self._was_asked(AlarmAct.RESET):
            self._accuse("I18", f"alarm {tag} {tag.key} was {before}, is {now}, and nobody has reset it")

    def _was_asked(self, act: AlarmAct) -> bool:
        """Tell whether somebody has asked for an act so lately that what comes of it may be seen now."""
        return self._lived_s - self._asked_s.get(act, -NEVER) <= ANSWERED_S
