"""What happens while the carriage is on its way for a look: killed, stopped, cut off, refused, at a wrong time."""

import asyncio
from dataclasses import replace

import pytest

from controller.activities import audit
from controller.activities.again import TRIES
from controller.activities.context import Bench
from controller.activities.primitive import StepFailed
from controller.app import Ports
from controller.domain.alarms import STANDING, Tag
from controller.domain.book import Book
from controller.domain.looks import Eye, Finding
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.world import World
from tests.support.audits import (
    IDLE_S,
    at_rest,
    auditing_tower,
    on_the_way,
    only_a_few,
    seen,
    slow_tower,
    told,
    visit_begins,
    visiting,
)
from tests.support.places import LOW1, TOP1, TOP_BUS
from tests.support.scenes import eventually
from tests.support.stage import Stage, stage

CARS = {LOW1: Car("A"), TOP1: Car("C")}
MINUTE_S = 60.0
A_MINUTE = 1440
"""So many a day are one a minute."""
DECADE_S = 10 * 365.25 * 24 * 3600.0


async def back_to_work(it: Stage) -> None:
    """Do what people do behind a trip, up to Execute."""
    await it.until(lambda: it.unit is UnitState.ABORTED)
    await asyncio.sleep(1.0)
    await it.execute()


async def none_within_an_interval(it: Stage, bay: int) -> None:
    """See that a failed visit is not begun again before its time, and that another bay is the next one then."""
    count = len(seen(it))
    await asyncio.sleep(MINUTE_S / 2)
    assert (visiting(it), len(seen(it))) == (None, count)
    assert await visit_begins(it, MINUTE_S) != bay


def test_a_killed_daemon_goes_on_where_its_record_ends() -> None:
    async def play() -> None:
        async with stage(slow_tower(), cars=CARS) as it:
            await only_a_few(it)
            await eventually(it, lambda: len(seen(it)) == 1)
            looks = dict(it.book.looks)
            bay = await on_the_way(it)
            await it.world.crash_daemon()
            await it.start(late_s=5.0)
            assert it.book.looks == looks
            assert Book.from_body(it.book.to_body()).looks == looks
            assert it.unit is UnitState.STOPPED
            begun = it.motions()
            await asyncio.sleep(3 * IDLE_S)
            assert it.motions() == begun, "nothing moves before people let it"
            await it.execute()
            await eventually(it, lambda: bay in seen(it)[1:])
            assert it.truth() == it.belief()
            assert it.doubts() == set()

    loop.run(play())


def test_restarts_lead_to_no_more_visits_whatever_the_wall_clock_says() -> None:
    """The clock is right, then in ten years, then right again: a start in between two visits adds one at most."""

    class WrongClock(World):
        wrong_s = 0.0

        def ports(self, life: Life) -> Ports:
            ports = super().ports(life)
            return replace(ports, now=lambda: ports.now() + self.wrong_s)

    async def play() -> None:
        world = WrongClock(auditing_tower(visits_per_day=A_MINUTE), 1, cars=dict(CARS))
        it = Stage(world)
        async with world.running():
            await it.start()
            await it.import_all()
            await it.execute()
            await eventually(it, lambda: len(seen(it)) == 1)
            for wrong_s, most in ((0.0, 1), (0.0, 1), (DECADE_S, 2), (DECADE_S, 2), (0.0, 3), (0.0, 3)):
                await world.crash_daemon()
                world.wrong_s = wrong_s
                await it.start()
                await it.execute()
                await asyncio.sleep(2 * IDLE_S)
                assert len(seen(it)) <= most, wrong_s
            # While it runs it may jump as it likes.
            for wrong_s in (DECADE_S, -DECADE_S):
                world.wrong_s, count = wrong_s, len(seen(it))
                await asyncio.sleep(MINUTE_S - 25.0)
                assert len(seen(it)) == count
                await eventually(it, lambda: len(seen(it)) == count + 1, 30.0)  # noqa: B023 - awaited in the loop
            assert len(set(seen(it))) == len(seen(it)) == 5, "nobody's turn comes twice"
            assert it.inspector.violations == []

    loop.run(play())


