"""The composition root of the software PLCs: a tower's configuration becomes a plant behind its wires."""

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.scenario import Scenario
from config.schema import RtuBus, TcpBus, Tower
from sim_plc import keep
from sim_plc.control import SideChannel
from sim_plc.pty_line import RtuLine
from sim_plc.roster import Roster
from sim_plc.server import TcpServer
from sim_plc.side_wire import SIDE_CHANNEL
from sim_plc.stock import habits_of, random_stock, scenario_stock
from sim_plc.tls import Credentials, NoCredentials, TlsServer, server_context
from sim_plc.tower import SimTower, found_again, new_tower

KEEP_EVERY_S: Final = 1.0

Wire = TcpServer | RtuLine


@dataclass(frozen=True, slots=True)
class Start:
    """With what a plant begins if there is none to find again."""

    seed: int
    scenario: Scenario | None = None
    empty: bool = False
    fresh: bool = False
    """Do not look for an earlier plant."""


async def run(tower: Tower, run_dir: Path, start: Start, credentials: Credentials | None = None) -> None:
    """Serve a tower's stations until SIGTERM or SIGINT. The run directory must exist.

    Raises:
        NoCredentials: a bus is secured, and there are no ``credentials``.
        keep.CannotResume: the run directory holds another tower's plant.
        OSError: an address, line or socket cannot be made.

    """
    sim = _sim_tower(tower, run_dir, start)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    wires = {name: _wire(tower, run_dir, name, sim, credentials) for name in tower.bus}
    side_channel = SideChannel(run_dir / SIDE_CHANNEL, sim, _Reconnector(tower, wires))
    async with contextlib.AsyncExitStack() as stack:
        for wire in wires.values():
            await wire.start()
            stack.push_async_callback(wire.stop)
        await stack.enter_async_context(side_channel)
        # From here on a crash must not look like a clean end.
        keep.save(run_dir, sim.kept(clean=False))
        tasks = [asyncio.create_task(sim.stepper.run()), asyncio.create_task(_keep_on(run_dir, sim))]
        print(_hello(tower, wires, run_dir), flush=True)
        await _first(stop, tasks)
    keep.save(run_dir, sim.kept(clean=True))


async def _first(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Wait for the stop, or for a task that fails; end them all."""
    waiter: asyncio.Task[object] = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([waiter, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in (waiter, *tasks):
        task.cancel()
    await asyncio.gather(waiter, *tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _keep_on(run_dir: Path, sim: SimTower) -> None:
    """Keep the steel whenever something in it has moved to another place."""
    last = None
    while True:
        kept = sim.kept(clean=False)
        if kept.steel != last:
            last = kept.steel
            keep.save(run_dir, kept)
        await asyncio.sleep(KEEP_EVERY_S)


def _sim_tower(tower: Tower, run_dir: Path, start: Start) -> SimTower:
    clock = asyncio.get_running_loop().time
    kept = None if start.fresh else keep.load(run_dir, tower.name)
    if kept is not None:
        sim = found_again(tower, kept, seed=start.seed, clock=clock)
        how = "as it was left" if kept.clean else "after a crash: every PLC has lost its memory"
        print(f"taking the tower up again {how} (--fresh begins anew)", flush=True)
        if start.scenario is not None:
            scenario_stock(start.scenario, sim.roster)
    else:
        roster = Roster()
        if start.scenario is not None:
            cars = scenario_stock(start.scenario, roster)
        else:
            cars = {} if start.empty else random_stock(tower, start.seed, roster)
        sim = new_tower(tower, seed=start.seed, roster=roster, cars=cars, clock=clock)
    if start.scenario is not None:
        sim.customers.habits = habits_of(start.scenario.habits)
    return sim


def _wire(tower: Tower, run_dir: Path, name: str, sim: SimTower, credentials: Credentials | None) -> Wire:
    bus = tower.bus[name]
    match bus:
        case TcpBus(security="tls"):
            if credentials is None:
                raise NoCredentials(f"bus.{name} is secured: --plc-ca, --plc-certificate and --plc-key are needed")
            return TlsServer(sim.units(bus.stations), bus.host, bus.port, tls=server_context(credentials))
        case TcpBus():
            return TcpServer(sim.units(bus.stations), bus.host, bus.port)
        case RtuBus():
            # A device with a path of its own stays where it is named: joining keeps an absolute path.
            return RtuLine(
                sim.units(bus.stations),
                run_dir / bus.device,
                baud=bus.baud,
                character_bits=8 + 1 + (bus.parity != "N") + bus.stop_bits,
                turnaround_s=bus.turnaround_s,
            )


class _Reconnector:
    """Breaks what a restarted PLC breaks: its own connections. A station on a line just falls silent for a moment."""

    def __init__(self, tower: Tower, wires: dict[str, Wire]) -> None:
        self._tower = tower
        self._wires = wires

    async def __call__(self, station: str) -> None:
        for name, bus in self._tower.bus.items():
            wire = self._wires[name]
            if station in bus.stations and isinstance(wire, TcpServer):
                await wire.stop()
                await wire.start()


def _hello(tower: Tower, wires: dict[str, Wire], run_dir: Path) -> str:
    lines = [tower.title or tower.name]
    for name, bus in tower.bus.items():
        match bus:
            case TcpBus():
                wire = wires[name]
                assert isinstance(wire, TcpServer)
                kind = "Modbus TCP" if bus.security == "none" else "Modbus/TCP Security"
                lines.append(f"  {name}: {kind} {bus.host}:{wire.port} ({', '.join(bus.stations)})")
            case RtuBus():
                lines.append(f"  {name}: Modbus RTU {run_dir / bus.device} ({', '.join(bus.stations)})")
    return "\n".join([*lines, f"  side channel: {run_dir / SIDE_CHANNEL}"])
