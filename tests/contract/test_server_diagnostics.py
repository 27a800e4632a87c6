"""Functions 8 and 11 of serial lines, and the counters behind them (V1.1b3, 6.8 and 6.9; V1.02, appendix A)."""

import asyncio
from typing import Any

import pytest

from sim_plc.unit import ExceptionCode, ModbusRefusal
from sim_plc.wire.diagnostics import Slave
from tests.support.registers import Registers

READ, WRITE, ABSENT, BEYOND = "03 00 00 00 01", "10 00 04 00 01 02 BE EF", "06 00 00 00 00", "03 FF 00 00 01"


class Busy(Registers):
    """It has no time."""

    def read_holding(self, address: int, count: int) -> list[int]:
        raise ModbusRefusal(ExceptionCode.SERVER_DEVICE_BUSY)


def asked(slave: Slave, request: str) -> str:
    """Let the station hear and answer one frame for it."""
    slave.overhear()
    return slave.answer(bytes.fromhex(request)).hex(" ").upper()


def told_all(slave: Slave, request: str) -> None:
    slave.overhear()
    slave.obey(bytes.fromhex(request))


@pytest.mark.parametrize(
    ("request_", "answer_"),
    [
        ("08 00 00 A5 37", "08 00 00 A5 37"),
        ("08 00 00", "08 00 00"),
        ("08 00 00" + " 12 34" * 125, "08 00 00" + " 12 34" * 125),
        ("08 00 0A 00 00", "08 00 0A 00 00"),
        ("08 00 0B 00 00", "08 00 0B 00 01"),
        ("08 00 0C 00 00", "08 00 0C 00 00"),
        ("08 00 10 00 00", "08 00 10 00 00"),
        ("08 00 14 00 00", "08 00 14 00 00"),
        ("0B", "0B 00 00 00 00"),
        # Sub-functions that are not there.
        ("08 00 01 00 00", "88 01"),
        ("08 00 02 00 00", "88 01"),
        ("08 00 04 00 00", "88 01"),
        ("08 00 13 00 00", "88 01"),
        ("08 00 15 00 00", "88 01"),
        ("08 FF FF 00 00", "88 01"),
        # Lengths and data that do not fit.
        ("08", "88 03"),
        ("08 00", "88 03"),
        ("08 00 00 A5", "88 03"),
        ("08 00 0A", "88 03"),
        ("08 00 0A FF 00", "88 03"),
        ("08 00 0B 00 01", "88 03"),
        ("08 00 0B 00 00 00 00", "88 03"),
        ("0B 00", "8B 03"),
    ],
)
def test_diagnostics(request_: str, answer_: str) -> None:
    assert asked(Slave(Registers()), request_) == answer_


def counts(slave: Slave) -> list[int]:
    """Counters 11 to 18, as they stand, by their sub-functions; the questions are taken out of them again."""
    numbers = []
    for asked_before, sub_function in enumerate(range(11, 19)):
        reply = bytes.fromhex(asked(slave, f"08 00 {sub_function:02X} 00 00"))
        assert reply[:3] == bytes((8, 0, sub_function))
        own = asked_before + 1 if sub_function in (11, 14) else 0
        numbers.append(int.from_bytes(reply[3:]) - own)
    return numbers


def test_what_is_counted() -> None:
    slave = Slave(Registers())
    slave.overhear()
    slave.overhear()
    asked(slave, READ)
    asked(slave, BEYOND)
    asked(slave, ABSENT)
    told_all(slave, WRITE)
    told_all(slave, READ)
    slave.miss(overrun=False)
    slave.miss(overrun=True)
    assert counts(slave) == [7, 2, 3, 5, 2, 0, 0, 1]


def test_a_busy_station_counts_it() -> None:
    slave = Slave(Busy())
    assert asked(slave, READ) == "83 06"
    assert counts(slave) == [1, 0, 1, 1, 0, 0, 1, 0]


def test_clearing_clears_and_only_overruns_if_asked_for() -> None:
    slave = Slave(Registers())
    asked(slave, BEYOND)
    slave.miss(overrun=True)
    asked(slave, "08 00 14 00 00")
    assert counts(slave) == [2, 1, 1, 2, 0, 0, 0, 0]
    asked(slave, "08 00 0A 00 00")
    assert counts(slave) == [0] * 8


def test_events_are_what_was_done_without_an_exception() -> None:
    slave = Slave(Registers())
    for request in (READ, WRITE, BEYOND, ABSENT, "0B", "08 00 00 00 00"):
        asked(slave, request)
    told_all(slave, WRITE)
    told_all(slave, ABSENT)
    assert asked(slave, "0B") == "0B 00 00 00 04"
    asked(slave, "08 00 0A 00 00")
    assert asked(slave, "0B") == "0B 00 00 00 00"


def test_counters_are_sent_modulo_65536() -> None:
    slave = Slave(Registers())
    slave.counters.bus_messages = 0x1FFFF
    slave.counters.events = 0x10002
    assert asked(slave, "0B") == "0B 00 00 00 02"
    assert asked(slave, "08 00 0B 00 00") == "08 00 0B 00 01"


def test_a_station_that_fails_in_a_broadcast_is_told_and_counted() -> None:
    class Broken(Registers):
        def write(self, address: int, words: Any) -> None:
            raise ZeroDivisionError("in a rung")

    told: list[dict[str, Any]] = []

    async def run() -> list[int]:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
        slave = Slave(Broken())
        told_all(slave, WRITE)
        return counts(slave)

    assert asyncio.run(run()) == [1, 0, 1, 1, 1, 0, 0, 0]
    assert len(told) == 1
