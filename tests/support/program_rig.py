"""Plant, programs and stepper of one tower with a plain master that writes registers: no driver, no asyncio."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from config.schema import Tower
from hal.plcmap.codec import ControllerBlock, Image, SlowImage, StationCodec, Status
from hal.plcmap.codes import Mode, Opcode, Reason, Result, State, serial_next
from hal.plcmap.frame import Content, Frame
from sim_plc.plant.plant import Car, Plant
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS, BayScene
from sim_plc.program.bays import BayProgram
from sim_plc.program.interlocks import InterlockSet
from sim_plc.program.station_program import StationProgram
from sim_plc.program.tower import TowerProgram
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.program.tower_scene import TowerScene
from sim_plc.stepper import Stepper
from tests.support.towers import tower_named

POLL_S = 0.1
OWNER = 77


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sequence came to, and when it was seen."""

    result: Result
    reason: Reason
    t: float


class Master:
    """Writes one station's registers as the contract tells the controller to."""

    def __init__(self, program: StationProgram[TowerScene] | StationProgram[BayScene]) -> None:
        self.program = program
        self.codec = StationCodec(program.station)
        self.epoch = 0x0001_0001
        self.owner = OWNER
        self.mute = False
        self.dead_man = 0
        self.hand = False
        """Whether somebody holds the dead-man."""

    def image(self) -> Image:
        """Read the fast blocks."""
        blocks = [self.program.read_input(b.address, b.count) for b in self.program.station.fast]
        return self.codec.decode_fast(blocks)

    def slow(self) -> SlowImage:
        """Read the slow blocks."""
        blocks = [self.program.read_input(b.address, b.count) for b in self.program.station.slow]
        return self.codec.decode_slow(blocks)

    def poll(self) -> None:
        """Write the controller block with the heartbeat just read."""
        if self.mute:
            return
        if self.hand:
            self.dead_man = (self.dead_man + 1) & 0xFFFF
        block = ControllerBlock(self.epoch, self.owner, self.image().heartbeat, self.dead_man)
        self.program.write(self.program.station.controller_block, block.to_words())

    def write_frame(self, mechanism: str, content: Content, sequence: int | None = None) -> int:
        """Write a frame; without a sequence the next one."""
        if sequence is None:
            sequence = serial_next(self.image().mechanisms[mechanism].accepted)
        frame = Frame.build(
            epoch=self.epoch, boot_id=self.image().boot_id, content=content, sequence=sequence
        )
        self.program.write(self.program.station.mailbox(mechanism), frame.to_words())
        return sequence


