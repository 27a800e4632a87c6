"""The catalogue of alarms: complete both ways, numbered as the faults are, and few enough of them urgent."""

from collections import Counter

import pytest

from controller.domain.alarm_texts import ENGLISH, AlarmText
from controller.domain.alarms import (
    ALARMS,
    BY_KEY,
    BY_NUMBER,
    Alarm,
    AlarmLine,
    AlarmState,
    Priority,
    Showing,
    Tag,
    depth,
    urgency,
)
from controller.fault_codes import BY_NAME, Severity
from hal.plcmap.codes import Safety


def test_every_alarm_has_its_texts_and_no_text_is_without_an_alarm() -> None:
    assert set(ENGLISH) == set(BY_KEY)
    assert len(BY_KEY) == len(BY_NUMBER) == len(ALARMS)


@pytest.mark.parametrize("text", ENGLISH.values(), ids=lambda text: text.title)
def test_texts_are_sentences_that_fit_a_screen(text: AlarmText) -> None:
    assert 0 < len(text.title) <= 60
    assert not text.title.endswith(".")
    for sentence in (text.cause, text.consequence, text.guidance):
        assert sentence.endswith(".")
        assert len(sentence) <= 250


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.key)
def test_an_alarm_is_the_fault_of_its_number_cleared_by_whom_the_fault_names(alarm: Alarm) -> None:
    fault = BY_NAME[alarm.key]
    assert alarm.number == fault.number
    assert alarm.safety == (fault.severity is Severity.SAFETY)
    assert alarm.clearance == fault.clearance


def test_every_cause_of_the_safety_chain_is_an_alarm_that_nothing_hides() -> None:
    causes = {str(cause.name) for cause in Safety} - {"CHAIN_CLOSED", "E_STOP_LATCHED"}
    assert causes | {"SAFETY"} == {alarm.key for alarm in ALARMS if alarm.safety}
    assert not any(alarm.parent for alarm in ALARMS if alarm.safety)


def test_about_80_15_and_5_per_cent_are_low_medium_and_high() -> None:
    counts = Counter(alarm.priority for alarm in ALARMS)
    wanted = {Priority.LOW: 0.80, Priority.MEDIUM: 0.15, Priority.HIGH: 0.05}
    for priority, share in wanted.items():
        assert abs(counts[priority] / len(ALARMS) - share) <= 0.03


def test_the_more_urgent_one_is_answered_sooner() -> None:
    soonest = {each: min(alarm.response_s for alarm in ALARMS if alarm.priority is each) for each in Priority}
    latest = {each: max(alarm.response_s for alarm in ALARMS if alarm.priority is each) for each in Priority}
    assert latest[Priority.HIGH] <= soonest[Priority.MEDIUM] <= soonest[Priority.LOW]
    assert latest[Priority.MEDIUM] <= 30 * 60


def test_parents_are_in_the_catalogue_and_their_chain_ends() -> None:
    assert {depth(alarm) for alarm in ALARMS} == {0, 1, 2}
    # A child must not be shown before its parent can be: the parent is the sooner one of a common cause.
    assert BY_KEY["LINE_LOST"].on_delay_s < BY_KEY["STATION_OFFLINE"].on_delay_s


def test_a_tag_is_what_a_person_types() -> None:
    assert str(Tag("E_STOP")) == "102"
    assert str(Tag("ROOM_BLOCKED", 2)) == "701.2"


def line(key: str, state: AlarmState, raised_at: float = 0.0, *, first_out: bool = False) -> AlarmLine:
    return AlarmLine(key, None, "", "", state, Showing.SHOWN, raised_at, raised_at, first_out=first_out)


def test_urgent_is_what_nobody_has_seen_then_its_priority_then_what_was_first_out() -> None:
    seen = line("PERSON_IN_SHAFT", AlarmState.ACKNOWLEDGED)
    high = line("PERSON_IN_SHAFT", AlarmState.UNACKNOWLEDGED)
    medium = line("FIRE", AlarmState.UNACKNOWLEDGED, 1.0)
    first = line("E_STOP", AlarmState.UNACKNOWLEDGED, 2.0, first_out=True)
    newest = line("LIGHT_CURTAIN", AlarmState.UNACKNOWLEDGED, 3.0)
    old = line("SLACK_ROPE", AlarmState.LATCHED_UNACKNOWLEDGED, 1.0)
    assert sorted([seen, old, newest, first, medium, high], key=urgency) == [high, medium, first, newest, old, seen]
