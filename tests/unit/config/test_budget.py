"""The load of a serial line against numbers reckoned by hand, and the refusal of a plan above the limit."""

import pytest

from config.budget import MAX_LOAD, Exchange, character_s, exchange_s, gap_s, line_load, line_loads, poll
from config.faults import ConfigError
from config.load import load_tower
from config.schema import RtuBus, Timing
from hal.plcmap.registers import station_maps

BAYS = station_maps(load_tower("guangzhou").shape)


def bus(**changes: object) -> RtuBus:
    return RtuBus.model_validate({"kind": "rtu", "device": "x", "stations": ["bays1"], **changes})


@pytest.mark.parametrize(
    ("parity", "stop_bits", "bits"), [("E", 1, 11), ("O", 1, 11), ("N", 1, 10), ("N", 2, 11), ("E", 2, 12)]
)
def test_bits_of_a_character(parity: str, stop_bits: int, bits: int) -> None:
    assert character_s(bus(parity=parity, stop_bits=stop_bits, baud=9600)) == pytest.approx(bits / 9600)


def test_the_gap_is_three_and_a_half_characters_up_to_19200_baud_and_fixed_above() -> None:
    assert gap_s(bus(baud=19200)) == pytest.approx(0.002005, abs=1e-6)
    assert gap_s(bus(baud=9600)) == pytest.approx(0.004010, abs=1e-6)
    assert gap_s(bus(baud=38400)) == gap_s(bus(baud=115200)) == 0.00175


def test_a_poll_by_hand() -> None:
    # Level 2: nine bays, a fast block of 33 registers (8 head, 7 + 7 mechanisms, 1 inputs, 9 bays, 1 end).
    assert BAYS["bays2"].fast[0].count == 33
    assert poll(BAYS["bays2"], fc23=True) == [Exchange(1 + 1 + 2 + 2 + 2 + 2 + 1 + 16 + 2, 1 + 1 + 1 + 66 + 2)]
    assert poll(BAYS["bays2"], fc23=False) == [
        Exchange(1 + 1 + 2 + 2 + 1 + 16 + 2, 8),
        Exchange(8, 1 + 1 + 1 + 66 + 2),
    ]


def test_an_exchange_by_hand() -> None:
    one = Exchange(29, 71)
    assert exchange_s(bus(turnaround_s=0.003), one) == pytest.approx(100 * 11 / 115200 + 0.003 + 0.00175)
    # A station that is said to answer at once still keeps the silence that ends the request.
    assert exchange_s(bus(turnaround_s=0), one) == pytest.approx(100 * 11 / 115200 + 2 * 0.00175)


def test_a_line_by_hand() -> None:
    stations = [BAYS[f"bays{level}"] for level in range(1, 6)]
    line = line_load("bays", bus(), stations, Timing(poll_s=0.1, idle_poll_s=0.5))
    poll_s = 100 * 11 / 115200 + 0.00475
    ground_s = 94 * 11 / 115200 + 0.00475
    assert line.idle_load == pytest.approx((4 * poll_s + ground_s) / 0.5)
    assert line.load == pytest.approx((3 * poll_s + ground_s) / 0.5 + poll_s / 0.1)
    assert line.longest_s == pytest.approx((8 + 5 + 2 * 55) * 11 / 115200 + 0.00475)


def test_an_empty_line_has_no_load() -> None:
    assert line_load("x", bus(), [], Timing()).load == 0.0


def test_without_fc23_a_poll_costs_more() -> None:
    with_it = line_load("x", bus(), [BAYS["bays2"]], Timing())
    without = line_load("x", bus(fc23=False), [BAYS["bays2"]], Timing())
    assert without.load > with_it.load


def test_the_reference_tower_has_room_and_a_slow_line_is_refused() -> None:
    [line] = line_loads(load_tower("guangzhou"))
    assert 0.2 < line.load < 0.3 < MAX_LOAD
    for baud, refused in ((115200, False), (57600, False), (38400, False), (19200, True), (9600, True)):
        if refused:
            with pytest.raises(ConfigError, match=r"of the line \(allowed: at most 60%"):
                load_tower("guangzhou", overrides={"bus.bays.baud": str(baud)})
        else:
            load_tower("guangzhou", overrides={"bus.bays.baud": str(baud)})


def test_an_answer_longer_than_the_time_out_is_refused() -> None:
    slow = {"bus.bays.baud": "9600", "timing.poll_s": "1", "timing.idle_poll_s": "1", "machine.plc.silence_s": "5"}
    with pytest.raises(ConfigError, match=r"bus.bays.timeout_s = 0.2: the longest answer takes 0\.\d+ s"):
        load_tower("small", overrides={**slow, "bus.bays.turnaround_s": "0.1"})
    load_tower("small", overrides=slow)
