"""A whole tower in one process and in virtual time for a master that writes straight into its registers."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from config.schema import Tower
from hal.plcmap.codec import ControllerBlock
from hal.plcmap.codes import Result
from hal.plcmap.registers import StationMap
from sim_plc.plant.cars import Car
from sim_plc.plant.plant import Plant
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS, BayScene
from sim_plc.program.bays import BayProgram
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.program.interlocks import InterlockSet
from sim_plc.program.station_program import StationProgram
from sim_plc.program.tower import TowerProgram
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.program.tower_scene import TowerScene
from sim_plc.stepper import Stepper
from tests.support.motion_judge import MotionJudge
from tests.support.safety_facts import TOWER, Facts
from tests.support.towers import tower_named

OWNER: Final = 4711

POLL_S: Final = 1.0
"""Within the PLCs' silence of 1.5 s."""

HAND_S: Final = 0.1
"""Between two polls while somebody holds the dead-man: within its 200 ms."""


def small() -> Tower:
    """Return the tower that is attacked: a room, six bays, two bay controllers, machines of ordinary speed."""
    return tower_named("small")


class _SeenPlant:
    """`sim_plc.stepper.SteppedPlant`: lets somebody look behind every scan."""

    def __init__(self, plant: Plant, look: Callable[[], None]) -> None:
        self._plant, self._look = plant, look
        self.sense = plant.sense
        self.next_event = plant.next_event

    def act(self, t: float) -> None:
        self._plant.act(t)
        self._look()


class AttackedTower:
    """Plant, PLC programs and a `MotionJudge`. ``accepted``, ``started`` and ``ended`` count what the logs tell."""

    def __init__(
        self,
        seed: int,
        *,
        cars: Mapping[int, Car],
        tower_interlocks: InterlockSet[TowerScene] = TOWER_INTERLOCKS,
        bay_interlocks: InterlockSet[BayScene] = BAY_INTERLOCKS,
    ) -> None:
        self.tower = small()
        self.t = 0.0
        self.plant = Plant(self.tower, seed=seed, cars=dict(cars))
        self.stations: Mapping[str, StationMap] = self.tower.maps
        self.judge = MotionJudge(self.plant, self.stations)
        self.accepted = self.started = 0
        self.ended: Counter[str] = Counter()
        """Outcomes by result, refusals by their reason."""
        self.epoch = 1
        self.dead_man = 0
        self.hand = False
        """Whether somebody holds the dead-man."""
        self.mute_until: dict[str, float] = {}
        """By station: until when it is not polled."""
        self._seed, self._power_ups = seed, 0
        self._tower_interlocks, self._bay_interlocks = tower_interlocks, bay_interlocks
        self.programs: dict[str, StationProgram[Any]] = {name: self._power_up(name, None) for name in self.stations}
        self.stepper = Stepper(
            _SeenPlant(self.plant, self.judge.look), list(self.programs.values()), scan_s=self.tower.machine.plc.scan_s
        )
        self._next_poll = 0.0
        self.run(0.1)

    @property
    def facts(self) -> Facts:
        """The truth now."""
        return self.judge.facts()

    @property
    def busy(self) -> bool:
        """Whether any mechanism runs a command."""
        return any(m.running is not None for program in self.programs.values() for m in program.mechanisms)

    def run(self, seconds: float) -> None:
        """Let time pass, with polls."""
        end = self.t + seconds
        while self._next_poll <= end:
            self._to(self._next_poll)
            # In motion nothing else may happen for seconds: whoever judges looks as often as somebody polls.
            self.judge.look()
            self.poll()
            self._next_poll = self.t + (HAND_S if self.hand else POLL_S)
        self._to(end)

    def run_to_event(self) -> None:
        """Let time pass until something happens, one poll at the most."""
        due = self.stepper.next_due()
        self.run(max(0.01, min(self._next_poll if due is None else due, self._next_poll) - self.t))

    def run_to_rest(self, limit_s: float = 60.0) -> None:
        """Let time pass until every command has ended."""
        end = self.t + limit_s
        self.run(0.03)
        while self.busy and self.t < end:
            self.run_to_event()

    def poll(self) -> None:
        """Write the controller block of every station that is polled at all."""
        if self.hand:
            self.dead_man = (self.dead_man + 1) & 0xFFFF
        for name, program in self.programs.items():
            if self.mute_until.get(name, 0.0) <= self.t:
                self.write_block(name, self.epoch, OWNER, program.gate.heartbeat(self.t))

    def write_block(self, station: str, epoch: int, owner: int, echo: int) -> None:
        """Write one controller block."""
        program = self.programs[station]
        block = ControllerBlock(epoch, owner, echo, self.dead_man)
        program.write(program.station.controller_block, block.to_words())

    def take_hand(self, *, on: bool) -> None:
        """Let somebody hold the dead-man, or let go."""
        self.hand = on
        self._next_poll = self.t

    def restart(self, station: str, *, warm: bool) -> None:
        """Cycle the power of a station; a lost memory is acknowledged at its cabinet."""
        fresh = self._power_up(station, self.programs[station].retained_bytes() if warm else b"")
        if not warm:
            fresh.local_reset()
        self.judge.power_up(station, warm=warm)
        number = list(self.programs).index(station)
        self.programs[station] = self.stepper.programs[number] = fresh
        self._next_poll = self.t

    def _to(self, t: float) -> None:
        self.t = max(self.t, t)
        self.stepper.advance(self.t)

    def _power_up(self, name: str, retained: bytes | None) -> StationProgram[Any]:
        self._power_ups += 1
        rng = random.Random(f"{self._seed} {name} {self._power_ups}")

        def on_event(entry: LogEntry) -> None:
            self._on_event(name, entry)

        if name == TOWER:
            return TowerProgram(
                self.tower,
                self.plant.tower_image,
                retained=retained,
                rng=rng,
                interlocks=self._tower_interlocks,
                on_event=on_event,
            )
        level = int(name.removeprefix("bays"))
        return BayProgram(
            self.tower,
            self.plant.bay_images[level],
            level=level,
            retained=retained,
            rng=rng,
            interlocks=self._bay_interlocks,
            on_event=on_event,
        )

    def _on_event(self, station: str, entry: LogEntry) -> None:
        match entry.event:
            case Event.ACCEPTED:
                self.accepted += 1
            case Event.STARTED:
                self.started += 1
                assert entry.content is not None
                self.judge.begins((station, entry.mechanism), entry.content)
            case Event.OUTCOME:
                refused = entry.result is Result.REFUSED
                self.ended[f"REFUSED {entry.reason.name}" if refused else entry.result.name] += 1
                if not refused:
                    self.judge.ends((station, entry.mechanism), entry.result)
