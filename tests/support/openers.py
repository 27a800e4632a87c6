"""The towers that the contract suite runs on, each as a bench with its drivers online."""

import fcntl
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.schema import TcpBus, Tower
from controller import links
from hal.cadence import SteadyCadence
from hal.interfaces import StationState
from hal.link import Link
from hal.tower import BusPlan, TowerPlan, open_tower
from sim_plc.rehearsal.memory_link import MemoryLink
from sim_plc.tls import Credentials
from tests.support.bench import Ability, Bench, Surroundings, Unable
from tests.support.certificates import STATION, Authority
from tests.support.fake_tower import FakeTower, fake_tower
from tests.support.hal_rig import MemoryEpochs
from tests.support.soft_tower import SoftTower, served, suite_cars, suite_tower

OWNER = 2718
FAKE_MOTION_S = 1.0
TIMEOUT_S = 0.5
"""A machine that also serves its stations answers late when others compute on it: a test bears no lost answer."""

# No tower at all


@dataclass(frozen=True)
class FakeSurroundings:
    """Surroundings of a fake tower."""

    fake: FakeTower

    async def reconnect(self, station: str) -> None:
        self.fake.stations[station].go(StationState.OFFLINE, "the connection broke")
        self.fake.stations[station].come_up()

    async def silence(self, station: str) -> None:
        self.fake.stations[station].go(StationState.STALE, "no answer")

    async def speak(self, station: str) -> None:
        self.fake.stations[station].come_up()

    async def power_cycle(self, station: str) -> None:
        self.fake.stations[station].power_cycle()

    def judge(self) -> None:
        """There is no steel."""


@asynccontextmanager
async def fake_bench(name: str) -> AsyncIterator[Bench]:
    """Mechanisms by hand."""
    tower = suite_tower(name)
    fake = fake_tower(tower.shape, cars=suite_cars(tower), takes_s=FAKE_MOTION_S)
    yield Bench(fake.tower, {}, FakeSurroundings(fake))


# Towers of software


@dataclass(frozen=True)
class SoftSurroundings:
    """Surroundings of a tower of software."""

    soft: SoftTower
    links: Mapping[str, Link]
    """By bus."""

    async def reconnect(self, station: str) -> None:
        await self.links[self._bus(station)].close()

    async def silence(self, station: str) -> None:
        self._set_silent(station, silent=True)

    async def speak(self, station: str) -> None:
        self._set_silent(station, silent=False)

    async def power_cycle(self, station: str) -> None:
        self.soft.power_cycle(station)

    def judge(self) -> None:
        assert self.soft.plant.crimes == []
        assert self.soft.fc23_asked == 0

    def _set_silent(self, station: str, *, silent: bool) -> None:
        bus = self._bus(station)
        self.soft.mutes[bus].on = silent
        link = self.links[bus]
        if isinstance(link, MemoryLink):
            link.reachable = not silent

    def _bus(self, station: str) -> str:
        return next(name for name, bus in self.soft.tower.bus.items() if station in bus.stations)


@asynccontextmanager
async def memory_bench(name: str) -> AsyncIterator[Bench]:
    """PLC programs and plant in the loop's own time."""
    async with SoftTower(suite_tower(name)).running() as soft:
        ways: dict[str, Link] = {name: MemoryLink(soft.units_of(name)) for name in soft.tower.bus}
        async with _bench(soft.tower, ways, SoftSurroundings(soft, ways)) as bench:
            yield bench


@asynccontextmanager
async def rtu_bench(name: str) -> AsyncIterator[Bench]:
    """The tower station over TCP, the bay controllers on paced ptys, one a line."""
    tower = suite_tower(name)
    buses = {bus_name: bus.model_copy(update={"timeout_s": TIMEOUT_S}) for bus_name, bus in tower.bus.items()}
    async with _served_bench(tower.model_copy(update={"bus": buses})) as bench:
        yield bench


@asynccontextmanager
async def tcp_bench(name: str, *, fc23: bool = True) -> AsyncIterator[Bench]:
    """Every station over TCP, each line's behind a gateway; without FC23 if its stations know none."""
    tower = suite_tower(name)
    buses = {
        bus_name: TcpBus(kind="tcp", stations=bus.stations, timeout_s=TIMEOUT_S, fc23=fc23)
        for bus_name, bus in tower.bus.items()
    }
    async with _served_bench(tower.model_copy(update={"bus": buses})) as bench:
        yield bench


