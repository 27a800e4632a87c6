"""The alarm list by itself: delays by the loop's clock, shelves by the wall's, bursts, and what a restart finds."""

import asyncio
import re
from pathlib import Path

import pytest

import controller.gauges
import controller.runtime
from controller.domain.alarms import ALARMS, BY_KEY, SHELF_LIMIT_S, AlarmState, Showing, Tag
from controller.domain.book import Book
from controller.domain.events import AlarmAct
from controller.domain.records import from_entry
from controller.domain.refusal import Refusal
from controller.runtime.alarm_sources import safety_keys
from controller.runtime.alarms import BURST_S
from hal.plcmap.codes import Safety
from tests.support.alarm_rig import BLOCKED, SENSOR, STATION, Rig

E_STOP = Tag("E_STOP")
OVERSPEED = Tag("OVERSPEED")
UNACK = (AlarmState.UNACKNOWLEDGED, Showing.SHOWN)


def test_a_condition_must_stand_for_its_delay_without_a_break_both_ways() -> None:
    rig = Rig()
    delay_s, off_s = SENSOR.alarm.on_delay_s, SENSOR.alarm.off_delay_s
    rig.look(SENSOR)
    rig.look(SENSOR, after_s=delay_s - 0.01)
    rig.look()
    rig.look(SENSOR, after_s=delay_s)
    assert rig.state(SENSOR) is None
    rig.look(SENSOR, after_s=delay_s)
    assert rig.state(SENSOR) == UNACK
    rig.look()
    rig.look(SENSOR, after_s=off_s)
    rig.look()
    rig.look(after_s=off_s - 0.01)
    assert rig.state(SENSOR) == UNACK
    rig.look(after_s=0.01)
    assert rig.state(SENSOR) == (AlarmState.RETURNED_UNACKNOWLEDGED, Showing.SHOWN)
    assert rig.told() == [("PERSON_SENSOR", True), ("PERSON_SENSOR", False)]


def test_what_nobody_can_see_is_held_as_it_was() -> None:
    rig = Rig()
    rig.look(BLOCKED)
    rig.look(after_s=60.0, unseen=frozenset({0}))
    assert rig.state(BLOCKED) == UNACK
    rig.look()
    assert rig.state(BLOCKED) == (AlarmState.RETURNED_UNACKNOWLEDGED, Showing.SHOWN)


def test_a_child_is_suppressed_while_its_parent_stands_and_never_shown_if_it_came_later() -> None:
    rig = Rig()
    rig.look(STATION)
    rig.look(STATION, after_s=5.0)
    rig.look(STATION, BLOCKED)
    assert rig.state(BLOCKED) == (AlarmState.UNACKNOWLEDGED, Showing.SUPPRESSED)
    assert rig.told() == [("STATION_OFFLINE", True)]
    with pytest.raises(Refusal, match="hidden: explained by 201"):
        rig.act(AlarmAct.SHELVE, BLOCKED, seconds=60)
    rig.look(BLOCKED)
    rig.look(BLOCKED, after_s=STATION.alarm.off_delay_s)
    assert rig.state(BLOCKED) == UNACK
    assert rig.told()[-1] == ("ROOM_BLOCKED", True)


def test_a_child_that_is_due_while_its_parents_delay_runs_waits_for_that_and_is_never_shown() -> None:
    """Of a line whose last station was lost as the alarm of the first became due, both were told (small, seed 1147)."""
    rig = Rig()
    rig.look(STATION)
    rig.look(STATION, BLOCKED, after_s=STATION.alarm.on_delay_s - 0.5)
    assert rig.state(BLOCKED) is None
    assert rig.alarms.waits
    rig.look(STATION, BLOCKED, after_s=0.5)
    assert rig.state(BLOCKED) == (AlarmState.UNACKNOWLEDGED, Showing.SUPPRESSED)
    assert rig.told() == [("STATION_OFFLINE", True)]


