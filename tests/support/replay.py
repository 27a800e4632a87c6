"""Plays a capture again: the recorded requests are asked over a port, and the recorded answers are what it gets."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hal.capture import HEADER
from hal.modbus_link import ModbusLink
from hal.plcmap.codec import StationCodec
from hal.plcmap.registers import StationMap
from hal.plcmap.values import Image
from tests.support.scripted_channel import ScriptedChannel


@dataclass
class Exchange:
    """One request as it was sent, and all that came before the next one."""

    request: bytes
    answer: bytes = b""


@dataclass
class Played:
    """What a port made of a recorded bus."""

    images: dict[int, list[Image]] = field(default_factory=dict)
    """By unit, one for each fast block that was read."""
    written: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)
    """Unit, address and registers of each write."""


def exchanges_of(text: str) -> dict[str, list[Exchange]]:
    """Return what a capture holds, by bus."""
    header, *lines = text.splitlines()
    assert header == HEADER
    buses: dict[str, list[Exchange]] = {}
    for line in lines:
        _, bus, what, *rest = line.split(" ", 3)
        exchanges = buses.setdefault(bus, [])
        if what == "send":
            exchanges.append(Exchange(bytes.fromhex(rest[0])))
        elif what == "recv":
            exchanges[-1].answer += bytes.fromhex(rest[0])
    return buses


def script_of(exchanges: Sequence[Exchange]) -> ScriptedChannel:
    """Return a channel that answers as was recorded."""
    return ScriptedChannel([(each.request.hex(), each.answer.hex()) for each in exchanges])


async def play(
    link: ModbusLink, exchanges: Sequence[Exchange], maps: Mapping[int, StationMap], *, head: int
) -> Played:
    """Ask everything again. ``head``: bytes of a frame before its PDU, the last of them the unit id."""
    played = Played()
    codecs = {unit: StationCodec(station) for unit, station in maps.items()}
    await link.connect()
    for each in exchanges:
        unit, pdu = each.request[head - 1], each.request[head:]
        registers = await _ask(link, unit, pdu, played)
        fast = maps[unit].fast[0]
        if registers and struct.unpack_from(">HH", pdu, 1) == (fast.address, fast.count):
            played.images.setdefault(unit, []).append(codecs[unit].decode_fast([registers]))
    await link.close()
    return played


async def _ask(link: ModbusLink, unit: int, pdu: bytes, played: Played) -> tuple[int, ...]:
    first, count = struct.unpack_from(">HH", pdu, 1)
    match pdu[0]:
        case 3:
            return await link.read_holding(unit, first, count)
        case 4:
            return await link.read_input(unit, first, count)
        case 16:
            words = struct.unpack_from(f">{count}H", pdu, 6)
            played.written.append((unit, first, words))
            await link.write(unit, first, words)
            return ()
        case _:
            write_first, write_count = struct.unpack_from(">HH", pdu, 5)
            words = struct.unpack_from(f">{write_count}H", pdu, 10)
            played.written.append((unit, write_first, words))
            return await link.read_write(unit, first, count, write_first, words)
