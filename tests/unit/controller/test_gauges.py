"""What is measured of the computer and its wires: each gauge shows what is so, and nothing where nothing is known."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from controller.domain.alarms import Tag
from controller.gauges import ERRORS_OVER_S, MIB, STEPS_OVER_S, BusErrors, ClockSteps, DiskSpace
from controller.runtime.measuring import PACE_S
from hal.errors import BadAnswer, LinkDown, NoAnswer, Refused
from hal.statistics import LinkStatistics
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S

T = TypeVar("T")

DISK, CLOCK, BUS = Tag("DISK_SPACE_LOW"), Tag("CLOCK_WRONG"), Tag("BUS_ERRORS", 1)


async def in_place(work: Callable[[], T]) -> T:
    return work()


def executor(work: Callable[[], T], /) -> Awaitable[T]:
    return in_place(work)


def test_the_disk_shows_what_is_free_for_this_user(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    shown = asyncio.run(DiskSpace(tmp_path, executor).read())
    assert shown[DISK] == pytest.approx(disk.f_bavail * disk.f_frsize / MIB, rel=0.05)


def test_a_read_only_disk_has_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    full = SimpleNamespace(f_flag=os.ST_RDONLY, f_bavail=1 << 30, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _folder: full)
    assert asyncio.run(DiskSpace(tmp_path, executor).read()) == {DISK: 0.0}


def test_a_disk_that_cannot_be_asked_shows_nothing(tmp_path: Path) -> None:
    assert asyncio.run(DiskSpace(tmp_path / "gone", executor).read()) == {}


@dataclass
class Unit:
    """As much of a station as is looked at."""

    name: str
    number: int
    online: bool = True
    map: Any = field(init=False)

    def __post_init__(self) -> None:
        self.map = SimpleNamespace(unit=self.number)


class Line:
    """A bus with two stations and its counters in hand."""

    def __init__(self) -> None:
        self.one, self.two = Unit("bays1", 11), Unit("bays2", 12)
        self.statistics = LinkStatistics()
        stations: Any = [self.one, self.two]
        self.gauge = BusErrors(1, self.statistics, stations)

    async def after(self, asked: int, *, failed: int = 0, unit: int = 11, seconds: float = PACE_S) -> float | None:
        """Ask a station so often, let so many fail, and look again; return the share in percent."""
        kinds = (NoAnswer("late"), BadAnswer("other"), LinkDown("cut"))
        for at in range(asked):
            error = kinds[at % 3] if at < failed else None
            try:
                with self.statistics.exchange(unit, 0.0, 0.0):
                    if error is not None:
                        raise error
            except (NoAnswer, BadAnswer, LinkDown):
                pass
        await asyncio.sleep(seconds)
        return (await self.gauge.read()).get(BUS)


def test_a_share_is_told_of_a_hundred_requests_and_forgets_old_ones() -> None:
    async def play() -> None:
        line = Line()
        assert await line.after(500, failed=500) is None, "what was before the first look counts for nothing"
        assert await line.after(60, failed=3) is None
        share = await line.after(60, failed=3)
        assert share == pytest.approx(5.0)
        after = await line.after(1000, seconds=2 * ERRORS_OVER_S)
        assert after is not None
        assert after < 0.2

    loop.run(play())


def test_refusals_are_answers_and_who_gives_up_asked_nothing() -> None:
    async def play() -> None:
        line = Line()
        await line.after(0)
        for error in (Refused(4, 2), asyncio.CancelledError()) * 200:
            try:
                with line.statistics.exchange(11, 0.0, 0.0):
                    raise error
            except (Refused, asyncio.CancelledError):
                pass
        assert await line.after(0) == 0.0

    loop.run(play())


def test_a_station_that_is_lost_does_not_make_its_bus_a_bad_one() -> None:
    async def play() -> None:
        line = Line()
        await line.after(1)
        assert await line.after(200, unit=12) == 0.0
        line.one.online = False
        assert await line.after(100, failed=100) == 0.0
        line.one.online = True
        assert await line.after(100, failed=100) == 0.0, "what failed before it was back"
        share = await line.after(100, failed=50)
        assert share is not None
        assert share > 10

    loop.run(play())


async def clock_shows(wall: Callable[[], float], looks: int) -> list[float]:
    gauge = ClockSteps(wall)
    found: list[float] = []
    for _ in range(looks):
        shown: Mapping[Tag, float] = await gauge.read()
        found.append(shown[CLOCK])
        await asyncio.sleep(PACE_S)
    return found


@pytest.mark.parametrize("step_s", [3600.0, -3600.0, 5.0])
def test_a_step_of_the_clock_is_shown_for_ten_minutes(step_s: float) -> None:
    async def play() -> None:
        now_s = asyncio.get_running_loop().time
        shown = await clock_shows(lambda: EPOCH_S + now_s() + (step_s if now_s() > 100 else 0.0), 100)
        wrong = [at for at, value in enumerate(shown) if value > 1.0]
        assert len(wrong) == pytest.approx(STEPS_OVER_S / PACE_S, abs=1)
        assert wrong == list(range(wrong[0], wrong[-1] + 1))
        assert max(shown) == pytest.approx(abs(step_s))

    loop.run(play())


def test_a_clock_that_is_slewed_is_right() -> None:
    async def play() -> None:
        now_s = asyncio.get_running_loop().time
        assert max(await clock_shows(lambda: EPOCH_S + now_s() * 1.0005, 100)) < 0.5

    loop.run(play())


def test_a_clock_that_has_lost_its_battery_is_wrong_from_the_start() -> None:
    async def play() -> None:
        assert min(await clock_shows(lambda: 0.0 + asyncio.get_running_loop().time(), 3)) > 1e9

    loop.run(play())
