"""A master that means harm: it knows the truth, keeps every rule of the mailbox when it likes, and asks for the worst.

Frames go straight into the registers, several mailboxes between two scans, and time jumps to the next event or to
where motions have ended. More than half of the frames are well formed: right check word, boot id, epoch in force, its
owner, the next sequence. Most of those ask for what is plausible, since what is refused at once tries one interlock.
"""

import math
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from hal.plcmap.codes import Mode, Opcode, serial_next
from hal.plcmap.frame import FRAME_WORDS, Content, Frame
from sim_plc.plant.cars import Car
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS, BayScene
from sim_plc.program.interlocks import InterlockSet
from sim_plc.program.station_program import StationProgram
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.program.tower_scene import TowerScene
from sim_plc.unit import ModbusRefusal
from tests.support.attacked_tower import OWNER, AttackedTower, small
from tests.support.bystanders import Bystanders
from tests.support.hostile_wishes import Wisher
from tests.support.motion_judge import Unsafe
from tests.support.safety_facts import TOWER, Box

WELL_FORMED: Final = 0.75
"""Share of the frames that keep every rule of the mailbox."""

EPISODE: Final = 500
"""Writes to one tower; then the next one, since some ways lead to where nothing moves without hands."""


@dataclass(slots=True)
class Figures:
    """What came of many writes."""

    written: int = 0
    well_formed: int = 0
    accepted: int = 0
    started: int = 0
    moved: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    unsafe: list[tuple[int, Unsafe]] = field(default_factory=list)
    """With the seed of the episode."""
    virtual_s: float = 0.0

    @property
    def motions(self) -> int:
        """How many commands moved steel."""
        return self.moved.total()

    def __str__(self) -> str:
        refused = ", ".join(f"{name.split()[1]} {n}" for name, n in self.ended.most_common() if name[:3] == "REF")
        others = ", ".join(f"{name} {n}" for name, n in self.ended.most_common() if name[:3] != "REF")
        return (
            f"{self.written} writes, {self.well_formed} well formed; accepted {self.accepted}, started {self.started}, "
            f"moved {self.motions}, unsafe {len(self.unsafe)} in {self.virtual_s / 3600:.1f} virtual hours\n"
            f"  outcomes: {others}\n  refused: {refused}\n  moved: {dict(self.moved.most_common())}"
        )


def attack(
    seed: int,
    writes: int,
    *,
    tower_interlocks: InterlockSet[TowerScene] = TOWER_INTERLOCKS,
    bay_interlocks: InterlockSet[BayScene] = BAY_INTERLOCKS,
) -> Figures:
    """Write so many frames, to one tower after another."""
    figures = Figures()
    while figures.written < writes:
        number = seed + figures.written // EPISODE
        master = HostileMaster(number, tower_interlocks=tower_interlocks, bay_interlocks=bay_interlocks)
        master.write(min(EPISODE, writes - figures.written))
        master.add_to(figures)
    return figures