class Rig:
    """One small tower, or ``tower``, stepped by hand."""

    def __init__(
        self,
        *,
        cars: Mapping[int, Car] | None = None,
        profile: str = "medium",
        name: str = "small",
        tower_interlocks: InterlockSet[TowerScene] = TOWER_INTERLOCKS,
        bay_interlocks: InterlockSet[BayScene] = BAY_INTERLOCKS,
        faithful: bool = False,
        tower: Tower | None = None,
    ) -> None:
        self.config: Tower = tower or tower_named(name, profile)
        self.plant = Plant(self.config, seed=1, cars=cars)
        self.tower_interlocks = tower_interlocks
        self.bay_interlocks = bay_interlocks
        self.tower = self._tower_program(None)
        self.bays = {level: self._bay_program(level, None) for level in self.plant.bay_images}
        self.stepper = Stepper(
            self.plant,
            [self.tower, *self.bays.values()],
            scan_s=self.config.machine.plc.scan_s,
            faithful=faithful,
        )
        self.master = Master(self.tower)
        self.bay_master = {level: Master(program) for level, program in self.bays.items()}
        self.t = 0.0
        self._next_poll = 0.0

    @property
    def masters(self) -> list[Master]:
        """The masters of all stations."""
        return [self.master, *self.bay_master.values()]

    def restart_tower(self, retained: bytes | None = None) -> None:
        """Cycle the power of the tower PLC; its memory as given or as it was."""
        memory = self.tower.retained_bytes() if retained is None else retained
        self.tower = self._tower_program(memory)
        self.stepper.programs[0] = self.tower
        self.master.program = self.tower

    def run(self, seconds: float) -> None:
        """Let time pass, with a poll of every station each 100 ms."""
        end = self.t + seconds
        while self._next_poll <= end:
            self._to(self._next_poll)
            for master in self.masters:
                master.poll()
            self._next_poll += POLL_S
        self._to(end)

    def up(self) -> None:
        """Bring every station to life: epochs taken, drives on, everything homed."""
        self.run(0.3)
        for master in self.masters:
            assert self.do("station", Opcode.RESET, master=master).result is Result.OK
        for mechanism in ("shuttle", "lift", "turntable"):
            assert self.do(mechanism, Opcode.HOME).result is Result.OK

    def send(
        self, mechanism: str, opcode: Opcode, a1: int = 0, a2: int = 0, *, master: Master | None = None, frm: int = 0
    ) -> int:
        """Write a command; return its sequence."""
        return (master or self.master).write_frame(mechanism, Content(opcode, a1, a2, frm))

    def do(
        self, mechanism: str, opcode: Opcode, a1: int = 0, a2: int = 0, *, master: Master | None = None, frm: int = 0
    ) -> Outcome:
        """Write a command and wait for its outcome."""
        sequence = self.send(mechanism, opcode, a1, a2, master=master, frm=frm)
        return self.outcome(mechanism, sequence, master=master)

    def outcome(
        self, mechanism: str, sequence: int, *, master: Master | None = None, within_s: float = 200.0
    ) -> Outcome:
        """Wait for the outcome of a sequence."""
        end = self.t + within_s
        kept = (master or self.master).program.mechanism(mechanism).mailbox
        while not any(past.sequence == sequence for past in kept.memory.outcomes):
            due = self.stepper.next_due()
            self.run(max(0.0, min(self._next_poll, end if due is None else due) - self.t))
            if self.t >= end:
                raise AssertionError(f"no outcome of {mechanism} {sequence} within {within_s} s")
        shown = (master or self.master).slow().histories[mechanism].outcomes
        past = next(past for past in shown if past.sequence == sequence)
        return Outcome(Result(past.result), Reason(past.reason), self.t)

    def status(self, mechanism: str) -> Status:
        """Return what the tower shows of a mechanism."""
        return self.master.image().mechanisms[mechanism]

    def state(self, mechanism: str) -> State:
        """Return the state of a mechanism of the tower."""
        return State(self.status(mechanism).state)

    def dock(self, place: int) -> None:
        """Take the carriage to a place, lift and turntable together."""
        pose = self.config.shape.poses[place]
        lift = self.send("lift", Opcode.MOVE_TO, pose.height_mm, place)
        table = self.send("turntable", Opcode.MOVE_TO, pose.angle_mdeg, place)
        assert self.outcome("lift", lift).result is Result.OK
        assert self.outcome("turntable", table).result is Result.OK

    def open_way(self, place: int) -> Outcome:
        """Unlatch the bay or open the inner door that the carriage is docked at."""
        if place in self.config.shape.rooms:
            return self.do(self.room(place, "inner_door"), Opcode.OPEN)
        return self.do("latches", Opcode.UNLATCH, place % 100, master=self.bay_master[place // 100])

    def close_way(self, place: int) -> Outcome:
        """Latch the bay or close the inner door again."""
        if place in self.config.shape.rooms:
            return self.do(self.room(place, "inner_door"), Opcode.CLOSE)
        return self.do("latches", Opcode.LATCH, place % 100, master=self.bay_master[place // 100])

    def room(self, place: int, part: str) -> str:
        """Return the name of a room's mechanism."""
        return f"room{self.config.shape.rooms.index(place) + 1}.{part}"

    def manual(self) -> None:
        """Go to mode Manual, with a hand on the dead-man."""
        assert self.do("station", Opcode.MODE, Mode.MANUAL).result is Result.OK
        self.master.hand = True
        self.run(0.3)

    def _to(self, t: float) -> None:
        self.t = max(self.t, t)
        self.stepper.advance(self.t)

    def _tower_program(self, retained: bytes | None) -> TowerProgram:
        return TowerProgram(
            self.config,
            self.plant.tower_image,
            retained=retained,
            rng=random.Random(5),
            interlocks=self.tower_interlocks,
        )

    def _bay_program(self, level: int, retained: bytes | None) -> BayProgram:
        return BayProgram(
            self.config,
            self.plant.bay_images[level],
            level=level,
            retained=retained,
            rng=random.Random(level),
            interlocks=self.bay_interlocks,
        )
