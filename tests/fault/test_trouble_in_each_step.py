"""Each trouble in each step of a move: the machine stops, people act, and the move ends as the tables say."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from config.load import load_tower
from controller.domain.events import Adopt, Relocate, Request, Retrieve, Store, UnitCommand
from controller.domain.jobs import JobState as S
from controller.domain.unit import UnitEvent, UnitState
from controller.store.errors import JournalLocked
from hal.interfaces import StationState
from hal.plcmap.codes import Result
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.stage import QUICK, Stage, small, stage

ROOM = 101
CARS = {102: Car("A"), 202: Car("C")}
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
TOUCHED = {0, 101, 102, 202}

each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
each_move = pytest.mark.parametrize("move", MOVES, ids=lambda move: type(move).__name__)

Trouble = Callable[[Stage], Awaitable[None]]


async def trouble_in(step: S, move: Request, trouble: Trouble, *, ends: frozenset[S] = frozenset({S.DONE})) -> None:
    """Begin a move, make trouble in one of its steps, and see it end."""
    tower = small(**UNHURRIED)
    async with stage(tower, cars=CARS) as it:
        assert await it.ended(await it.order(Relocate(car="A", bay=204))) is S.DONE
        if isinstance(move, Store):
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("D"), QUICK))
        number = await it.order(move)
        await it.until(lambda: it.job(number).state is step)
        await asyncio.sleep(0.1)
        await trouble(it)
        assert await it.ended(number) in ends, it.picture()
        assert it.truth() == it.belief()
        assert it.doubts() == set()
        assert await it.ended(await it.order(Relocate(car="A", bay=203))) is S.DONE


def stands(it: Stage) -> bool:
    """Tell whether no axis moves and every brake is on."""
    carriage = it.world.plant.truth().carriage
    axes = (carriage.lift, carriage.turntable, carriage.arms, carriage.comb)
    return not any(axis.moving for axis in axes) and carriage.lift.brake_on and carriage.turntable.brake_on


async def nothing_moves(it: Stage, for_s: float = 5.0, *, gates: bool = False) -> None:
    """Hold that for a while no motion begins and everything stands; ``gates``: but those."""
    begun = it.motions(but_gates=gates)
    end = it.world.now + for_s
    while it.world.now < end:
        assert stands(it)
        assert it.motions(but_gates=gates) == begun
        await asyncio.sleep(0.1)


async def e_stop(it: Stage) -> None:
    it.world.do(lambda plant: plant.press_e_stop())
    await asyncio.sleep(STOP_S)
    await nothing_moves(it)
    assert it.unit is UnitState.ABORTED
    # Each of the four human acts alone restarts nothing, in whatever order they are tried.
    assert await it.refused(UnitCommand(event=UnitEvent.RESET)) == "UNIT_STATE"
    it.world.do(lambda plant: plant.release_e_stop())
    await nothing_moves(it)
    it.world.do(lambda plant: plant.device_reset())
    await nothing_moves(it)
    assert it.unit is UnitState.ABORTED
    await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
    await nothing_moves(it)
    await it.command(UnitEvent.RESET, UnitState.IDLE)
    await nothing_moves(it)
    await it.command(UnitEvent.START, UnitState.EXECUTE)


@each_step
@each_move
def test_an_emergency_stop_stops_and_only_four_human_acts_go_on(move: Request, step: S) -> None:
    loop.run(trouble_in(step, move, e_stop))


async def back_to_work(it: Stage) -> None:
    """Wait until the daemon has seen that something happened; then clear, reset and start."""
    await it.until(lambda: it.unit is UnitState.ABORTED, 30.0)
    await it.until(lambda: stands(it))
    assert it.world.daemon is not None
    stations = it.world.daemon.control._bench.tower.stations.values()
    await it.until(lambda: all(station.online for station in stations), 30.0)
    assert it.doubts() <= TOUCHED | {204, 103, 104}
    await it.execute()


async def warm_restart(it: Stage) -> None:
    it.world.restart_plc("tower")
    await back_to_work(it)


@each_step
@each_move
def test_a_warm_restart_of_the_tower_plc(move: Request, step: S) -> None:
    loop.run(trouble_in(step, move, warm_restart))


async def cold_restart(it: Stage) -> None:
    it.world.restart_plc("tower", warm=False)
    await it.until(lambda: it.unit is UnitState.ABORTED, 30.0)
    await asyncio.sleep(STOP_S)
    await nothing_moves(it, 3.0)
    it.world.reset_plc("tower")
    await asyncio.sleep(2.0)
    await back_to_work(it)


@each_step
def test_a_cold_restart_of_the_tower_plc_waits_for_a_person_at_its_cabinet(step: S) -> None:
    loop.run(trouble_in(step, MOVES[0], cold_restart))


def test_without_the_person_at_the_cabinet_a_station_without_memory_does_nothing() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            it.world.restart_plc("tower", warm=False)
            await it.until(lambda: it.unit is UnitState.ABORTED, 30.0)
            begun = it.motions()
            await asyncio.sleep(10.0)
            for _ in range(3):
                await it.ask(UnitCommand(event=UnitEvent.CLEAR))
                await it.until(lambda: it.unit is UnitState.ABORTED)
                assert it.world.daemon is not None
                assert "MEMORY_LOST" in it.world.daemon.control.unit.cause
            assert it.motions() == begun
            it.world.reset_plc("tower")
            await asyncio.sleep(2.0)
            await back_to_work(it)
            assert await it.ended(await it.order(Relocate(car="A", bay=203))) is S.DONE

    loop.run(scenario())


async def bays_restart(it: Stage) -> None:
    """Restart the controller of the level where the carriage stands, or is going to.

    A latch whose controller lost its power rests on the arms and looks open until they go in: then the tower PLC
    stops the exchange, and the unit is cleared once more.
    """
    it.world.restart_plc("bays2")
    await back_to_work(it)
    await it.until(lambda: it.unit is UnitState.ABORTED or not it.book.open_jobs())
    if it.unit is UnitState.ABORTED:
        await back_to_work(it)


@each_step
def test_a_warm_restart_of_a_bay_controller(step: S) -> None:
    loop.run(trouble_in(step, MOVES[0], bays_restart))


@pytest.mark.parametrize("bus", ["tower", "bays"])
@pytest.mark.parametrize("out_s", [0.2, 20.0])
@pytest.mark.parametrize("step", [S.POSITIONING, S.OPENING, S.PICKING, S.OPENING_TO], ids=lambda step: step.name)
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


@each_step
def test_the_maintenance_key_stops_everything_and_homing_follows(step: S) -> None:
    loop.run(trouble_in(step, MOVES[1], key))


@each_step
def test_hold_lets_the_step_end_and_abort_does_not(step: S) -> None:
    async def hold_then_abort(it: Stage) -> None:
        await it.command(UnitEvent.HOLD, UnitState.HELD)
        await nothing_moves(it, gates=True)
        await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
        await asyncio.sleep(0.1)
        await it.ask(UnitCommand(event=UnitEvent.ABORT))
        await it.until(lambda: it.unit is UnitState.ABORTED)
        await asyncio.sleep(STOP_S)
        await nothing_moves(it)
        await it.execute()

    loop.run(trouble_in(step, MOVES[0], hold_then_abort))


@pytest.mark.parametrize("late_s", [0.2, 20.0])
@pytest.mark.parametrize("step", [S.POSITIONING, S.PICKING, S.PLACING], ids=lambda step: step.name)
def test_a_daemon_that_is_killed_and_started_again_soon_or_late(late_s: float, step: S) -> None:
    async def crash(it: Stage) -> None:
        await it.world.crash_daemon()
        await it.start(late_s=late_s)
        assert it.doubts() <= TOUCHED
        assert it.unit is UnitState.STOPPED
        await nothing_moves(it)
        await it.execute()

    loop.run(trouble_in(step, MOVES[0], crash))


def test_a_daemon_frozen_for_five_seconds_finds_its_motion_stopped_by_silence_and_goes_on() -> None:
    async def scenario() -> None:
        async with stage(load_tower("small"), cars=CARS) as it:
            number = await it.order(Relocate(car="C", bay=103))
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
            assert it.truth() == it.belief() == {"A": 102, "C": 103}

    loop.run(scenario())


def test_a_second_daemon_on_the_same_journal_is_kept_out() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            with pytest.raises(JournalLocked):
                await it.world.start_rival("journal.sqlite")
            assert await it.ended(await it.order(Relocate(car="A", bay=203))) is S.DONE

    loop.run(scenario())


def test_a_second_daemon_with_its_own_journal_freezes_the_first_until_an_operator_adopts() -> None:
    async def scenario() -> None:
        async with stage(small(machine__lift__speed_mm_s="200", machine__lift__home_speed_mm_s="200"), cars=CARS) as it:
            number = await it.order(Relocate(car="C", bay=103))
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
            assert it.truth() == it.belief() == {"A": 102, "C": 103}

    loop.run(scenario())
