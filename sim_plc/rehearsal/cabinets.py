"""The cabinets of a tower with a PLC each: their power, their memory, and programs that stand or come late."""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim_plc.program.bay_interlocks import BAY_INTERLOCKS, BayScene
from sim_plc.program.bays import BayProgram
from sim_plc.program.event_log import LogEntry
from sim_plc.program.interlocks import InterlockSet
from sim_plc.program.station_program import StationProgram
from sim_plc.program.tower import TowerProgram
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.program.tower_scene import TowerScene
from sim_plc.rehearsal.lame_programs import LateProgram, StandingProgram
from sim_plc.rehearsal.storm import End

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World


class Cabinets:
    """All of one tower. What is done to one is seen at once, and told to the world's witnesses."""

    def __init__(
        self,
        world: "World",
        interlocks: InterlockSet[TowerScene] = TOWER_INTERLOCKS,
        bay_interlocks: InterlockSet[BayScene] = BAY_INTERLOCKS,
    ) -> None:
        """Switch every PLC on, fresh from the factory; ``interlocks`` of the tower PLC and of each bay controller."""
        self._world = world
        self._interlocks, self._bay_interlocks = interlocks, bay_interlocks
        self._power_ups = 0
        self.programs: list[StationProgram[Any]] = [self._power_up(name, None) for name in world.tower.maps]
        """The running one of each PLC, the tower's first."""

    @property
    def exchange_at(self) -> int:
        """The place of an exchange that runs or was cut, as the tower PLC keeps it; 0: none."""
        tower = self.programs[self._number("tower")]
        assert isinstance(tower, TowerProgram)
        return tower.exchange_at

    def restart(self, name: str, *, warm: bool = True) -> None:
        """Cut and restore the power of one station's PLC; ``warm``: its retained memory survives."""
        world = self._world
        world.touch()
        number = self._number(name)
        fresh = self._power_up(name, self.programs[number].retained_bytes() if warm else b"")
        self.programs[number] = world.stepper.programs[number] = fresh
        world.note("power-up", [name, warm])
        for witness in world.witnesses:
            witness.on_power_up(name, warm=warm)
        world.touched()

    def reset(self, name: str) -> None:
        """Let a person acknowledge a station's loss of memory at its cabinet."""
        world = self._world
        world.touch()
        program = self.programs[self._number(name)]
        if program.memory_lost:
            for witness in world.witnesses:
                witness.on_forgotten(name)
        program.local_reset()
        world.note("local reset", name)
        world.touched()

    def stop(self, name: str) -> End:
        """Let a station's PLC go to STOP with its outputs off; what is returned lets it start, with its memory."""
        world, number = self._world, self._number(name)
        shown = self.programs[number]
        self.restart(name, warm=True)
        shown.refresh(world.stepper.now)
        standing = StandingProgram(shown, self.programs[number])
        world.stepper.programs[number] = standing
        world.note("stop", name)

        def run() -> None:
            if world.stepper.programs[number] is standing:
                world.touch()
                world.stepper.programs[number] = standing.fresh
                world.note("run", name)
                world.touched()

        return run

    def delay_scans(self, name: str, late_s: Callable[[], float]) -> End:
        """Let the scans of a running station come late; what is returned lets them come in time."""
        world, number = self._world, self._number(name)
        program = self.programs[number]
        if world.stepper.programs[number] is not program:
            return lambda: None
        world.touch()
        late = LateProgram(program, late_s)
        world.stepper.programs[number] = late

        def catch_up() -> None:
            world.touch()
            late.catch_up()
            world.touched()

        return catch_up

    def _number(self, name: str) -> int:
        return next(i for i, program in enumerate(self.programs) if program.name == name)

    def _power_up(self, name: str, retained: bytes | None) -> StationProgram[Any]:
        world = self._world

        def on_event(entry: LogEntry) -> None:
            world.happened(name, entry)

        # A memory that is lost twice is followed by two boot ids.
        self._power_ups += 1
        rng = random.Random(f"{world.seed} {name} {self._power_ups}")
        if name == "tower":
            return TowerProgram(
                world.tower,
                world.plant.tower_image,
                retained=retained,
                rng=rng,
                interlocks=self._interlocks,
                on_event=on_event,
            )
        level = int(name.removeprefix("bays"))
        return BayProgram(
            world.tower,
            world.plant.bay_images[level],
            level=level,
            retained=retained,
            rng=rng,
            interlocks=self._bay_interlocks,
            on_event=on_event,
        )