@pytest.mark.parametrize("stood_before", [False, True], ids=["new", "again"])
def test_a_child_is_told_as_soon_as_its_parents_condition_goes_within_its_delay(stood_before: bool) -> None:
    rig = Rig()
    if stood_before:
        rig.look(STATION)
        rig.look(STATION, after_s=STATION.alarm.on_delay_s)
        rig.look()
        rig.look(after_s=STATION.alarm.off_delay_s)
    rig.look(STATION)
    rig.look(STATION, BLOCKED, after_s=STATION.alarm.on_delay_s - 0.5)
    assert rig.state(BLOCKED) is None
    rig.look(BLOCKED)
    assert rig.state(BLOCKED) == UNACK
    assert rig.told()[-1] == ("ROOM_BLOCKED", True)


def test_a_child_whose_condition_has_gone_is_not_told_as_new_when_its_parent_goes() -> None:
    """Two stations of a line that come back two seconds apart told three alarms for one loss."""
    rig = Rig()
    rig.look(STATION)
    rig.look(STATION, SENSOR, after_s=STATION.alarm.on_delay_s)
    rig.look(STATION, SENSOR, after_s=SENSOR.alarm.on_delay_s)
    assert rig.state(SENSOR) == (AlarmState.UNACKNOWLEDGED, Showing.SUPPRESSED)
    rig.look(SENSOR)
    rig.look(after_s=STATION.alarm.off_delay_s - 1.0)
    rig.look(after_s=1.0)
    assert rig.state(STATION) == (AlarmState.RETURNED_UNACKNOWLEDGED, Showing.SHOWN)
    assert rig.state(SENSOR) == (AlarmState.UNACKNOWLEDGED, Showing.SUPPRESSED)
    rig.look(after_s=SENSOR.alarm.off_delay_s)
    assert rig.told() == [("STATION_OFFLINE", True), ("STATION_OFFLINE", False)]
    assert rig.state(SENSOR) == (AlarmState.RETURNED_UNACKNOWLEDGED, Showing.SHOWN)


def test_a_child_that_comes_back_behind_its_parent_is_told() -> None:
    rig = Rig()
    rig.look(STATION)
    rig.look(STATION, SENSOR, after_s=STATION.alarm.on_delay_s)
    rig.look(STATION, SENSOR, after_s=SENSOR.alarm.on_delay_s)
    rig.look(SENSOR)
    rig.look(after_s=STATION.alarm.off_delay_s - 1.0)
    rig.look(after_s=1.0)
    rig.look(SENSOR, after_s=1.0)
    assert rig.state(SENSOR) == UNACK
    assert rig.told()[-1] == ("PERSON_SENSOR", True)


def test_what_is_shelved_runs_on_and_comes_back_with_its_time() -> None:
    rig = Rig()
    rig.act(AlarmAct.SHELVE, BLOCKED, seconds=3600)
    rig.look(BLOCKED, after_s=10.0)
    assert rig.state(BLOCKED) == (AlarmState.UNACKNOWLEDGED, Showing.SHELVED)
    assert rig.told() == []
    rig.look(BLOCKED, after_s=3589.0)
    assert rig.told() == []
    rig.look(BLOCKED, after_s=1.0)
    assert (rig.state(BLOCKED), rig.told()) == (UNACK, [("ROOM_BLOCKED", True)])


def test_what_comes_off_its_shelf_while_something_explains_it_is_shown_only_behind_that() -> None:
    """It was put before people for a tenth of a second (`small`, seed 7539)."""
    rig = Rig()
    rig.look(BLOCKED)
    rig.act(AlarmAct.SHELVE, BLOCKED, seconds=60)
    rig.look(STATION, BLOCKED, after_s=10.0)
    rig.look(STATION, BLOCKED, after_s=5.0)
    assert rig.told() == [("ROOM_BLOCKED", True), ("STATION_OFFLINE", True)]
    rig.look(STATION, BLOCKED, after_s=45.0)
    assert rig.state(BLOCKED) == (AlarmState.UNACKNOWLEDGED, Showing.SUPPRESSED)
    assert rig.told() == [("ROOM_BLOCKED", True), ("STATION_OFFLINE", True)]
    rig.look(BLOCKED, after_s=1.0)
    rig.look(BLOCKED, after_s=STATION.alarm.off_delay_s)
    assert rig.state(BLOCKED) == UNACK
    assert rig.told()[2:] == [("STATION_OFFLINE", False), ("ROOM_BLOCKED", True)]


