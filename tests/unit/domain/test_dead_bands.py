"""Dead-bands: a measured value raises and ends its alarm at two limits, and between them changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.alarms import ALARMS, Alarm, DeadBand

MEASURED = [alarm for alarm in ALARMS if alarm.band is not None]


@pytest.mark.parametrize(
    ("key", "on", "off", "unit"),
    [
        ("DISK_SPACE_LOW", 256, 320, "MiB"),
        ("BUS_ERRORS", 2, 1, "%"),
        ("CLOCK_WRONG", 2, 1, "s"),
        ("LIFT_SLOW", 15, 8, "%"),
        ("TURNTABLE_SLOW", 15, 8, "%"),
    ],
)
def test_the_limits_are_as_listed(key: str, on: float, off: float, unit: str) -> None:
    (band,) = (alarm.band for alarm in MEASURED if alarm.key == key)
    assert band is not None
    assert (band.on, band.off, band.unit) == (on, off, unit)


@pytest.mark.parametrize("alarm", MEASURED, ids=lambda alarm: alarm.key)
def test_the_band_is_wide_enough_to_part_its_limits(alarm: Alarm) -> None:
    assert alarm.band is not None
    assert abs(alarm.band.on - alarm.band.off) >= 0.2 * alarm.band.on
    assert not alarm.safety
    assert not alarm.latching


@pytest.mark.parametrize(
    ("on", "off", "measured", "rested", "stood"),
    [
        (256, 320, 255.9, True, True),
        (256, 320, 256.0, False, True),
        (256, 320, 320.0, False, True),
        (256, 320, 320.1, False, False),
        (2, 1, 2.1, True, True),
        (2, 1, 2.0, False, True),
        (2, 1, 1.0, False, True),
        (2, 1, 0.9, False, False),
    ],
)
def test_a_limit_itself_belongs_to_the_band(
    on: float, off: float, measured: float, *, rested: bool, stood: bool
) -> None:
    band = DeadBand("it", "u", on, off)
    assert (band.stands(measured, stood=False), band.stands(measured, stood=True)) == (rested, stood)


@given(
    st.sampled_from([DeadBand("it", "u", 20, 10), DeadBand("it", "u", 10, 20)]),
    st.integers(0, 30),
    st.lists(st.floats(-4, 4), max_size=200),
)
def test_a_value_that_walks_toggles_its_alarm_once_a_way_through_the_band(
    band: DeadBand, start: int, steps: list[float]
) -> None:
    value, stood, toggles, ways = float(start), False, 0, 0
    side = 0
    for step in [0.0, *steps]:
        value += step
        beyond = (value > 20) - (value < 10)
        if beyond and beyond != side:
            side, ways = beyond, ways + 1
        before, stood = stood, band.stands(value, stood=stood)
        toggles += stood != before
        assert stood == before or beyond, "within the band nothing changes"
    assert toggles <= ways


def test_words_of_limits_and_values() -> None:
    assert DeadBand("room", "MiB", 256, 320).limits == "room: on below 256 MiB, off above 320"
    assert DeadBand("errors", "%", 2, 1).limits == "errors: on above 2 %, off below 1"
    assert DeadBand("room", "MiB", 256, 320).said(1000.25) == "room: 1,000.2 MiB (limit 256)"
