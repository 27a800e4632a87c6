"""A tower on which one letter of the fault alphabet strikes, and what its daemon told meanwhile."""

import asyncio
import random
from collections import Counter

from hal.interfaces import StationState
from sim_plc.rehearsal.faults.alphabet import Fate
from sim_plc.rehearsal.faults.letter import Letter, Strike
from tests.support.stage import Stage

TOWER_PLC = 7
"""Strikes the tower PLC; less than that, a bay controller."""

SETTLE_S = 2.0
"""What was struck is told within this time."""

BACK_S = 6.0
"""Within this time behind a strike every station is online again by itself."""


async def struck(it: Stage, letter: Letter, hold_s: float, where: int = TOWER_PLC, *, seed: int = 3) -> Counter[str]:
    """Let one letter strike alone; return what it counted, and what the stations' troubles said, word by word."""
    told = len(it.world.events)
    fate = Fate(it.world, random.Random(seed))
    await fate.play((Strike(it.world.now, letter, hold_s, where),))
    assert fate.did[letter.name] == 1
    assert it.world.storm.calm, f"{letter} has not healed"
    await asyncio.sleep(SETTLE_S)
    words: Counter[str] = Counter()
    for event in it.world.events[told:]:
        words.update(str(value) for value in event.values())
        words.update(word for value in event.values() for word in str(value).split())
    return words + fate.did


async def back(it: Stage) -> None:
    """Wait until every station is online by itself."""
    daemon = it.world.daemon
    assert daemon is not None
    await it.until(lambda: all(one.state is StationState.ONLINE for one in daemon.stations.values()), BACK_S)
