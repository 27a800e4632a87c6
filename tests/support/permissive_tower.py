"""A rehearsed tower whose PLCs let everything happen, with people, orders, faults and lies, for a judge of commands."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from config.schema import Tower
from controller import logs
from controller.domain.jobs import TERMINAL
from hal.link import Link
from sim_plc.plant.cars import Car
from sim_plc.plant.contacts import Wire
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.faults import sensors
from sim_plc.rehearsal.faults.alphabet import ALPHABET, Fate, draw
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.operator import Care, Operator
from sim_plc.rehearsal.people import Manners, Orders, Public
from sim_plc.rehearsal.world import EPOCH_S, World
from tests.support.command_judge import CommandJudge
from tests.support.motion_judge import Unsafe
from tests.support.towers import tower_named

MANNERS: Final = Manners(
    no_show=0.02, odd_car=0.05, cancel=0.01, wrong_order=0.03, lingers=0.01, pause_s=(0.5, 4.0), open_jobs=3
)
"""Dense orders: the tower is never without a job."""

SLOW: Final = 0.2
"""Share of the runs with a machine of the real world's speed; the others get more jobs done."""

HURRIED: Final = 0.7
"""Share of the runs in which everybody comes at once and stays for seconds."""

KINDS: Final = tuple(letter for letter in ALPHABET if letter not in sensors.LIES)
"""The `Liar` lies instead: two signals that vouch for one another must not lie together."""

logs.set_up(now=lambda: EPOCH_S, level="critical")


class JudgedWorld(World):
    """A world with permissive PLCs, in which a `CommandJudge` reads what leaves the daemon."""

    def __init__(self, tower: Tower, seed: int, *, cars: Mapping[int, Car]) -> None:
        super().__init__(
            tower,
            seed,
            cars=cars,
            interlocks=TOWER_INTERLOCKS.permissive(),
            bay_interlocks=BAY_INTERLOCKS.permissive(),
        )
        self.judge = CommandJudge(self.plant, tower.maps)
        self.witnesses.append(self.judge)

    def freeze_daemon(self) -> Callable[[], None]:
        """Freeze it; for a while behind its thaw it cannot know."""
        thaw = super().freeze_daemon()

        def thawed() -> None:
            self.judge.blind_since = self.now
            thaw()

        return thawed

    def _link(self, bus: str, life: Life) -> Link:
        return _ReadLink(super()._link(bus, life), self._on_write)

    def _on_write(self, unit: int, address: int, words: Sequence[int]) -> None:
        self.touch()
        self.judge.writes(self.now, unit, address, tuple(words))


class _ReadLink:
    """`hal.link.Link` that tells of each write as it is handed over."""

    def __init__(self, link: Link, on_write: Callable[[int, int, Sequence[int]], None]) -> None:
        self._link, self._on_write = link, on_write
        self.connect, self.close = link.connect, link.close
        self.read_input, self.read_holding, self.read_write = link.read_input, link.read_holding, link.read_write

    @property
    def connected(self) -> bool:
        return self._link.connected

    @property
    def generation(self) -> int:
        return self._link.generation

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        self._on_write(unit, address, words)
        await self._link.write(unit, address, words, urgent=urgent)


