"""The wall clock jumps by an hour or by ten years, there and back, while cars are moved: nothing depends on it.

The same run without a jump is the measure: every station's log, line by line and to the microsecond, must be the same.
"""

import asyncio
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from controller.app import Ports
from controller.domain.events import Retrieve, Store
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitState
from controller.store.chain import Entry
from controller.store.reading import entries_behind, entries_since, verify_file
from sim_plc.plant.cars import Car
from sim_plc.program.event_log import LogEntry
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.disk import JOURNAL
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.world import World
from tests.support.journals import open_journal
from tests.support.places import LOW2, ROOM, TOP2
from tests.support.stage import QUICK, Stage
from tests.support.tower_under_test import tower_under_test

HOUR_S: Final = 3600.0
DECADE_S: Final = 10 * 365.25 * 24 * HOUR_S

Log = list[tuple[str, LogEntry]]

EVERY: Final = {
    "hours": (0.7, (HOUR_S, 0.0, -HOUR_S, 0.0)),
    "decades": (0.7, (DECADE_S, 0.0, -DECADE_S, 0.0)),
    "both": (0.11, (DECADE_S, -HOUR_S, 0.0, -DECADE_S, HOUR_S)),
}
"""Seconds between two jumps, and by how much the clock is wrong behind each, in turn."""


class WrongClock(World):
    """A world whose wall clock is wrong by ``wrong_s``."""

    wrong_s = 0.0

    def ports(self, life: Life) -> Ports:
        ports = super().ports(life)
        return replace(ports, now=lambda: ports.now() + self.wrong_s)

    async def jump(self, every_s: float, by_s: tuple[float, ...]) -> None:
        """Let the clock jump for ever."""
        while True:
            for self.wrong_s in by_s:
                await asyncio.sleep(every_s)


@pytest.fixture(scope="module")
def undisturbed() -> Log:
    log, _ = loop.run(moves(0.7, (0.0,)))
    return log


@pytest.mark.parametrize(
    "how", ["both", *(pytest.param(each, marks=pytest.mark.campaign) for each in ("hours", "decades"))]
)
def test_nothing_moves_or_waits_otherwise(undisturbed: Log, how: str, tmp_path: Path) -> None:
    log, journal = loop.run(moves(*EVERY[how], kept=tmp_path))
    assert log == undisturbed
    assert len(log) > 50
    report = verify_file(journal)
    assert report.damage == ()
    entries = entries_behind(journal, 0)
    assert [entry.id for entry in entries] == list(range(1, report.entries + 1))
    times = [entry.at for entry in entries]
    assert max(times) - min(times) > HOUR_S, "the clock has jumped"
    assert times != sorted(times), "and back"
    for since in (min(times), sorted(times)[len(times) // 2], max(times)):
        assert ids(entries_since(journal, since)) == ids(entry for entry in entries if entry.at >= since)


async def moves(
    every_s: float, by_s: tuple[float, ...], kept: Path | None = None
) -> tuple[Log, Path]:
    """Take a car out, another in, with a restart in each move, under a clock that jumps; return what the PLCs did."""
    world = WrongClock(tower_under_test(), 3, cars={LOW2: Car("A1"), TOP2: Car("B2")})
    it = Stage(world)
    async with world.running():
        await it.start()
        await it.import_all()
        await it.execute()
        jumping = asyncio.create_task(world.jump(every_s, by_s))
        number = await it.order(Retrieve(car="B2", room=ROOM))
        await it.until(lambda: it.job(number).state is JobState.POSITIONING_TO)
        await restart(it)
        assert await it.ended(number) is JobState.DONE
        world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
        await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
        world.do(lambda plant: plant.car_arrives(ROOM, Car("C3"), QUICK))
        number = await it.order(Store(car="C3", room=ROOM))
        await it.until(lambda: it.job(number).state is JobState.PICKING)
        await restart(it)
        assert await it.ended(number) is JobState.DONE
        still = it.motions()
        await asyncio.sleep(30.0)
        assert it.motions() == still
        assert it.belief() == it.truth()
        assert it.doubts() == set()
        assert it.inspector.violations == []
        jumping.cancel()
        await world.stop_daemon()
        journal = world.folder / JOURNAL
        if kept is not None:
            journal = Path(shutil.copy(journal, kept))
        return list(world.log), journal


async def restart(it: Stage) -> None:
    """Stop the daemon in the middle of a move and start it again, with the clock wherever it is then."""
    await it.world.stop_daemon()
    await it.start(late_s=0.5)
    assert it.unit is UnitState.STOPPED
    await it.execute()


def ids(entries: Iterable[Entry]) -> list[int]:
    return [entry.id for entry in entries]


def test_events_are_found_behind_a_day_with_a_clock_that_was_ten_years_slow(tmp_path: Path) -> None:
    """A walk back in time does not end at entries that only look old."""
    slow, right, day = 1_000_000.0 - DECADE_S, 1_000_000.0, 10_000
    clock = right

    async def scenario() -> None:
        nonlocal clock
        journal = open_journal(tmp_path / "j", now=lambda: clock)
        await journal.append([("Before", {})])
        clock = slow
        await journal.append([("Slow", {"n": n}) for n in range(day)])
        clock = right + 60.0
        await journal.append([("Behind", {})])
        journal.close()

    asyncio.run(scenario())
    assert [entry.kind for entry in entries_since(tmp_path / "j", right - HOUR_S)] == ["Before", "Behind"]
