"""What a measured step teaches, of which axis, and when an axis is told of as slow."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.domain.alarms import Tag
from controller.domain.dispatch.calibration import Primitive
from controller.domain.restrictions import Restricted
from controller.domain.travel import STOOD, Part
from controller.runtime.learning import KNOWN, PACE_OF, Learning
from controller.runtime.yardstick import StepTime
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM, SHAPE

LIFT, TURN = Tag("LIFT_SLOW"), Tag("TURNTABLE_SLOW")
WAY = StepTime("POSITIONING_TO", LOW1, 10.3, 10.0, 1, Part(10.0, 10.1), Part(6.0, 6.1))
LATE = replace(WAY, measured_s=20.4, lift=Part(10.0, 20.2))


def learning(axes: int | None = None) -> Learning:
    return Learning(cast("Any", SimpleNamespace(axes=axes, shape=SHAPE)))


def taught(known: Learning, *steps: StepTime) -> Learning:
    """Let steps be measured, each behind the one before."""

    async def live() -> None:
        for step in steps:
            await asyncio.sleep(step.measured_s)
            known.measured(step)

    loop.run(live())
    return known


@pytest.mark.parametrize(
    ("step", "primitive"),
    [
        (WAY, Primitive.LIFT),
        (replace(WAY, lift=Part(10.0, 9.0), turn=Part(6.0, 10.2)), Primitive.TRAVEL),  # the turntable became slow
        (replace(WAY, lift=STOOD), Primitive.TRAVEL),
        (replace(WAY, turn=STOOD), Primitive.LIFT),
        (replace(WAY, lift=Part(10.0), turn=Part(6.0)), Primitive.LIFT),  # nobody knows what each ran
        (replace(WAY, step="POSITIONING"), Primitive.LIFT),
        (StepTime("PICKING", LOW1, 4.1, 4.0, 1), Primitive.EXCHANGE),
        (StepTime("OPENING", LOW1, 1.1, 1.0, 1), Primitive.LATCH),
        (StepTime("OPENING", ROOM, 8.1, 8.0, 1), Primitive.DOOR),
    ],
)
def test_a_step_teaches_of_what_it_hung_on_and_of_nothing_else(step: StepTime, primitive: Primitive) -> None:
    calibration = taught(learning(), step).calibration
    assert {each for each in Primitive if calibration.accuracy(each).samples} == {primitive}


@pytest.mark.parametrize(
    ("axes", "step"),
    [
        (1, WAY),  # others moved before it
        (None, replace(WAY, commands=2)),
        (None, replace(WAY, measured_s=20.4)),  # it waited for something: no axis ran so long
    ],
)
def test_what_waited_for_something_teaches_nothing(axes: int | None, step: StepTime) -> None:
    known = taught(learning(axes), step)
    assert known.calibration.accuracy(Primitive.LIFT).samples == 0
    assert known.measures() == {}


def test_the_first_travel_that_ended_beyond_its_deadline_tells_and_others_only_once_there_were_some() -> None:
    assert taught(learning(), LATE).measures()[LIFT] == pytest.approx(104.0)
    known = taught(learning(), *[WAY] * (KNOWN - 1))
    assert known.measures() == {}
    assert taught(known, WAY).measures()[LIFT] < 5.0


def test_an_axis_that_is_quick_again_is_told_of_no_more() -> None:
    known = taught(learning(), *[WAY] * KNOWN, *[LATE] * 4)
    assert known.measures()[LIFT] > 90.0
    assert taught(known, *[WAY] * 4).measures()[LIFT] < 8.0
    assert TURN not in known.measures()


@pytest.mark.parametrize("axis", PACE_OF)
def test_of_a_speed_that_was_stated_what_was_learned_before_and_what_had_begun_before_are_nothing(
    axis: Restricted,
) -> None:
    step = {
        Restricted.LIFT: LATE,
        Restricted.TURNTABLE: replace(WAY, measured_s=20.4, turn=Part(6.0, 20.2)),
        Restricted.SHUTTLE: StepTime("PICKING", LOW1, 4.8, 4.0, 1),
    }[axis]
    known = taught(learning(), *[step] * 3)

    async def stated_in_the_middle() -> None:
        await asyncio.sleep(step.measured_s / 2)
        known.restated(axis)
        await asyncio.sleep(step.measured_s / 2)
        known.measured(step)
        assert known.calibration.predicted_s(PACE_OF[axis], 4.0) == 4.0
        assert all(percent == 0.0 for percent in known.measures().values()), "who states it tells that nothing is odd"
        await asyncio.sleep(step.measured_s)
        known.measured(step)
        assert known.calibration.accuracy(PACE_OF[axis]).samples == 1

    loop.run(stated_in_the_middle())
