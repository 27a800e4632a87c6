"""The alarm list: conditions come and go with their delays, people acknowledge, reset and hide; all of it durable.

Nothing here has an effect on the machine: whether something may move, jobs, rooms and the unit decide by what is so,
whatever is shown of it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from controller.domain.alarms import (
    SHELF_LIMIT_S,
    STANDING,
    UNSEEN,
    AlarmEvent,
    AlarmLine,
    AlarmState,
    Showing,
    ShowingEvent,
    Tag,
    depth,
    shown_state,
    urgency,
)
from controller.domain.events import AlarmAct, AlarmCommand
from controller.domain.records import AlarmSet
from controller.domain.refusal import Refusal
from controller.machines.alarm import AlarmMachine, alarm_machine, showing_machine
from controller.runtime.alarm_news import Event, tell
from controller.runtime.alarm_sources import Findings, Sources
from controller.runtime.inbox import Board
from controller.runtime.ledger import Ledger

BURST_S: Final = 10.0
"""Alarms that follow one another within this are taken for one root cause."""

ALL: Final = "all"
"""Every alarm that is shown, for the one act that takes so many."""

FIRST_OUT: Final = "FIRST_OUT"
"""What the journal calls a mark that moves: no event of the alarm itself."""

_EVENTS: Final[Mapping[AlarmAct, AlarmEvent | ShowingEvent]] = {
    AlarmAct.ACKNOWLEDGE: AlarmEvent.ACKNOWLEDGE,
    AlarmAct.RESET: AlarmEvent.RESET,
    AlarmAct.SHELVE: ShowingEvent.SHELVE,
    AlarmAct.UNSHELVE: ShowingEvent.UNSHELVE,
    AlarmAct.REMOVE: ShowingEvent.REMOVE,
    AlarmAct.RETURN: ShowingEvent.RETURN,
}
_HIDES: Final = frozenset({AlarmAct.SHELVE, AlarmAct.REMOVE})


class Alarms:
    """Every alarm of the tower. Called by the control task alone.

    ``now``: wall time in seconds since the epoch, for stamps and shelves; ``clock``: the loop's, for delays.
    """

    def __init__(
        self, ledger: Ledger, board: Board, sources: Sources, now: Callable[[], float], clock: Callable[[], float]
    ) -> None:
        self._ledger = ledger
        self._book = ledger.book
        self._board = board
        self._sources = sources
        self._now = now
        self._clock = clock
        self._turning: dict[Tag, float] = {}
        """Since this time of the loop a condition differs from what its alarm says."""
        self._texts: dict[Tag, str] = {}
        """What is the matter now."""
        self._raised_at_s: float | None = None
        """When, by the loop, the newest of the burst was raised."""
        self._shelves = {tag: self._shelf_end(line) for tag, line in self._book.alarms.items() if line.until}
        """When each shelf ends, by the loop: a step of the wall clock makes none longer than a shift."""
        self._quiet_since: tuple[Findings, dict[Tag, AlarmLine]] | None = None
        """What was found and listed when a look changed nothing and awaited nothing: the same changes nothing again."""

    def lines(self) -> list[AlarmLine]:
        """Return the list, most urgent first."""
        return sorted(self._book.alarms.values(), key=urgency)

    def text(self, line: AlarmLine) -> str:
        """Return what is the matter now, or was when it was raised."""
        return self._texts.get(line.tag, line.text)

    @property
    def waits(self) -> bool:
        """Whether something hangs on the time: a delay that runs, or a shelf."""
        return bool(self._turning) or any(line.showing is Showing.SHELVED for line in self._book.alarms.values())

    async def look(self, findings: Findings) -> bool:
        """Take what stands now; return whether a safety alarm was raised."""
        if self._quiet_since == (findings, self._book.alarms):
            return False
        now_s, tripped, changed = self._clock(), False, False
        for tag in sorted({*findings.standing, *self._book.alarms}, key=_parents_first):
            event = self._due(tag, findings, now_s)
            if event is AlarmEvent.ALARM:
                self._raise(tag, findings.standing[tag], now_s)
                tripped = tripped or tag.alarm.safety
            elif event is AlarmEvent.CLEAR:
                self._clear(tag)
            shown = self._hide_by_design(tag, findings) or self._take_off_shelf(tag, now_s)
            changed = shown or event is not None or changed
        for tag in [tag for tag in self._turning if tag not in findings.standing and tag not in self._book.alarms]:
            del self._turning[tag]
        self._quiet_since = None if changed or self.waits else (findings, dict(self._book.alarms))
        if changed:
            await self._ledger.commit()
        return tripped

    def no_journal(self, text: str) -> None:
        """Raise the alarm of a journal that keeps nothing any more: the only one that is not kept."""
        line = replace(self._new(Tag("JOURNAL_FAILED"), ""), text=text, state=AlarmState.UNACKNOWLEDGED)
        line = self._join_burst(line, self._clock())
        self._book.apply(AlarmSet(line, AlarmEvent.ALARM.value))
        tell(self._board, line, AlarmEvent.ALARM)

    def first_out(self, keys: Iterable[str]) -> None:
        """Take from the PLC which cause tripped first: the mark moves there, within the newest burst."""
        burst = [line for line in self._book.alarms.values() if line.burst == self._book.last_burst]
        first = [line for line in burst if line.key in set(keys)]
        if not first:
            return
        for line in burst:
            if line.first_out is not (line in first):
                self._keep(replace(line, first_out=line in first), FIRST_OUT)

    async def command(self, request: AlarmCommand, granted: Callable[[AlarmCommand], None]) -> list[str]:
        """Do what a person asks, with ``granted`` in the same commit; return the numbers of the alarms that changed.

        Raises:
            Refusal: a rule forbids it; nothing has changed.

        """
        if request.number == ALL and request.act is AlarmAct.ACKNOWLEDGE:
            tags = [line.tag for line in self.lines() if line.state in UNSEEN and line.showing is Showing.SHOWN]
        else:
            tags = [self._sources.named(request.number, self._book.alarms)]
        for tag in tags:
            self._act(tag, request)
        granted(request)
        await self._ledger.commit()
        return [str(tag) for tag in tags]

    def _due(self, tag: Tag, findings: Findings, now_s: float) -> AlarmEvent | None:
        """Return what the condition of an alarm does to it now, its delay being over."""
        if findings.held(tag):
            self._turning.pop(tag, None)
            return None
        line, stands = self._book.alarms.get(tag), tag in findings.standing
        if stands:
            self._texts[tag] = findings.standing[tag]
        if stands is (line is not None and line.state in STANDING):
            self._turning.pop(tag, None)
            return None
        delay_s = tag.alarm.on_delay_s if stands else tag.alarm.off_delay_s
        if now_s - self._turning.setdefault(tag, now_s) < delay_s:
            return None
        if stands and self._about_to_be_explained(tag, findings):
            return None
        del self._turning[tag]
        return AlarmEvent.ALARM if stands else AlarmEvent.CLEAR

    def _raise(self, tag: Tag, text: str, now_s: float) -> None:
        subject = self._sources.subject(tag)
        assert subject is not None, f"{tag} is about nothing"
        line = self._book.alarms.get(tag) or self._new(tag, subject)
        line = replace(line, text=text, raised_at=self._now(), by="")
        if self._explained(tag):
            # Its parent was raised before: the alarm is never shown, so that it is of nobody's burst.
            line = replace(line, first_out=False, burst=self._book.last_burst)
            if showing_machine(line.showing, safety=tag.alarm.safety).can(ShowingEvent.SUPPRESS):
                line = replace(line, showing=Showing.SUPPRESSED, why=self._explanation(tag))
        elif line.showing is Showing.SHOWN:
            line = self._join_burst(line, now_s)
        self._fire(line, AlarmEvent.ALARM)

    def _join_burst(self, line: AlarmLine, now_s: float) -> AlarmLine:
        first = self._raised_at_s is None or now_s - self._raised_at_s > BURST_S
        self._raised_at_s = now_s
        return replace(line, first_out=first, burst=self._book.last_burst + first)

    def _clear(self, tag: Tag) -> None:
        line = self._book.alarms[tag]
        if tag.alarm.answered and line.state in UNSEEN:
            line = self._fire(replace(line, by=""), AlarmEvent.ACKNOWLEDGE)
        self._texts.pop(tag, None)
        self._fire(replace(line, by=""), AlarmEvent.CLEAR)

    def _explained(self, tag: Tag) -> bool:
        parent = self._sources.parent(tag)
        above = None if parent is None else self._book.alarms.get(parent)
        return above is not None and above.state in STANDING

    def _explanation(self, tag: Tag) -> str:
        return f"explained by {self._sources.parent(tag)}"

    def _about_to_be_explained(self, tag: Tag, findings: Findings) -> bool:
        """Return whether the condition of its parent stands, and only that one's delay is not over yet.

        Parents are looked at first.
        """
        parent = self._sources.parent(tag)
        return parent in findings.standing and parent in self._turning and not self._explained(tag)

    def _hide_by_design(self, tag: Tag, findings: Findings) -> bool:
        line = self._book.alarms.get(tag)
        if line is None:
            return False
        explained = self._explained(tag)
        gone = tag not in findings.standing and not findings.held(tag)
        if not explained and gone and line.state in STANDING:
            # Only its delay keeps it: what went while its parent explained it is not told as something new.
            return False
        event = ShowingEvent.SUPPRESS if explained else ShowingEvent.RELEASE
        if not showing_machine(line.showing, safety=tag.alarm.safety).can(event):
            return False
        why = self._explanation(tag) if explained else ""
        self._fire(replace(line, by="", why=why), event)
        return True

    def _take_off_shelf(self, tag: Tag, now_s: float) -> bool:
        line = self._book.alarms.get(tag)
        if line is None or line.showing is not Showing.SHELVED or now_s < self._shelves[tag]:
            return False
        self._fire(replace(line, by="", why="", until=None), ShowingEvent.UNSHELVE)
        return True

    def _act(self, tag: Tag, request: AlarmCommand) -> None:
        line = self._book.alarms.get(tag)
        if line is None:
            if request.act not in _HIDES:
                raise Refusal("ALARM_STATE", f"alarm {tag} is {AlarmState.NORMAL}: there is nothing to {request.act}")
            subject = self._sources.subject(tag)
            assert subject is not None
            line = self._new(tag, subject)
        event = _EVENTS[request.act]
        if tag.alarm.safety and isinstance(event, ShowingEvent):
            raise Refusal("SAFETY_ALARM", f"alarm {tag} is of the safety chain: nothing hides it")
        if not _can(line, event):
            state = shown_state(line.state, line.showing)
            raise Refusal("ALARM_STATE", f"alarm {tag} is {state}: {request.act} is not possible{_hint(line, event)}")
        if request.act in _HIDES:
            line = replace(line, why=_reason(request), until=self._until(request))
        elif isinstance(event, ShowingEvent):
            line = replace(line, why="", until=None)
        line = self._fire(replace(line, by=request.by), event)
        if event is ShowingEvent.SHELVE:
            self._shelves[tag] = self._shelf_end(line)

    def _until(self, request: AlarmCommand) -> float | None:
        if request.act is not AlarmAct.SHELVE:
            return None
        if not 0 < request.seconds <= SHELF_LIMIT_S:
            raise Refusal("SHELF_TIME", f"an alarm is shelved for 1 s to {SHELF_LIMIT_S // 3600} h")
        return self._now() + request.seconds

    def _shelf_end(self, line: AlarmLine) -> float:
        left_s = 0.0 if line.until is None else line.until - self._now()
        return self._clock() + min(max(left_s, 0.0), SHELF_LIMIT_S)

    def _new(self, tag: Tag, subject: str) -> AlarmLine:
        now = self._now()
        return AlarmLine(tag.key, tag.index, subject, "", AlarmState.NORMAL, Showing.SHOWN, now, now)

    def _fire(self, line: AlarmLine, event: Event) -> AlarmLine:
        """Change an alarm, keep it and tell; the caller has filled in the rest of the line."""
        if isinstance(event, AlarmEvent):
            machine = _beneath(line)
            machine.fire(event)
            line = replace(line, state=machine.state, changed_at=self._now())
        else:
            above = showing_machine(line.showing, safety=line.tag.alarm.safety)
            above.fire(event)
            if above.state is Showing.SHOWN and self._explained(line.tag):
                # It goes behind its parent at once: nobody is shown it for the moment between.
                above.fire(ShowingEvent.SUPPRESS)
                line = replace(line, why=self._explanation(line.tag))
            line = replace(line, showing=above.state, changed_at=self._now())
        self._keep(line, event.value)
        tell(self._board, line, event)
        return line

    def _keep(self, line: AlarmLine, event: str) -> None:
        self._ledger.note(AlarmSet(line, event))


def _beneath(line: AlarmLine) -> AlarmMachine:
    return alarm_machine(line.state, latching=line.tag.alarm.latching)


def _can(line: AlarmLine, event: Event) -> bool:
    if isinstance(event, AlarmEvent):
        return _beneath(line).can(event)
    return showing_machine(line.showing, safety=line.tag.alarm.safety).can(event)


def _parents_first(tag: Tag) -> tuple[int, int, int]:
    return depth(tag.alarm), tag.alarm.number, tag.index or 0


def _reason(request: AlarmCommand) -> str:
    if not request.why:
        raise Refusal("WHY_MISSING", "whoever hides an alarm says why")
    return request.why


def _hint(line: AlarmLine, event: Event) -> str:
    if event is AlarmEvent.RESET and line.state in UNSEEN:
        return "; acknowledge it first"
    if event is AlarmEvent.RESET and line.state in STANDING:
        return "; its cause stands"
    if isinstance(event, ShowingEvent) and line.showing is not Showing.SHOWN:
        return f"; it is hidden: {line.why}"
    return ""
