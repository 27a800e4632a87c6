"""One tower of software: steel, a program for each station, and the stepper that gives them their time."""

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from config.schema import Tower
from sim_plc.customers import Customers
from sim_plc.keep import LOST, Kept, KeptSteel
from sim_plc.plant.plant import Car, Plant
from sim_plc.program.bays import BayProgram
from sim_plc.program.tower import TowerProgram
from sim_plc.roster import Roster
from sim_plc.stepper import Stepper
from sim_plc.unit import Unit

Program = TowerProgram | BayProgram


class SimTower:
    """The machine behind the wires. ``clock`` is a rising time in seconds.

    Every touch from outside comes between `touch` and `done`, so that it happens at its instant.
    """

    def __init__(
        self,
        tower: Tower,
        *,
        seed: int,
        roster: Roster,
        cars: Mapping[int, Car],
        retained: Mapping[str, bytes | None],
        clock: Callable[[], float],
    ) -> None:
        self.tower = tower
        self.roster = roster
        self.plant = Plant(tower, seed=seed, cars=cars)
        self._rng = random.Random(f"{seed} boot")
        self._clock = clock
        self.stations = ("tower", *(f"bays{level}" for level in self.plant.bay_images))
        programs = [self._powered_up(name, retained.get(name)) for name in self.stations]
        self.stepper = Stepper(self.plant, programs, scan_s=tower.machine.plc.scan_s)
        self.customers = Customers(self.plant)
        self.stepper.on_news = self.customers.look

    @property
    def programs(self) -> dict[str, Program]:
        """The running program of each station."""
        programs: dict[str, Program] = {}
        for name, program in zip(self.stations, self.stepper.programs, strict=True):
            assert isinstance(program, TowerProgram | BayProgram)
            programs[name] = program
        return programs

    def units(self, stations: tuple[str, ...]) -> dict[int, Unit]:
        """Return the registers of some stations by unit id, always up to date."""
        units = self.stepper.units(self._clock)
        return {program.unit: units[program.unit] for name, program in self.programs.items() if name in stations}

    def touch(self) -> Plant:
        """Return the plant as of now, for somebody who will do something to it; `done` must follow."""
        self.stepper.touch(self._clock())
        return self.plant

    def done(self) -> None:
        """Let the stepper see what was done."""
        self.stepper.kick()

    def restart(self, station: str, *, warm: bool) -> None:
        """Cycle the power of one PLC; cold: its retained memory is lost.

        Raises:
            KeyError: no such station.

        """
        self.touch()
        old = self.programs[station]
        self.stepper.programs[self.stations.index(station)] = self._powered_up(
            station, old.retained_bytes() if warm else LOST
        )
        self.done()

    def device_reset(self) -> None:
        """Turn the reset key at the tower: the chain's latches, and lost memories acknowledged at the cabinet."""
        self.touch().device_reset()
        for program in self.programs.values():
            program.local_reset()
        self.done()

    def truth(self) -> dict[str, Any]:
        """Return what is really so now, with every crime so far, as plain values."""
        truth = asdict(self.touch().truth())
        truth["crimes"] = [{"t": c.t, "code": c.code.name, "text": c.text} for c in self.plant.crimes]
        truth["customers_auto"] = self.customers.auto
        truth["stations"] = {
            each: {"boot_id": program.boot_id, "memory_lost": program.memory_lost}
            for each, program in self.programs.items()
        }
        return truth

    def kept(self, *, clean: bool) -> Kept:
        """Return what outlives the process; never clean while the arms reach out or a car drives."""
        truth = self.touch().truth()
        carriage = truth.carriage
        cars = truth.cars | truth.crossing
        steel = KeptSteel(cars, carriage.car, carriage.lift.position, carriage.turntable.position)
        at_rest = carriage.arms_centred and not truth.crossing
        retained = {station: program.retained_bytes() for station, program in self.programs.items()}
        return Kept(self.tower.name, steel, self.roster, clean and at_rest, retained)

    def _powered_up(self, station: str, retained: bytes | None) -> Program:
        if station == "tower":
            return TowerProgram(self.tower, self.plant.tower_image, retained=retained, rng=self._rng)
        level = int(station.removeprefix("bays"))
        image = self.plant.bay_images[level]
        return BayProgram(self.tower, image, level=level, retained=retained, rng=self._rng)


def new_tower(
    tower: Tower, *, seed: int, roster: Roster, cars: Mapping[int, Car], clock: Callable[[], float]
) -> SimTower:
    """Return a tower that leaves the factory, with cars in it."""
    return SimTower(tower, seed=seed, roster=roster, cars=cars, retained={}, clock=clock)


def found_again(tower: Tower, kept: Kept, *, seed: int, clock: Callable[[], float]) -> SimTower:
    """Return a tower as it was left; after a crash no PLC's memory is trusted.

    Raises:
        ValueError: a car at no place of the tower.

    """
    roster, steel = kept.roster, kept.steel
    cars = {place: _car(roster, car) for place, car in steel.cars.items()}
    stations = ("tower", *(f"bays{level}" for level in tower.shape.bay_levels))
    retained = {name: kept.retained.get(name, LOST) if kept.clean else LOST for name in stations}
    found = SimTower(tower, seed=seed, roster=roster, cars=cars, retained=retained, clock=clock)
    aboard = None if steel.aboard is None else _car(roster, steel.aboard)
    found.plant.take_up(steel.height_mm, steel.angle_mdeg, aboard)
    return found


def _car(roster: Roster, car: str) -> Car:
    found = roster.find(car)
    if found is None:
        raise ValueError(f"car {car} stands in the tower but has no papers")
    return found
