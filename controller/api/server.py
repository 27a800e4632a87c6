"""The daemon's end of the local socket: who may, what they ask, and what they are told."""

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from controller.api import messages
from controller.api.instruments import LOOKS, Instruments, look
from controller.api.messages import INTERNAL_ERROR, INVALID_REQUEST, MAX_LINE, REFUSED, BadMessage, Call
from controller.api.params import Params
from controller.api.requests import SUBSCRIBE, WHOAMI, to_request
from controller.api.turns import Turns
from controller.api.visitors import Visitor, Visitors
from controller.api.whoami import turned_away, whoami
from controller.domain.events import ImportInventory
from controller.domain.permits import ACTS, NotAllowed
from controller.domain.refusal import Refusal
from controller.runtime.inbox import Board, Inbox

SOCKET_MODE: Final = 0o660
"""Owner and group may ask; others may not even connect."""

SEND_BUFFER: Final = 1 << 16
"""Bytes that wait for a slow reader before it begins to miss statuses."""

SHORT_LINE: Final = 1 << 16
"""Longest line of who may not import an inventory: nothing else is long, and a line of a MiB costs 0.14 s to read."""

MAX_CONNECTIONS: Final = 100
"""More are closed at once: a script that leaks them must not take the journal's file descriptors."""

ACCEPT_AGAIN_S: Final = 0.2

PACE_S: Final = 0.05
"""Least time between two messages to one subscriber: no eye needs more, and the control loop makes each of them."""

News = tuple[Mapping[str, object] | None, list[Mapping[str, object]]]
"""A status, if it is a new one, and the events since the last look."""


class SocketInUse(OSError):
    """Another process listens at the socket: one daemon a tower."""


class ApiServer:
    """Serves requests and subscriptions at a local socket.

    Requests of one connection are answered in their order. Each subscriber has one slot with the newest status:
    a slow one misses statuses, and never delays the control task. Use as an asynchronous context manager, or
    `start` and `close`.
    """

    def __init__(
        self,
        path: Path,
        inbox: Inbox[Any],
        board: Board,
        instruments: Instruments | None = None,
        visitors: Visitors | None = None,
    ) -> None:
        """Take what is served, and to whom; without ``instruments`` their methods are not known."""
        self._path = path
        self._inbox = inbox
        self._board = board
        self._instruments = instruments
        self._visitors = Visitors() if visitors is None else visitors
        self._turns = Turns()
        self._inode = 0
        self._acceptor: asyncio.Task[None] | None = None
        self._connections: dict[asyncio.Task[None], socket.socket] = {}

    async def start(self) -> None:
        """Listen; a socket file that nobody listens at is replaced.

        Raises:
            SocketInUse: another process listens.
            OSError: the socket cannot be made.

        """
        await self._visitors.refresh()
        listener = _listen(self._path)
        self._inode = self._path.stat().st_ino
        self._acceptor = asyncio.get_running_loop().create_task(self._accept(listener))

    async def close(self) -> None:
        """End every connection and remove the socket. Idempotent."""
        if self._acceptor is None:
            return
        await _end([self._acceptor])
        self._acceptor = None
        await _end(list(self._connections))
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def _accept(self, listener: socket.socket) -> None:
        # asyncio's own server loses a connection that is half made when it is closed, so this one accepts itself.
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                try:
                    connected, _ = await loop.sock_accept(listener)
                except OSError:  # no file descriptor left, or the client has gone already
                    await asyncio.sleep(ACCEPT_AGAIN_S)
                    continue
                if len(self._connections) >= MAX_CONNECTIONS:
                    connected.close()
                    continue
                task = loop.create_task(self._serve(connected))
                self._connections[task] = connected
                task.add_done_callback(self._gone)

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._connections.pop(task).close()
        if not task.cancelled():
            task.result()

    async def _serve(self, connected: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=connected, limit=MAX_LINE)
        with contextlib.suppress(ConnectionError):  # the client has gone: there is nobody to tell
            try:
                visitor = await self._visitors.know(connected)
                served = self._inbox, self._board, self._instruments, self._visitors, self._turns
                await _Connection(reader, writer, visitor, *served).run()
            finally:
                writer.transport.abort()
                await writer.wait_closed()


