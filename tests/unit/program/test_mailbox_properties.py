"""The mailbox against a hostile and lossy writer: whatever arrives, in whatever order, after whatever restart.

A `World` drives a real mailbox with a mechanism that takes a few scans for each command, and keeps its own books:
what was accepted, what ran, what came of it.
"""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hal.plcmap.codec import ControllerBlock
from hal.plcmap.codes import Opcode, Result, serial_ahead, serial_next
from hal.plcmap.frame import FRAME_WORDS, Content, Frame
from sim_plc.program.epoch import EpochGate, EpochMemory
from sim_plc.program.handshake import EMPTY, MAX_OPEN, Command, Mailbox, MailboxMemory
from sim_plc.program.retained import StationMemory, next_boot, pack, unpack

SCAN_S = 0.01
WORK = st.sampled_from([Opcode.MOVE_TO, Opcode.HOME]).flatmap(
    lambda op: st.builds(Content, st.just(op), st.integers(0, 2), st.just(0), st.integers(0, 1))
)
CONTENT = st.one_of(WORK, st.just(Content(Opcode.STOP)), st.builds(Content, st.just(77)))
STARTS = st.sampled_from([0, 1, 30_000, 65_533, 65_534, 65_535])


@dataclass
class Books:
    """What happened since the numbers last began anew."""

    accepted: list[tuple[int, Content]] = field(default_factory=list)
    ran: Counter[int] = field(default_factory=Counter)
    outcomes: dict[int, Result] = field(default_factory=dict)


