"""Alarms as a person meets them, in virtual time: one a root cause, first-out right, kept over a restart."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from controller.domain.alarm_texts import ENGLISH
from controller.domain.alarms import BY_KEY, FLAPS_S, AlarmState, Showing, Tag
from controller.domain.events import AlarmAct, AlarmCommand, Query, Relocate, Resolve, Store, UnitCommand
from controller.domain.jobs import JobState
from controller.domain.roles import Role
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, ROOM
from tests.support.scenes import stock
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

BLOCKED = Tag("ROOM_BLOCKED", 1)
AXIS_FAULT = BY_KEY["AXIS_FAULT"]
LOST_S = 10.0
"""Longer than a station takes to be lost and its alarm to come."""


def told(it: Stage) -> list[tuple[str, object]]:
    """Return every coming and going that was annunciated."""
    return [(str(each["code"]), each["active"]) for each in it.world.events if each["event"] == "alarm"]


def shown(it: Stage) -> list[Mapping[str, Any]]:
    assert it.world.daemon is not None
    rows = it.world.daemon.board.status["alarms"]
    assert isinstance(rows, list)
    return rows


async def act(it: Stage, what: AlarmAct, number: str, *, seconds: int = 0, why: str = "") -> object:
    request = AlarmCommand(by="1000:ann", act=what, number=number, seconds=seconds, why=why)
    return (await it.ask(request))["numbers"]


async def refused(it: Stage, what: AlarmAct, number: str, *, seconds: int = 0, why: str = "") -> str:
    return await it.refused(AlarmCommand(by="1000:ann", act=what, number=number, seconds=seconds, why=why))


async def block_the_room(it: Stage) -> None:
    """Open the gate of the vacant room by hand, as a burglar would, and shut it again."""
    await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
    it.world.do(lambda plant: plant.use_escape(ROOM))
    await it.until(lambda: BLOCKED in it.book.alarms)
    it.world.do(lambda plant: plant.restore_escape(ROOM))


def test_an_axis_that_fails_under_a_job_is_told_by_that_job_until_somebody_has_decided() -> None:
    """One forced door was seven alarms, and with who lingered more than people can take (`small`, seed 8875)."""

    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            shuttle = Tag("AXIS_FAULT", 3)
            job = await it.order(Relocate(car=f"C{LOW1}", bay=LOW2))
            await it.until(lambda: it.job(job).state is JobState.PICKING)
            await it.until(lambda: not it.world.truth().carriage.arms_centred)
            it.world.do(lambda plant: plant.troubles.trip_drive("arms"))
            await it.until(lambda: it.job(job).state is JobState.PARKED)
            await asyncio.sleep(LOST_S)
            assert it.job(job).reason.startswith("DRIVE")
            line = it.book.alarms[shuttle]
            assert (line.state, line.showing) == (AlarmState.UNACKNOWLEDGED, Showing.SUPPRESSED)
            assert line.why == f"explained by 601.{job}"
            assert told(it) == [("JOB_PARKED", True)]
            await it.ask(Resolve(job=job, choice="by-hand", place=LOW1))
            await it.until(lambda: it.book.alarms[shuttle].showing is Showing.SHOWN)
            assert told(it) == [("JOB_PARKED", True), ("JOB_PARKED", False), ("AXIS_FAULT", True)]

    loop.run(play())


async def fail(it: Stage) -> None:
    """Let the lift's drive trip before a Reset that references it, and somebody put it right and clear it at once."""
    it.world.do(lambda plant: plant.troubles.trip_drive("lift"))
    await it.command(UnitEvent.RESET, UnitState.ABORTED)
    await asyncio.sleep(2.0 * AXIS_FAULT.on_delay_s)
    it.world.do(lambda plant: plant.troubles.reset_drive("lift"))
    await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
    await asyncio.sleep(1.0)


def test_an_axis_that_fails_again_behind_each_reset_is_one_alarm_and_keeps_nobody_from_the_next() -> None:
    """A brake that set late was five alarms within 41 s (`small`, seed 13327)."""

    async def play() -> None:
        async with stage(execute=False) as it:
            for _ in range(3):
                await fail(it)
            assert told(it) == [("AXIS_FAULT", True)]
            assert it.book.alarms[Tag("AXIS_FAULT", 1)].state is AlarmState.UNACKNOWLEDGED
            # The axis stands in error no more: whoever may reset an idle tower may reset this one.
            await it.world.ask(UnitCommand(event=UnitEvent.RESET), Role.OPERATOR, on_site=False)
            await it.until(lambda: it.unit is UnitState.IDLE)
            await asyncio.sleep(AXIS_FAULT.off_delay_s)
            assert told(it) == [("AXIS_FAULT", True), ("AXIS_FAULT", False)]

    loop.run(play())


