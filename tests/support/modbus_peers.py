"""Peers of a Modbus link that behave as badly as a test asks for, on real sockets and pseudo terminals."""

import asyncio
import contextlib
import os
import struct
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

Pieces = Sequence[bytes | float]
"""What a peer does about a request: bytes to send and seconds to wait, in order."""


def crc(data: bytes) -> bytes:
    """CRC-16/MODBUS as on the line: shares nothing with the code under test."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRC_OF[(value ^ byte) & 0xFF]
    return bytes((value & 0xFF, value >> 8))


def _bit_by_bit(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


_CRC_OF = [_bit_by_bit(byte) for byte in range(256)]


def mbap(transaction: int, unit: int, pdu: bytes, *, protocol: int = 0) -> bytes:
    return struct.pack(">HHHB", transaction, protocol, len(pdu) + 1, unit) + pdu


def rtu(unit: int, pdu: bytes) -> bytes:
    return bytes((unit,)) + pdu + crc(bytes((unit,)) + pdu)


def registers_of(function: int, words: Sequence[int]) -> bytes:
    """Answer PDU of a read."""
    return bytes((function, 2 * len(words))) + struct.pack(f">{len(words)}H", *words)


class TcpPeer:
    """A server; ``behave(transaction, unit, pdu)`` says what it does about each request."""

    def __init__(self, behave: Callable[[int, int, bytes], Pieces]) -> None:
        self._behave = behave
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.port = 0
        self.requests: list[bytes] = []
        self.connections = 0
        self.open = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self, *, reset: bool = False) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            if reset:
                writer.transport.abort()
            else:
                writer.close()
        self._writers.clear()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                pdu = await reader.readexactly(length - 1)
                self.requests.append(pdu)
                for piece in self._behave(transaction, unit, pdu):
                    if isinstance(piece, bytes):
                        writer.write(piece)
                    else:
                        await asyncio.sleep(piece)
        self.open -= 1
        writer.close()


class LinePeer:
    """Stations at the far end of a pty, unpaced; ``behave(frame)`` says what is sent about each chunk received.

    Delays of different requests run side by side, as those of different stations would.
    """

    def __init__(self, path: Path, behave: Callable[[bytes], Pieces]) -> None:
        self._path = path
        self._behave = behave
        self._master = self._slave = -1
        self.requests: list[bytes] = []
        self.heard_at: list[float] = []
        self.asked = asyncio.Event()

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.unplug()

    def plug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._path.unlink(missing_ok=True)
        self._path.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._hear)

    def unplug(self) -> None:
        if self._master < 0:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = -1
        self._path.unlink()

    def send(self, data: bytes) -> None:
        if self._master >= 0:
            os.write(self._master, data)

    def _hear(self) -> None:
        frame = os.read(self._master, 4096)
        loop = asyncio.get_running_loop()
        self.requests.append(frame)
        self.heard_at.append(loop.time())
        self.asked.set()
        delay_s = 0.0
        for piece in self._behave(frame):
            if isinstance(piece, float):
                delay_s += piece
            elif delay_s:
                loop.call_later(delay_s, self.send, piece)
            else:
                self.send(piece)


@contextlib.contextmanager
def line_at(folder: Path, behave: Callable[[bytes], Pieces]) -> Iterator[tuple[LinePeer, str]]:
    """A `LinePeer` plugged in, and the path of its device."""
    path = folder / "line.tty"
    with LinePeer(path, behave) as peer:
        yield peer, str(path)
