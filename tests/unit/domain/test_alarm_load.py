"""The load of alarms: counted as people were shown them, by day, ten minutes and root cause."""

from dataclasses import replace

from controller.domain.alarm_load import Annunciation, annunciation, day_loads, most_frequent
from controller.domain.alarms import AlarmLine, AlarmState, Showing
from controller.domain.records import AlarmSet

LINE = AlarmLine("ROOM_BLOCKED", 1, "room 1", "stuck", AlarmState.UNACKNOWLEDGED, Showing.SHOWN, 5.0, 5.0, burst=3)
DAY_S = 86_400.0


def day(at: float) -> str:
    return f"day {int(at // DAY_S)}"


def came(*at: float, burst: int = 1, key: str = "E_STOP") -> list[Annunciation]:
    return [Annunciation(each, "102", key, burst) for each in at]


def test_what_is_put_before_people_counts() -> None:
    assert annunciation(7.0, AlarmSet(LINE, "ALARM")) == Annunciation(7.0, "701.1", "ROOM_BLOCKED", 3)
    for event in ("UNSHELVE", "RELEASE", "RETURN"):
        assert annunciation(7.0, AlarmSet(LINE, event)) is not None, "it stands, and shows again"


def test_what_is_hidden_or_over_or_a_persons_answer_does_not() -> None:
    for hidden in (Showing.SHELVED, Showing.SUPPRESSED, Showing.OUT_OF_SERVICE):
        assert annunciation(7.0, AlarmSet(replace(LINE, showing=hidden), "ALARM")) is None
    over = replace(LINE, state=AlarmState.RETURNED_UNACKNOWLEDGED)
    assert annunciation(7.0, AlarmSet(over, "CLEAR")) is None
    assert annunciation(7.0, AlarmSet(over, "UNSHELVE")) is None
    assert annunciation(7.0, AlarmSet(replace(LINE, state=AlarmState.ACKNOWLEDGED), "ACKNOWLEDGE")) is None
    assert annunciation(7.0, AlarmSet(LINE, "FIRST_OUT")) is None


def test_days_are_told_apart_and_those_without_an_alarm_are_none() -> None:
    days = day_loads(came(1.0, 3 * DAY_S, 2.0), day)
    assert [(each.day, each.alarms) for each in days] == [("day 0", 2), ("day 3", 1)]
    assert day_loads([], day) == []


def test_the_worst_ten_minutes_slide() -> None:
    (load,) = day_loads(came(0.0, 599.0, 601.0, 1000.0, 1198.9, 5000.0), day)
    assert load.worst_10_min == 4  # from 599 s to 1,198.9 s
    (edge,) = day_loads(came(0.0, 600.0), day)
    assert edge.worst_10_min == 2


def test_the_worst_root_cause_is_named_by_what_it_began_with() -> None:
    burst = [Annunciation(9.0, "105", "PERSON_IN_SHAFT", 2), Annunciation(8.0, "102", "E_STOP", 2)]
    (load,) = day_loads([*came(1.0), *burst], day)
    assert (load.worst_cause, load.cause) == (2, "102 E_STOP")


def test_a_day_is_within_what_people_can_take_up_to_the_yardstick() -> None:
    hours = [hour * 3600.0 for hour in range(16)]
    assert day_loads([came(at, burst=n)[0] for n, at in enumerate(hours[:15])], day)[0].within
    assert not day_loads([came(at, burst=n)[0] for n, at in enumerate(hours)], day)[0].within
    assert not day_loads(came(*hours[:6], burst=1), day)[0].within
    rush = [came(float(n), burst=n)[0] for n in range(11)]
    assert day_loads(rush[:10], day)[0].within
    assert not day_loads(rush, day)[0].within


def test_those_that_come_most_often_are_told() -> None:
    assert most_frequent([*came(1.0, 2.0), *came(3.0, key="FIRE")], 1) == [("102 E_STOP", 2)]
