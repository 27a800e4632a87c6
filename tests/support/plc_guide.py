"""The PLC engineer's guide, taken apart: its tables, its examples in bytes, and its program, run as typed."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final

from hal.plcmap.codec import PastOutcome
from hal.plcmap.codes import Reason, Result, Untrusted
from hal.plcmap.frame import Content, Frame, split32
from sim_plc.program.handshake import Command, LastUntrusted, MailboxMemory
from tests.support.structured_text import compiled
from tests.support.structured_text_language import Program, Signature

GUIDE: Final = Path(__file__).parents[2] / "config" / "PLC_GUIDE.md"
NOTHING: Final = [0] * 11


@cache
def guide() -> str:
    """Return the guide's text."""
    return GUIDE.read_text("utf-8")


def fences(language: str) -> list[str]:
    """Return what stands between fences of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", guide(), re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Table:
    """A table of the guide."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables() -> Iterator[Table]:
    """Yield the tables of the guide in order."""
    for block in re.findall(r"(?:^\|.*\|$\n?)+", guide(), re.MULTILINE):
        head, _, *rows = [tuple(cell.strip() for cell in line[1:-1].split("|")) for line in block.splitlines()]
        yield Table(head, tuple(rows))


def tables_of(*head: str) -> list[Table]:
    """Return the tables whose columns begin so."""
    return [table for table in tables() if table.head[: len(head)] == head]


Yours = Mapping[str, Callable[..., Any]]


def program(text: str | None = None, *, mailboxes: int = 1, yours: Yours | None = None) -> Program:
    """Return the guide's program, or a text made of it; ``yours`` are the functions that its reader writes."""
    text = "\n".join(fences("iecst")) if text is None else text
    told = "MAILBOXES : INT := 13;"
    assert told in text
    reason = Signature({"mailbox": "INT"}, {}, "UINT")
    act = Signature({"mailbox": "INT"})
    given = yours or {}
    externals = {
        name: (signature, given.get(name, _not_called))
        for name, signature in (
            ("FrameRefusal", reason),
            ("InterlockRefusal", reason),
            ("StartMachine", act),
            ("StopMachine", act),
        )
    }
    return compiled(text.replace(told, f"MAILBOXES : INT := {mailboxes};"), externals)


def _not_called(v_mailbox: int) -> int:
    raise AssertionError(f"mailbox {v_mailbox} asks for what this test does not give")