class _Connection:
    """One client: reads calls, answers them, and feeds its subscription."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        visitor: Visitor,
        inbox: Inbox[Any],
        board: Board,
        instruments: Instruments | None,
        visitors: Visitors,
        turns: Turns,
    ) -> None:
        self._turns = turns
        self._reader = reader
        self._writer = writer
        self._inbox = inbox
        self._board = board
        self._instruments = instruments
        self._visitor = visitor
        self._access = visitors.access
        self._longest = MAX_LINE if visitor.role >= ACTS[ImportInventory].need.role else SHORT_LINE
        self._subscription: asyncio.Task[None] | None = None
        writer.transport.set_write_buffer_limits(high=SEND_BUFFER)

    async def run(self) -> None:
        """Serve until the client closes its side."""
        try:
            async for line in _lines(self._reader):
                async with self._turns:
                    heard = self._hear(line)
                await self._send(await self._answer(heard) if isinstance(heard, Call) else heard)
        finally:
            if self._subscription is not None:
                await _end([self._subscription])

    def _hear(self, line: bytes | None) -> Call | bytes:
        """Return the call that a line makes, or the answer to one that makes none."""
        if line is None or len(line) > self._longest + len(b"\n"):
            return messages.error_line(None, INVALID_REQUEST, f"a line is longer than {self._longest} bytes")
        if not line.strip():
            return b""
        try:
            return messages.parse_call(line)
        except BadMessage as bad:
            return messages.error_line(bad.call_id, bad.code, bad.text)

    async def _answer(self, call: Call) -> bytes:
        answer = await self._answer_call(call)
        return answer if call.wants_answer else b""

    async def _answer_call(self, call: Call) -> bytes:
        try:
            return messages.result_line(call.id, await self._result(call))
        except BadMessage as bad:
            return messages.error_line(call.id, bad.code, bad.text)
        except NotAllowed as refusal:
            return messages.error_line(call.id, REFUSED, *turned_away(refusal, self._access))
        except Refusal as refusal:
            return messages.error_line(call.id, REFUSED, refusal.text, {"rule": refusal.rule})
        except Exception as error:  # noqa: BLE001 - one request that goes wrong must not end the daemon
            return messages.error_line(call.id, INTERNAL_ERROR, f"{type(error).__name__}: {error}")

    async def _result(self, call: Call) -> Mapping[str, object]:
        if call.method == SUBSCRIBE:
            return await self._subscribe(call)
        if call.method == WHOAMI:
            Params(call.params).end()
            return whoami(self._visitor, self._access)
        if call.method in LOOKS and self._instruments is not None:
            return await look(call.method, call.params, self._instruments)
        visitor = self._visitor
        return await self._inbox.ask(to_request(call.method, call.params, visitor.by, visitor.role))

    async def _subscribe(self, call: Call) -> Mapping[str, object]:
        Params(call.params).end()
        version = self._board.version
        if self._subscription is None:
            news = self._board.follow()
            # The first look is taken before the answer leaves: nothing told after it is missed.
            first = await anext(news)
            self._subscription = asyncio.get_running_loop().create_task(self._feed(version, first, news))
        return {"version": version}

    async def _feed(self, sent: int, first: News, news: AsyncIterator[News]) -> None:
        """Send what is new, at the pace of the reader: what it cannot take in time is replaced by what is newer."""
        await self._tell(first)
        async for status, events in news:
            changed, sent = self._board.version != sent, self._board.version
            await self._tell((status if changed else None, events))
            await asyncio.sleep(PACE_S)

    async def _tell(self, news: News) -> None:
        status, events = news
        lines = [messages.notice_line("event", event) for event in events]
        if status is not None:
            lines.append(messages.notice_line("status", status))
        await self._send(b"".join(lines))

    async def _send(self, data: bytes) -> None:
        if data:
            self._writer.write(data)
            await self._writer.drain()


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes | None]:
    """Yield each line without its newline, and None once for each line that is too long."""
    too_long = False
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as over:
            await reader.readexactly(over.consumed)
            too_long = True
            continue
        except asyncio.IncompleteReadError:
            return
        if too_long:
            too_long = False
            yield None
        else:
            yield line


def _listen(path: Path) -> socket.socket:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    before = os.umask(0o777 & ~SOCKET_MODE)
    try:
        listener.bind(str(path))
        listener.listen()
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot make the socket {path}: {error.strerror or error}") from error
    finally:
        os.umask(before)
    return listener


def _remove_stale(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(f"{path} is there and is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise SocketInUse(f"another process listens at {path}")