@asynccontextmanager
async def tls_bench(name: str) -> AsyncIterator[Bench]:
    """Every station over Modbus/TCP Security; each answer leaves in two records."""
    with tempfile.TemporaryDirectory(prefix="certificates-") as folder:
        authority = Authority(Path(folder))
        station, client = authority.station(), authority.client()
        tower = suite_tower(name)
        buses = {
            bus_name: TcpBus(
                kind="tcp",
                stations=bus.stations,
                timeout_s=TIMEOUT_S,
                security="tls",
                ca=str(authority.certificate),
                certificate=str(client.certificate),
                key=str(client.key),
                server_name=STATION,
            )
            for bus_name, bus in tower.bus.items()
        }
        credentials = Credentials(authority.certificate, station.certificate, station.key)
        async with _served_bench(tower.model_copy(update={"bus": buses}), credentials) as bench:
            yield bench


@asynccontextmanager
async def _served_bench(tower: Tower, credentials: Credentials | None = None) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="contract-")))
        soft = await stack.enter_async_context(SoftTower(tower).running())
        reachable = await stack.enter_async_context(served(soft, folder, credentials))
        ways = {name: link_of(reachable, name, folder) for name in reachable.bus}
        yield await stack.enter_async_context(_bench(reachable, ways, SoftSurroundings(soft, ways)))


# A real tower


class TowerInUse(Exception):
    """Another run of the suite has the tower."""


@dataclass(frozen=True)
class SiteSurroundings:
    """Surroundings of a real tower: its cables may be pulled from this end, nothing else is touched."""

    tower: Tower
    links: Mapping[str, Link]

    async def reconnect(self, station: str) -> None:
        bus = next(name for name, bus in self.tower.bus.items() if station in bus.stations)
        await self.links[bus].close()

    async def silence(self, station: str) -> None:
        raise Unable(Ability.SILENCE.value)

    async def speak(self, station: str) -> None:
        raise Unable(Ability.SILENCE.value)

    async def power_cycle(self, station: str) -> None:
        raise Unable(Ability.POWER.value)

    def judge(self) -> None:
        """Steel tells by its sensors alone, which each scenario has looked at."""


@asynccontextmanager
async def site_bench(tower: Tower, run_dir: Path) -> AsyncIterator[Bench]:
    """A real tower by its configuration, locked against another run for as long as the bench is open.

    Raises:
        TowerInUse: another run has it.

    """
    with tower_lock(tower):
        ways = {name: link_of(tower, name, run_dir) for name in tower.bus}
        async with _bench(tower, ways, SiteSurroundings(tower, ways)) as bench:
            yield bench


@contextmanager
def tower_lock(tower: Tower) -> Iterator[Path]:
    """Hold the one lock of a tower on this machine.

    Raises:
        TowerInUse: somebody else holds it.

    """
    path = Path(tempfile.gettempdir()) / f"cartower-contract-{tower.tower_id}.lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(fd, path, tower.tower_id)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(fd)


def _take(fd: int, path: Path, tower_id: int) -> None:
    """Lock an open file that still stands at its path: its last holder takes it away before letting go."""
    in_use = TowerInUse(f"tower {tower_id} is in use: {path} is locked")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise in_use from error
    if not (path.exists() and os.path.samestat(os.fstat(fd), path.stat())):
        raise in_use


# Drivers on links


def link_of(tower: Tower, name: str, run_dir: Path) -> Link:
    """Return the link of a bus, as the daemon makes it."""
    return links.link_of(tower, run_dir, name)


@asynccontextmanager
async def _bench(
    tower: Tower, links: Mapping[str, Link], surroundings: Surroundings
) -> AsyncIterator[Bench]:
    plan = TowerPlan(
        tower.shape,
        tuple(BusPlan(name, bus.stations, bus.fc23) for name, bus in tower.bus.items()),
        OWNER,
        poll_s=tower.timing.poll_s,
        idle_poll_s=tower.timing.idle_poll_s,
    )
    hardware = open_tower(
        plan, links=lambda bus: links[bus.name], cadences=lambda _: SteadyCadence(), epochs=MemoryEpochs()
    )
    by_station = {station: links[name] for name, bus in tower.bus.items() for station in bus.stations}
    async with hardware as drivers:
        bench = Bench(drivers, by_station, surroundings, tower.timing.idle_poll_s)
        await bench.adopt()
        yield bench
