"""Damage on the wires of a rehearsal is such that the check sum of a line tells it."""

import random
from collections.abc import Iterator

import pytest

from sim_plc.rehearsal.line_wire import DAMAGES, damaged
from sim_plc.rehearsal.memory_link import Fault
from sim_plc.wire.rtu_frames import crc16, sealed

ANSWER = bytes.fromhex(
    "0b17360001a0f0004400030004820a000000480001280000108cc8000000100100000020000003bbb6"
    "0000000301000000001d000e00020044c517"
)
"""With 0x2E put behind its ninth byte its first 59 bytes have a right check sum again (aimed, seed 117)."""


class Drawn(random.Random):
    """Draws what it is told."""

    def __init__(self, *numbers: int) -> None:
        super().__init__()
        self._numbers: Iterator[int] = iter(numbers)

    def randrange(self, *_: object) -> int:
        """Return the next number."""
        return next(self._numbers)


def test_an_added_character_that_no_check_sum_tells_is_another_one() -> None:
    unseen = ANSWER[:9] + b"\x2e" + ANSWER[9:]
    assert crc16(ANSWER) == crc16(unseen[: len(ANSWER)]) == 0
    assert damaged(Drawn(9, 0x2E, 9, 0x2F), ANSWER, Fault.BYTE_ADDED) == ANSWER[:9] + b"\x2f" + ANSWER[9:]


def test_a_frame_behind_an_added_character_is_left_whole() -> None:
    assert damaged(Drawn(0, 7), ANSWER, Fault.BYTE_ADDED) == b"\x07" + ANSWER


@pytest.mark.parametrize("fault", sorted(DAMAGES, key=str))
def test_each_damage_changes_a_frame(fault: Fault) -> None:
    rng = random.Random(5)
    for size in range(2, 60):
        frame = sealed(bytes(rng.randrange(256) for _ in range(size)))
        assert damaged(rng, frame, fault) != frame
