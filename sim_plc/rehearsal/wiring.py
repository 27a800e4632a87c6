"""What runs between the daemons of a world and its PLCs: links, the pace of polls, and who lets one be made."""

import asyncio
from typing import TYPE_CHECKING, Final

from hal.modbus_link import MAX_UNANSWERED
from sim_plc.rehearsal.bent_unit import BentUnit
from sim_plc.rehearsal.cadence import Pace, Pulse, PulsedCadence
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.lull import Lull
from sim_plc.rehearsal.memory_link import Fault, MemoryLink
from sim_plc.rehearsal.wired import Wired
from sim_plc.unit import Unit

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

LATENCY_S: Final = 0.004
"""A request and its answer on a quiet network, with a PLC that answers between two scans."""

LATE_S: Final = (0.4, 5.0)
"""How late a request may come out of a gateway's buffer."""

SLOW_S: Final = (0.01, 0.18)
"""How slow a PLC may be that still answers in time: every bus waits for longer."""


def no_fault(_bus: str, _function: int, _unit: int) -> Fault:
    """Let every request arrive and be answered."""
    return Fault.NONE


class Wiring:
    """Makes what a daemon is wired with. A poll is left out while nothing new could be shown and every wire carries."""

    def __init__(self, world: "World", *, coalesced: bool) -> None:
        """Take the world whose PLCs are wired; ``coalesced``: whether polls are left out at all."""
        self.pulses = {name: Pulse() for name in world.tower.maps}
        """By station: beats when a poll could show something new."""
        self._world = world
        self._coalesced = coalesced
        self._shown = [(pulse, -1) for pulse in self.pulses.values()]
        """In the order of the programs: each pulse, with how often its station had shown something else at its last."""

    def cadence(self, name: str, life: Life) -> PulsedCadence:
        """Return the pace of one station's polls by one daemon."""
        world = self._world
        number, carries = [program.name for program in world.programs].index(name), life.sound(name)

        def epoch() -> int | None:
            station = None if life.daemon is None else life.daemon.stations[name]
            return station.epoch if station is not None and station.online else None

        def sound() -> bool:
            return world.decide is no_fault and world.storm.calm and carries() and not world.has_rivals

        def pace() -> Pace | None:
            return None if life.daemon is None else life.daemon.stations[name].pace

        lull = Lull(epoch, lambda: world.programs[number], carries=sound, moved=world.stepper.kick)
        cadence = PulsedCadence(self.pulses[name], lull.begin if self._coalesced else None, pace, number)
        life.cadences.append(cadence)
        return cadence

    def link(self, bus: str, life: Life) -> Wired:
        """Return a new link of one daemon to a bus."""
        link = self._byte_link(bus) if self._world.on_bytes else self._memory_link(bus)
        link.reachable = bus not in self._world.cut
        life.links[bus] = link
        return link

    def units(self, bus: str) -> dict[int, Unit]:
        """Return the stations of a bus by unit id, as whoever asks them sees them now."""
        world = self._world
        units = world.stepper.units(asyncio.get_running_loop().time)
        wanted = [program for program in world.programs if program.name in world.tower.bus[bus].stations]
        return {program.unit: BentUnit(units[program.unit], world.storm.bends(program.name)) for program in wanted}

    def on_scan(self) -> None:
        """Let a station's pulse beat that shows something else since it beat last."""
        for number, program in enumerate(self._world.programs):
            if not program.stirred:
                continue
            (pulse, shown), now = self._shown[number], program.showings
            if now != shown:
                self._shown[number] = pulse, now
                pulse.beat()

    def beat_all(self) -> None:
        """Let every station be polled."""
        for pulse in self.pulses.values():
            pulse.beat()

    def beat(self, bus: str) -> None:
        """Let every station of a bus be polled."""
        for station in self._world.tower.bus[bus].stations:
            self.pulses[station].beat()

    def _memory_link(self, bus: str) -> Wired:
        return MemoryLink(
            self.units(bus),
            latency_s=LATENCY_S,
            late_s=lambda: self._world.rng.uniform(*LATE_S),
            slow_s=lambda: self._world.rng.uniform(*SLOW_S),
            max_unanswered=MAX_UNANSWERED if self._world.tower.bus[bus].kind == "tcp" else None,
            decide=lambda function, unit: self._fault(bus, function, unit),
            on_cut=lambda: self.beat(bus),
            shut=lambda: self._world.storm.shut(bus),
        )

    def _byte_link(self, bus: str) -> Wired:
        # Here alone: with it comes the codec's library, which most runs never need.
        from sim_plc.rehearsal.byte_link import byte_link
        from sim_plc.rehearsal.byte_wire import Weather

        weather = Weather(
            decide=lambda function, unit: self._fault(bus, function, unit),
            shut=lambda: self._world.storm.shut(bus),
            on_cut=lambda: self.beat(bus),
            late_s=lambda: self._world.rng.uniform(*LATE_S),
            slow_s=lambda: self._world.rng.uniform(*SLOW_S),
            rng=self._world.rng,
        )
        return byte_link(self._world.tower, bus, self.units(bus), weather, latency_s=LATENCY_S)

    def _fault(self, bus: str, function: int, unit: int) -> Fault:
        fault = self._world.decide(bus, function, unit)
        return self._world.storm.decide(bus, function, unit) if fault is Fault.NONE else fault