@pytest.mark.parametrize(("hides", "brings_back"), [("SHELVE", "UNSHELVE"), ("REMOVE", "RETURN")])
def test_what_a_person_brings_back_while_something_explains_it_is_not_shown_for_a_moment_either(
    hides: str, brings_back: str
) -> None:
    rig = Rig()
    rig.look(BLOCKED)
    rig.act(AlarmAct[hides], BLOCKED, seconds=60)
    rig.look(STATION, BLOCKED, after_s=10.0)
    rig.look(STATION, BLOCKED, after_s=5.0)
    rig.act(AlarmAct[brings_back], BLOCKED)
    assert rig.state(BLOCKED) == (AlarmState.UNACKNOWLEDGED, Showing.SUPPRESSED)
    assert rig.told() == [("ROOM_BLOCKED", True), ("STATION_OFFLINE", True)]


@pytest.mark.parametrize("step_s", [-315_360_000.0, 315_360_000.0])
def test_a_step_of_the_wall_clock_neither_ends_a_shelf_nor_makes_one_longer_than_a_shift(step_s: float) -> None:
    rig = Rig()
    rig.act(AlarmAct.SHELVE, BLOCKED, seconds=3600)
    rig.wall += step_s
    rig.look(after_s=3599.0)
    assert rig.state(BLOCKED) == (AlarmState.NORMAL, Showing.SHELVED)
    again = Rig(rig.ledger.book, rig.wall)
    again.look(after_s=SHELF_LIMIT_S)
    assert again.state(BLOCKED) is None


def test_the_journal_and_a_snapshot_tell_the_next_start_the_same_list() -> None:
    rig = Rig()
    rig.look(BLOCKED, E_STOP)
    rig.act(AlarmAct.ACKNOWLEDGE, E_STOP)
    rig.act(AlarmAct.REMOVE, SENSOR)
    folded = Book.empty([101])
    for kind, body in rig.log.entries:
        folded.apply(from_entry(kind, body))
    assert folded.alarms == rig.ledger.book.alarms
    assert folded.last_burst == 1
    assert Book.from_body(rig.ledger.book.to_body()).alarms == folded.alarms
    old = {key: value for key, value in rig.ledger.book.to_body().items() if key not in ("alarms", "last_burst")}
    assert Book.from_body(old).alarms == {}


def test_what_follows_at_once_is_of_one_root_cause_and_the_plc_knows_which_was_first() -> None:
    rig = Rig()
    assert rig.look(Tag("SLACK_ROPE"))
    assert rig.look(Tag("SLACK_ROPE"), E_STOP, OVERSPEED, after_s=BURST_S)
    lines = rig.ledger.book.alarms
    assert {tag.key: line.first_out for tag, line in lines.items()} == {
        "SLACK_ROPE": True, "E_STOP": False, "OVERSPEED": False
    }  # fmt: skip
    rig.alarms.first_out(["OVERSPEED"])
    assert [tag.key for tag, line in lines.items() if line.first_out] == ["OVERSPEED"]
    rig.alarms.first_out(["FIRE"])
    assert [tag.key for tag, line in lines.items() if line.first_out] == ["OVERSPEED"], "one of another burst"
    rig.look(*lines, BLOCKED, after_s=BURST_S + 0.1)
    assert lines[BLOCKED].first_out
    assert lines[BLOCKED].burst == lines[E_STOP].burst + 1


def test_a_job_that_somebody_has_decided_on_is_acknowledged_by_that() -> None:
    rig = Rig()
    parked = Tag("JOB_PARKED", 7)
    rig.look(parked)
    assert rig.state(parked) == UNACK
    rig.look()
    rig.look(after_s=BY_KEY["JOB_PARKED"].off_delay_s)
    assert rig.state(parked) is None


def test_a_job_that_is_parked_again_at_once_is_no_new_alarm() -> None:
    """Eleven came within ten minutes, of one job (small, seed 69)."""
    rig = Rig()
    parked = Tag("JOB_PARKED", 7)
    rig.look(parked)
    raised_at = rig.ledger.book.alarms[parked].raised_at
    for _ in range(3):
        rig.look(after_s=5.0)
        rig.look(parked, after_s=5.0)
    assert rig.state(parked) == UNACK
    assert rig.ledger.book.alarms[parked].raised_at == raised_at


