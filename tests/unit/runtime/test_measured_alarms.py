"""Alarms of measured values in the list: one a trouble, however the value creeps, and over a restart."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

import controller.gauges
import controller.runtime.learning
from controller.domain.alarms import ALARMS, AlarmState, Showing, Tag
from controller.runtime.alarm_sources import Findings, measured_beyond
from controller.runtime.inbox import Inbox
from controller.runtime.measuring import PACE_S, measure
from controller.runtime.signals import Measured, Signal
from sim_plc.rehearsal import loop
from tests.support.alarm_rig import Rig

DISK = Tag("DISK_SPACE_LOW")
BUS = Tag("BUS_ERRORS", 0)


def follow(rig: Rig, tag: Tag, values: Sequence[float]) -> None:
    """Let a list see a value again and again, at the pace of a gauge."""
    for value in values:
        rig.now += PACE_S
        rig.wall += PACE_S
        asyncio.run(rig.alarms.look(Findings(measured_beyond({tag: value}, rig.ledger.book))))


def test_a_value_that_creeps_around_its_limit_is_one_alarm() -> None:
    rig, noise = Rig(), random.Random(7)
    follow(rig, DISK, [270 - at / 4 + noise.uniform(-10, 10) for at in range(100)])
    follow(rig, DISK, [245 + at / 4 + noise.uniform(-10, 10) for at in range(400)])
    assert rig.told() == [("DISK_SPACE_LOW", True), ("DISK_SPACE_LOW", False)]


def test_without_a_band_the_same_walk_would_be_many() -> None:
    noise = random.Random(7)
    walk = [270 - at / 4 + noise.uniform(-10, 10) for at in range(100)]
    sides = [value < 256 for value in walk]
    assert sum(a != b for a, b in itertools.pairwise(sides)) > 5


def test_a_short_burst_of_errors_is_none() -> None:
    rig = Rig()
    follow(rig, BUS, [0.1] * 6 + [30.0] * 5 + [0.1] * 30)
    assert rig.told() == []
    follow(rig, BUS, [3.0] * 8)
    assert rig.told() == [("BUS_ERRORS", True)]


def test_a_restart_within_the_band_changes_nothing_and_knows_nothing_before_the_first_look() -> None:
    rig = Rig()
    follow(rig, DISK, [100.0] * 5)
    assert rig.state(DISK) == (AlarmState.UNACKNOWLEDGED, Showing.SHOWN)
    again = Rig(rig.ledger.book, rig.wall)
    asyncio.run(again.alarms.look(Findings({}, unmeasured=frozenset({DISK}))))
    again.now += 1000.0
    asyncio.run(again.alarms.look(Findings({}, unmeasured=frozenset({DISK}))))
    follow(again, DISK, [300.0] * 20)
    assert again.told() == []
    follow(again, DISK, [321.0] * 5)
    assert again.told() == [("DISK_SPACE_LOW", False)]


class Scripted:
    """A gauge that shows one value after the other, and nothing for None."""

    def __init__(self, values: Sequence[float | None]) -> None:
        self.values = list(values)

    async def read(self) -> dict[Tag, float]:
        value = self.values.pop(0)
        return {} if value is None else {DISK: value}


def test_a_gauge_is_read_at_its_pace_and_what_it_does_not_tell_is_not_posted() -> None:
    async def play() -> None:
        inbox = Inbox[Signal]()
        task = asyncio.create_task(measure(Scripted([1.0, None, 2.0, 3.0]), inbox))
        got = [(await inbox.get(), asyncio.get_running_loop().time()) for _ in range(3)]
        began = got[0][1]
        assert [(event, at - began) for event, at in got] == [
            (Measured({DISK: 1.0}), 0.0),
            (Measured({DISK: 2.0}), pytest.approx(2 * PACE_S)),
            (Measured({DISK: 3.0}), pytest.approx(3 * PACE_S)),
        ]
        task.cancel()

    loop.run(play())


def test_every_alarm_with_a_band_has_a_gauge() -> None:
    measuring = (controller.gauges.__file__, controller.runtime.learning.__file__)
    text = "".join(Path(each or "").read_text("utf-8") for each in measuring)
    for alarm in ALARMS:
        assert (f'Tag("{alarm.key}"' in text) == (alarm.band is not None), alarm.key
