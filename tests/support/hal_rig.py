"""One scripted station behind a memory link, polled by the real scan in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from hal.cadence import SteadyCadence
from hal.handshake import Mailbox
from hal.interfaces import Prepared, StationState
from hal.plcmap.codes import Opcode, Reason, Result
from hal.plcmap.frame import Content, Frame
from hal.plcmap.registers import tower_map
from hal.scan import Station
from sim_plc.rehearsal.memory_link import Fault, MemoryLink
from tests.support.fake_plc import SHAPE, FakePlc

OWNER = 4711
LIFT = "lift"
HOME, STOP = int(Opcode.HOME), int(Opcode.STOP)


@dataclass
class MemoryEpochs:
    """`hal.interfaces.EpochStore` in memory; ``newest`` survives whoever uses it."""

    newest: int = 0

    async def start(self, at_least: int) -> int:
        high = max(self.newest >> 16, at_least) + 1
        self.newest = high << 16
        return high

    async def next_connection(self) -> int:
        self.newest += 1
        return self.newest


@dataclass
class FrameNotes:
    """`hal.interfaces.FrameLog` in memory."""

    rewritten: list[Prepared] = field(default_factory=list)
    stopped: list[Prepared] = field(default_factory=list)
    went_on: dict[str, int] = field(default_factory=dict)

    async def rewriting(self, prepared: Prepared) -> None:
        self.rewritten.append(prepared)

    def stopping(self, prepared: Prepared) -> None:
        self.stopped.append(prepared)

    def overtaken(self, mechanism: str, sequence: int) -> None:
        self.went_on[mechanism] = sequence


@dataclass
class Rig:
    """Everything of one run; ``faults`` are taken in turn by the requests with function 16, then none."""

    plc: FakePlc
    link: MemoryLink
    epochs: MemoryEpochs
    notes: FrameNotes
    station: Station
    lift: Mailbox
    faults: list[Fault]

    async def online(self) -> None:
        """Wait until the station is online."""
        await self.state(StationState.ONLINE)

    async def state(self, state: StationState, limit_s: float = 10) -> None:
        """Wait for a state of the station."""
        until_s = asyncio.get_running_loop().time() + limit_s
        while self.station.state is not state:
            assert await self.station.news(until_s), f"{self.station.state}: {self.station.trouble}"

    def frames(self) -> list[tuple[int, int]]:
        """Return opcode and sequence of every frame written to the lift."""
        return [(frame.content.opcode, frame.sequence) for name, frame in self.plc.frames if name == LIFT]


@asynccontextmanager
async def rig(
    *,
    plc: FakePlc | None = None,
    epochs: MemoryEpochs | None = None,
    adopt: int | None = 0,
    fc23: bool = True,
    online: bool = True,
) -> AsyncIterator[Rig]:
    """Run the scan of a tower station over a scripted PLC, its lift's mailbox adopted at ``adopt``."""
    plc = plc or FakePlc(tower_map(SHAPE))
    epochs = epochs or MemoryEpochs()
    notes = FrameNotes()
    faults: list[Fault] = []

    def decide(function: int, _unit: int) -> Fault:
        return faults.pop(0) if function == 16 and faults else Fault.NONE

    link = MemoryLink({plc.map.unit: plc}, before=plc.advance, decide=decide)
    station = Station(plc.map, SHAPE, link, cadence=SteadyCadence(), epochs=epochs, owner=OWNER, fc23=fc23)
    lift = Mailbox(station, LIFT, notes)
    if adopt is not None:
        lift.adopt(adopt)
    await epochs.start(plc.epoch >> 16)
    it = Rig(plc, link, epochs, notes, station, lift, faults)
    scan = asyncio.create_task(station.run())
    try:
        if online:
            await it.online()
        yield it
    finally:
        scan.cancel()
        await asyncio.gather(scan, return_exceptions=True)
    if not scan.cancelled():
        scan.result()


# What a test lets the PLC do, and what it writes


def after(delay_s: float) -> Callable[[Callable[[], None]], object]:
    """Return what lets something be done later, for `FakePlc.execute_all`."""
    return lambda done: asyncio.get_running_loop().call_later(delay_s, done)


def obey_stop(it: Rig, *, running: Frame | None = None) -> None:
    """Accept every STOP above accepted, end what runs with STOPPED and the STOP with OK."""
    plc = it.plc

    def on_frame(name: str, frame: Frame) -> None:
        if frame.content.opcode == STOP and frame.epoch == plc.epoch:
            plc.accept(name, frame, runs=False)
            if running is not None and plc.mechanisms[name].executing == running.sequence:
                plc.finish(name, running, Result.STOPPED)
            plc.finish(name, frame)

    plc.on_frame = on_frame


async def put_busy(it: Rig, running: Frame) -> Prepared:
    """Write a command that is refused as BUSY; what runs ends before anybody looks."""

    def on_frame(name: str, frame: Frame) -> None:
        it.plc.accept(name, frame, runs=False)
        it.plc.finish(name, frame, Result.REFUSED, Reason.BUSY)
        it.plc.finish(name, running)

    it.plc.on_frame = on_frame
    return await put(it)


async def put(it: Rig) -> Prepared:
    """Number and write a HOME of the lift."""
    prepared = it.lift.prepare(Opcode.HOME)
    await it.lift.issue(prepared)
    return prepared


async def put_to_run(it: Rig) -> tuple[Prepared, Frame]:
    """Write a HOME of the lift that is accepted and runs on."""
    prepared = await put(it)
    frame = it.plc.frames[-1][1]
    it.plc.accept(LIFT, frame)
    return prepared, frame


def journaled(plc: FakePlc, sequence: int, opcode: Opcode = Opcode.HOME) -> tuple[Frame, Prepared]:
    """Return a frame of the daemon start before, and what its journal holds of it."""
    frame = Frame.build(epoch=0x0001_0001, boot_id=plc.boot_id, content=Content(int(opcode)), sequence=sequence)
    return frame, Prepared("tower/lift", sequence, frame.content, frame.check)


def used_plc(accepted: int) -> FakePlc:
    """Return a PLC on which an earlier daemon start worked up to ``accepted``."""
    plc = FakePlc(tower_map(SHAPE))
    plc.epoch, plc.owner = 0x0001_0001, 55
    last, _ = journaled(plc, accepted)
    plc.accept(LIFT, last, runs=False)
    plc.finish(LIFT, last)
    return plc