class Liar:
    """Lets one sensor at a time be stuck at what it shows not, for a while."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.did: Counter[str] = Counter()
        self._world, self._rng = world, rng

    async def lie(self) -> None:
        """Lie for ever, with pauses."""
        while True:
            await asyncio.sleep(self._rng.uniform(20.0, 150.0))
            await self._stick(self._rng.choice(self._wires()), shows=self._rng.random() < 0.5)

    async def _stick(self, wire: Wire, *, shows: bool) -> None:
        self.did[f"{wire[0]} {wire[-1]}"] += 1
        self._world.do(lambda plant: plant.overrides.update({wire: shows}))
        await asyncio.sleep(self._rng.uniform(1.0, 40.0))
        self._world.do(lambda plant: plant.overrides.pop(wire))

    def _wires(self) -> list[Wire]:
        shape = self._world.tower.shape
        room, bay = self._rng.choice(shape.rooms), self._rng.choice(shape.bays)
        return [
            *(("carriage", name) for name in ("place_occupied_a", "place_occupied_b", "loaded_a", "loaded_b")),
            *(("carriage", name) for name in ("latch_open", "latch_closed", "dock_level", "dock_position")),
            *(("bay", bay, name) for name in ("occupied_a", "occupied_b", "latch_open", "latch_closed")),
            *(("door", room, name) for name in ("closed_a", "closed_b", "bolted_a", "bolted_b")),
            *(("gate", room, name) for name in ("closed_a", "closed_b", "bolted_a", "bolted_b", "opened")),
            *(("room", room, name) for name in ("occupied_a", "occupied_b", "weight", "person", "in_marks")),
            *(("room", room, name) for name in ("person_sensor_ok", "curtain_clear")),
        ]


@dataclass(slots=True)
class Rehearsed:
    """What came of runs."""

    jobs: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    lies: Counter[str] = field(default_factory=Counter)
    unsafe: list[tuple[int, Unsafe]] = field(default_factory=list)
    """With the seed."""

    @property
    def ended(self) -> int:
        """How many jobs have ended."""
        return self.jobs.total()

    def __str__(self) -> str:
        return (
            f"{self.ended} jobs, {self.commands.total()} commands, {self.faults.total()} faults, "
            f"{self.lies.total()} lies, {len(self.unsafe)} unsafe\n  jobs: {dict(self.jobs)}\n"
            f"  commands: {dict(self.commands.most_common())}\n  faults: {dict(self.faults.most_common())}\n"
            f"  lies: {dict(self.lies.most_common())}"
        )


def rehearse(seed: int, minutes: float, into: Rehearsed, *, faults: int = 6) -> None:
    """Rehearse one seed of the small tower with permissive PLCs."""
    loop.run(_rehearse(seed, minutes * 60.0, into, faults))


async def _rehearse(seed: int, length_s: float, into: Rehearsed, faults: int) -> None:
    rng = random.Random(f"permissive {seed}")
    profile = "fast" if rng.random() < SLOW else "brisk"
    tower = tower_named("small", profile, {"timing.customer_patience_s": "60"})
    bays = tower.shape.bays
    cars = {bay: Car(f"C{bay}") for bay in rng.sample(bays, rng.randint(2, len(bays) - 1))}
    world = JudgedWorld(tower, seed, cars=cars)
    public = Public(world, random.Random(rng.random()), MANNERS)
    public.generous = rng.random() < HURRIED
    orders = Orders(world, random.Random(rng.random()), MANNERS, public)
    operator = Operator(world, random.Random(rng.random()), Care(pause_s=(1.0, 3.0)))
    fate, liar = Fate(world, random.Random(rng.random())), Liar(world, random.Random(rng.random()))
    script = draw(rng, begin_s=20.0, end_s=length_s, kinds=KINDS, most=faults)
    async with world.running():
        await world.start_daemon()
        acts = (operator.attend(), public.come_and_go(), orders.flow(), liar.lie())
        cast = [asyncio.create_task(act) for act in acts]
        try:
            await fate.play(script)
            await asyncio.sleep(max(0.0, length_s - world.now))
        finally:
            for each in cast:
                each.cancel()
            came = await asyncio.gather(*cast, return_exceptions=True)
        for error in came:
            if isinstance(error, Exception):
                raise error
        daemon = world.daemon
        if daemon is not None:
            into.jobs.update(job.state.name for job in daemon.book.jobs.values() if job.state in TERMINAL)
        into.commands.update(world.judge.commands)
        into.faults.update(fate.did)
        into.lies.update(liar.did)
        into.unsafe += [(seed, unsafe) for unsafe in world.judge.unsafe]
