"""The mailbox frame: one command, written in one FC16 request, sequence last."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hal.plcmap import crc

FRAME_WORDS: Final = 11
"""epoch (2), boot id, opcode, argument 1 (2), argument 2 (2), expected-from, check word, sequence."""


def crc16(words: Sequence[int]) -> int:
    """CRC-16/MODBUS over big-endian words."""
    return crc.crc16(struct.pack(f">{len(words)}H", *words))


def split32(value: int) -> tuple[int, int]:
    """Split a 32-bit value (two's complement if negative) into words, high first."""
    value &= 0xFFFFFFFF
    return value >> 16, value & 0xFFFF


def join32(high: int, low: int) -> int:
    """Join two words to an unsigned 32-bit value."""
    return high << 16 | low


def join32_signed(high: int, low: int) -> int:
    """Join two words to a signed 32-bit value."""
    value = join32(high, low)
    return value - (1 << 32) if value & 0x80000000 else value


@dataclass(frozen=True, slots=True)
class Content:
    """What a sequence asks for: identical content makes a repeated sequence the same command."""

    opcode: int
    argument1: int = 0
    argument2: int = 0
    expected_from: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A command as it stands in the registers of a mailbox.

    ``check`` is what the frame carries, right or wrong; `build` makes a right one.
    """

    epoch: int
    boot_id: int
    content: Content
    check: int
    sequence: int

    @classmethod
    def build(cls, *, epoch: int, boot_id: int, content: Content, sequence: int) -> "Frame":
        """Make a frame with its right check word."""
        return cls(epoch, boot_id, content, _check_word(epoch, boot_id, content, sequence), sequence)

    @property
    def intact(self) -> bool:
        """Whether the check word fits the other words."""
        return self.check == _check_word(self.epoch, self.boot_id, self.content, self.sequence)

    def to_words(self) -> tuple[int, ...]:
        """Return the `FRAME_WORDS` registers."""
        return (*_body(self.epoch, self.boot_id, self.content), self.check, self.sequence)

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "Frame":
        """Read a frame from its registers.

        Raises:
            ValueError: not `FRAME_WORDS` words.

        """
        if len(words) != FRAME_WORDS:
            raise ValueError(f"a frame has {FRAME_WORDS} words, not {len(words)}")
        epoch_high, epoch_low, boot, opcode, a1h, a1l, a2h, a2l, expected, check, sequence = words
        content = Content(opcode, join32_signed(a1h, a1l), join32_signed(a2h, a2l), expected)
        return cls(join32(epoch_high, epoch_low), boot, content, check, sequence)


def _body(epoch: int, boot_id: int, content: Content) -> tuple[int, ...]:
    return (
        *split32(epoch),
        boot_id,
        content.opcode,
        *split32(content.argument1),
        *split32(content.argument2),
        content.expected_from,
    )


def _check_word(epoch: int, boot_id: int, content: Content, sequence: int) -> int:
    return crc16((*_body(epoch, boot_id, content), sequence))
