"""A tower of software at brisk speed: plant and PLC programs behind a memory link, TCP or a paced pty."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.schema import RtuBus, TcpBus, Tower
from sim_plc.plant.cars import Car
from sim_plc.plant.plant import Plant
from sim_plc.program.bays import BayProgram
from sim_plc.program.station_program import StationProgram
from sim_plc.program.tower import TowerProgram
from sim_plc.pty_line import RtuLine
from sim_plc.server import TcpServer
from sim_plc.stepper import Stepper
from sim_plc.tls import Credentials, TlsServer, server_context
from sim_plc.unit import ExceptionCode, Unit
from sim_plc.wire.functions import exception
from sim_plc.wire_faults import WireFaults
from tests.support.towers import tower_named

HOST = "127.0.0.1"
FC23 = 23
CARS = {102: Car("A1"), 202: Car("B2")}

PLACES = (101, 102, 103, 202, 1203)
"""A room and bays close together for short ways, and one far up for a way that can be cut."""

EVERYWHERE = [level * 100 + position for level in range(1, 13) for position in range(1, 61)]

SMALL = {
    "ring.levels": "12",
    "ring.positions": "60",
    "ring.omitted": str([place for place in EVERYWHERE if place not in PLACES]),
    "bus.bays.stations": '["bays1", "bays2", "bays12"]',
    "timing.poll_s": "0.05",
    "timing.idle_poll_s": "0.1",
}
"""The small tower with one far level; its single line bears quicker polls."""

MACHINE = {
    "machine.lift.speed_mm_s": "50000",
    "machine.lift.acceleration_mm_s2": "400000",
    "machine.lift.stop_mm_s2": "400000",
    "machine.lift.home_speed_mm_s": "50000",
    "machine.lift.levelling_s": "0.02",
    "machine.turntable.speed_mdeg_s": "720000",
    "machine.turntable.acceleration_mdeg_s2": "1000000",
    "machine.turntable.home_speed_mdeg_s": "720000",
    # An exchange takes half a second: time to stop on the way even when the machine that tests is busy.
    "machine.shuttle.speed_mm_s": "28000",
    "machine.shuttle.acceleration_mm_s2": "300000",
    "machine.shuttle.comb_speed_mm_s": "3000",
    "machine.shuttle.comb_acceleration_mm_s2": "60000",
    "machine.door.speed_mm_s": "60000",
    "machine.door.acceleration_mm_s2": "600000",
    "machine.gate.speed_mm_s": "60000",
    "machine.gate.acceleration_mm_s2": "600000",
    "machine.latch.travel_s": "0.05",
}
"""Brisker still than the profile: what the suite waits for is physics."""

SUITE = {**SMALL, **MACHINE}


def small_tower(tower_id: int = 601) -> Tower:
    """Return the small tower as the suite runs on it."""
    return tower_named("small", "brisk", {**SUITE, "tower_id": str(tower_id)})


def suite_tower(name: str) -> Tower:
    """Return a packaged tower as the suite runs on it: every level of it, but the small one's, at its own polls."""
    return small_tower() if name == "small" else tower_named(name, "brisk", MACHINE)