class TypedMailbox:
    """`sim_plc.program.handshake.Mailbox`, done by the guide's program: the same calls, the same memory."""

    def __init__(
        self,
        memory: MailboxMemory | None = None,
        on_accepted: Callable[[Command], None] = lambda _: None,
        on_outcome: Callable[[int, Result, Reason], None] = lambda _1, _2, _3: None,
        typed: Program | None = None,
    ) -> None:
        self.typed = typed or _typed()
        self.memory = MailboxMemory() if memory is None else memory
        self._on_accepted, self._on_outcome = on_accepted, on_outcome
        self._look = self.typed.new("MailLook")
        self._kept = self._taken(self.memory)
        self._told = [_past(each) for each in self._kept["outcomes"]]

    @property
    def executing(self) -> int:
        """Sequence of the running command, 0: none."""
        return int(self._kept["running"]["w"][10])

    @property
    def newest(self) -> PastOutcome:
        """The newest outcome."""
        return _past(self._kept["outcomes"][0])

    @property
    def untrusted(self) -> LastUntrusted:
        """The last frame that consumed nothing."""
        shown = (self._look[f"untrusted{each}"] for each in ("sequence", "check", "reason", "count"))
        sequence, check, reason, count = shown
        return LastUntrusted(sequence, check, Untrusted(reason), count)

    def look(self, words: tuple[int, ...], *, boot_id: int, epoch: int) -> Command | None:
        """Look at the registers once a scan."""
        arguments = {"v_words": {"w": list(words)}, "v_bootid": boot_id, "v_epoch": epoch, "v_look": self._look}
        new = self._do("mailboxlook", **arguments)
        return _command(self._kept["accepted"]["w"]) if new else None

    def start(self, command: Command) -> None:
        """Let the accepted command run."""
        assert command.sequence == self._kept["accepted"]["w"][10]
        self._do("mailboxstart")

    def refuse(self, command: Command, reason: Reason) -> None:
        """Refuse the accepted command."""
        assert command.sequence == self._kept["accepted"]["w"][10]
        self._do("mailboxrefuse", v_reason=int(reason))

    def finish(self, result: Result, reason: Reason = Reason.NONE) -> None:
        """Give the running command its outcome."""
        self._do("mailboxfinish", v_result=int(result), v_reason=int(reason))

    def finish_stops(self) -> None:
        """Give every open STOP its OK."""
        self._do("mailboxendstops", v_result=int(Result.OK))

    def close_after_restart(self) -> None:
        """Close all that was open when power went."""
        self._do("mailboxrestart")

    def forget(self) -> None:
        """Start anew after an acknowledged loss of memory."""
        self.memory = MailboxMemory()
        self._kept = self._taken(self.memory)
        self._told = [_past(each) for each in self._kept["outcomes"]]

    def _do(self, name: str, **arguments: Any) -> Any:
        """Call one of the guide's functions; show and tell what it changed."""
        accepted = self._kept["accepted"]["w"][10]
        returned = self.typed.functions[name](v_memory=self._kept, **arguments)
        if name == "mailboxlook" and self._kept["accepted"]["w"][10] == accepted:
            return returned
        self._give()
        if self._kept["accepted"]["w"][10] != accepted:
            self._on_accepted(_command(self._kept["accepted"]["w"]))
        before, after = self._told, [_past(each) for each in self._kept["outcomes"]]
        self._told = after
        new = next(count for count in range(5) if after[count:] == before[: 4 - count])
        for past in reversed(after[:new]):
            self._on_outcome(past.sequence, Result(past.result), Reason(past.reason))
        return returned

    def _taken(self, memory: MailboxMemory) -> dict[str, Any]:
        """Return the program's memory of what another program retained."""
        kept = self.typed.new("MailMemory")
        accepted = Command(memory.accepted, memory.accepted_check, memory.accepted_content)
        kept["accepted"]["w"] = _words(accepted)
        kept["running"]["w"] = _words(memory.running) if memory.running else [*NOTHING]
        kept["stopcount"] = len(memory.stops)
        for i, stop in enumerate(memory.stops):
            kept["stops"][i]["w"] = _words(stop)
        for i, past in enumerate(memory.outcomes):
            kept["outcomes"][i] = {each.name: getattr(past, each.name) for each in fields(past)}
        return kept

    def _give(self) -> None:
        """Put the program's memory where its surroundings look for it."""
        kept, memory = self._kept, self.memory
        accepted = _command(kept["accepted"]["w"])
        memory.accepted, memory.accepted_check = accepted.sequence, accepted.check
        memory.accepted_content = accepted.content
        memory.running = _command(kept["running"]["w"]) if kept["running"]["w"][10] else None
        memory.stops = [_command(each["w"]) for each in kept["stops"][: kept["stopcount"]]]
        memory.outcomes = [_past(each) for each in kept["outcomes"] if each["sequence"]]


@cache
def _typed() -> Program:
    return program()


def _words(command: Command) -> list[int]:
    content = command.content
    arguments = (*split32(content.argument1), *split32(content.argument2))
    return [0, 0, 0, content.opcode, *arguments, content.expected_from, command.check, command.sequence]


def _command(words: list[int]) -> Command:
    frame = Frame.from_words(words)
    content = frame.content
    return Command(frame.sequence, frame.check, Content(*(getattr(content, each.name) for each in fields(content))))


def _past(kept: Mapping[str, int]) -> PastOutcome:
    return PastOutcome(**kept)
