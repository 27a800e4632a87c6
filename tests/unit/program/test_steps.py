"""Step sequences: no scan is lost between steps, and no step waits for ever."""

import pytest

from hal.plcmap.codes import Reason
from sim_plc.program.steps import (
    LOOK_S,
    SLOWEST,
    Sequencer,
    StepFault,
    Steps,
    Wait,
    margin_s,
    motion,
    pause,
    travel_s,
)


def test_steps_whose_conditions_hold_run_in_one_scan() -> None:
    def steps() -> Steps:
        yield Wait(lambda: True, 1.0)
        yield Wait(lambda: True, 1.0)

    sequencer = Sequencer()
    sequencer.begin(steps())
    assert sequencer.run(5.0)
    assert not sequencer.active


def test_a_step_fails_at_its_deadline_and_not_before() -> None:
    def steps() -> Steps:
        yield Wait(lambda: False, 2.0, Reason.BRAKE)

    sequencer = Sequencer()
    sequencer.begin(steps())
    assert not sequencer.run(5.0)
    assert sequencer.due == 7.0
    assert not sequencer.run(6.99)
    with pytest.raises(StepFault) as caught:
        sequencer.run(7.0)
    assert caught.value.reason is Reason.BRAKE
    assert not sequencer.active


def test_a_condition_that_holds_at_the_deadline_is_in_time() -> None:
    done = False

    def steps() -> Steps:
        yield Wait(lambda: done, 2.0)

    sequencer = Sequencer()
    sequencer.begin(steps())
    sequencer.run(5.0)
    done = True
    assert sequencer.run(7.0)


def test_a_pause_goes_on_by_itself() -> None:
    def steps() -> Steps:
        yield pause(0.5)

    sequencer = Sequencer()
    sequencer.begin(steps())
    assert not sequencer.run(1.0)
    assert sequencer.run(1.5)


def test_cancelling_runs_the_steps_own_clean_up() -> None:
    cleaned = []

    def steps() -> Steps:
        try:
            yield Wait(lambda: False, 1.0)
        finally:
            cleaned.append(True)

    sequencer = Sequencer()
    sequencer.begin(steps())
    sequencer.run(0.0)
    sequencer.cancel()
    assert cleaned == [True]
    assert sequencer.due is None


@pytest.mark.parametrize(
    ("distance", "speed", "acceleration", "seconds"),
    [(2800, 500, 500, 6.6), (190, 50, 50, 4.8), (-2500, 1000, 500, 4.5), (500, 1000, 500, 2.0), (0, 10, 10, 0.0)],
)
def test_travel_time(distance: int, speed: int, acceleration: int, seconds: float) -> None:
    assert travel_s(distance, speed, acceleration) == pytest.approx(seconds)


def test_a_motion_that_gets_on_is_late_and_one_that_stands_is_lost() -> None:
    gets_on = True
    sequencer = Sequencer()
    sequencer.begin(iter_of(motion(lambda: False, 4.0, lambda: gets_on)))
    sequencer.run(0.0)
    assert sequencer.due == 6.0
    assert not sequencer.run(6.0)
    assert sequencer.due == 6.0 + LOOK_S
    gets_on = False
    with pytest.raises(StepFault) as caught:
        sequencer.run(6.5)
    assert caught.value.reason is Reason.TIMEOUT


def test_what_gets_on_for_ever_is_lost_at_ten_times_its_time() -> None:
    sequencer = Sequencer()
    sequencer.begin(iter_of(motion(lambda: False, 4.0, lambda: True)))
    latest_s = margin_s(SLOWEST * 4.0)
    sequencer.run(0.0)
    while sequencer.due is not None and sequencer.due < latest_s:
        sequencer.run(sequencer.due)
    assert sequencer.due == latest_s
    with pytest.raises(StepFault):
        sequencer.run(latest_s)


def iter_of(wait: Wait) -> Steps:
    yield wait
