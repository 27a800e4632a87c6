"""The PLC's half of the mailbox with its epoch gate and retained memory around mechanisms that only take time.

Everything that decides about a frame is the program's own code; a mechanism runs for as many milliseconds as
argument 1 says. Argument 2 is the intent's number: the truth is kept by it, for no sequence is unique for ever.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hal.plcmap import codes
from hal.plcmap.codec import ControllerBlock, History, PastOutcome, Status
from hal.plcmap.codes import Reason, Result, State
from hal.plcmap.frame import Content, Frame
from hal.plcmap.registers import StationMap, bay_map, tower_map
from sim_plc.program.epoch import EpochGate
from sim_plc.program.handshake import EMPTY, SCANS_TO_SHOW_TORN, Command, Mailbox, MailboxMemory
from sim_plc.program.retained import StationMemory, next_boot, pack, power_up
from sim_plc.unit import ExceptionCode, ModbusRefusal
from tests.support.fake_plc import IDLE, SCAN_S, SHAPE, FakePlc

SILENCE_S = 1.5
STOP_S = 0.2

MAP = bay_map(SHAPE, 2)
ONE = ("latches",)
"""The mailbox of it that is used."""

WIDE_MAP = tower_map(SHAPE)
ALL = tuple(each.name for each in WIDE_MAP.mechanisms)

GRID_SLACK = 1e-6
"""Of a scan: an instant k x SCAN_S computed in floating point still counts as scan k."""

FAR = 1 << 62
"""A scan that never comes."""


class Lane:
    """One mailbox and the mechanism behind it."""

    def __init__(self, plc: "MailboxPlc", memory: MailboxMemory) -> None:
        self._plc = plc
        self._open = {each.sequence: each.content for each in (memory.running, *memory.stops) if each is not None}
        self.box = Mailbox(memory, on_accepted=self._note_accepted, on_outcome=self._note_outcome)
        self.words: tuple[int, ...] = EMPTY
        self._looks = SCANS_TO_SHOW_TORN
        self._due_s = 0.0
        self._ending = Result.OK
        self._shown: tuple[int, int, int, PastOutcome] | None = None
        self._status = IDLE
        self.box.close_after_restart()

    def take(self, frame: Frame) -> None:
        """Take a frame that was written."""
        self.words, self._looks = frame.to_words(), 0

    def next_scan(self, scans: int, silent_from: float | None) -> int:
        """Return the number of the next scan in which something can happen of itself: programs rest between."""
        memory = self.box.memory
        if self._looks < SCANS_TO_SHOW_TORN or memory.stops:
            return scans + 1
        if memory.running is None:
            return FAR
        next_s = self._due_s if silent_from is None else min(self._due_s, silent_from)
        return max(scans + 1, math.ceil(next_s / SCAN_S - GRID_SLACK))

    def scan(self, t: float, *, silent: bool) -> None:
        """Look at the registers and let the mechanism run."""
        box, station = self.box, self._plc.memory
        before = box.memory.accepted
        command = box.look(self.words, boot_id=station.boot_id, epoch=station.epoch.epoch)
        self._looks += 1
        if silent:
            self._halt(t, Result.STOPPED_SILENCE)
        if command is not None:
            self._plc.gaps += not command.is_stop and command.sequence != codes.serial_next(before)
            self._answer(command, t, silent=silent)
        if box.memory.running is not None and t >= self._due_s - GRID_SLACK:
            box.finish(self._ending)
        if box.memory.running is None and box.memory.stops:
            box.finish_stops()

    def status(self) -> Status:
        """Return what the fast block shows; the very same object while nothing is new."""
        box, memory, newest = self.box, self.box.memory, self.box.newest
        shown = (memory.accepted, memory.accepted_check, box.executing, newest)
        if shown != self._shown:
            self._shown = shown
            self._status = Status(
                State.LATCH_MOVING if box.executing else State.LATCHED,
                0,
                *shown[:3],
                newest.sequence,
                newest.result,
                newest.reason,
                codes.Flag(0),
            )
        return self._status

    def history(self) -> History:
        """Return what the slow block shows."""
        shown = self.box.untrusted
        return History(
            tuple(self.box.memory.outcomes), shown.sequence, shown.check, shown.reason, shown.count, 0, 0, 0
        )

    def _answer(self, command: Command, t: float, *, silent: bool) -> None:
        if command.is_stop:
            self._halt(t, Result.STOPPED)
        elif self._plc.memory.lost:
            self.box.refuse(command, Reason.MEMORY_LOST)
        elif silent:
            self.box.refuse(command, Reason.SILENT)
        else:
            self._plc.executed[command.content.argument2] += 1
            self._due_s, self._ending = t + command.content.argument1 / 1000, Result.OK
            self.box.start(command)

    def _halt(self, t: float, result: Result) -> None:
        if self.box.memory.running is not None and self._ending is Result.OK:
            self._due_s, self._ending = min(self._due_s, t + STOP_S), result

    def _note_accepted(self, command: Command) -> None:
        self._open[command.sequence] = command.content

    def _note_outcome(self, sequence: int, result: Result, reason: Reason) -> None:
        """Keep the truth of every command; a STOP's is its own."""
        content: Content = self._open.pop(sequence)
        if content.opcode != codes.Opcode.STOP:
            self._plc.results.setdefault(content.argument2, []).append((result, reason))


