"""The whole tower as drivers: stations on their links, kept polled while the context is open."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from hal.bay import Latches
from hal.cadence import Cadence
from hal.carriage import Dock, Lift, Shuttle, Turntable
from hal.claim import HIGHEST_START
from hal.errors import HalError
from hal.handshake import Mailbox
from hal.interfaces import EpochStore, FrameLog, Mechanism, Prepared
from hal.link import Link
from hal.plcmap.codes import MechanismKind, StationKind
from hal.plcmap.registers import StationMap, station_maps
from hal.plcmap.shape import TowerShape
from hal.room import Door, RoomDriver, RoomSignal
from hal.safety import SafetyReader
from hal.scan import Station
from hal.station import StationControl

PROBE_S: Final = 2.0
"""How long a start waits for the stations to tell their epochs; one that comes later may find us too low."""

TOWER: Final = "tower"


@dataclass(frozen=True, slots=True)
class BusPlan:
    """One link and the stations behind it; ``fc23``: whether they know FC23."""

    name: str
    stations: tuple[str, ...]
    fc23: bool = True


@dataclass(frozen=True, slots=True)
class TowerPlan:
    """What a tower's drivers must know; plain values.

    ``owner``: 16 bit, random a daemon start. ``poll_s``: period of a station on which anything moves or a command
    is open; ``idle_poll_s``: of the others. ``stop_limit_s``: the longest controlled stop to standstill.
    """

    shape: TowerShape
    buses: tuple[BusPlan, ...]
    owner: int
    poll_s: float = 0.1
    idle_poll_s: float = 0.5
    stop_limit_s: float = 10.0


class _NoLog:
    """Keeps no record of frames."""

    async def rewriting(self, prepared: Prepared) -> None:
        """Take no notice."""

    def stopping(self, prepared: Prepared) -> None:
        """Take no notice."""

    def overtaken(self, mechanism: str, sequence: int) -> None:
        """Take no notice."""


@dataclass(frozen=True, slots=True)
class Tower:
    """The drivers of one tower. Latches by level, rooms by place, station controls by station name."""

    shape: TowerShape
    stations: Mapping[str, Station]
    mechanisms: Mapping[str, Mechanism]
    lift: Lift
    turntable: Turntable
    shuttle: Shuttle
    dock: Dock
    latches: Mapping[int, Latches]
    rooms: Mapping[int, RoomDriver]
    safety: SafetyReader
    station_controls: Mapping[str, StationControl]

    def mechanism(self, full_name: str) -> Mechanism:
        """Return a mechanism by its full name.

        Raises:
            KeyError: the tower has none of this name.

        """
        return self.mechanisms[full_name]

    @property
    def online(self) -> bool:
        """Whether every station is online."""
        return all(station.online for station in self.stations.values())


@asynccontextmanager
async def open_tower(
    plan: TowerPlan,
    *,
    links: Callable[[BusPlan], Link],
    cadences: Callable[[str], Cadence],
    epochs: EpochStore,
    frames: FrameLog | None = None,
) -> AsyncIterator[Tower]:
    """Open the links, begin a daemon start above every epoch found, and poll all stations until the end.

    Stations come online by themselves, now or later; nothing waits for them. ``cadences`` is asked once for each
    station by its name. ``frames`` is told of frames that a mailbox writes of its own accord.

    Raises:
        ValueError: the buses do not carry every station of the tower exactly once.

    """
    maps = station_maps(plan.shape)
    _check_buses(plan, maps)
    ways = {bus: links(bus) for bus in plan.buses}
    stations = {
        name: Station(
            maps[name],
            plan.shape,
            link,
            cadence=cadences(name),
            epochs=epochs,
            owner=plan.owner,
            fc23=bus.fc23,
            sole=len(bus.stations) == 1,
            poll_s=plan.poll_s,
            idle_poll_s=plan.idle_poll_s,
        )
        for bus, link in ways.items()
        for name in bus.stations
    }
    tower = _compose(plan, stations, frames or _NoLog())
    try:
        await epochs.start(await _highest_start(stations))
        async with asyncio.TaskGroup() as group:
            polls = [group.create_task(each.run(), name=f"scan {each.name}") for each in stations.values()]
            try:
                yield tower
            finally:
                for poll in polls:
                    poll.cancel()
    finally:
        for link in ways.values():
            await link.close()


def _check_buses(plan: TowerPlan, maps: Mapping[str, StationMap]) -> None:
    named = sorted(name for bus in plan.buses for name in bus.stations)
    if named != sorted(maps):
        raise ValueError(f"the buses carry {', '.join(named)}; the tower has {', '.join(sorted(maps))}")


async def _highest_start(stations: Mapping[str, Station]) -> int:
    """Return the highest daemon start (high word of the epoch) that any station in reach shows; 0 if none is.

    One above `hal.claim.HIGHEST_START` does not count: its station freezes as soon as it is polled.
    """
    starts = await asyncio.gather(*(_start_of(station) for station in stations.values()))
    return max((start for start in starts if start <= HIGHEST_START), default=0)


async def _start_of(station: Station) -> int:
    try:
        async with asyncio.timeout(PROBE_S):
            return (await station.probe()).epoch_in_force >> 16
    except (HalError, TimeoutError):
        # A station out of reach now is met later: if its epoch is above ours then, it freezes.
        return 0


def _compose(plan: TowerPlan, stations: Mapping[str, Station], frames: FrameLog) -> Tower:
    main = stations[TOWER]
    mechanisms: dict[str, Mechanism] = {}
    for station in stations.values():
        for each in station.map.mechanisms:
            mailbox = Mailbox(station, each.name, frames, pendant=main, stop_limit_s=plan.stop_limit_s)
            mechanisms[mailbox.name] = mailbox
    return Tower(
        shape=plan.shape,
        stations=stations,
        mechanisms=mechanisms,
        lift=Lift(mechanisms["tower/lift"], plan.shape),
        turntable=Turntable(mechanisms["tower/turntable"], plan.shape),
        shuttle=Shuttle(mechanisms["tower/shuttle"]),
        dock=Dock(main, plan.shape),
        latches={
            each.place: Latches(mechanisms[f"{station.name}/{each.name}"], station, each.place)
            for station in stations.values()
            if station.map.kind is StationKind.BAYS
            for each in station.map.mechanisms
            if each.kind is MechanismKind.LATCHES
        },
        rooms=dict(_rooms(plan.shape, main, mechanisms)),
        safety=SafetyReader(main),
        station_controls={
            name: StationControl(mechanisms[f"{name}/station"], station) for name, station in stations.items()
        },
    )


def _rooms(
    shape: TowerShape, station: Station, mechanisms: Mapping[str, Mechanism]
) -> list[tuple[int, RoomDriver]]:
    rooms = []
    for number, place in enumerate(shape.rooms, start=1):
        name = f"room{number}"
        parts = {part: mechanisms[f"{TOWER}/{name}.{part}"] for part in ("inner_door", "outer_gate", "signal")}
        driver = RoomDriver(
            name,
            place,
            station,
            Door(parts["inner_door"]),
            Door(parts["outer_gate"]),
            RoomSignal(parts["signal"]),
        )
        rooms.append((place, driver))
    return rooms
