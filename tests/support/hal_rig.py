"""One scripted station behind a memory link, polled by the real scan in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from hal.cadence import SteadyCadence
from hal.handshake import Mailbox
from hal.interfaces import Prepared, StationState
from hal.plcmap.registers import tower_map
from hal.scan import Station
from sim_plc.rehearsal.memory_link import Fault, MemoryLink
from tests.support.fake_plc import SHAPE, FakePlc

OWNER = 4711
LIFT = "lift"


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

    async def rewriting(self, prepared: Prepared) -> None:
        self.rewritten.append(prepared)

    def stopping(self, prepared: Prepared) -> None:
        self.stopped.append(prepared)


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
