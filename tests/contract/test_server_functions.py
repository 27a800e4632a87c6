"""What a station answers to each request (application protocol V1.1b3): bytes typed by hand, no transport, no time."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_plc.unit import ExceptionCode, ModbusRefusal
from sim_plc.wire.functions import answer, attend
from tests.support.registers import Registers

WORDS = 300
"""Addresses 0 to 299 are declared: input register i holds 1000 + i, holding register i holds i."""

SERVED = {3, 4, 16, 23, 43}


def asked(unit: Registers, request: str) -> str:
    """Ask a unit one PDU, both in hex."""
    return answer(unit, bytes.fromhex(request)).hex(" ").upper()


@pytest.mark.parametrize(
    ("request_", "answer_"),
    [
        ("03 00 00 00 01", "03 02 00 00"),
        ("03 01 2A 00 02", "03 04 01 2A 01 2B"),
        ("04 00 00 00 02", "04 04 03 E8 03 E9"),
        ("10 00 10 00 01 02 AB CD", "10 00 10 00 01"),
        ("10 01 2A 00 02 04 00 01 FF FF", "10 01 2A 00 02"),
        ("17 00 04 00 03 00 05 00 01 02 BE EF", "17 06 00 04 BE EF 00 06"),
    ],
)
def test_each_function_is_served(request_: str, answer_: str) -> None:
    assert asked(Registers(WORDS), request_) == answer_


def test_the_largest_quantities_are_served() -> None:
    unit = Registers(WORDS)
    assert len(answer(unit, bytes.fromhex("03 00 00 00 7D"))) == 2 + 250
    assert len(answer(unit, bytes.fromhex("04 00 00 00 7D"))) == 2 + 250
    assert asked(unit, "10 00 00 00 7B F6" + " 00 07" * 123) == "10 00 00 00 7B"
    assert answer(unit, bytes.fromhex("17 00 00 00 7D 00 00 00 79 F2" + " 00 08" * 121))[:4] == b"\x17\xfa\x00\x08"
    assert unit.holding[119:124] == [8, 8, 7, 7, 123]


def test_the_last_address_of_the_space_is_served() -> None:
    unit = Registers(0x10000)
    assert asked(unit, "03 FF FF 00 01") == "03 02 FF FF"
    assert asked(unit, "10 FF FF 00 01 02 12 34") == "10 FF FF 00 01"
    assert asked(unit, "17 FF FF 00 01 FF FF 00 01 02 43 21") == "17 02 43 21"


# Exception 1: the function is not there


@pytest.mark.parametrize("function", [f for f in range(256) if f not in SERVED])
def test_every_other_function_is_exception_1(function: int) -> None:
    unit = Registers()
    assert asked(unit, f"{function:02X} 00 00 00 01") == f"{function | 0x80:02X} 01"
    assert unit.calls == []


@pytest.mark.parametrize(
    "request_",
    [
        "01 00 00 07 D0",
        "02 00 00 07 D1",
        "05 00 00 FF 00",
        "06 00 00 00 00",
        "0F 00 00 00 08 01 FF",
        "0F 00 00 07 B1 F7" + " FF" * 247,
        "16 00 04 00 F2 00 25",
        "08 00 00 A5 37",
    ],
    ids=["coils", "inputs", "coil", "register", "write-coils", "too-many-coils", "mask", "diagnostics"],
)
def test_an_absent_function_is_exception_1_whatever_it_carries(request_: str) -> None:
    assert asked(Registers(), request_) == f"{int(request_[:2], 16) | 0x80:02X} 01"


# Exception 3: quantities and lengths


@pytest.mark.parametrize(
    "request_",
    [
        "03",
        "03 00 00 00",
        "03 00 00 00 00",
        "03 00 00 00 7E",
        "03 00 00 FF FF",
        "03 00 00 00 01 00",
        "04",
        "04 00 00 00 00",
        "04 00 00 00 7E",
        "04 00 00 00 01 00",
        "10",
        "10 00 00 00 00",
        "10 00 00 00 00 00",
        "10 00 00 00 7C F8" + " 00 00" * 124,
        "10 00 00 01 00 00",
        "10 00 00 00 01 02",
        "10 00 00 00 01 02 00",
        "10 00 00 00 01 02 00 00 00",
        "10 00 00 00 02 02 00 00",
        "10 00 00 00 01 04 00 00 00 00",
        "17",
        "17 00 00 00 01 00 00 00 01",
        "17 00 00 00 00 00 00 00 01 02 00 00",
        "17 00 00 00 7E 00 00 00 01 02 00 00",
        "17 00 00 00 01 00 00 00 00 00",
        "17 00 00 00 01 00 00 00 7A F4" + " 00 00" * 122,
        "17 00 00 00 01 00 00 00 01 02 00",
        "17 00 00 00 01 00 00 00 01 02 00 00 00",
        "17 00 00 00 01 00 00 00 02 02 00 00",
        "17 00 00 00 01 00 00 00 01 04 00 00 00 00",
    ],
)
def test_a_quantity_or_length_out_of_range_is_exception_3(request_: str) -> None:
    unit = Registers()
    assert asked(unit, request_) == f"{int(request_[:2], 16) | 0x80:02X} 03"
    assert unit.calls == []


# Exception 2: addresses


@pytest.mark.parametrize(
    "request_",
    [
        "03 00 0A 00 01",
        "03 00 09 00 02",
        "03 FF FF 00 01",
        "03 FF FF 00 02",
        "04 00 0A 00 01",
        "04 FF F0 00 11",
        "10 00 0A 00 01 02 00 00",
        "10 00 09 00 02 04 00 00 00 00",
        "10 FF FF 00 02 04 00 00 00 00",
        "17 00 0A 00 01 00 00 00 01 02 00 00",
        "17 FF FF 00 02 00 00 00 01 02 00 00",
        "17 00 00 00 01 00 0A 00 01 02 00 00",
        "17 00 00 00 01 FF FF 00 02 04 00 00 00 00",
    ],
)
def test_an_undeclared_address_is_exception_2_and_changes_nothing(request_: str) -> None:
    unit = Registers(10)
    assert asked(unit, request_) == f"{int(request_[:2], 16) | 0x80:02X} 02"
    assert unit.holding == list(range(10))


@pytest.mark.parametrize(
    "request_",
    [
        "03 FF FF 00 02",
        "04 FF FF 00 02",
        "10 FF FF 00 02 04 00 00 00 00",
        "17 FF FF 00 02 00 00 00 01 02 00 00",
        "17 00 00 00 01 FF FF 00 02 04 00 00 00 00",
    ],
)
def test_a_span_that_leaves_the_space_is_refused_before_the_station_sees_it(request_: str) -> None:
    unit = Registers(0x10000)
    assert asked(unit, request_) == f"{int(request_[:2], 16) | 0x80:02X} 02"
    assert unit.calls == []


# The order of the checks: what is wrong in two ways is refused for the first


@pytest.mark.parametrize(
    ("request_", "answer_"),
    [
        ("01 FF FF 00 00", "81 01"),
        ("03 FF FF 00 00", "83 03"),
        ("03 FF FF 00 7E", "83 03"),
        ("04 FF FF FF FF", "84 03"),
        ("10 FF FF 00 02 02 00 00", "90 03"),
        ("10 FF FF 00 7C F8" + " 00 00" * 123, "90 03"),
        ("17 FF FF 00 02 00 00 00 00 00", "97 03"),
        ("17 00 00 00 01 FF FF 00 02 02 00 00", "97 03"),
    ],
)
def test_function_then_quantity_then_address(request_: str, answer_: str) -> None:
    assert asked(Registers(), request_) == answer_


# What the station itself says


class Refusing(Registers):
    """It refuses everything that it is asked rightly."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__()
        self._refusal = refusal

    def read_input(self, address: int, count: int) -> Sequence[int]:
        raise self._refusal

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        raise self._refusal

    def write(self, address: int, words: Sequence[int]) -> None:
        raise self._refusal


