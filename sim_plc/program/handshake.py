"""The PLC's half of the mailbox: from the registers of a frame to commands that run at most once.

Written from the contract's page alone. Pure: no clock, no transport; one `Mailbox` a mechanism, looked at once
a scan. What must survive power lies in `MailboxMemory`; everything else is forgotten at power-up, as are the
mailbox registers themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hal.plcmap.codec import PastOutcome
from hal.plcmap.codes import Opcode, Reason, Result, Untrusted, serial_ahead
from hal.plcmap.frame import FRAME_WORDS, Content, Frame
from hal.plcmap.registers import OUTCOMES_KEPT

SCANS_TO_JUDGE: Final = 2
"""Content is judged when it reads equal in so many scans."""

SCANS_TO_SHOW_TORN: Final = 3
"""A wrong check word is shown only when it stands so long: a write may be half way."""

MAX_OPEN: Final = 3
"""Open sequences: one command and two STOPs."""

EMPTY: Final = (0,) * FRAME_WORDS


@dataclass(frozen=True, slots=True)
class Command:
    """One accepted sequence."""

    sequence: int
    check: int
    content: Content

    @property
    def is_stop(self) -> bool:
        """Whether it asks for a controlled stop."""
        return self.content.opcode == Opcode.STOP


@dataclass(slots=True)
class MailboxMemory:
    """What a mailbox keeps through a loss of power.

    ``outcomes`` are newest first. ``running`` and ``stops`` are the open sequences: each still owes its one outcome.
    """

    accepted: int = 0
    accepted_check: int = 0
    accepted_content: Content = field(default_factory=lambda: Content(0))
    outcomes: list[PastOutcome] = field(default_factory=list)
    running: Command | None = None
    stops: list[Command] = field(default_factory=list)


@dataclass(slots=True)
class LastUntrusted:
    """The last frame that consumed nothing, and how many there were since power-up."""

    sequence: int = 0
    check: int = 0
    reason: Untrusted = Untrusted.NONE
    count: int = 0


AcceptListener = Callable[[Command], None]
OutcomeListener = Callable[[int, Result, Reason], None]


def _ignore_accepted(command: Command) -> None:
    """Take no notice of a command."""


def _ignore_outcome(sequence: int, result: Result, reason: Reason) -> None:
    """Take no notice of an outcome."""


class Mailbox:
    """One mailbox: judges frames, keeps accepted sequences and gives each exactly one outcome.

    `look` returns each accepted command once. The owner answers a command that does not run with `refuse`, or
    lets it run with `start` and later `finish`. A STOP is opened by the mailbox itself; `finish_stops` answers it,
    at standstill. ``on_accepted`` and ``on_outcome`` hear of every sequence as it is accepted and as it ends, BUSY
    ones too.
    """

    def __init__(
        self,
        memory: MailboxMemory | None = None,
        on_accepted: AcceptListener = _ignore_accepted,
        on_outcome: OutcomeListener = _ignore_outcome,
    ) -> None:
        self.memory = MailboxMemory() if memory is None else memory
        self.untrusted = LastUntrusted()
        self._on_accepted = on_accepted
        self._on_outcome = on_outcome
        self._seen: tuple[int, ...] = EMPTY
        self._stood = SCANS_TO_SHOW_TORN
        self._frame: Frame | None = None
        self._intact = True
        self._waiting = False
        self._judged_against: tuple[int, int, int] | None = None

    @property
    def executing(self) -> int:
        """Sequence of the running command, 0: none."""
        return self.memory.running.sequence if self.memory.running else 0

    @property
    def newest(self) -> PastOutcome:
        """The newest outcome; sequence 0 before the first."""
        return self.memory.outcomes[0] if self.memory.outcomes else PastOutcome(0, 0, 0, 0)

    @property
    def settled(self) -> bool:
        """Whether another look at an unchanged frame would show nothing new."""
        if self._stood < SCANS_TO_JUDGE or self._waiting:
            return False
        return self._intact or self._stood >= SCANS_TO_SHOW_TORN

    def clear(self) -> None:
        """Forget the frame seen so far: the registers were cleared."""
        self._seen, self._stood = EMPTY, SCANS_TO_SHOW_TORN
        self._frame, self._intact = None, True

    def forget(self) -> None:
        """Start anew after a loss of memory that a person has acknowledged: the next sequence is 1."""
        self.memory = MailboxMemory()
        self.clear()

    def look(self, words: tuple[int, ...], *, boot_id: int, epoch: int) -> Command | None:
        """Look at the registers once a scan; return a command in the scan that accepts it, else None.

        A returned command that is no STOP awaits `refuse` or `start` in the same scan.
        """
        if words != self._seen:
            self._seen, self._stood = words, 1
            self._frame, self._intact, self._judged_against = None, False, None
            self._waiting = False
            return None
        if self._stood < SCANS_TO_SHOW_TORN:
            self._stood += 1
        return self._judge(boot_id, epoch) if self._stood >= SCANS_TO_JUDGE and words[-1] else None

    def start(self, command: Command) -> None:
        """Let an accepted command run: it owes an outcome from now on."""
        if self.memory.running is not None:
            raise AssertionError("a command runs already")
        self.memory.running = command

    def refuse(self, command: Command, reason: Reason) -> None:
        """Give an accepted command that does not run, or a STOP that may not count, its outcome."""
        if command in self.memory.stops:
            self.memory.stops.remove(command)
        self._set_outcome(command, Result.REFUSED, reason)

    def finish(self, result: Result, reason: Reason = Reason.NONE) -> None:
        """Give the running command its outcome.

        Raises:
            AssertionError: nothing runs.

        """
        command = self.memory.running
        if command is None:
            raise AssertionError("nothing runs")
        self.memory.running = None
        self._set_outcome(command, result, reason)

    def finish_stops(self) -> None:
        """Give every open STOP its own OK: the mechanism stands and nothing runs."""
        stops, self.memory.stops = self.memory.stops, []
        for command in stops:
            self._set_outcome(command, Result.OK, Reason.NONE)

    def close_after_restart(self) -> None:
        """Close all that was open when power went; nothing is resumed.

        Open STOPs too: the program that would have seen their standstill is gone, so it claims no OK.
        """
        if self.memory.running is not None:
            self.finish(Result.STOPPED_RESTART)
        stops, self.memory.stops = self.memory.stops, []
        for command in stops:
            self._set_outcome(command, Result.STOPPED_RESTART, Reason.NONE)

    def _judge(self, boot_id: int, epoch: int) -> Command | None:
        """Judge the standing frame unless nothing that it is judged against has changed."""
        memory = self.memory
        against = (boot_id, epoch, memory.accepted)
        if self._judged_against == against:
            return None
        frame = self._parse()
        distrust = self._distrust_before_sequence(frame, boot_id, epoch)
        ahead = serial_ahead(frame.sequence, memory.accepted)
        command = Command(frame.sequence, frame.check, frame.content)
        if distrust is Untrusted.NONE:
            if ahead > 0 and command.is_stop:
                return self._accept_stop(command)
            if ahead == 1:
                return self._accept_work(command)
            if ahead == 0 and frame.content != memory.accepted_content:
                distrust = Untrusted.CONTENT
            elif ahead > 1:
                distrust = Untrusted.GAP
        elif distrust is Untrusted.CHECK_WORD and self._stood < SCANS_TO_SHOW_TORN:
            return None
        self._settle(frame, distrust, against)
        return None

    def _parse(self) -> Frame:
        if self._frame is None:
            self._frame = Frame.from_words(self._seen)
            self._intact = self._frame.intact
        return self._frame

    def _distrust_before_sequence(self, frame: Frame, boot_id: int, epoch: int) -> Untrusted:
        """Return why a frame is not trusted whatever its sequence, in the order of judgement."""
        if not self._intact:
            return Untrusted.CHECK_WORD
        if frame.boot_id != boot_id:
            return Untrusted.BOOT_ID
        return Untrusted.NONE if frame.epoch == epoch else Untrusted.EPOCH

    def _accept_stop(self, command: Command) -> Command | None:
        """Accept a STOP, jumping over what stands between; a fourth open sequence waits in its registers."""
        self._waiting = (self.memory.running is not None) + len(self.memory.stops) >= MAX_OPEN
        if self._waiting:
            return None
        self._accept(command)
        self.memory.stops.append(command)
        return command

    def _accept_work(self, command: Command) -> Command | None:
        self._accept(command)
        if self.memory.running is not None or self.memory.stops:
            self.refuse(command, Reason.BUSY)
            return None
        return command

    def _accept(self, command: Command) -> None:
        memory = self.memory
        memory.accepted, memory.accepted_check = command.sequence, command.check
        memory.accepted_content = command.content
        self._on_accepted(command)

    def _settle(self, frame: Frame, distrust: Untrusted, against: tuple[int, int, int]) -> None:
        """Remember a judgement that accepted nothing; count a distrust once for as long as it stands."""
        first = self._judged_against is None or self.untrusted.reason is not distrust
        self._judged_against = against
        if distrust is Untrusted.NONE:
            return
        if first:
            self.untrusted.count = (self.untrusted.count + 1) & 0xFFFF
        shown = self.untrusted
        shown.sequence, shown.check, shown.reason = frame.sequence, frame.check, distrust

    def _set_outcome(self, command: Command, result: Result, reason: Reason) -> None:
        outcomes = self.memory.outcomes
        outcomes.insert(0, PastOutcome(command.sequence, command.check, int(result), int(reason)))
        del outcomes[OUTCOMES_KEPT:]
        self._on_outcome(command.sequence, result, reason)
