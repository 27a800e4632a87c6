"""Ways to get an answer wrong: PDUs, identifiers, bits and noise."""

import random
import struct
from collections.abc import Callable

from tests.support.exchanges import UNITS, Exchange

FUNCTIONS = (1, 2, 3, 4, 5, 6, 15, 16, 23, 43)


def wrong_pdu(rng: random.Random, x: Exchange) -> bytes:
    """Draw an answer that does not fit an exchange: another function, length, byte count, echo, or exception."""
    while True:
        pdu = rng.choice(_BENDS)(rng, x)
        is_refusal = pdu[0] == x.function | 0x80 and len(pdu) == 2
        if pdu != x.answer and not is_refusal:
            return pdu


def other_unit(rng: random.Random, x: Exchange) -> int:
    return rng.choice([unit for unit in (*UNITS, 0, 247, 255) if unit != x.unit])


def pieces_of(rng: random.Random, data: bytes) -> tuple[bytes, ...]:
    """Cut anywhere: whole, once, a few times, or into single bytes."""
    if len(data) < 2 or rng.random() < 0.4:
        return (data,)
    if rng.random() < 0.1:
        return tuple(bytes((byte,)) for byte in data)
    cuts = sorted(rng.sample(range(1, len(data)), min(len(data) - 1, rng.randint(1, 3))))
    return tuple(data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True))


def noise(rng: random.Random) -> bytes:
    return rng.choice((b"\x00", b"\xff", rng.randbytes(rng.randint(1, 12)), bytes(rng.randint(1, 12))))


def flipped(rng: random.Random, frame: bytes) -> bytes:
    """Flip what CRC-16 is bound to find: up to three bits anywhere, or a burst of 16 as they go over the line.

    A byte's lowest bit goes first, so that the bits of a frame in their order are those of a little-endian number.
    """
    bits = 8 * len(frame)
    if rng.random() < 0.5:
        mask = sum(1 << bit for bit in rng.sample(range(bits), rng.randint(1, 3)))
    else:
        width = rng.randint(2, 16)
        mask = (rng.getrandbits(width) | 1 | 1 << (width - 1)) << rng.randrange(bits - width)
    return (int.from_bytes(frame, "little") ^ mask).to_bytes(len(frame), "little")


def _other_function(rng: random.Random, x: Exchange) -> bytes:
    return bytes((_not(rng, x.function),)) + x.answer[1:]


def _other_exception(rng: random.Random, x: Exchange) -> bytes:
    return bytes((_not(rng, x.function) | 0x80, rng.randint(1, 11)))


def _odd_exception(rng: random.Random, x: Exchange) -> bytes:
    return bytes((x.function | 0x80,)) + rng.randbytes(rng.choice((0, 2, 3)))


def _other_count(rng: random.Random, x: Exchange) -> bytes:
    """A whole answer of more or fewer registers; of a write, another count echoed."""
    count = rng.choice([n for n in (1, 2, 3, 5, 10, 40, 125) if n != x.count])
    if x.function == 16:
        return struct.pack(">BHH", 16, x.address, count)
    words = (*x.words, *x.words, *range(125))[:count]
    return bytes((x.function, 2 * count)) + struct.pack(f">{count}H", *words)


def _other_address(rng: random.Random, x: Exchange) -> bytes:
    """Another address echoed; of a read, a byte count that lies."""
    if x.function == 16:
        return struct.pack(">BHH", 16, x.address ^ 1 << rng.randrange(16), x.count)
    return bytes((x.function, x.answer[1] ^ 1 << rng.randrange(8))) + x.answer[2:]


def _cut(rng: random.Random, x: Exchange) -> bytes:
    return x.answer[: rng.randint(1, len(x.answer) - 1)]


def _longer(rng: random.Random, x: Exchange) -> bytes:
    return x.answer + rng.randbytes(rng.randint(1, 4))


def _not(rng: random.Random, function: int) -> int:
    return rng.choice([one for one in FUNCTIONS if one != function])


_BENDS: tuple[Callable[[random.Random, Exchange], bytes], ...] = (
    _other_function,
    _other_exception,
    _odd_exception,
    _other_count,
    _other_address,
    _cut,
    _longer,
)
