"""Counters of cycles, starts, hours and ways against what the steel has really done, and what people make of them.

Tolerances. A command is timed from its write to its proven end: brakes, bolts and levelling are in it, and at most
`LAG_S` of telegrams and scans. An encoder shows where a way began and where it ended: what an axis overshoots and takes
back within one command, `STRAY_MM` for the lift, is not in it. A latch that falls while the carriage is levelled anew
was asked for by nobody: such a motion counts nothing (`FELL`).
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from config.load import load_tower
from config.schema import Tower
from controller import app
from controller.activities.primitive import Errand, carry_out_ok
from controller.domain.alarms import AlarmState, Tag
from controller.domain.book import Book
from controller.domain.events import CompleteService, Jog, JogHold, Query, Relocate, Retrieve, SetMode, StateService
from controller.domain.jobs import JobState
from controller.domain.jogging import RENEW_S
from controller.domain.service import Counts, ServiceBook
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from hal.plcmap.shape import level_of
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.run import Options, Play
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.moves import station_states
from tests.support.places import LOW1, LOW2, ROOM, TOP1, bus_of
from tests.support.plant_record import PlantRecord
from tests.support.scenes import still, stock
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

LAG_S = 0.35
STRAY_MM = 25.0
STRAY_MDEG = 20.0
FELL = 0.05

DUE = Tag("SERVICE_DUE", 1)


def total(it: Stage, component: str) -> Counts:
    return it.book.service.of(component).total


async def service(it: Stage, component: str) -> Mapping[str, Any]:
    return await it.ask(Query(what="service", params={"component": component}))


async def said(it: Stage, request: CompleteService | StateService) -> Mapping[str, Any]:
    """Say something of a component; return how it stands then."""
    return await it.ask(request)


def hold_against_steel(service: ServiceBook, record: PlantRecord, tower: Tower) -> None:
    """Hold every counter against the plant's record.

    Raises:
        AssertionError: one differs by more than its tolerance.

    """
    lift, turntable, shuttle = (service.of(name).total for name in ("lift", "turntable", "shuttle"))
    # The first reference: an axis that was not homed is a stranger to its encoder.
    assert (lift.unmeasured, turntable.unmeasured, shuttle.unmeasured) <= (1, 1, 1)
    assert lift.starts == record.sent["lift"]
    assert turntable.starts == record.sent["turntable"]
    # Out and in again, and the comb between them; to their reference the arms go one way.
    assert 2 * shuttle.starts - shuttle.unmeasured == record.sent["shuttle"]
    assert abs(lift.way - record.way("lift")) <= STRAY_MM * lift.starts + STRAY_MM * shuttle.starts
    assert abs(turntable.way - record.way("turntable")) <= STRAY_MDEG * turntable.starts
    assert abs(shuttle.way - record.way("shuttle")) <= shuttle.starts
    for name, counted, axis in (("lift", lift, tower.machine.lift), ("turntable", turntable, tower.machine.turntable)):
        expected_s = record.moving_s(name) + 2 * axis.brake_s * counted.starts
        levelled_s = tower.machine.lift.levelling_s * shuttle.starts if name == "lift" else 0.0
        assert expected_s - levelled_s <= counted.ran_ms / 1000 <= expected_s + LAG_S * counted.starts
    leaves = {name: each for name, each in record.sent.items() if name.startswith("room")}
    assert {name: service.of(name).total.starts for name in leaves} == leaves
    latches = {name: each for name, each in record.sent.items() if name.startswith("bay")}
    fell = {name: each - service.of(name).total.starts for name, each in latches.items()}
    assert min(fell.values()) >= 0
    assert sum(fell.values()) <= FELL * sum(latches.values())
    assert set(service.counted) - {"lift", "turntable", "shuttle", "drives"} == {*leaves, *latches}


@pytest.mark.own_tower
@pytest.mark.parametrize(
    ("minutes", "seed"),
    [pytest.param(4, 1000, id="short"), *(pytest.param(60, s, marks=pytest.mark.campaign) for s in range(1001, 1005))],
)
def test_the_counters_are_what_the_steel_has_done(minutes: float, seed: int) -> None:
    async def play() -> None:
        it = Play(load_tower("small"), seed, Options(faults=False))
        record = PlantRecord(it.world.plant, lambda: it.world.now)
        async with it.world.running():
            report = await it.run(minutes * 60)
            assert report.good, str(report)
            assert report.jobs["DONE"] >= minutes / 6
            await asyncio.sleep(60.0)  # what a room still does comes to its end
            it.world.touch()
            assert it.world.daemon is not None
            hold_against_steel(it.world.daemon.book.service, record, it.world.tower)

    loop.run(play())


def test_counters_survive_a_crash_and_what_ran_meanwhile_is_counted_without_its_time() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, LOW2)) as it:
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP1))) is JobState.DONE
            await still(it)
            before = it.book.service.to_body()
            await it.world.crash_daemon()
            await it.start()
            assert it.book.service.to_body() == before
            await it.import_all()
            await it.execute()
            job = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
            await it.until(lambda: it.job(job).state is JobState.PICKING)
            await it.until(lambda: not it.world.plant.truth().carriage.arms_centred)
            await it.world.crash_daemon()
            starts = ServiceBook.from_body(before).of("shuttle").total.starts
            await it.start()
            await it.execute()
            await it.ended(job)
            after = total(it, "shuttle")
            assert after.untimed == 1, "the pick that came to its end while nobody looked"
            assert after.starts == after.cycles == starts + 2, "the pick and the placing"
            assert it.book.service == Book.from_body(it.book.to_body()).service

    loop.run(play())


def test_a_snapshot_from_before_there_were_counters_is_made_good_from_the_first_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    to_body = Book.to_body

    def old_body(book: Book) -> dict[str, object]:
        return {key: value for key, value in to_body(book).items() if key != "service"}

    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP1))) is JobState.DONE
            await it.ask(CompleteService(by="7:kim", component="lift", note="new ropes"))
            await still(it)
            before = it.book.service.to_body()
            await it.world.stop_daemon()
            with monkeypatch.context() as earlier:
                earlier.setattr(app, "SNAPSHOT_ENTRIES", 0)
                earlier.setattr(Book, "to_body", old_body)
                await it.start()
                await it.world.stop_daemon()
            for _ in ("counted anew", "by the snapshot that is kept then"):
                await it.start()
                assert it.book.service.to_body() == before
                await it.world.stop_daemon()
            await it.start()

    loop.run(play())


def test_a_cut_motion_counts_its_start_and_its_time_and_no_cycle() -> None:
    async def play() -> None:
        async with stage(tower_under_test(profile="medium"), cars=stock(LOW1)) as it:
            job = await it.order(Relocate(car=f"C{LOW1}", bay=TOP1))
            await it.until(lambda: it.job(job).state is JobState.POSITIONING_TO)
            begun_s = it.world.now
            await it.until(lambda: it.world.plant.truth().carriage.lift.velocity > 0)
            before = total(it, "lift")
            await asyncio.sleep(1.0)
            it.world.do(lambda plant: plant.press_e_stop())
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await it.until(lambda: not it.world.plant.truth().carriage.lift.moving)
            it.world.do(lambda plant: plant.release_e_stop())
            it.world.do(lambda plant: plant.device_reset())
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            cut = total(it, "lift").minus(before)
            assert (cut.starts, cut.cycles, cut.untimed) == (1, 0, 0)
            assert 1.0 <= cut.ran_ms / 1000 <= it.world.now - begun_s
            assert cut.ran_ms / 1000 < 5.0

    loop.run(play())


def test_a_jog_counts_its_time_and_its_way() -> None:
    async def play() -> None:
        async with stage(tower_under_test(profile="medium"), execute=False) as it:
            await it.import_all()
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            await it.ask(SetMode(mode=UnitMode.MANUAL))
            if it.unit is UnitState.STOPPED:
                await it.command(UnitEvent.RESET, UnitState.IDLE)
            before, record = total(it, "lift"), PlantRecord(it.world.plant, lambda: it.world.now)
            answer = await it.ask(Jog(by="7:kim", mechanism="lift", direction="up"))
            for held in (*[True] * 40, False):
                await asyncio.sleep(RENEW_S)
                await it.ask(JogHold(by="7:kim", jog=int(str(answer["jog"])), held=held))
            await asyncio.sleep(2.0)
            it.world.touch()
            jogged = total(it, "lift").minus(before)
            assert (jogged.starts, jogged.untimed, jogged.unmeasured) == (1, 0, 0)
            assert jogged.way == pytest.approx(record.way("lift"), abs=2)
            assert 2.0 <= jogged.ran_ms / 1000 <= 3.5

    loop.run(play())


def test_a_refused_command_counts_nothing() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            await still(it)
            before = it.book.service.to_body()
            assert await it.refused(Jog(by="7:kim", mechanism="lift", direction="up")) == "UNIT_MODE"
            assert it.book.service.to_body() == before

    loop.run(play())


def test_a_command_that_finds_everything_done_counts_nothing() -> None:
    async def play() -> None:
        async with stage() as it:
            await still(it)
            assert it.world.daemon is not None
            bench = it.world.daemon.control._bench
            room, latches = bench.tower.rooms[ROOM], bench.tower.latches[level_of(LOW1)]
            for wanted in (room.outer_gate.close, room.inner_door.close, partial(latches.latch, LOW1)):
                before, motions = it.book.service.to_body(), it.motions()
                records = await carry_out_ok(bench, Errand(None, "test"), wanted(), bound_s=1.0)
                await bench.keeper.commit(*records)
                assert it.motions() == motions + 1, "the PLC has carried it out"
                assert it.book.service.to_body() == before

    loop.run(play())


def test_what_stopped_while_nobody_saw_it_has_no_time() -> None:
    async def play() -> None:
        async with stage(tower_under_test(profile="medium"), cars=stock(LOW1)) as it:
            job = await it.order(Relocate(car=f"C{LOW1}", bay=TOP1))
            await it.until(lambda: it.job(job).state is JobState.POSITIONING_TO)
            await it.until(lambda: it.world.plant.truth().carriage.lift.velocity > 0)
            before = total(it, "lift")
            it.world.pull_cable(bus_of(it.world.tower, "tower"), out=True)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await asyncio.sleep(20.0)
            it.world.pull_cable(bus_of(it.world.tower, "tower"), out=False)
            await it.until(lambda: {"ONLINE"} == set(station_states(it)))
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            cut = total(it, "lift").minus(before)
            assert (cut.starts, cut.cycles, cut.untimed, cut.ran_ms) == (1, 0, 1, 0)

    loop.run(play())


def due_after(cycles: int) -> Tower:
    return tower_under_test(machine__service__lift__cycles=str(cycles))


def told(it: Stage) -> list[object]:
    return [each["active"] for each in it.world.events if each["event"] == "alarm" and each["code"] == "SERVICE_DUE"]


def test_the_alarm_comes_once_at_exactly_its_interval_and_goes_by_done() -> None:
    async def play() -> None:
        async with stage(due_after(1000), cars=stock(LOW1)) as it:
            await it.ask(StateService(by="7:kim", component="lift", cycles=999, note="the old panel"))
            await asyncio.sleep(70.0)
            assert DUE not in it.book.alarms
            assert (await service(it, "lift"))["state"] == "soon due"
            before = it.book.service.of("lift").since.cycles
            await it.ask(StateService(by="7:kim", component="lift", cycles=1000, note="one more"))
            await it.until(lambda: DUE in it.book.alarms, DUE.alarm.on_delay_s + it.limit_s)
            assert before == 999
            assert it.unit is UnitState.EXECUTE
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP1))) is JobState.DONE
            await asyncio.sleep(130.0)
            assert told(it) == [True], "once, and it stops nothing"

            await it.world.stop_daemon()
            await it.start()
            await asyncio.sleep(70.0)
            assert it.book.alarms[DUE].state is AlarmState.UNACKNOWLEDGED, "over a restart"
            answer = await said(it, CompleteService(by="7:kim", component="lift", note="new ropes"))
            assert (answer["state"], answer["since_service"]["cycles"]) == ("ok", 0)
            await it.until(lambda: it.book.alarms[DUE].state is AlarmState.RETURNED_UNACKNOWLEDGED)
            await it.until(lambda: len(told(it)) > 1)
            assert told(it) == [True, False]
            (done,) = (await service(it, "lift"))["services"]
            assert (done["by"], done["note"]) == ("7:kim", "new ropes")

    loop.run(play())


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (CompleteService(component="winch", note="n"), "UNKNOWN_COMPONENT"),
        (CompleteService(component="bay999.latch", note="n"), "UNKNOWN_COMPONENT"),
        (StateService(component="winch", note="", cycles=1), "UNKNOWN_COMPONENT"),
        (StateService(component="lift", note=""), "SERVICE_VALUES"),
        (StateService(component="drives", note="", hours=4), "SERVICE_VALUES"),
        (StateService(component="room1.outer_gate", note="", way=4), "SERVICE_VALUES"),
        (StateService(component="lift", note="", cycles=9, starts=8), "SERVICE_VALUES"),
        (StateService(component="lift", note="", since_service=True, cycles=9_999), "SERVICE_VALUES"),
        (StateService(component="lift", note="", serviced_at=int(EPOCH_S) + 10**7), "SERVICE_VALUES"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_changes_nothing(request_: CompleteService | StateService, rule: str) -> None:
    async def play() -> None:
        async with stage(execute=False) as it:
            before = it.book.service.to_body()
            assert await it.refused(request_) == rule
            assert it.book.service.to_body() == before

    loop.run(play())


def test_a_machine_that_ran_before_is_stated_part_by_part() -> None:
    async def play() -> None:
        async with stage(execute=False) as it:
            state = StateService(by="7:kim", component="lift", note="", cycles=12_000, hours=400, way=90_000)
            answer = await said(it, state)
            assert answer["in_all"] == answer["since_service"], "nobody knows of a service"
            assert (answer["in_all"]["hours"], answer["in_all"]["way"]) == (400.0, 90_000.0)
            day = int(EPOCH_S) - 86_400
            since = StateService(component="lift", note="", since_service=True, cycles=700, hours=30, serviced_at=day)
            answer = await said(it, since)
            assert (answer["in_all"]["cycles"], answer["since_service"]["cycles"]) == (12_000, 700)
            assert answer["since_service"]["starts"] == 700
            answer = await said(it, StateService(component="lift", note="", cycles=12_500))
            assert (answer["in_all"]["cycles"], answer["since_service"]["cycles"]) == (12_500, 700)
            assert it.book.service.of("lift").serviced_at == day

    loop.run(play())


def test_a_clock_that_is_years_ahead_for_a_while_makes_nothing_due() -> None:
    """Three alarms at each such step, two steps and what else was wrong: eleven in ten minutes (`small`, seed 5167)."""

    async def play() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1)) as it:
            clock = it.world.computer.clock
            clock.step(20 * 365 * 86_400.0)
            await asyncio.sleep(100.0)
            clock.step(-20 * 365 * 86_400.0)
            await asyncio.sleep(DUE.alarm.on_delay_s + 100.0)
            assert told(it) == []
            clock.step(20 * 365 * 86_400.0)
            await it.until(lambda: told(it) == [True] * 3, DUE.alarm.on_delay_s + it.limit_s)

    loop.run(play())
