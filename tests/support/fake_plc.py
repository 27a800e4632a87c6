"""A station by script: the registers of a PLC that does only what a test tells it. No plant, no interlocks."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace

from hal.plcmap import codes
from hal.plcmap.codec import (
    ControllerBlock,
    History,
    Identity,
    Image,
    PastOutcome,
    SlowImage,
    StationCodec,
    Status,
)
from hal.plcmap.frame import FRAME_WORDS, Frame
from hal.plcmap.registers import StationMap
from hal.plcmap.shape import PlacePose, TowerShape, level_of, place_number
from sim_plc.unit import ExceptionCode, ModbusRefusal

SCAN_S = 0.01

SHAPE = TowerShape(
    tower_id=601,
    levels=2,
    positions=4,
    rooms=(101,),
    poses={
        place_number(level, position): PlacePose((level - 1) * 2500, (position - 1) * 90_000)
        for level in (1, 2)
        for position in (1, 2, 3, 4)
        if (level, position) != (2, 1)
    },
    height_tolerance_mm=10,
    angle_tolerance_mdeg=200,
)

IDLE = Status(codes.State.STANDSTILL, 0, 0, 0, 0, 0, 0, 0, codes.Flag.HOMED | codes.Flag.BRAKE_ON)


class FakePlc:
    """`sim_plc.unit.Unit` of one station. ``on_frame`` is called with each frame as it is written."""

    def __init__(self, station: StationMap, shape: TowerShape = SHAPE) -> None:
        self.map = station
        self.codec = StationCodec(station)
        level = 0 if station.kind is codes.StationKind.TOWER else level_of(station.places[0])
        self.identity = Identity(
            7, 0, codes.MAP_ID, codes.MAP_VERSION, station.kind, shape.tower_id, shape.table_crc(), 1, level, 9, 11, 0
        )
        self.boot_id = 7
        self.heartbeat = 0
        self.heart_stopped = False
        self.epoch = 0
        self.owner = 0
        self.takes_epochs = True
        self.knows_fc23 = True
        self.station_status = codes.Status.POWERED | codes.Status.MODE_PRODUCTION
        self.mechanisms = {each.name: IDLE for each in station.mechanisms}
        self.histories = {each.name: History((), 0, 0, 0, 0, 0, 0, 0) for each in station.mechanisms}
        self.blocks: list[ControllerBlock] = []
        self.frames: list[tuple[str, Frame]] = []
        self.on_frame: Callable[[str, Frame], None] = lambda _name, _frame: None
        self.torn_reads = 0
        self.refuses_slow = 0
        """Exception code that reads of the slow blocks are answered with; 0: they are not."""
        self.refuses_frames = 0
        """How many writes of a mailbox are still to be refused as "device busy"."""
        self._snapshot = 0

    # What a test does to it

    def advance(self, now_s: float) -> None:
        """Count scans up to ``now_s``."""
        if not self.heart_stopped:
            self.heartbeat = int(now_s / SCAN_S + 1e-6) & 0xFFFF

    def show(self, mechanism: str, **changes: int) -> None:
        """Change what the fast block shows of a mechanism."""
        status = self.mechanisms[mechanism]
        shown = {each.name: changes.get(each.name, getattr(status, each.name)) for each in fields(status)}
        self.mechanisms[mechanism] = Status(**shown)

    def accept(self, mechanism: str, frame: Frame, *, runs: bool = True) -> None:
        """Accept a frame; with ``runs`` it executes, else what executes stays."""
        self.show(mechanism, accepted=frame.sequence, accepted_check=frame.check)
        if runs:
            self.show(mechanism, executing=frame.sequence)

    def finish(
        self,
        mechanism: str,
        frame: Frame,
        result: codes.Result = codes.Result.OK,
        reason: codes.Reason = codes.Reason.NONE,
    ) -> None:
        """Set the outcome of a frame, newest first."""
        self.remember(mechanism, PastOutcome(frame.sequence, frame.check, result, reason))
        self.show(mechanism, outcome_sequence=frame.sequence, result=result, reason=reason)
        if self.mechanisms[mechanism].executing == frame.sequence:
            self.show(mechanism, executing=0)

    def remember(self, mechanism: str, outcome: PastOutcome) -> None:
        """Put an outcome into the history."""
        history = self.histories[mechanism]
        self.histories[mechanism] = replace(history, outcomes=(outcome, *history.outcomes)[:4])

    def distrust(self, mechanism: str, frame: Frame, reason: codes.Untrusted) -> None:
        """Show a frame as not trusted."""
        history = self.histories[mechanism]
        self.histories[mechanism] = replace(
            history,
            untrusted_sequence=frame.sequence,
            untrusted_check=frame.check,
            untrusted_reason=reason,
            untrusted_count=history.untrusted_count + 1,
        )

    def execute_all(self, *, after: Callable[[Callable[[], None]], object] = lambda done: done()) -> None:
        """Accept every next frame and finish it OK, through ``after`` if given."""

        def on_frame(name: str, frame: Frame) -> None:
            if frame.sequence == codes.serial_next(self.mechanisms[name].accepted) and frame.epoch == self.epoch:
                self.accept(name, frame)
                after(lambda: self.finish(name, frame))

        self.on_frame = on_frame

    # What its registers do

    def read_input(self, address: int, count: int) -> Sequence[int]:
        """Return input registers: whole blocks only."""
        if self.refuses_slow and address >= self.map.slow[0].address:
            raise ModbusRefusal(ExceptionCode(self.refuses_slow))
        for block, words in zip(self.map.blocks, self._words_of_blocks(), strict=True):
            if (block.address, block.count) == (address, count):
                return words
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        """Return the mirror of the input registers."""
        if not self.knows_fc23:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION)
        return self.read_input(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take the controller block or a mailbox."""
        if address == self.map.controller_block:
            self._take_block(ControllerBlock.from_words(words))
            return
        for mechanism in self.map.mechanisms:
            if (address, len(words)) == (self.map.mailbox(mechanism.name), FRAME_WORDS):
                if self.refuses_frames:
                    self.refuses_frames -= 1
                    raise ModbusRefusal(ExceptionCode.SERVER_DEVICE_BUSY)
                frame = Frame.from_words(words)
                self.frames.append((mechanism.name, frame))
                self.on_frame(mechanism.name, frame)
                return
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)

    def _take_block(self, block: ControllerBlock) -> None:
        self.blocks.append(block)
        if self.takes_epochs and block.epoch > self.epoch:
            self.epoch, self.owner = block.epoch, block.owner

    def fast(self) -> Image:
        """Return the fast image of now."""
        return Image(
            self.boot_id,
            self.heartbeat,
            self.epoch,
            self.owner,
            codes.Safety.CHAIN_CLOSED,
            self.station_status,
            self.mechanisms,
        )

    def slow(self) -> SlowImage:
        """Return the slow image of now."""
        return SlowImage(self.boot_id, 0, self.histories)

    def _words_of_blocks(self) -> list[list[int]]:
        self._snapshot = (self._snapshot + 1) & 0xFFFF
        identity = replace(
            self.identity, boot_id=self.boot_id, heartbeat=self.heartbeat, epoch_in_force=self.epoch
        )
        blocks = [
            self.codec.encode_identity(identity, self._snapshot),
            *self.codec.encode_fast(self.fast(), self._snapshot),
            *self.codec.encode_slow(self.slow(), self.heartbeat, self._snapshot),
        ]
        if self.torn_reads:
            self.torn_reads -= 1
            for words in blocks:
                words[-1] = (words[-1] + 1) & 0xFFFF
        return blocks
