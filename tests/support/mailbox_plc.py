"""The PLC's half of the mailbox with its epoch gate and retained memory around a mechanism that only takes time.

Everything that decides about a frame is the program's own code; the mechanism runs for as many milliseconds as
argument 1 says. Argument 2 is the intent's number: the truth is kept by it, for no sequence is unique for ever.
"""

import random
from collections import Counter
from collections.abc import Sequence

from hal.plcmap import codes
from hal.plcmap.codec import ControllerBlock, History, Status
from hal.plcmap.codes import Reason, Result, State
from hal.plcmap.frame import Frame
from hal.plcmap.registers import bay_map
from sim_plc.program.epoch import EpochGate
from sim_plc.program.handshake import EMPTY, Command, Mailbox, MailboxMemory
from sim_plc.program.retained import StationMemory, next_boot, pack, power_up
from tests.support.fake_plc import SCAN_S, SHAPE, FakePlc

MECHANISM = "latches"
SILENCE_S = 1.5
STOP_S = 0.2
MAP = bay_map(SHAPE, 2)


class MailboxPlc(FakePlc):
    """A bay controller's unit whose one mailbox obeys the contract; scanned up to the time of every access."""

    def __init__(self, rng: random.Random, *, accepted: int) -> None:
        super().__init__(MAP)
        self._rng = rng
        self.on = True
        self.now_s = 0.0
        self.executed: Counter[int] = Counter()
        """How often each intent was started."""
        self.results: dict[int, list[tuple[Result, Reason]]] = {}
        """Every outcome of each intent."""
        self._frame_words: Sequence[int] = EMPTY
        self._block: ControllerBlock | None = None
        self.on_frame = self._take_frame
        memory = StationMemory(mailboxes={MECHANISM: MailboxMemory(accepted=accepted)})
        self._power_up(pack(memory))

    def advance(self, now_s: float) -> None:
        """Run every scan up to ``now_s``."""
        while self.now_s + SCAN_S <= now_s + 1e-9:
            self.now_s += SCAN_S
            if self.on:
                self._scan(self.now_s)

    def power_off(self, now_s: float) -> None:
        """Take the power away; what is not retained is gone."""
        self.advance(now_s)
        self.on = False
        self._retained = pack(self.memory)

    def power_on(self, now_s: float, *, memory_survived: bool = True) -> None:
        """Give power again."""
        self.advance(now_s)
        self._power_up(self._retained if memory_survived else b"gone")
        self.on = True

    def person_resets(self, now_s: float) -> None:
        """Acknowledge a loss of memory at the cabinet, as the program's `local_reset` does."""
        self.advance(now_s)
        if self.on and self.memory.lost:
            self.memory.lost = False
            self.memory.boot_id = next_boot(self.memory.boot_id)
            self._frame_words, self._block = EMPTY, None
            self.box.forget()
            self.memory.mailboxes[MECHANISM] = self.box.memory

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take a write unless the power is off."""
        if self.on:
            super().write(address, words)

    def _power_up(self, retained: bytes) -> None:
        """Start the program on what was retained."""
        self.memory = power_up(retained, self._rng)
        box = self.memory.mailboxes.setdefault(MECHANISM, MailboxMemory())
        self.box = Mailbox(box, on_accepted=self._note_accepted, on_outcome=self._note_outcome)
        self.gate = EpochGate(self.memory.epoch, scan_s=SCAN_S, silence_s=SILENCE_S)
        self._frame_words, self._block = EMPTY, None
        self._due_s = 0.0
        self._ending = Result.OK
        self._contents = {command.sequence: command.content for command in self._open()}
        self.box.close_after_restart()

    def _open(self) -> list[Command]:
        memory = self.memory.mailboxes[MECHANISM]
        return [*([memory.running] if memory.running else []), *memory.stops]

    def _scan(self, t: float) -> None:
        if self._block is not None:
            self.gate.take(self._block, t)
            self._block = None
        epoch = self.memory.epoch.epoch
        command = self.box.look(tuple(self._frame_words), boot_id=self.memory.boot_id, epoch=epoch)
        if self.box.memory.running is not None and self.gate.silent(t):
            self._halt(t, Result.STOPPED_SILENCE)
        if command is not None:
            self._answer(command, t)
        if self.box.memory.running is not None and t >= self._due_s:
            self.box.finish(self._ending)
        if self.box.memory.running is None:
            self.box.finish_stops()

    def _answer(self, command: Command, t: float) -> None:
        if command.is_stop:
            self._halt(t, Result.STOPPED)
        elif self.memory.lost:
            self.box.refuse(command, Reason.MEMORY_LOST)
        elif self.gate.silent(t):
            self.box.refuse(command, Reason.SILENT)
        else:
            self.executed[command.content.argument2] += 1
            self._due_s, self._ending = t + command.content.argument1 / 1000, Result.OK
            self.box.start(command)

    def _halt(self, t: float, result: Result) -> None:
        if self.box.memory.running is not None and self._ending is Result.OK:
            self._due_s, self._ending = min(self._due_s, t + STOP_S), result

    def _note_accepted(self, command: Command) -> None:
        self._contents[command.sequence] = command.content

    def _note_outcome(self, sequence: int, result: Result, reason: Reason) -> None:
        """Keep the truth of every command; a STOP's is its own."""
        content = self._contents[sequence]
        if content.opcode != codes.Opcode.STOP:
            self.results.setdefault(content.argument2, []).append((result, reason))

    def _take_frame(self, name: str, frame: Frame) -> None:
        if name == MECHANISM:
            self._frame_words = frame.to_words()

    def _take_block(self, block: ControllerBlock) -> None:
        self._block = block

    def _words_of_blocks(self) -> list[list[int]]:
        self.boot_id, self.heartbeat = self.memory.boot_id, self.gate.heartbeat(self.now_s)
        self.epoch, self.owner = self.memory.epoch.epoch, self.memory.epoch.owner
        lost = codes.Status.MEMORY_LOST if self.memory.lost else codes.Status(0)
        self.station_status = codes.Status.POWERED | lost
        box, shown = self.box, self.box.untrusted
        newest = box.newest
        self.mechanisms[MECHANISM] = Status(
            State.LATCH_MOVING if box.executing else State.LATCHED,
            0,
            box.memory.accepted,
            box.memory.accepted_check,
            box.executing,
            newest.sequence,
            newest.result,
            newest.reason,
            codes.Flag(0),
        )
        self.histories[MECHANISM] = History(
            tuple(box.memory.outcomes), shown.sequence, shown.check, shown.reason, shown.count, 0, 0, 0
        )
        return super()._words_of_blocks()