class MailboxPlc(FakePlc):
    """A unit whose mailboxes of these names obey the contract; scanned up to the time of every access."""

    def __init__(
        self, rng: random.Random, *, accepted: int, station: StationMap = MAP, names: Sequence[str] = ONE
    ) -> None:
        super().__init__(station)
        self._rng = rng
        self._names = names
        self.on = True
        self.now_s = 0.0
        self._scans = 0
        self.power_ups = 0
        self.gaps = 0
        """Commands that were accepted though they were not next; a STOP may jump, nothing else."""
        self.executed: Counter[int] = Counter()
        """How often each intent was started."""
        self.results: dict[int, list[tuple[Result, Reason]]] = {}
        """Every outcome of each intent."""
        self._block: ControllerBlock | None = None
        self.on_frame = self._take_frame
        self._power_up(pack(StationMemory(mailboxes={name: MailboxMemory(accepted=accepted) for name in names})))

    @property
    def box(self) -> Mailbox:
        """The first mailbox."""
        return self.lanes[self._names[0]].box

    def advance(self, now_s: float) -> None:
        """Run every scan up to ``now_s`` in which something can happen."""
        last = int(now_s / SCAN_S + GRID_SLACK)
        while self._scans < last:
            self._scans = min(self._next_scan(), last)
            self.now_s = self._scans * SCAN_S
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
            self._block = None
            for name, lane in self.lanes.items():
                lane.words = EMPTY
                lane.box.forget()
                self.memory.mailboxes[name] = lane.box.memory

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take a write unless the power is off."""
        if self.on:
            super().write(address, words)

    def read_input(self, address: int, count: int) -> Sequence[int]:
        """Return input registers: whole blocks only."""
        self.boot_id, self.heartbeat = self.memory.boot_id, self.gate.heartbeat(self.now_s)
        self.epoch, self.owner = self.memory.epoch.epoch, self.memory.epoch.owner
        lost = codes.Status.MEMORY_LOST if self.memory.lost else codes.Status(0)
        self.station_status = codes.Status.POWERED | lost
        self._snapshot = (self._snapshot + 1) & 0xFFFF
        return self._words_of(address, count)

    def _words_of(self, address: int, count: int) -> Sequence[int]:
        """Return the words of one block; no other is written."""
        if (address, count) == (self.map.fast[0].address, self.map.fast[0].count):
            self.mechanisms.update((name, lane.status()) for name, lane in self.lanes.items())
            return self.codec.encode_fast(self.fast(), self._snapshot)[0]
        slow = [(block.address, block.count) for block in self.map.slow]
        if (address, count) in slow:
            self.histories.update((name, lane.history()) for name, lane in self.lanes.items())
            words = self.codec.encode_slow(self.slow(), self.heartbeat, self._snapshot)
            return words[slow.index((address, count))]
        if (address, count) == (self.map.identity.address, self.map.identity.count):
            identity = replace(
                self.identity, boot_id=self.boot_id, heartbeat=self.heartbeat, epoch_in_force=self.epoch
            )
            return self.codec.encode_identity(identity, self._snapshot)
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)

    def _power_up(self, retained: bytes) -> None:
        """Start the program on what was retained."""
        self.power_ups += 1
        self.memory = power_up(retained, self._rng)
        self._block = None
        self.gate = EpochGate(self.memory.epoch, scan_s=SCAN_S, silence_s=SILENCE_S)
        boxes = self.memory.mailboxes
        self.lanes = {name: Lane(self, boxes.setdefault(name, MailboxMemory())) for name in self._names}

    def _next_scan(self) -> int:
        if not self.on:
            return FAR
        if self._block is not None:
            return self._scans + 1
        silent_from = self.gate.silent_from()
        return min(lane.next_scan(self._scans, silent_from) for lane in self.lanes.values())

    def _scan(self, t: float) -> None:
        if self._block is not None:
            self.gate.take(self._block, t)
            self._block = None
        silent = self.gate.silent(t)
        for lane in self.lanes.values():
            lane.scan(t, silent=silent)

    def _take_frame(self, name: str, frame: Frame) -> None:
        if name in self.lanes:
            self.lanes[name].take(frame)

    def _take_block(self, block: ControllerBlock) -> None:
        self._block = block