class HostileMaster:
    """One episode."""

    def __init__(
        self,
        seed: int,
        *,
        tower_interlocks: InterlockSet[TowerScene] = TOWER_INTERLOCKS,
        bay_interlocks: InterlockSet[BayScene] = BAY_INTERLOCKS,
    ) -> None:
        rng = self._rng = random.Random(f"hostile master {seed}")
        bays = small().shape.bays
        cars = {place: Car(f"C{place}") for place in rng.sample(bays, 3)}
        self.it = AttackedTower(seed, cars=cars, tower_interlocks=tower_interlocks, bay_interlocks=bay_interlocks)
        self._seed = seed
        self._wisher, self._bystanders = Wisher(self.it, rng), Bystanders(self.it, rng)
        self._past: list[tuple[Box, tuple[int, ...]]] = []
        self.written = self.well_formed = 0

    def write(self, count: int) -> None:
        """Write so many frames, with bursts and pauses."""
        while self.written < count:
            self._bystanders.act()
            if self._rng.random() < 0.01:
                self._bend_block()
            for _ in range(min(self._rng.choice((1, 1, 2, 2, 3, 4)), count - self.written)):
                self._write_one()
            self._let_time_pass()
        self.it.run_to_rest()

    def add_to(self, figures: Figures) -> None:
        """Add what came of this episode."""
        it = self.it
        figures.written += self.written
        figures.well_formed += self.well_formed
        figures.accepted += it.accepted
        figures.started += it.started
        figures.moved += it.judge.moved
        figures.ended += it.ended
        figures.unsafe += [(self._seed, unsafe) for unsafe in it.judge.unsafe]
        figures.virtual_s += it.t

    def _write_one(self) -> None:
        box, content = self._wisher.wish()
        if content.opcode == Opcode.JOG and self._rng.random() < 0.3:
            self._jog(box, content)
        elif self._rng.random() < WELL_FORMED:
            self._put(box, self._good(box, content))
            self.well_formed += 1
        else:
            self._bad(box, content)
        self.written += 1

    def _good(self, box: Box, content: Content) -> tuple[int, ...]:
        program = self._program(box)
        sequence = serial_next(program.mechanism(box[1]).mailbox.memory.accepted)
        return self._frame(program, content, sequence).to_words()

    def _frame(self, program: StationProgram[Any], content: Content, sequence: int, *, epoch: int = 0) -> Frame:
        force = epoch or program.gate.memory.epoch
        return Frame.build(epoch=force, boot_id=program.boot_id, content=content, sequence=sequence)

    def _bad(self, box: Box, content: Content) -> None:
        """Write a frame that breaks a rule of the mailbox, or an old one, or half of one, or noise."""
        rng, program = self._rng, self._program(box)
        words, at = list(self._good(box, content)), program.station.mailbox(box[1])
        accepted = words[-1] - 1
        match rng.randrange(8):
            case 0:
                words[rng.randrange(FRAME_WORDS)] ^= 1 << rng.randrange(16)
            case 1:
                words = list(self._frame(program, content, (accepted + rng.randrange(2, 9)) % 65535 + 1).to_words())
            case 2:
                words = list(self._frame(program, content, max(1, accepted - rng.randrange(3))).to_words())
            case 3:
                epoch = max(1, program.gate.memory.epoch + rng.choice((-1, 1, 70_000)))
                words = list(self._frame(program, content, words[-1], epoch=epoch).to_words())
            case 4:
                boot = program.boot_id ^ rng.randrange(1, 4)
                frame = Frame.build(epoch=self.it.epoch, boot_id=boot, content=content, sequence=words[-1])
                words = list(frame.to_words())
            case 5 if self._past:
                box, old = rng.choice(self._past)
                words = list(old)
                at = self._program(box).station.mailbox(box[1])
            case 6:
                words = words[: rng.randrange(1, FRAME_WORDS)]
            case _:
                words = [rng.randrange(0x10000) for _ in range(FRAME_WORDS)]
                at += rng.choice((0, 0, -3, 5))
        self._program(box).due = -math.inf
        try:
            self._program(box).write(at, words)
        except ModbusRefusal:
            return  # an undeclared register: nothing was written

    def _put(self, box: Box, words: tuple[int, ...]) -> None:
        program = self._program(box)
        program.write(program.station.mailbox(box[1]), words)
        self._past = [*self._past[-20:], (box, words)]

    def _jog(self, box: Box, content: Content) -> None:
        """Get to mode Manual with a hand on the dead-man, jog a moment, and let go."""
        it, station = self.it, (box[0], "station")
        self._put(station, self._good(station, Content(Opcode.MODE, int(Mode.MANUAL))))
        it.run(0.03)
        it.take_hand(on=True)
        it.run(0.25)
        self._put(box, self._good(box, content))
        it.run(self._rng.choice((0.03, 0.3, 0.8)))
        it.take_hand(on=False)
        self.written += 1
        self.well_formed += 2

    def _bend_block(self) -> None:
        """Claim an epoch, high, low or another's; or fall silent for a while."""
        it, rng = self.it, self._rng
        station = rng.choice(tuple(it.programs))
        match rng.randrange(4):
            case 0:
                it.epoch += 1
            case 1:
                it.write_block(station, max(0, it.epoch - 1), OWNER, 0)
            case 2:
                it.write_block(station, it.epoch, OWNER + 1, it.programs[station].gate.heartbeat(it.t))
            case _:
                it.mute_until[station] = it.t + rng.uniform(0.5, 4.0)

    def _let_time_pass(self) -> None:
        draw = self._rng.random()
        if draw < 0.5:
            self.it.run(self._rng.choice((0.01, 0.02, 0.02, 0.03, 0.06)))
        elif draw < 0.65:
            self.it.run_to_event()
        elif draw < 0.72:
            self.it.run(self._rng.uniform(0.05, 3.0))
        else:
            self.it.run_to_rest(15.0)

    def _program(self, box: Box) -> StationProgram[Any]:
        return self.it.programs[box[0]]


__all__ = ["TOWER", "Figures", "HostileMaster", "attack"]
