"""What a request takes for its answer, and which exceptions leave open what a write did."""

import pytest

from hal.errors import BadAnswer, Refused
from hal.modbus_request import Request, reading_and_writing, reading_holding, reading_input, writing

REQUESTS = {
    "read input": reading_input(1, 0, 2),
    "read holding": reading_holding(1, 0, 2),
    "write": writing(1, 0, [7]),
    "read and write": reading_and_writing(1, 0, 2, 8, [7]),
}
CHANGING = ("write", "read and write")

every_request = pytest.mark.parametrize("name", REQUESTS)


@every_request
@pytest.mark.parametrize("code", [1, 2, 3, 6, 8, 10])
def test_an_exception_that_comes_before_the_work_is_a_refusal(name: str, code: int) -> None:
    request = REQUESTS[name]
    with pytest.raises(Refused) as refusal:
        request.check(bytes((request.function | 0x80, code)))
    assert (refusal.value.function, refusal.value.code) == (request.function, code)


@every_request
@pytest.mark.parametrize("code", [4, 5, 11])
def test_an_exception_that_may_come_behind_the_work_is_no_refusal_of_a_write(name: str, code: int) -> None:
    request = REQUESTS[name]
    with pytest.raises(BadAnswer if name in CHANGING else Refused):
        request.check(bytes((request.function | 0x80, code)))


@every_request
def test_an_exception_to_another_function_or_with_more_behind_it_is_bad(name: str) -> None:
    request = REQUESTS[name]
    for pdu in (bytes((0x85, 2)), bytes((request.function | 0x80,)), bytes((request.function | 0x80, 2, 0))):
        with pytest.raises(BadAnswer):
            request.check(pdu)


@every_request
def test_every_cut_and_every_byte_too_many_is_bad(name: str) -> None:
    request = REQUESTS[name]
    right = request.answer_head.ljust(request.answer_size, b"\x01")
    request.check(right)
    for size in range(1, request.answer_size):
        with pytest.raises(BadAnswer):
            request.check(right[:size])
    with pytest.raises(BadAnswer):
        request.check(right + b"\x00")


@every_request
def test_every_bit_of_the_head_counts(name: str) -> None:
    request = REQUESTS[name]
    right = request.answer_head.ljust(request.answer_size, b"\x01")
    for bit in range(8 * len(request.answer_head)):
        bent = bytearray(right)
        bent[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadAnswer):
            request.check(bytes(bent))


def test_a_repeated_read_is_made_once() -> None:
    assert reading_input(3, 10, 5) is reading_input(3, 10, 5)
    assert reading_input(3, 10, 5) != reading_holding(3, 10, 5)


@pytest.mark.parametrize(
    ("address", "words"), [(0, []), (0, [0] * 124), (0xFFFF, [1, 2]), (-1, [1]), (0, [1, -1]), (0, [65536, 1])]
)
def test_what_no_request_can_carry_is_a_value_error(address: int, words: list[int]) -> None:
    def make() -> tuple[Request, ...]:
        return writing(1, address, words), reading_and_writing(1, 0, 1, address, words)

    with pytest.raises(ValueError):  # noqa: PT011 - the rule is that it is one
        make()