def test_the_tower_plcs_cable_is_one_alarm_and_what_it_explains_is_suppressed() -> None:
    async def play() -> None:
        async with stage() as it:
            await block_the_room(it)
            assert it.book.alarms[BLOCKED].state is AlarmState.UNACKNOWLEDGED
            it.world.do(lambda plant: plant.device_reset())
            await it.until(lambda: not shown_active(it, "GATE_RELEASE"))
            before = len(told(it))
            it.world.pull_cable("tower", out=True)
            await asyncio.sleep(60.0)  # nor does the abort that follows from it become one
            assert told(it)[before:] == [("STATION_OFFLINE", True)]
            assert [(row["code"], row["number"], row["text"][:6]) for row in shown(it)] == [
                ("STATION_OFFLINE", "201.0", "tower:")
            ]
            assert it.book.alarms[BLOCKED].showing is Showing.SUPPRESSED
            assert it.book.alarms[BLOCKED].state is AlarmState.UNACKNOWLEDGED
            it.world.pull_cable("tower", out=False)
            await it.until(lambda: it.book.alarms[BLOCKED].showing is Showing.SHOWN)
            assert {row["code"] for row in shown(it)} == {"ROOM_BLOCKED"}
            assert it.book.alarms[Tag("STATION_OFFLINE", 0)].state is AlarmState.RETURNED_UNACKNOWLEDGED

    loop.run(play())


def shown_active(it: Stage, code: str) -> bool:
    return code in {row["code"] for row in shown(it)}


def test_an_unattended_stop_without_any_other_cause_becomes_an_alarm() -> None:
    async def play() -> None:
        async with stage() as it:
            it.world.pull_cable("tower", out=True)
            await asyncio.sleep(LOST_S)
            it.world.pull_cable("tower", out=False)
            await asyncio.sleep(LOST_S + FLAPS_S)
            assert (it.unit, shown(it)) == (UnitState.ABORTED, [])
            await it.until(lambda: shown_active(it, "UNIT_ABORTED"))
            await it.execute()
            assert told(it) == [
                ("STATION_OFFLINE", True), ("STATION_OFFLINE", False), ("UNIT_ABORTED", True), ("UNIT_ABORTED", False)
            ]  # fmt: skip

    loop.run(play())


def test_of_several_safety_causes_the_one_that_came_first_is_marked() -> None:
    async def play() -> None:
        async with stage() as it:
            it.world.do(lambda plant: plant.set_slack_rope(on=True))
            await asyncio.sleep(0.02)  # a scan of the PLC, well within one poll: one image shows all
            it.world.do(lambda plant: plant.press_e_stop())
            it.world.do(lambda plant: plant.person_in_shaft(on=True))
            await it.until(lambda: len(shown(it)) == 3)
            firsts = [each["code"] for each in it.world.events if each["event"] == "alarm" and each["first_out"]]
            assert firsts == ["E_STOP"], "of one image the first by number, as long as the PLC was not asked"
            await it.until(lambda: first_out(it) == ["SLACK_ROPE"])
            codes = [row["code"] for row in shown(it)]
            assert codes == ["PERSON_IN_SHAFT", "SLACK_ROPE", "E_STOP"], "by priority, then what was first"
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert {line.burst for line in it.book.alarms.values()} == {1}
            it.world.do(lambda plant: plant.set_slack_rope(on=False))
            it.world.do(lambda plant: plant.person_in_shaft(on=False))
            it.world.do(lambda plant: plant.release_e_stop())
            it.world.do(lambda plant: plant.device_reset())
            await it.until(lambda: shown_active(it, "PERSON_IN_SHAFT") and not shown_active(it, "E_STOP"))
            assert await refused(it, AlarmAct.RESET, "105") == "ALARM_STATE"
            assert await act(it, AlarmAct.ACKNOWLEDGE, "all") == ["105", "107", "102"]
            assert await act(it, AlarmAct.RESET, "105") == ["105"]
            assert Tag("PERSON_IN_SHAFT") not in it.book.alarms

    loop.run(play())


def first_out(it: Stage) -> list[str]:
    return [row["code"] for row in shown(it) if row["first_out"]]


def test_a_blocked_room_tells_what_to_do_is_acknowledged_and_goes_when_it_is_mended() -> None:
    async def play() -> None:
        async with stage() as it:
            await block_the_room(it)
            (row,) = [each for each in shown(it) if each["code"] == "ROOM_BLOCKED"]
            assert row["guidance"] == ENGLISH["ROOM_BLOCKED"].guidance
            assert (row["state"], row["number"]) == ("UNACKNOWLEDGED", "701.1")
            assert await act(it, AlarmAct.ACKNOWLEDGE, "701") == ["701.1"]
            assert it.book.alarms[BLOCKED].state is AlarmState.ACKNOWLEDGED
            assert it.book.alarms[BLOCKED].by == "1000:ann"
            it.world.do(lambda plant: plant.device_reset())
            await it.execute()
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            await it.until(lambda: BLOCKED not in it.book.alarms)
            assert [on for code, on in told(it) if code == "ROOM_BLOCKED"] == [True, False]

    loop.run(play())


