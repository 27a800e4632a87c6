"""One letter of the fault alphabet, struck in the middle of a move on a tower whose computer is kept running."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from controller.domain.events import Relocate
from controller.domain.jobs import TERMINAL, JobState
from controller.domain.unit import UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal.disk import JOURNAL
from sim_plc.rehearsal.durability import Durability
from sim_plc.rehearsal.faults.alphabet import Fate
from sim_plc.rehearsal.faults.letter import Letter, Strike
from sim_plc.rehearsal.operator import Care, Operator
from sim_plc.rehearsal.world import World
from tests.support.places import LOW2, TOP1, TOP2
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test

HEALS_S = 300.0
LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Struck:
    """A tower with a move under way, and what strikes it."""

    it: Stage
    durability: Durability
    fate: Fate
    operator: Operator
    job: int

    @property
    def world(self) -> World:
        """What is struck."""
        return self.it.world

    @property
    def did(self) -> Counter[str]:
        """What really happened."""
        return self.fate.did

    async def strike(self, letter: Letter, hold_s: float, where: int = 0) -> None:
        """Let a letter strike now; return when it is over."""
        await self.fate.play((Strike(self.world.now, letter, hold_s, where),))

    async def heals(self) -> None:
        """Let an operator attend until the move has ended and the inventory is true."""
        await self.recovers()
        assert self.it.job(self.job).state in TERMINAL - {JobState.PARKED}

    async def recovers(self) -> None:
        """Let an operator attend until the tower executes and knows every car, whatever has become of the move."""
        limit_s = self.world.now + HEALS_S
        attending = asyncio.create_task(self.operator.attend())
        try:
            while not self._well():
                assert self.world.now < limit_s, self.it.picture()
                await asyncio.sleep(LOOK_S)
        finally:
            attending.cancel()
            await asyncio.gather(attending, return_exceptions=True)
        assert self.it.belief() == self.it.truth()

    def _well(self) -> bool:
        if self.world.daemon is None or self.it.unit is not UnitState.EXECUTE:
            return False
        return not self.it.book.open_jobs() and not self.it.doubts()

    def judge(self) -> list[str]:
        """Return the invariants that are broken, now that all is over."""
        self.it.inspector.judge_end()
        self.durability.judge_end()
        return [violation.invariant for violation in self.it.inspector.violations]


@asynccontextmanager
async def in_a_move(seed: int = 1) -> AsyncIterator[Struck]:
    """Give a tower that executes, a car being on its way from one bay to another."""
    world = World(tower_under_test(), seed, cars={LOW2: Car("A1"), TOP2: Car("B2")})
    world.computer.managed = True
    it = Stage(world)
    durability = Durability(it.inspector.accuse, world.folder / JOURNAL, world.truth, it.inspector.lose_the_past)
    world.life_witnesses.append(durability)
    async with world.running():
        await it.start()
        await it.import_all()
        await it.execute()
        number = await it.order(Relocate(car="A1", bay=TOP1))
        await it.until(lambda: it.job(number).state is JobState.POSITIONING)
        fate = Fate(world, random.Random(seed))
        yield Struck(it, durability, fate, Operator(world, random.Random(seed), Care(pause_s=(0.3, 0.6))), number)
