"""What goes wrong in a run: a script of strikes drawn from the seed before the run, so that one can be left out."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from controller.domain.events import Refusal, UnitCommand
from controller.domain.unit import UnitEvent
from hal.errors import HalError
from sim_plc.plant.contacts import Wire
from sim_plc.rehearsal.life import Crashed
from sim_plc.rehearsal.memory_link import Fault
from sim_plc.rehearsal.world import NobodyThere, World, no_fault


class Kind(Enum):
    """What strikes."""

    CRASH = "the daemon is killed, and started again"
    SHUT_DOWN = "the daemon is stopped in good order, and started again"
    FREEZE = "the daemon's process is frozen, and goes on"
    PLC_WARM = "the tower PLC restarts with its memory"
    PLC_COLD = "the tower PLC restarts without its memory"
    BAYS_WARM = "a bay controller restarts with its memory"
    BAYS_COLD = "a bay controller restarts without its memory"
    E_STOP = "somebody presses the emergency stop, and releases it"
    KEY = "the maintenance key is turned on, and off"
    CUT = "a cable is out, and in again"
    NOISE = "requests and answers get lost, late or doubled"
    PERSON = "somebody walks into a room, and out"
    CURTAIN = "somebody steps into the plane of a gate, and back"
    JAM = "a door or gate gets stuck on its way, and comes free when it is tried again"
    LOOSE = "a contact chatters for longer than its filter bears"
    HOLD = "an operator holds the unit"
    STOP = "an operator stops the unit"
    ABORT = "an operator aborts the unit"


HOLD_S: Final[dict[Kind, tuple[float, float]]] = {
    Kind.CRASH: (0.2, 20.0),
    Kind.SHUT_DOWN: (0.2, 20.0),
    Kind.FREEZE: (0.1, 8.0),
    Kind.E_STOP: (1.0, 30.0),
    Kind.KEY: (1.0, 30.0),
    Kind.CUT: (0.1, 20.0),
    Kind.NOISE: (1.0, 60.0),
    Kind.PERSON: (5.0, 60.0),
    Kind.CURTAIN: (0.2, 20.0),
    Kind.LOOSE: (0.05, 6.0),
}
"""How long each of those that last may last."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault: when, what, for how long, and where (a station, bus or room by its number in the list)."""

    at_s: float
    kind: Kind
    hold_s: float
    where: int


def draw(
    rng: random.Random, *, begin_s: float, end_s: float, kinds: tuple[Kind, ...] = tuple(Kind), most: int = 8
) -> tuple[Strike, ...]:
    """Draw a script: up to ``most`` strikes, all over by ``end_s``."""
    strikes = []
    for _ in range(rng.randint(1, most)):
        kind = rng.choice(kinds)
        hold_s = rng.uniform(*HOLD_S.get(kind, (0.0, 0.0)))
        strikes.append(Strike(rng.uniform(begin_s, max(begin_s, end_s - hold_s)), kind, hold_s, rng.randrange(1000)))
    return tuple(sorted(strikes, key=lambda strike: strike.at_s))