GOOD = ["03 00 00 00 01", "04 00 00 00 01", "10 00 00 00 01 02 00 00", "17 00 00 00 01 00 00 00 01 02 00 00"]


@pytest.mark.parametrize("code", list(ExceptionCode))
@pytest.mark.parametrize("request_", GOOD)
def test_what_the_station_refuses_carries_its_code(request_: str, code: ExceptionCode) -> None:
    assert asked(Refusing(ModbusRefusal(code)), request_) == f"{int(request_[:2], 16) | 0x80:02X} {code:02X}"


@pytest.mark.parametrize("request_", GOOD)
def test_a_station_that_fails_is_exception_4_and_is_told(request_: str) -> None:
    told: list[dict[str, Any]] = []

    async def run() -> bytes:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
        return attend(Refusing(ZeroDivisionError("in a rung")), bytes.fromhex(request_))

    assert asyncio.run(run()) == bytes((int(request_[:2], 16) | 0x80, 4))
    (context,) = told
    assert isinstance(context["exception"], ZeroDivisionError)
    assert request_.lower()[:14] in context["message"]


def test_write_and_read_writes_first() -> None:
    unit = Registers()
    asked(unit, "17 00 04 00 03 00 05 00 01 02 BE EF")
    assert [call for call, *_ in unit.calls][-2:] == ["write", "read_holding"]


def test_write_and_read_refused_for_either_half_changes_nothing() -> None:
    unit = Registers(10, writable=5)
    assert asked(unit, "17 00 00 00 01 00 04 00 01 02 00 00") == "97 02"
    assert asked(unit, "17 00 0A 00 01 00 05 00 01 02 00 00") == "97 02"
    assert unit.holding == list(range(10))


# Whatever comes


def a_request() -> st.SearchStrategy[bytes]:
    """Any bytes at all, and requests that are nearly right."""
    anything = st.binary(min_size=1, max_size=253)
    return anything | st.builds(
        lambda function, head, data: bytes((function,)) + head + data,
        st.sampled_from(sorted(SERVED)),
        st.lists(st.sampled_from([0, 1, 2, 4, 14, 125, 126, 255]), min_size=0, max_size=9).map(bytes),
        st.binary(max_size=8),
    )


def check(request_: bytes) -> None:
    unit = Registers(WORDS)
    reply = answer(unit, request_)
    assert 2 <= len(reply) <= 253
    if reply[0] & 0x80:
        assert reply[0] == request_[0] | 0x80
        assert len(reply) == 2
        assert reply[1] in set(ExceptionCode)
        assert unit.holding == list(range(WORDS))
    else:
        assert reply[0] == request_[0]
        assert request_[0] in SERVED


@settings(max_examples=60, deadline=None)
@given(a_request())
def test_whatever_is_asked_the_answer_is_a_frame_and_a_refusal_changes_nothing(request_: bytes) -> None:
    check(request_)


@pytest.mark.campaign
@settings(max_examples=20_000, deadline=None)
@given(a_request())
def test_whatever_is_asked_at_length(request_: bytes) -> None:
    check(request_)
