"""What scenarios of the inventory audit share: a tower that looks all the time, and what it tells of it."""

import asyncio
from collections.abc import Mapping
from typing import Final

from config.schema import Tower
from controller.domain.events import BlockPlace
from tests.support.places import LOW1, LOW2, LOW3, TOP1, TOP2, TOP3, across_in
from tests.support.scenes import eventually
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test

IDLE_S: Final = 2.0
INTERVAL_S: Final = 10.0


def auditing_tower(*, visits_per_day: int = 8640, idle_s: float = IDLE_S, **overrides: str) -> Tower:
    """Return the tower under test with visits as often as may be: one each `INTERVAL_S`."""
    return tower_under_test(audit__visits_per_day=str(visits_per_day), audit__idle_s=str(idle_s), **overrides)


def slow_tower(*, visits_per_day: int = 8640) -> Tower:
    """Return one whose carriage is seconds under way between any two places."""
    lift, turntable = across_in(12.0), "25000"
    return auditing_tower(
        visits_per_day=visits_per_day,
        machine__lift__speed_mm_s=lift,
        machine__lift__home_speed_mm_s=lift,
        machine__turntable__speed_mdeg_s=turntable,
        machine__turntable__home_speed_mdeg_s=turntable,
    )


FEW: Final = (LOW1, LOW2, LOW3, TOP1, TOP2, TOP3)


async def only_a_few(it: Stage) -> None:
    """Take every bay out of use but `FEW`: a round through a tall tower takes for ever."""
    for bay in it.world.tower.shape.bays:
        if bay not in FEW:
            await it.ask(BlockPlace(place=bay, why="not for this test"))


def visiting(it: Stage) -> int | None:
    """Return the bay that the carriage visits."""
    assert it.world.daemon is not None
    return it.world.daemon.control.audit.visiting


def told(it: Stage) -> list[Mapping[str, object]]:
    """Return the `audit` events so far."""
    return [event for event in it.world.events if event["event"] == "audit"]


def seen(it: Stage) -> list[int]:
    """Return the bays of these events, in their order."""
    return [place for event in told(it) if isinstance(place := event["place"], int)]


async def visit_begins(it: Stage, limit_s: float = 4 * INTERVAL_S) -> int:
    """Wait until the carriage has set out for a bay; return the bay."""
    await eventually(it, lambda: visiting(it) is not None, limit_s)
    bay = visiting(it)
    assert bay is not None
    return bay


async def on_the_way(it: Stage) -> int:
    """Wait until the carriage travels to a bay; return the bay."""
    while True:
        bay = await visit_begins(it)
        await asyncio.sleep(0.5)
        if not at_rest(it):
            return bay
        await eventually(it, lambda: visiting(it) is None)


def travels(it: Stage) -> int:
    """Return how many motions of lift and turntable were ever begun."""
    return sum(entry.event.name == "STARTED" and entry.mechanism in ("lift", "turntable") for _, entry in it.world.log)


def at_rest(it: Stage) -> bool:
    """Return whether the carriage stands with its brakes on."""
    carriage = it.world.plant.truth().carriage
    return carriage.held and not (carriage.lift.moving or carriage.turntable.moving)