def test_what_is_hidden_inhibits_all_the_same() -> None:
    async def play() -> None:
        async with stage() as it:
            await block_the_room(it)
            assert await act(it, AlarmAct.REMOVE, "701.1", why="the gate is under repair") == ["701.1"]
            assert not shown_active(it, "ROOM_BLOCKED")
            assert it.room(ROOM) is RoomState.BLOCKED
            assert await it.refused(Store(car="X", room=ROOM)) == "ROOM_IN_USE"
            assert await refused(it, AlarmAct.SHELVE, "111", seconds=60, why="it is known") == "SAFETY_ALARM"

    loop.run(play())


@pytest.mark.parametrize("crash", [False, True])
def test_the_list_outlives_the_daemon(crash: bool) -> None:
    async def play() -> None:
        async with stage() as it:
            await block_the_room(it)
            await act(it, AlarmAct.SHELVE, "511.1", seconds=3600, why="the drive is exchanged today")
            before = dict(it.book.alarms)
            await (it.world.crash_daemon() if crash else it.world.stop_daemon())
            await it.start()
            kept = it.book.alarms
            assert kept.keys() == before.keys()
            assert kept[Tag("AXIS_FAULT", 1)] == before[Tag("AXIS_FAULT", 1)]
            # Nobody has acknowledged it, and what has returned meanwhile is still to be seen.
            unseen = {AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED_UNACKNOWLEDGED}
            assert kept[BLOCKED].state in unseen
            await asyncio.sleep(LOST_S)
            assert it.book.alarms[BLOCKED].state in unseen
            await asyncio.sleep(3600.0)
            assert Tag("AXIS_FAULT", 1) not in it.book.alarms, "the shelf ends with its time"

    loop.run(play())


def test_a_contact_that_chatters_within_the_delay_is_no_alarm_and_one_that_stays_is() -> None:
    async def play() -> None:
        async with stage() as it:
            for _ in range(10):
                it.world.do(lambda plant: plant.set_maintenance_key(on=True))
                await asyncio.sleep(0.6)
                it.world.do(lambda plant: plant.set_maintenance_key(on=False))
                await asyncio.sleep(0.6)
            assert it.unit is UnitState.ABORTED, "the effect waits for no delay"
            assert told(it) == []
            it.world.do(lambda plant: plant.set_maintenance_key(on=True))
            await it.until(lambda: told(it) == [("MAINTENANCE", True)], 5.0)

    loop.run(play())


def test_a_lost_line_is_one_alarm_and_not_one_a_station() -> None:
    async def play() -> None:
        async with stage(tower_under_test()) as it:
            (bus, stations) = next(
                (name, bus.stations) for name, bus in it.world.tower.bus.items() if len(bus.stations) > 1
            )
            it.world.pull_cable(bus, out=True)
            await asyncio.sleep(2 * LOST_S)
            assert told(it) == [("LINE_LOST", True)]
            hidden = [line.subject for line in it.book.alarms.values() if line.showing is Showing.SUPPRESSED]
            assert sorted(hidden) == sorted(stations)
            answer = await it.ask(Query(what="alarms"))
            assert answer["counts"] == {
                "active": 1, "unacknowledged": 1, "shelved": 0, "suppressed": len(stations), "out_of_service": 0
            }  # fmt: skip
            it.world.pull_cable(bus, out=False)
            await it.until(lambda: not shown(it), 2 * FLAPS_S)
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            assert told(it) == [("LINE_LOST", True), ("LINE_LOST", False)]

    loop.run(play())


def test_nothing_is_done_to_what_is_not_there() -> None:
    async def play() -> None:
        async with stage() as it:
            for number in ("", "1", "701", "701.9", "601.3", "102.1", "x", "102."):
                assert await refused(it, AlarmAct.SHELVE, number, seconds=60, why="w") == "UNKNOWN_ALARM"
            assert await refused(it, AlarmAct.ACKNOWLEDGE, "701.1") == "ALARM_STATE"
            assert await refused(it, AlarmAct.SHELVE, "701.1", seconds=8 * 3600 + 1, why="w") == "SHELF_TIME"
            assert await refused(it, AlarmAct.SHELVE, "701.1", seconds=0, why="w") == "SHELF_TIME"
            assert await refused(it, AlarmAct.REMOVE, "701.1") == "WHY_MISSING"
            assert it.book.alarms == {}

    loop.run(play())