def test_an_axis_that_has_failed_hides_no_other_while_its_delay_runs() -> None:
    rig = Rig()
    lift, turntable = Tag("AXIS_FAULT", 1), Tag("AXIS_FAULT", 2)
    delay_s, off_s = lift.alarm.on_delay_s, lift.alarm.off_delay_s
    rig.look(lift)
    rig.look(lift, after_s=delay_s)
    rig.look(after_s=1.0)
    rig.look(lift, turntable, after_s=off_s - 1.0)
    rig.look(turntable, after_s=delay_s)
    assert rig.told() == [("AXIS_FAULT", True)] * 2
    assert rig.state(turntable) == rig.state(lift) == UNACK
    rig.look(turntable, after_s=off_s)
    assert rig.state(lift) == (AlarmState.RETURNED_UNACKNOWLEDGED, Showing.SHOWN)
    assert rig.state(turntable) == UNACK


def test_what_latches_waits_for_a_reset_and_safety_is_never_hidden() -> None:
    rig = Rig()
    rig.look(OVERSPEED)
    for act in (AlarmAct.SHELVE, AlarmAct.REMOVE):
        with pytest.raises(Refusal, match="nothing hides it"):
            rig.act(act, OVERSPEED, seconds=60)
    with pytest.raises(Refusal, match="acknowledge it first"):
        rig.act(AlarmAct.RESET, OVERSPEED)
    rig.act(AlarmAct.ACKNOWLEDGE, OVERSPEED)
    with pytest.raises(Refusal, match="its cause stands"):
        rig.act(AlarmAct.RESET, OVERSPEED)
    rig.look()
    assert rig.state(OVERSPEED) == (AlarmState.LATCHED_ACKNOWLEDGED, Showing.SHOWN)
    rig.act(AlarmAct.RESET, OVERSPEED)
    assert rig.state(OVERSPEED) is None


def test_a_refused_act_leaves_the_list_and_the_journal_as_they_are() -> None:
    rig = Rig()
    rig.look(BLOCKED)
    before, kept = dict(rig.ledger.book.alarms), list(rig.log.entries)
    for act, seconds, why in (
        (AlarmAct.SHELVE, SHELF_LIMIT_S + 1, "w"),
        (AlarmAct.SHELVE, 60, ""),
        (AlarmAct.RESET, 0, ""),
        (AlarmAct.UNSHELVE, 0, ""),
        (AlarmAct.RETURN, 0, ""),
    ):
        with pytest.raises(Refusal):
            rig.act(act, BLOCKED, seconds, why)
    assert (rig.ledger.book.alarms, rig.log.entries) == (before, kept)


def test_a_journal_that_keeps_nothing_is_told_without_it() -> None:
    rig = Rig()
    rig.alarms.no_journal("the disk is full")
    assert rig.told() == [("JOURNAL_FAILED", True)]
    assert rig.state(Tag("JOURNAL_FAILED")) == UNACK
    assert rig.log.entries == []
    asyncio.run(rig.ledger.drain())
    assert rig.log.entries == []


def test_a_safety_word_is_one_alarm_a_cause() -> None:
    assert safety_keys(Safety.CHAIN_CLOSED) == []
    assert safety_keys(Safety(0)) == ["SAFETY"]
    assert safety_keys(Safety.E_STOP | Safety.E_STOP_LATCHED) == safety_keys(Safety.E_STOP_LATCHED) == ["E_STOP"]
    assert safety_keys(Safety.FIRE | Safety.E_STOP) == ["E_STOP", "FIRE"]


def test_every_code_that_is_raised_is_in_the_catalogue_and_every_alarm_has_a_source() -> None:
    folder = Path(controller.runtime.__file__).parent
    files = (*folder.glob("*.py"), Path(controller.gauges.__file__))
    text = "".join(path.read_text("utf-8") for path in files)
    raised = set(re.findall(r'Tag\("(\w+)"', text)) | {str(bit.name) for bit in Safety} | {"SAFETY"}
    assert raised - {"CHAIN_CLOSED", "E_STOP_LATCHED"} == {alarm.key for alarm in ALARMS}
    assert '"event": "alarm"' not in "".join(
        path.read_text("utf-8") for path in folder.glob("*.py") if path.name != "alarm_news.py"
    ), "alarms are told in one place"