def suite_cars(tower: Tower) -> Mapping[int, Car]:
    """Return a car half-way up and one on the highest level; in the small tower close together, for short ways."""
    if tower.name == "small":
        return CARS
    shape = tower.shape
    return {
        shape.bays_of(level)[0]: Car(name)
        for level, name in ((shape.levels // 2, "A1"), (shape.bay_levels[-1], "B2"))
    }


@dataclass
class Mute:
    """`sim_plc.wire_faults.WireFaults`: while ``on``, every answer is lost, as behind a half-open connection."""

    on: bool = False

    def bend(self, frame: bytes) -> Sequence[tuple[float, bytes]]:
        return () if self.on else ((0.0, frame),)


class SoftTower:
    """Plant and programs; make it, and use it, inside a running loop."""

    def __init__(self, tower: Tower) -> None:
        self.tower = tower
        self.plant = Plant(tower, seed=3, cars=dict(suite_cars(tower)))
        self.programs: list[StationProgram[Any]] = [self._power_up(name, None) for name in tower.maps]
        self.stepper = Stepper(self.plant, self.programs, scan_s=tower.machine.plc.scan_s)
        self.mutes = {name: Mute() for name in tower.bus}
        self.fc23_asked = 0
        """How often a station that does not know FC23 was asked for it."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["SoftTower"]:
        """Let time pass while the context is open."""
        task = asyncio.create_task(self.stepper.run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def units_of(self, bus: str) -> Mapping[int, Unit]:
        """Return the stations of one bus by unit id."""
        units = self.stepper.units(asyncio.get_running_loop().time)
        return {each.unit: units[each.unit] for each in self.programs if each.name in self.tower.bus[bus].stations}

    def power_cycle(self, name: str) -> None:
        """Cut and restore the power of one station's PLC; its retained memory survives."""
        self.stepper.advance(asyncio.get_running_loop().time())
        number = next(i for i, each in enumerate(self.programs) if each.name == name)
        fresh = self._power_up(name, self.programs[number].retained_bytes())
        self.programs[number] = self.stepper.programs[number] = fresh
        self.stepper.kick()

    def _power_up(self, name: str, retained: bytes | None) -> StationProgram[Any]:
        rng = random.Random(name)
        if name == "tower":
            return TowerProgram(self.tower, self.plant.tower_image, retained=retained, rng=rng)
        level = int(name.removeprefix("bays"))
        return BayProgram(self.tower, self.plant.bay_images[level], level=level, retained=retained, rng=rng)


class OldTcpServer(TcpServer):
    """Stations that do not know FC23 and note who asks for it."""

    def __init__(self, soft: SoftTower, units: Mapping[int, Unit], faults: WireFaults) -> None:
        super().__init__(units, HOST, 0, faults=faults)
        self._soft = soft

    def serve(self, connection: Any, unit: int, request: bytes) -> bytes:
        if request[0] == FC23:
            self._soft.fc23_asked += 1
            return exception(FC23, ExceptionCode.ILLEGAL_FUNCTION)
        return super().serve(connection, unit, request)


@dataclass
class InTwo:
    """`sim_plc.wire_faults.WireFaults`: each answer in two pieces, and so in two records of TLS."""

    mute: Mute

    def bend(self, frame: bytes) -> Sequence[tuple[float, bytes]]:
        middle = len(frame) // 2
        return [(0.0, frame[:middle]), (0.0, frame[middle:])] if self.mute.bend(frame) else ()


def _server(soft: SoftTower, name: str, bus: TcpBus, credentials: Credentials | None) -> TcpServer:
    units, mute = soft.units_of(name), soft.mutes[name]
    if bus.security == "tls":
        assert credentials is not None
        return TlsServer(units, HOST, 0, faults=InTwo(mute), tls=server_context(credentials))
    return TcpServer(units, HOST, 0, faults=mute) if bus.fc23 else OldTcpServer(soft, units, mute)


@asynccontextmanager
async def served(soft: SoftTower, folder: Path, credentials: Credentials | None = None) -> AsyncIterator[Tower]:
    """Serve every bus of a tower; yield its configuration with the ports and devices that were taken.

    ``credentials``: of the stations on secured buses.
    """
    buses: dict[str, TcpBus | RtuBus] = {}
    async with AsyncExitStack() as stack:
        for name, bus in soft.tower.bus.items():
            match bus:
                case TcpBus():
                    server = _server(soft, name, bus, credentials)
                    await server.start()
                    stack.push_async_callback(server.stop)
                    buses[name] = bus.model_copy(update={"host": HOST, "port": server.port})
                case RtuBus():
                    path = folder / f"{name}.tty"
                    line = RtuLine(
                        soft.units_of(name),
                        path,
                        baud=bus.baud,
                        turnaround_s=bus.turnaround_s,
                        faults=soft.mutes[name],
                    )
                    await line.start()
                    stack.push_async_callback(line.stop)
                    buses[name] = bus.model_copy(update={"device": str(path)})
        yield soft.tower.model_copy(update={"bus": buses})
