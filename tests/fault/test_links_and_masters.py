"""A cable out, a frozen or killed daemon, a second one, and the maintenance key: people act, and the move ends well."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from controller.domain.book import CARRIAGE
from controller.domain.events import Adopt, Relocate, Request, Retrieve, Store, UnitCommand
from controller.domain.jobs import JobState as S
from controller.domain.unit import UnitEvent, UnitState
from controller.store.errors import JournalLocked
from hal.claim import HIGHEST_START
from hal.interfaces import StationState
from hal.plcmap.codes import Result
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, ROOM, TOP1, TOP2, TOP3, TOP_BUS, across_in
from tests.support.samples import campaign, each_value
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

CARS = {LOW1: Car("A"), TOP1: Car("C")}
STOP_S = 1.0
"""Every ramp of the brisk machine, its brakes and a scan."""

UNHURRIED = {
    "machine__lift__speed_mm_s": "2000",
    "machine__lift__home_speed_mm_s": "500",
    "machine__door__bolt_s": "0.5",
    "machine__latch__travel_s": "0.5",
}
"""Every step lasts long enough to be met in it."""

STEPS = (S.POSITIONING, S.OPENING, S.PICKING, S.CLOSING, S.POSITIONING_TO, S.OPENING_TO, S.PLACING, S.CLOSING_TO)
MOVES = (Retrieve(car="C", room=ROOM), Store(car="D", room=ROOM))
TOUCHED = {CARRIAGE, ROOM, LOW1, TOP1}

Trouble = Callable[[Stage], Awaitable[None]]


async def trouble_in(step: S, move: Request, trouble: Trouble) -> None:
    """Begin a move, make trouble in one of its steps, and see it end."""
    tower = tower_under_test(**UNHURRIED)
    async with stage(tower, cars=CARS) as it:
        assert await it.ended(await it.order(Relocate(car="A", bay=TOP3))) is S.DONE
        if isinstance(move, Store):
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("D"), QUICK))
        number = await it.order(move)
        await it.until(lambda: it.job(number).state is step)
        await asyncio.sleep(0.1)
        await trouble(it)
        assert await it.ended(number) is S.DONE, it.picture()
        assert it.truth() == it.belief()
        assert it.doubts() == set()
        assert await it.ended(await it.order(Relocate(car="A", bay=TOP2))) is S.DONE


def stands(it: Stage) -> bool:
    """Tell whether no axis moves and every brake is on."""
    carriage = it.world.plant.truth().carriage
    axes = (carriage.lift, carriage.turntable, carriage.arms, carriage.comb)
    return not any(axis.moving for axis in axes) and carriage.lift.brake_on and carriage.turntable.brake_on


async def nothing_moves(it: Stage, for_s: float = 5.0) -> None:
    """Hold that for a while no motion begins and everything stands."""
    begun = it.motions()
    end = it.world.now + for_s
    while it.world.now < end:
        assert stands(it)
        assert it.motions() == begun
        await asyncio.sleep(0.1)


def check_doubts(it: Stage) -> None:
    """Hold that at most the two places of the open exchange are in doubt."""
    assert it.doubts() <= TOUCHED
    assert len(it.doubts()) <= 2


async def back_to_work(it: Stage) -> None:
    """Wait until the daemon has seen that something happened; then clear, reset and start."""
    await it.until(lambda: it.unit is UnitState.ABORTED, 30.0)
    await it.until(lambda: stands(it))
    assert it.world.daemon is not None
    stations = it.world.daemon.control._bench.tower.stations.values()
    await it.until(lambda: all(station.online for station in stations), 30.0)
    check_doubts(it)
    await it.execute()


@pytest.mark.parametrize(
    ("bus", "out_s", "step"),
    # What test_links.py shows of the same by a sample of all kinds of moves is quick enough; this is the campaign's.
    campaign(["tower", TOP_BUS], [0.2, 20.0], [S.POSITIONING, S.OPENING, S.PICKING, S.OPENING_TO]),
)
def test_a_cable_that_is_out_for_a_while(bus: str, out_s: float, step: S) -> None:
    async def cut(it: Stage) -> None:
        it.world.pull_cable(bus, out=True)
        await asyncio.sleep(out_s)
        it.world.pull_cable(bus, out=False)
        await asyncio.sleep(3.0)
        if out_s > 1.0:
            await back_to_work(it)

    loop.run(trouble_in(step, MOVES[0], cut))


async def key(it: Stage) -> None:
    it.world.do(lambda plant: plant.set_maintenance_key(on=True))
    await asyncio.sleep(STOP_S)
    assert it.unit is UnitState.ABORTED
    await nothing_moves(it, 10.0)
    it.world.do(lambda plant: plant.set_maintenance_key(on=False))
    await nothing_moves(it)
    await back_to_work(it)


@pytest.mark.parametrize("step", [*each_value(STEPS[:1]), *campaign(STEPS[1:])])
def test_the_maintenance_key_stops_everything_and_homing_follows(step: S) -> None:
    loop.run(trouble_in(step, MOVES[1], key))


@pytest.mark.parametrize(("late_s", "step"), campaign([0.2, 20.0], [S.POSITIONING, S.PICKING, S.PLACING]))
def test_a_daemon_that_is_killed_and_started_again_soon_or_late(late_s: float, step: S) -> None:
    async def crash(it: Stage) -> None:
        await it.world.crash_daemon()
        await it.start(late_s=late_s)
        check_doubts(it)
        assert it.unit is UnitState.STOPPED
        await nothing_moves(it)
        await it.execute()

    loop.run(trouble_in(step, MOVES[0], crash))


def test_a_daemon_frozen_for_five_seconds_finds_its_motion_stopped_by_silence_and_goes_on() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(profile="medium"), cars=CARS) as it:
            number = await it.order(Relocate(car="C", bay=LOW2))
            await it.until(lambda: it.job(number).state is S.PICKING)
            await asyncio.sleep(5.0)
            thaw = it.world.freeze_daemon()
            await asyncio.sleep(5.0)
            assert stands(it)
            silenced = [entry.mechanism for _, entry in it.world.log if entry.result == Result.STOPPED_SILENCE]
            assert silenced == ["shuttle"]
            thaw()
            await asyncio.sleep(1.0)
            if it.unit is not UnitState.EXECUTE:
                await back_to_work(it)
            assert await it.ended(number) is S.DONE
            assert it.truth() == it.belief() == {"A": LOW1, "C": LOW2}

    loop.run(scenario())


def test_a_second_daemon_on_the_same_journal_is_kept_out() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            with pytest.raises(JournalLocked):
                await it.world.start_rival("journal.sqlite")
            assert await it.ended(await it.order(Relocate(car="A", bay=TOP2))) is S.DONE

    loop.run(scenario())


def test_a_second_daemon_with_its_own_journal_freezes_the_first_until_an_operator_adopts() -> None:
    async def scenario() -> None:
        tower = tower_under_test(
            machine__lift__speed_mm_s=across_in(12.0), machine__lift__home_speed_mm_s=across_in(12.0)
        )
        async with stage(tower, cars=CARS) as it:
            number = await it.order(Relocate(car="C", bay=LOW2))
            await it.until(lambda: it.job(number).state is S.POSITIONING_TO)
            rival = await it.world.start_rival("rival.sqlite")
            assert it.world.daemon is not None
            stations = it.world.daemon.control._bench.tower.stations
            await it.until(lambda: all(s.state is StationState.FROZEN for s in stations.values()), 10.0)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            begun = it.motions()
            await asyncio.sleep(10.0)
            assert it.motions() == begun
            assert await it.refused(UnitCommand(event=UnitEvent.CLEAR)) == "STATION_OFFLINE"
            # The rival's journal does not hold what the stations have accepted: it keeps its hands off too.
            others = rival.control._bench.tower.stations
            assert others["tower"].state is StationState.FROZEN
            assert rival.control.unit.state is UnitState.ABORTED
            await it.world.stop_rivals()
            await it.ask(Adopt())
            await it.until(lambda: all(station.online for station in stations.values()), 10.0)
            await it.execute()
            assert await it.ended(number) is S.DONE
            assert it.truth() == it.belief() == {"A": LOW1, "C": LOW2}

    loop.run(scenario())


def test_an_epoch_with_none_above_it_is_given_back_by_a_plc_whose_memory_is_cleared() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=CARS) as it:
            assert it.world.daemon is not None
            tower = it.world.daemon.control._bench.tower.stations["tower"]
            it.world.programs[0].gate.memory.epoch = 0xFFFF_FFFF
            it.world.touched()
            await it.until(lambda: tower.state is StationState.FROZEN, 10.0)
            assert await it.refused(Adopt()) == "NOT_ONLINE"
            await it.world.stop_daemon()
            daemon = await it.world.start_daemon()
            tower = daemon.control._bench.tower.stations["tower"]
            await it.until(lambda: tower.state is StationState.FROZEN, 10.0)
            it.world.cabinets.restart("tower", warm=False)
            await asyncio.sleep(1.0)
            it.world.cabinets.reset("tower")
            await it.ask(Adopt())
            await it.until(lambda: tower.online, 10.0)
            await it.execute()
            assert it.book.epoch_high < HIGHEST_START

    loop.run(scenario())
