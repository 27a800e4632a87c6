"""What one station showed and how it answered, as a function of the recording's time."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from hal.errors import BadAnswer, HalError, LinkDown, NoAnswer, Refused
from hal.plcmap.frame import Frame, join32, split32
from hal.plcmap.registers import OUTCOMES_KEPT, Block, StationMap
from sim_plc.rehearsal.recorded.deeds import Words, frame_said, mailbox, words_of
from sim_plc.rehearsal.recorded.folder import Line

GIVEN_UP: Final = "CancelledError"

SLACK_S: Final = 1e-5
"""Two times that differ by less are the same: recorded ones are rounded."""


@dataclass(slots=True)
class Shown:
    """What one block showed: times ascending, and the registers from each of them on."""

    times: list[float] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)


@dataclass(slots=True)
class Silence:
    """From ``begin_s`` until ``end_s`` nothing was answered, request after request; each failed after ``wait_s``."""

    begin_s: float
    end_s: float
    wait_s: float
    error: HalError


@dataclass(frozen=True, slots=True)
class Writing:
    """One writing of a command: when it was sent, how long that took, and the error that it ended with."""

    sent_s: float = 0.0
    took_s: float = 0.0
    error: HalError | None = None


@dataclass(slots=True)
class Command:
    """One command as it was written then, once or more often: the check words of its frames."""

    checks: list[int] = field(default_factory=list)
    writings: list[Writing] = field(default_factory=list)


class Reel:
    """One station of a recording."""

    def __init__(self, station: StationMap, lines: Iterable[Line], near_s: float) -> None:
        """Take the recorded requests to this station, with the time at which each was ``sent``.

        What was read on demand is shown up to ``near_s`` before its time.
        """
        self.station = station
        self.polls: list[float] = []
        """When it was polled, identified or fenced."""
        self.silences: list[Silence] = []
        self.epochs: list[int] = []
        """That were written to it then, in their order."""
        self._near_s = near_s
        self._shown: defaultdict[tuple[int, int], Shown] = defaultdict(Shown)
        self._commands: defaultdict[tuple[str, str], Command] = defaultdict(Command)
        self._own_epochs: dict[int, int] = {}
        self._own_checks: dict[tuple[str, int], int] = {}
        self._failing = False
        for line in lines:
            self._take(line)

    def block(self, address: int, count: int, now_s: float) -> Words | None:
        """Return what a block showed at a time of the recording; None: it was never read."""
        shown = self._shown.get((address, count))
        if shown is None:
            return None
        at = bisect_right(shown.times, now_s + SLACK_S) - 1
        after = at + 1
        old = at < 0 or now_s - shown.times[at] > self._near_s or self._was_silent(shown.times[at], now_s)
        if old and after < len(shown.times) and (at < 0 or shown.times[after] - now_s <= self._near_s):
            at = after
        return self._as_ours((address, count), shown.words[at])

    def _was_silent(self, since_s: float, now_s: float) -> bool:
        """Tell whether requests went unanswered between two times: nobody knows what was shown meanwhile."""
        return any(since_s <= each.begin_s and each.end_s <= now_s for each in self.silences)

    def silence(self, now_s: float) -> Silence | None:
        """Return the silence of a time, if it was one."""
        at_s = now_s + SLACK_S
        return next((each for each in self.silences if each.begin_s <= at_s < each.end_s), None)

    def claim(self, epoch: int) -> None:
        """Take an epoch of ours: it stands for the next one of then."""
        if epoch not in self._own_epochs.values() and len(self._own_epochs) < len(self.epochs):
            self._own_epochs[self.epochs[len(self._own_epochs)]] = epoch

    def command(self, address: int, frame: Frame) -> Writing:
        """Take a command of ours; return how it was written then."""
        mechanism = mailbox(self.station, address)
        then = self._commands[mechanism, frame_said(frame)]
        for check in then.checks:
            self._own_checks[mechanism, check] = frame.check
        return then.writings.pop(0) if then.writings else Writing()

    def _take(self, line: Line) -> None:
        error = line.get("error")
        written = words_of(line["wrote"]) if "wrote" in line else ()
        commands = bool(written) and line["to"] != self.station.controller_block
        if commands:
            self._take_command(line, Frame.from_words(written))
        elif written and (epoch := join32(*written[:2])) not in self.epochs[-1:]:
            self.epochs.append(epoch)
        if not commands and (written or line.get("at") == self.station.identity.address):
            self.polls.append(line["since"])
        if error is None:
            self._recover(line)
        elif error != GIVEN_UP and not commands:
            self._fail(line)
        if "read" in line:
            shown = self._shown[line["at"], line["n"]]
            shown.times.append(line["sent"])
            shown.words.append(words_of(line["read"]))

    def _take_command(self, line: Line, frame: Frame) -> None:
        then = self._commands[mailbox(self.station, line["to"]), frame_said(frame)]
        then.checks.append(frame.check)
        # Whoever gave it up has not heard that it was carried out.
        error = error_of(line) if "error" in line else None
        then.writings.append(Writing(line["sent"], line["t"] - line["sent"], error))

    def _fail(self, line: Line) -> None:
        if self._failing:
            self.silences[-1].end_s = line["t"]
        else:
            self.silences.append(Silence(line["sent"], line["t"], line["t"] - line["sent"], error_of(line)))
        self._failing = True

    def _recover(self, line: Line) -> None:
        """End a silence: a station that was given up and is identified anew was silent until then."""
        if self._failing and line.get("at") == self.station.identity.address:
            self.silences[-1].end_s = line["sent"]
        self._failing = False

    def _as_ours(self, key: tuple[int, int], words: Words) -> Words:
        """Return registers with our epochs and check words where those of then stand."""
        signed = self._signed.get(key)
        if signed is None:
            return words
        ours = list(words)
        if signed.epoch is not None:
            then = join32(*words[signed.epoch : signed.epoch + 2])
            ours[signed.epoch : signed.epoch + 2] = split32(self._own_epochs.get(then, then))
        for mechanism, at in signed.checks:
            ours[at] = self._own_checks.get((mechanism, words[at]), words[at])
        return tuple(ours)

    @cached_property
    def _signed(self) -> dict[tuple[int, int], "_Signed"]:
        return {(block.address, block.count): _signed(self.station, block) for block in self.station.blocks}


@dataclass(frozen=True, slots=True)
class _Signed:
    """Where a block has the epoch in force, and the check words of which mechanism."""

    epoch: int | None
    checks: tuple[tuple[str, int], ...]


def _signed(station: StationMap, block: Block) -> _Signed:
    at = {each.name: each.offset for each in block.fields}
    names = ["accepted_check", *(f"outcome{number}.check" for number in range(1, OUTCOMES_KEPT + 1))]
    checks = tuple(
        (f"{station.name}/{mechanism.name}", at[f"{mechanism.name}.{name}"])
        for mechanism in station.mechanisms
        for name in names
        if f"{mechanism.name}.{name}" in at
    )
    return _Signed(at.get("epoch_in_force"), checks)


def error_of(line: Line) -> HalError:
    """Return the error that a recorded request ended with."""
    why = str(line.get("why", ""))
    match line["error"]:
        case "NoAnswer" | "CancelledError":
            return NoAnswer(why)
        case "BadAnswer":
            return BadAnswer(why)
        case "Refused" | "NotAuthorised":
            return Refused(int(line.get("fc", 0)), int(line.get("code", 1)), why)
        case _:
            return LinkDown(why)
