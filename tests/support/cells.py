"""One command of a move caught as its frame is written, and its station brought into a row of the outcome table.

The points are where a move commands a mechanism; `Snare` holds the frame at the station's registers, before they take
it. What becomes of it is read from the station's log, what the controller makes of it from the journal.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from controller.domain.jobs import JobKind, JobState
from controller.domain.records import Planned, Settled, from_entry
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitState
from hal.errors import NoAnswer
from hal.plcmap.codec import ControllerBlock
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content, Frame
from hal.plcmap.registers import StationMap
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.rehearsal.disk import JOURNAL
from sim_plc.unit import Unit
from tests.support.journals import open_journal
from tests.support.places import LOW_STATION, ROOM, TOP_STATION, bus_of
from tests.support.stage import Stage

Step = JobState | RoomState | UnitState

RIVAL = 0x0BAD
"""Owner of whoever else writes."""


@dataclass(frozen=True)
class Point:
    """Where a move commands a mechanism: the step is the job's, for what serves the customer the room's."""

    kind: JobKind
    station: str
    mechanism: str
    opcode: Opcode
    step: Step

    def __str__(self) -> str:
        return f"{self.kind.value} {self.mechanism} {self.opcode.name} {self.step.value}"


def _points(kind: JobKind, *rows: tuple[str, str, Opcode, Step]) -> tuple[Point, ...]:
    return tuple(Point(kind, *row) for row in rows)


TOWER = "tower"
DOOR, GATE, SIGNAL = "room1.inner_door", "room1.outer_gate", "room1.signal"

RETRIEVING = _points(
    JobKind.RETRIEVE,
    (TOWER, "station", Opcode.RESET, UnitState.RESETTING),
    (TOWER, "lift", Opcode.HOME, UnitState.RESETTING),
    (TOWER, "turntable", Opcode.HOME, UnitState.RESETTING),
    (TOWER, "shuttle", Opcode.HOME, UnitState.RESETTING),
    (TOWER, "lift", Opcode.MOVE_TO, JobState.POSITIONING),
    (TOWER, "turntable", Opcode.MOVE_TO, JobState.POSITIONING),
    (TOP_STATION, "latches", Opcode.UNLATCH, JobState.OPENING),
    (TOWER, "shuttle", Opcode.PICK, JobState.PICKING),
    (TOP_STATION, "latches", Opcode.LATCH, JobState.CLOSING),
    (TOWER, "lift", Opcode.MOVE_TO, JobState.POSITIONING_TO),
    (TOWER, "turntable", Opcode.MOVE_TO, JobState.POSITIONING_TO),
    (TOWER, DOOR, Opcode.OPEN, JobState.OPENING_TO),
    (TOWER, "shuttle", Opcode.PLACE, JobState.PLACING),
    (TOWER, DOOR, Opcode.CLOSE, JobState.CLOSING_TO),
    (TOWER, SIGNAL, Opcode.SHOW, RoomState.CAR_PRESENT),
    (TOWER, GATE, Opcode.OPEN, RoomState.CAR_PRESENT),
    (TOWER, GATE, Opcode.CLOSE, RoomState.DEPARTING),
)
STORING = _points(
    JobKind.STORE,
    (TOWER, SIGNAL, Opcode.SHOW, RoomState.RESERVED),
    (TOWER, GATE, Opcode.OPEN, RoomState.RESERVED),
    (TOWER, SIGNAL, Opcode.SHOW, RoomState.OPEN_FOR_CAR),
    (TOWER, SIGNAL, Opcode.SHOW, RoomState.MEASURING),
    (TOWER, GATE, Opcode.CLOSE, RoomState.MEASURING),
    (TOWER, "lift", Opcode.MOVE_TO, JobState.POSITIONING),
    (TOWER, "turntable", Opcode.MOVE_TO, JobState.POSITIONING),
    (TOWER, DOOR, Opcode.OPEN, JobState.OPENING),
    (TOWER, "shuttle", Opcode.PICK, JobState.PICKING),
    (TOWER, DOOR, Opcode.CLOSE, JobState.CLOSING),
    (TOWER, "turntable", Opcode.MOVE_TO, JobState.POSITIONING_TO),
    (LOW_STATION, "latches", Opcode.UNLATCH, JobState.OPENING_TO),
    (TOWER, "shuttle", Opcode.PLACE, JobState.PLACING),
    (LOW_STATION, "latches", Opcode.LATCH, JobState.CLOSING_TO),
    (TOWER, SIGNAL, Opcode.SHOW, RoomState.VACANT),
)
POINTS = (*RETRIEVING, *STORING)


def step_of(it: Stage, mechanism: str) -> Step | None:
    """Return the step that a command of now belongs to: of the newest job, of the room, or of the unit's reset."""
    if it.unit is UnitState.RESETTING:
        return UnitState.RESETTING
    if mechanism in (GATE, SIGNAL):
        return it.room(ROOM)
    jobs = it.book.jobs
    return jobs[max(jobs)].state if jobs else None


