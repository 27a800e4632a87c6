"""Every fault that there is, and scripts drawn from them in the manner of a swarm.

Swarm testing (Groce and others, Swarm Testing, ISSTA 2012): a seed first draws which letters are active at all and how
often each comes, then the strikes. A run with three letters reaches what a run with all of them never does.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sim_plc.rehearsal.cells import present
from sim_plc.rehearsal.faults import (
    clock,
    data,
    desk,
    drives,
    humans,
    iron,
    master,
    plc,
    power,
    process,
    safety,
    sensors,
    storage,
    wire,
    wire_bytes,
)
from sim_plc.rehearsal.faults.letter import Act, Faults, Letter, Scene, Strike
from sim_plc.rehearsal.faults.lookout import Lookout

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

CLASSES: Final[tuple[Callable[[Scene], Faults], ...]] = (
    process.ProcessFaults,
    plc.PlcFaults,
    wire.WireFaults,
    wire_bytes.ByteFaults,
    data.DataFaults,
    master.MasterFaults,
    safety.SafetyFaults,
    iron.IronFaults,
    drives.DriveFaults,
    sensors.SensorFaults,
    humans.HumanFaults,
    desk.DeskFaults,
    power.PowerFaults,
    storage.StorageFaults,
    clock.ClockFaults,
)

ALPHABET: Final[tuple[Letter, ...]] = (
    process.CRASH,
    process.SHUT_DOWN,
    process.FREEZE,
    process.LONG_FREEZE,
    process.HANG,
    process.STALL,
    process.TWIN,
    process.RIVAL,
    plc.PLC_WARM,
    plc.PLC_COLD,
    plc.BAYS_WARM,
    plc.BAYS_COLD,
    plc.HALT,
    plc.DEAD_PLC,
    plc.DOWNLOAD,
    plc.OVERRUN,
    plc.BROWN_OUT,
    wire.CUT,
    wire.NOISE,
    wire.LOSE,
    wire.DEAF,
    wire.LATE,
    wire.DOUBLE,
    wire.SLOW,
    wire.RESET_BEFORE,
    wire.RESET_BEHIND,
    wire.REFUSE,
    wire.SLOTS,
    wire.HALF_OPEN,
    wire.ADAPTER,
    wire.EXCEPTION,
    *wire_bytes.FAULTS,
    data.TORN,
    data.STALE,
    data.STUCK,
    data.SWAPPED,
    data.RANGE,
    master.MASTER,
    master.INTRUDER,
    master.JUNK,
    master.REGISTER_SCAN,
    safety.E_STOP,
    safety.KEY,
    safety.CURTAIN,
    safety.IN_SHAFT,
    safety.ESCAPE,
    safety.FORCED,
    safety.GOVERNOR,
    safety.SLACK_ROPE,
    safety.PHASE_LOSS,
    safety.FIRE,
    iron.JAM,
    iron.HALF_CLOSED,
    iron.LATCH_SHUT,
    iron.LATCH_AJAR,
    drives.DRIVE,
    drives.SEIZED,
    drives.SLIP,
    drives.PAST_PLACE,
    drives.BRAKE_LATE,
    drives.SHIFTED,
    sensors.LOOSE,
    sensors.FLAP,
    sensors.STUCK_OFF,
    sensors.STUCK_ON,
    sensors.SLUGGISH,
    sensors.CROSS_TALK,
    sensors.FALSE_GONE,
    humans.PERSON,
    humans.BACK_IN,
    humans.WRONG_CUSTOMER,
    humans.DAWDLE,
    humans.HOLD,
    humans.STOP,
    humans.ABORT,
    desk.TWO_ORDER,
    desk.TWO_CANCEL,
    desk.TWO_RESET,
    desk.EARLY_RESET,
    desk.FORGOTTEN_MODE,
    power.PC_POWER,
    power.PC_POWER_MOVING,
    power.PC_POWER_COMMIT,
    power.PLC_POWER,
    power.ALL_POWER,
    power.ALL_BROWN_OUT,
    storage.SYNC_EIO,
    storage.WRITE_EIO,
    storage.DISK_FULL,
    storage.READ_ONLY,
    storage.SLOW_SYNC,
    storage.BIT_FLIP,
    storage.LOST_LOG,
    storage.OLD_BACKUP,
    clock.CLOCK_HOUR,
    clock.CLOCK_DECADE,
    clock.CLOCK_SLEW,
    clock.CLOCK_LEAP,
    clock.CLOCK_DEAD,
    humans.SUSPEND,
)
"""In the order in which a seed draws them: a new letter anywhere makes every seed another run."""

SHARES: Final = (0.15, 0.3, 0.6, 1.0)
"""Of a swarm: the chance of each letter to be active in one run."""


def draw(
    rng: random.Random, *, begin_s: float, end_s: float, kinds: tuple[Letter, ...] = ALPHABET, most: int = 8
) -> tuple[Strike, ...]:
    """Draw a script: up to ``most`` strikes of the letters that the draw makes active, all over by ``end_s``."""
    share = rng.choice(SHARES)
    active = [letter for letter in kinds if rng.random() < share] or [rng.choice(kinds)]
    weights = [rng.expovariate(1.0) for _ in active]
    strikes = []
    for letter in rng.choices(active, weights, k=rng.randint(1, most)):
        hold_s = rng.uniform(*letter.hold_s)
        strikes.append(Strike(rng.uniform(begin_s, max(begin_s, end_s - hold_s)), letter, hold_s, rng.randrange(1000)))
    return tuple(sorted(strikes, key=lambda strike: strike.at_s))


class Fate:
    """Plays a script on a world. Strikes may overlap."""

    def __init__(self, world: "World", rng: random.Random) -> None:
        self.did: Counter[str] = Counter()
        self.struck: list[Strike] = []
        """What has struck, in the order of the script: an aimed strike whose moment never came has not."""
        self.hits: Counter[str] = Counter()
        """How often each letter has struck into each pair of `sim_plc.rehearsal.cells`: ``LETTER/UNIT/STEP``."""
        self._world = world
        self._lookout = Lookout(world)
        scene = Scene(world, rng, self.did)
        self._acts: dict[Letter, Act] = {
            letter: act for faults in CLASSES for letter, act in faults(scene).acts.items()
        }

    async def play(self, script: tuple[Strike, ...]) -> None:
        """Let every strike of a script happen at its time; return when all are over."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._play(strike)) for strike in script]
        self.struck = [strike for strike, task in zip(script, tasks, strict=True) if task.result()]

    async def _play(self, strike: Strike) -> bool:
        """Play one; tell whether its moment came."""
        await asyncio.sleep(max(0.0, strike.at_s - self._world.now))
        if strike.when is not None and not await self._lookout.wait(strike.when):
            return False
        self.hits.update(f"{strike.kind.name}/{cell}" for cell in present(self._world))
        self._world.note("strike", [strike.kind.name, round(strike.hold_s, 6), strike.where])
        self.did[strike.kind.name] += 1
        await self._acts[strike.kind](strike)
        return True