def test_an_emergency_stop_ends_it_and_another_bay_is_the_next() -> None:
    async def play() -> None:
        async with stage(slow_tower(visits_per_day=A_MINUTE), cars=CARS) as it:
            await only_a_few(it)
            bay = await on_the_way(it)
            it.world.do(lambda plant: plant.press_e_stop())
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert visiting(it) is None
            look = it.book.looks[bay]
            assert (look.eye, look.finding) == (Eye.CARRIAGE, Finding.FAILED)
            assert "E_STOP" in look.text
            it.world.do(lambda plant: plant.release_e_stop())
            it.world.do(lambda plant: plant.device_reset())
            await back_to_work(it)
            assert set(it.book.intents) == set()
            await none_within_an_interval(it, bay)

    loop.run(play())


@pytest.mark.parametrize("bus", [pytest.param("tower", marks=pytest.mark.campaign), TOP_BUS])
def test_a_lost_station_aborts_as_it_does_during_a_job(bus: str) -> None:
    async def play() -> None:
        async with stage(slow_tower(visits_per_day=A_MINUTE), cars=CARS) as it:
            await only_a_few(it)
            bay = await on_the_way(it)
            it.world.pull_cable(bus, out=True)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await it.until(lambda: at_rest(it), 5.0)
            assert it.book.looks[bay].finding is Finding.FAILED
            it.world.pull_cable(bus, out=False)
            await asyncio.sleep(5.0)
            await back_to_work(it)
            await none_within_an_interval(it, bay)
            assert it.truth() == it.belief()

    loop.run(play())


def dock_contact(it: Stage) -> None:
    it.world.do(lambda plant: plant.overrides.update({("carriage", "dock_level"): False}))


def cannot_dock(it: Stage) -> bool:
    """A visit held the tower, and says why."""
    alarm = it.book.alarms.get(Tag("AUDIT_FAILED"))
    return it.unit is UnitState.HELD and alarm is not None


def test_a_fault_holds_the_tower_with_its_cause_and_an_alarm_and_is_not_tried_for_ever() -> None:
    async def play() -> None:
        async with stage(slow_tower(visits_per_day=A_MINUTE), cars=CARS) as it:
            await only_a_few(it)
            bay = await on_the_way(it)
            dock_contact(it)
            await eventually(it, lambda: cannot_dock(it))
            assert str(bay) in it.world.daemon.control.unit.cause  # type: ignore[union-attr]
            assert (told(it)[-1]["place"], told(it)[-1]["finding"]) == (bay, "failed")
            assert it.book.places[bay].status.value in ("free", "occupied"), "nobody has seen anything against it"
            it.world.do(lambda plant: plant.overrides.clear())
            await asyncio.sleep(MINUTE_S)
            assert it.unit is UnitState.HELD
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert it.book.alarms[Tag("AUDIT_FAILED")].state not in STANDING
            assert await visit_begins(it) != bay

    loop.run(play())


def latch_contact(it: Stage) -> None:
    it.world.do(lambda plant: plant.overrides.update({("carriage", "all_latches_locked"): False}))


def test_an_interlock_that_opens_on_the_way_stops_it_and_aborts() -> None:
    async def play() -> None:
        async with stage(slow_tower(visits_per_day=A_MINUTE), cars=CARS) as it:
            await only_a_few(it)
            bay = await on_the_way(it)
            latch_contact(it)
            await it.until(lambda: it.unit is UnitState.ABORTED, 10.0)
            assert "STOPPED_SAFETY" in it.book.looks[bay].text
            await it.until(lambda: at_rest(it), 5.0)
            it.world.do(lambda plant: plant.overrides.clear())
            await back_to_work(it)

    loop.run(play())


@pytest.mark.parametrize(("busy", "held"), [(TRIES - 1, False), (TRIES, True)])
def test_what_passes_by_itself_is_tried_again_as_in_a_job_and_no_more(
    busy: int, monkeypatch: pytest.MonkeyPatch, *, held: bool
) -> None:
    left, visit = [StepFailed("BUSY", "the lift does something else")] * busy, audit.visit

    async def refused_first(bench: Bench, book: Book, bay: int) -> audit.Sight:
        if left:
            raise left.pop()
        return await visit(bench, book, bay)

    monkeypatch.setattr(audit, "visit", refused_first)

    async def play() -> None:
        async with stage(auditing_tower(), cars=CARS) as it:
            await eventually(it, lambda: len(seen(it)) == 1)
            assert told(it)[0]["finding"] == ("failed" if held else "agreed")
            assert left == []
            await asyncio.sleep(1.0)
            assert it.unit is (UnitState.HELD if held else UnitState.EXECUTE)

    loop.run(play())