class Fate(Enum):
    """What becomes of a frame that is caught."""

    ARRIVES = "it arrives"
    UNANSWERED = "it arrives, and the answer is lost"
    LOST_ONCE = "it is lost, once"
    LOST = "it is lost, and each repetition too; a STOP is not"


@dataclass
class Snare:
    """A station's registers that wait for one command; ``caught`` is set when its frame is written first."""

    it: Stage
    point: Point
    fate: Fate
    caught: asyncio.Event = field(default_factory=asyncio.Event)
    accepted: asyncio.Event = field(default_factory=asyncio.Event)
    frame: Frame | None = None
    since: int = 0
    """Where the stations' log stood when it was caught."""
    writes: int = 0
    """Requests that wrote anything, since `listen` was called."""

    def __post_init__(self) -> None:
        tower = self.it.world.tower
        self._map: StationMap = tower.maps[self.point.station]
        self._link = self.it.world.links[bus_of(tower, self.point.station)]
        self._unit: Unit = self._link.units[self._map.unit]
        self._link.units[self._map.unit] = self
        self._stopped = False

    @property
    def sequence(self) -> int:
        assert self.frame is not None
        return self.frame.sequence

    def read_input(self, address: int, count: int) -> Sequence[int]:
        return self._unit.read_input(address, count)

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        return self._unit.read_holding(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        self.writes += 1
        if address == self._map.mailbox(self.point.mechanism):
            self._take(address, Frame.from_words(words))
        else:
            self._unit.write(address, words)

    def let_go(self) -> None:
        """Lose nothing more."""
        self._stopped = True

    def rule(self, frames: Sequence[Content] = ()) -> None:
        """Be another master: above the epoch in force, or, with frames, under it with numbers far ahead."""
        program = next(each for each in self.it.world.programs if each.name == self.point.station)
        epoch, identity = program.gate.memory.epoch, self._map.identity
        boot_id = self._unit.read_input(identity.address, identity.count)[0]
        if not frames:
            block = ControllerBlock(epoch + (1 << 16), RIVAL, 0, 0)
            self._unit.write(self._map.controller_block, block.to_words())
        for content in frames:
            frame = Frame.build(epoch=epoch, boot_id=boot_id, content=content, sequence=self.sequence + 9)
            self._unit.write(self._map.mailbox(self.point.mechanism), frame.to_words())

    def _take(self, address: int, frame: Frame) -> None:
        is_stop = frame.content.opcode == Opcode.STOP
        if self.frame is None and not is_stop and self._fits(frame):
            self.frame, self.since = frame, len(self.it.world.log)
            self.caught.set()
            self._unit_takes(address, frame, first=True)
        else:
            self._stopped |= is_stop
            self._unit_takes(address, frame, first=False)

    def _unit_takes(self, address: int, frame: Frame, *, first: bool) -> None:
        mine = self.frame is not None and frame.sequence == self.frame.sequence
        lost = mine and (
            (first and self.fate is Fate.LOST_ONCE) or (self.fate is Fate.LOST and not self._stopped)
        )
        if not lost:
            self._unit.write(address, frame.to_words())
        if lost or (first and self.fate is Fate.UNANSWERED):
            raise NoAnswer("the wire swallowed it")

    def _fits(self, frame: Frame) -> bool:
        point = self.point
        return frame.content.opcode == point.opcode and step_of(self.it, point.mechanism) is point.step


def told(it: Stage, snare: Snare) -> list[LogEntry]:
    """Return what the station's log tells of the caught sequence: accepted, started, outcome."""
    point = snare.point
    return [
        entry
        for name, entry in it.world.log[snare.since :]
        if (name, entry.mechanism, entry.sequence) == (point.station, point.mechanism, snare.sequence)
    ]


def happened(it: Stage, snare: Snare, event: Event) -> Callable[[], bool]:
    """Return what tells whether something has happened to the caught sequence."""
    return lambda: any(entry.event is event for entry in told(it, snare))


def verdicts(it: Stage, snare: Snare) -> list[list[str]]:
    """Return what the journal says became of the caught sequence: of each command planned under it, in order.

    A sequence that was never accepted, or that was forgotten, is given anew. The daemon must have ended.
    """
    name, said = f"{snare.point.station}/{snare.point.mechanism}", list[list[str]]()
    journal = open_journal(it.world.folder / JOURNAL)
    try:
        records = [from_entry(entry.kind, entry.body) for entry in journal.read(after=0)]
    finally:
        journal.close()
    for record in records:
        match record:
            case Planned(mechanism, sequence) if (mechanism, sequence) == (name, snare.sequence):
                said.append([])
            case Settled(mechanism, sequence, verdict) if (mechanism, sequence) == (name, snare.sequence):
                said[-1].append(verdict)
    return said
