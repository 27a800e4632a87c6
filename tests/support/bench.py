"""What one test of the contract suite works on: the drivers of a tower, and what may be done to its surroundings."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias

from hal.carriage import Lift, Shuttle, Turntable
from hal.interfaces import Outcome, Prepared, Verdict
from hal.link import Link
from hal.plcmap.codes import Reason, Status
from hal.plcmap.registers import latches_station
from hal.plcmap.shape import TowerShape, level_of
from hal.readings import Loaded
from hal.tower import TOWER, Tower

LIMIT_S = 120.0
"""More than any primitive of any tower takes; only what hangs gets so far."""

ONLINE_S = 15.0


class Ability(Enum):
    """What a back end must be able to do for some tests; the text is the reason where it cannot."""

    MACHINE = "it differs from tcp in its polls alone"
    DEAD_MAN = "it has no dead-man"
    WIRE = "it has no registers"
    SILENCE = "its PLCs cannot be made to fall silent"
    POWER = "the power of its PLCs cannot be cycled"


class Unable(Exception):
    """A back end was asked for what its abilities do not name."""


class Surroundings(Protocol):
    """What happens to a tower from outside. Ask only for what the back end's abilities name."""

    async def reconnect(self, station: str) -> None:
        """Break the connection that leads to a station; it may be made again at once."""
        ...

    async def silence(self, station: str) -> None:
        """Let a station's answers be lost, and those of whatever shares its wire (`Ability.SILENCE`)."""
        ...

    async def speak(self, station: str) -> None:
        """Let it answer again."""
        ...

    async def power_cycle(self, station: str) -> None:
        """Cut and restore the power of a station's PLC (`Ability.POWER`)."""
        ...

    def judge(self) -> None:
        """Fail if anything happened to the steel that must never happen."""
        ...


@dataclass(frozen=True)
class Bench:
    """Drivers that are online, and helpers that read like the contract. ``links`` by station (`Ability.WIRE`)."""

    tower: Tower
    links: Mapping[str, Link]
    surroundings: Surroundings
    poll_s: float = 0.0
    """The period at which an idle station is polled."""

    @property
    def shape(self) -> TowerShape:
        """The tower's shape."""
        return self.tower.shape

    @property
    def room(self) -> int:
        """The place of the room that the suite uses."""
        return self.shape.rooms[0]

    def bay(self, wanted: Loaded) -> int:
        """Return the first bay that is proven occupied (or empty) by its bay controller.

        Raises:
            AssertionError: the tower has none.

        """
        for place in self.shape.bays:
            if self.tower.latches[level_of(place)].occupied(place) is wanted:
                return place
        raise AssertionError(f"the suite needs a bay with occupied: {wanted.value}")

    # Commands

    async def done(self, prepared: Prepared) -> Outcome:
        """Issue a command and return its outcome."""
        mechanism = self.tower.mechanism(prepared.mechanism)
        await mechanism.issue(prepared)
        return await mechanism.outcome(prepared, LIMIT_S)

    async def ok(self, *wanted: Prepared) -> None:
        """Carry out commands together, which must succeed."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.done(each)) for each in wanted]
        for task in tasks:
            outcome = task.result()
            assert outcome.verdict is Verdict.OK, outcome

    async def refused(self, prepared: Prepared, reason: Reason) -> None:
        """Issue a command, which must be refused for ``reason``."""
        outcome = await self.done(prepared)
        assert (outcome.verdict, outcome.reason) == (Verdict.REFUSED, reason), outcome

    async def runs(self, prepared: Prepared) -> None:
        """Issue a command and return as soon as the station shows that it executes."""
        mechanism = self.tower.mechanism(prepared.mechanism)
        await mechanism.issue(prepared)
        station = self.tower.stations[prepared.mechanism.partition("/")[0]]
        with station.busy():
            await station.until(lambda _: mechanism.status().executing == prepared.sequence, LIMIT_S)

    async def until(self, station: str, predicate: Callable[[], bool]) -> None:
        """Wait until fresh images of a station satisfy a predicate over the drivers."""
        await self.tower.stations[station].until(lambda _: predicate(), ONLINE_S)

    async def online(self, *, above: int = 0) -> None:
        """Wait until every station is online, each with an epoch above ``above``."""
        async with asyncio.timeout(ONLINE_S):
            for station in self.tower.stations.values():
                while not (station.online and station.epoch > above):
                    await station.news(asyncio.get_running_loop().time() + ONLINE_S)

    # Ways

    async def dock(self, place: int) -> None:
        """Take the carriage to a place, lift and turntable together; nothing moves if it is docked there."""
        if self.tower.dock.docked_at == place:
            return
        await self.ok(self.tower.lift.move_to(place), self.tower.turntable.move_to(place))
        await self.until(TOWER, lambda: self.tower.dock.docked_at == place)

    async def open_way(self, place: int) -> None:
        """Open the latch or the inner door in front of the docked carriage."""
        if place in self.tower.rooms:
            await self.ok(self.tower.rooms[place].inner_door.open())
        else:
            await self.until(latches_station(place), lambda: self.tower.latches[level_of(place)].docked(place))
            await self.ok(self.tower.latches[level_of(place)].unlatch(place))
            await self.until(TOWER, lambda: self.tower.dock.latch_open)

    async def close_way(self, place: int) -> None:
        """Close it again, proven by the tower's own inputs."""
        if place in self.tower.rooms:
            await self.ok(self.tower.rooms[place].inner_door.close())
        else:
            await self.ok(self.tower.latches[level_of(place)].latch(place))
            await self.until(TOWER, lambda: self.tower.dock.all_latches_locked)

    # Between tests

    async def adopt(self) -> None:
        """Let every mailbox go on from what its station accepted, once: these runs keep no journal."""
        await self.online()
        for mechanism in self.tower.mechanisms.values():
            mechanism.adopt(mechanism.status().accepted)

    async def begin(self) -> None:
        """Bring the tower to where each test starts: all online, enabled, closed and homed, cars in bays only.

        Raises:
            AssertionError: it is not so, and bringing it there is no matter of course.

        """
        await self.online()
        for control in self.tower.station_controls.values():
            if not control.status & Status.POWERED:
                await self.ok(control.reset())
        for room in self.tower.rooms.values():
            for door in (room.inner_door, room.outer_gate):
                if not door.is_locked:
                    await self.ok(door.close())
        for latches in self.tower.latches.values():
            for place in self.shape.bays_of(latches.level):
                if not latches.latch_closed(place):
                    await self.ok(latches.latch(place))
        await self.until(TOWER, lambda: self.tower.dock.all_latches_locked)
        for axis in (self.tower.shuttle, self.tower.lift, self.tower.turntable):
            await self._home(axis)
        assert self.tower.shuttle.loaded is Loaded.NO, "a car stands on the carriage"
        assert self.tower.rooms[self.room].occupied is Loaded.NO, f"a car stands in room {self.room}"
        self.bay(Loaded.YES)
        self.bay(Loaded.NO)

    async def _home(self, axis: Lift | Turntable | Shuttle) -> None:
        if not axis.homed:
            await self.ok(axis.home())


Scenario: TypeAlias = Callable[[Bench], Awaitable[None]]