class Fate:
    """Plays a script on a world. Strikes may overlap."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.did: Counter[str] = Counter()
        self._world = world
        self._rng = rng
        self._noises: list[Callable[[str], Fault]] = []
        self._acts: dict[Kind, Callable[[Strike], Awaitable[None]]] = {
            Kind.CRASH: self._crash,
            Kind.SHUT_DOWN: self._shut_down,
            Kind.FREEZE: self._freeze,
            Kind.PLC_WARM: self._restart,
            Kind.PLC_COLD: self._restart,
            Kind.BAYS_WARM: self._restart,
            Kind.BAYS_COLD: self._restart,
            Kind.E_STOP: self._e_stop,
            Kind.KEY: self._key,
            Kind.CUT: self._cut,
            Kind.NOISE: self._noise,
            Kind.PERSON: self._person,
            Kind.CURTAIN: self._curtain,
            Kind.JAM: self._jam,
            Kind.LOOSE: self._loose,
            Kind.HOLD: self._command,
            Kind.STOP: self._command,
            Kind.ABORT: self._command,
        }

    async def play(self, script: tuple[Strike, ...]) -> None:
        """Let every strike of a script happen at its time; return when all are over."""
        async with asyncio.TaskGroup() as group:
            for strike in script:
                group.create_task(self._play(strike))

    async def _play(self, strike: Strike) -> None:
        await asyncio.sleep(max(0.0, strike.at_s - self._world.now))
        self._world.note("strike", [strike.kind.name, round(strike.hold_s, 6), strike.where])
        self.did[strike.kind.name] += 1
        await self._acts[strike.kind](strike)

    async def _crash(self, strike: Strike) -> None:
        if not self._world.down:
            await self._world.crash_daemon()
            await self._start_again(strike)

    async def _shut_down(self, strike: Strike) -> None:
        if not self._world.down:
            await self._world.stop_daemon()
            await self._start_again(strike)

    async def _start_again(self, strike: Strike) -> None:
        await asyncio.sleep(strike.hold_s)
        if self._world.down:
            with suppress(Crashed):
                await self._world.start_daemon()

    async def _freeze(self, strike: Strike) -> None:
        thaw = self._world.freeze_daemon()
        await asyncio.sleep(strike.hold_s)
        thaw()

    async def _restart(self, strike: Strike) -> None:
        of_bays = strike.kind in (Kind.BAYS_WARM, Kind.BAYS_COLD)
        names = [program.name for program in self._world.programs if (program.name != "tower") is of_bays]
        warm = strike.kind in (Kind.PLC_WARM, Kind.BAYS_WARM)
        self._world.restart_plc(names[strike.where % len(names)], warm=warm)

    async def _e_stop(self, strike: Strike) -> None:
        self._world.do(lambda plant: plant.press_e_stop())
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.release_e_stop())

    async def _key(self, strike: Strike) -> None:
        self._world.do(lambda plant: plant.set_maintenance_key(on=True))
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.set_maintenance_key(on=False))

    async def _cut(self, strike: Strike) -> None:
        bus = self._bus(strike)
        self._world.pull_cable(bus, out=True)
        await asyncio.sleep(strike.hold_s)
        self._world.pull_cable(bus, out=False)

    async def _noise(self, strike: Strike) -> None:
        bus = self._bus(strike)
        share = self._rng.uniform(0.01, 0.3)
        faults = [fault for fault in Fault if fault is not Fault.NONE]

        def decide(name: str) -> Fault:
            noisy = name == bus and self._rng.random() < share
            return self._rng.choice(faults) if noisy else Fault.NONE

        self._noises.append(decide)
        self._world.decide = self._decide
        await asyncio.sleep(strike.hold_s)
        self._noises.remove(decide)
        if not self._noises:
            self._world.decide = no_fault

    def _decide(self, bus: str, _function: int, _unit: int) -> Fault:
        """Return the fault of a request: of several noises the youngest that strikes."""
        fates = (decide(bus) for decide in reversed(self._noises))
        return next((fault for fault in fates if fault is not Fault.NONE), Fault.NONE)

    async def _person(self, strike: Strike) -> None:
        room = self._room(strike)
        if not self._world.plant.truth().gates[room].opened:
            return
        self._world.do(lambda plant: plant.person_enters(room))
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.person_leaves(room))

    async def _curtain(self, strike: Strike) -> None:
        room = self._room(strike)
        self._world.do(lambda plant: plant.somebody_in_gate(room, strike.hold_s))
        await asyncio.sleep(strike.hold_s)

    async def _jam(self, strike: Strike) -> None:
        which: Literal["door", "gate"] = "door" if strike.where % 2 else "gate"
        room, times = self._room(strike), 1 + strike.where % 3 // 2
        self._world.do(lambda plant: plant.jam(which, room, times))

    async def _loose(self, strike: Strike) -> None:
        room, bays = self._room(strike), self._world.tower.shape.bays
        wires: list[Wire] = [
            ("door", room, "closed_a"),
            ("door", room, "opened"),
            ("gate", room, "bolted_b"),
            ("gate", room, "opened"),
            ("room", room, "occupied_a"),
            ("bay", bays[strike.where % len(bays)], "latch_closed"),
            ("carriage", "latch_open"),
        ]
        wire = wires[strike.where % len(wires)]
        self._world.do(lambda plant: plant.shake_contact(wire, strike.hold_s))
        await asyncio.sleep(strike.hold_s)

    async def _command(self, strike: Strike) -> None:
        with suppress(Refusal, NobodyThere, HalError):
            await self._world.ask(UnitCommand(by="operator", event=UnitEvent[strike.kind.name]))

    def _room(self, strike: Strike) -> int:
        rooms = self._world.tower.shape.rooms
        return rooms[strike.where % len(rooms)]

    def _bus(self, strike: Strike) -> str:
        names = sorted(self._world.tower.bus)
        return names[strike.where % len(names)]


def without(script: tuple[Strike, ...], *numbers: int) -> tuple[Strike, ...]:
    """Return a script without some of its strikes, for whoever looks for the smallest that fails."""
    return tuple(strike for number, strike in enumerate(script) if number not in numbers)