class HostileWriter(RuleBasedStateMachine):
    """Any frame of any age may be in the registers at any scan."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.registers: tuple[int, ...] = EMPTY
        self.past: list[tuple[int, ...]] = []
        self.boot = 1
        self.k = 1
        self.stopping = False
        self.epochs = EpochMemory(0x0001_0001, 1)

    @initialize(accepted=STARTS)
    def begin(self, accepted: int) -> None:
        """Start anywhere on the ring; the number that was accepted last had its outcome."""
        memory = MailboxMemory(accepted=accepted, accepted_content=Content(Opcode.HOME, 9))
        self.power_up(memory)

    def power_up(self, memory: MailboxMemory) -> None:
        self.box = Mailbox(memory, self.noted, self.heard)
        self.gate = EpochGate(self.epochs, scan_s=SCAN_S, silence_s=1.5)
        self.registers = EMPTY
        self.stopping = False

    def noted(self, command: Command) -> None:
        assert command.sequence not in {number for number, _ in self.books.accepted}, "accepted twice"
        self.books.accepted.append((command.sequence, command.content))

    def heard(self, sequence: int, result: Result, reason: object) -> None:
        del reason
        assert sequence in {number for number, _ in self.books.accepted}, "an outcome of what was never accepted"
        assert sequence not in self.books.outcomes, "two outcomes of one sequence"
        self.books.outcomes[sequence] = result

    @rule(content=CONTENT, ahead=st.integers(-2, 4), old_epoch=st.booleans(), old_boot=st.booleans())
    def write(self, content: Content, ahead: int, old_epoch: bool, old_boot: bool) -> None:
        """Write a frame near the accepted sequence, of this epoch and boot or of earlier ones."""
        sequence = self.box.memory.accepted
        for _ in range(max(ahead, 0)):
            sequence = serial_next(sequence)
        sequence = (sequence + min(ahead, 0)) & 0xFFFF
        epoch = self.epochs.epoch - 1 if old_epoch else self.epochs.epoch
        boot = self.boot % 0xFFFF - 1 if old_boot else self.boot
        frame = Frame.build(epoch=epoch, boot_id=boot & 0xFFFF, content=content, sequence=sequence)
        self.registers = frame.to_words()
        self.past.append(self.registers)

    @rule(content=CONTENT, jump=st.integers(1, 3))
    def deliver(self, content: Content, jump: int) -> None:
        """Write a good frame and let it stand: what must be accepted is, even while a command runs."""
        self.write(content, jump, old_epoch=False, old_boot=False)
        memory = self.box.memory
        before, sequence = memory.accepted, self.registers[-1]
        stop = content.opcode == Opcode.STOP
        full = (memory.running is not None) + len(memory.stops) >= MAX_OPEN
        must = not full if stop else jump == 1
        for _ in range(3):
            self.k += 1
            self.look()
        assert self.box.memory.accepted == (sequence if must else before)

    @rule(bit=st.integers(0, 16 * 10 - 1), content=CONTENT)
    def corrupt(self, bit: int, content: Content) -> None:
        """Let a frame with one wrong bit stand."""
        self.write(content, 1, old_epoch=False, old_boot=False)
        words = list(self.registers)
        words[bit // 16] ^= 1 << bit % 16
        self.registers = tuple(words)
        before = self.box.memory.accepted
        for _ in range(3):
            self.k += 1
            self.look()
        assert self.box.memory.accepted == before
        assert self.box.untrusted.sequence == self.registers[-1]

    @rule(words=st.lists(st.integers(0, 0xFFFF), min_size=FRAME_WORDS, max_size=FRAME_WORDS))
    def write_noise(self, words: list[int]) -> None:
        """Write anything."""
        self.registers = tuple(words)

    @rule(data=st.data())
    @precondition(lambda self: self.past)
    def write_late(self, data: st.DataObject) -> None:
        """Let a buffered, duplicated or reordered frame arrive."""
        self.registers = data.draw(st.sampled_from(self.past))

    @rule(cut=st.integers(1, FRAME_WORDS - 1), data=st.data())
    @precondition(lambda self: self.past)
    def tear(self, cut: int, data: st.DataObject) -> None:
        """Leave a frame half written."""
        other = data.draw(st.sampled_from(self.past))
        self.registers = other[:cut] + self.registers[cut:]

    @rule(owner=st.integers(1, 3), step=st.integers(-1, 2))
    def claim(self, owner: int, step: int) -> None:
        """Let some master claim an epoch."""
        before = (self.epochs.epoch, self.epochs.owner)
        epoch = self.epochs.epoch + step
        self.gate.take(ControllerBlock(epoch, owner, 0), self.k * SCAN_S)
        after = (self.epochs.epoch, self.epochs.owner)
        assert after == ((epoch, owner) if step > 0 else before)

    @rule(times=st.integers(1, 4), ends=st.booleans())
    def scan(self, times: int, ends: bool) -> None:
        """Scan a few times; the mechanism may end what it does."""
        for _ in range(times):
            self.k += 1
            self.look()
        if ends:
            self.end()

    @rule(warm=st.booleans())
    def restart(self, warm: bool) -> None:
        """Cycle the power: warm from both copies in memory, cold with a person's reset."""
        self.boot = next_boot(self.boot)
        if warm:
            kept = unpack(pack(StationMemory(mailboxes={"lift": self.box.memory})))
            assert kept is not None
            self.power_up(kept.mailboxes["lift"])
            self.box.close_after_restart()
        else:
            self.books = Books()
            self.power_up(MailboxMemory())

    def look(self) -> None:
        before = self.box.memory.accepted
        command = self.box.look(self.registers, boot_id=self.boot, epoch=self.epochs.epoch)
        accepted = self.box.memory.accepted
        if accepted == before:
            assert command is None
            return
        frame = Frame.from_words(self.registers)
        assert frame.intact
        assert (frame.sequence, frame.boot_id, frame.epoch) == (accepted, self.boot, self.epochs.epoch)
        ahead = serial_ahead(accepted, before)
        assert ahead >= 1 if frame.content.opcode == Opcode.STOP else ahead == 1
        assert self.books.accepted[-1] == (accepted, frame.content)
        if command is not None:
            self.answer(command)

    def answer(self, command: Command) -> None:
        """Refuse what is unknown, run what is work, stop on STOP."""
        if command.is_stop:
            self.stopping = self.box.memory.running is not None
            if not self.stopping:
                self.box.finish_stops()
        elif command.content.opcode == 77:
            self.box.refuse(command, 1)  # type: ignore[arg-type]
        else:
            self.books.ran[command.sequence] += 1
            self.box.start(command)

    def end(self) -> None:
        if self.box.memory.running is not None:
            self.box.finish(Result.STOPPED if self.stopping else Result.OK)
        self.stopping = False
        self.box.finish_stops()

    @invariant()
    def holds(self) -> None:
        """Check the books: run at most once, one outcome each but for what is open, at most three open."""
        box = getattr(self, "box", None)
        if box is None:
            return
        memory = box.memory
        assert all(count == 1 for count in self.books.ran.values())
        open_ = {command.sequence for command in (memory.running, *memory.stops) if command is not None}
        assert len(open_) <= MAX_OPEN
        assert {number for number, _ in self.books.accepted} == set(self.books.outcomes) | open_
        assert not open_ & set(self.books.outcomes)
        assert [o.sequence for o in memory.outcomes] == list(reversed(self.books.outcomes))[: len(memory.outcomes)]
        assert memory.accepted == 0 or memory.accepted <= 0xFFFF


QUICK = settings(max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))

HostileWriter.TestCase.settings = QUICK
TestHostileWriter = HostileWriter.TestCase


@pytest.mark.campaign
def test_a_hostile_writer_for_long() -> None:
    run_state_machine_as_test(HostileWriter, settings=settings(QUICK, max_examples=600))
