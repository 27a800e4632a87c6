"""The asking end of the local socket, asynchronous: calls and one subscription over one connection."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

from controller.api import messages
from controller.api.messages import MAX_LINE, ApiError, BadMessage, Notice, NotReachable, Reply, unreachable
from controller.domain.refusal import Refusal

__all__ = ["ApiClient", "ApiError", "NotReachable", "Notice", "Refusal"]

EVENTS_KEPT: Final = 2000
"""Events that wait for a slow consumer before the oldest are dropped."""


class ApiClient:
    """One connection to the daemon. `connect` makes it; use it as an asynchronous context manager, or `close` it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._last_id = 0
        self._inflow = _Inflow()
        self._receiver = asyncio.get_running_loop().create_task(self._receive())

    @classmethod
    async def connect(cls, path: Path) -> Self:
        """Connect to the socket.

        Raises:
            NotReachable: nobody listens there, or this user may not connect.

        """
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=MAX_LINE + 1)
        except OSError as error:
            raise unreachable(path, error) from error
        return cls(reader, writer)

    async def call(self, method: str, **params: object) -> Mapping[str, Any]:
        """Ask for something and return the answer.

        Parameters that are None are left out.

        Raises:
            Refusal: a rule forbids it; nothing has changed.
            NotReachable: the connection is lost; what was asked for may have happened.
            ApiError: any other error.

        """
        if self._receiver.done():
            raise NotReachable("the connection is lost")
        self._last_id += 1
        call_id = self._last_id
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = answer
        given = {name: value for name, value in params.items() if value is not None}
        try:
            self._writer.write(messages.call_line(method, given, call_id))
            with contextlib.suppress(ConnectionError):  # the receiver sees it too, and fails the answer
                await self._writer.drain()
            return (await answer).unwrap()
        finally:
            del self._waiting[call_id]

    async def subscribe(self) -> AsyncIterator[Notice]:
        """Yield events in their order and the newest status, until the connection is lost.

        Raises:
            NotReachable: the connection is lost.

        """
        await self.call("subscribe")
        while True:
            yield await self._inflow.next()

    async def close(self) -> None:
        """Close the connection; a waiting call fails. Idempotent."""
        self._receiver.cancel()
        await asyncio.gather(self._receiver, return_exceptions=True)
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def _receive(self) -> None:
        lost = NotReachable("the connection was closed")
        try:
            while line := await self._reader.readline():
                self._take(messages.parse_from_server(line))
        except (ConnectionError, BadMessage, ValueError) as error:
            lost = NotReachable(f"the connection was lost: {error}")
        finally:
            self._inflow.end(lost)
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(lost)

    def _take(self, message: Reply | Notice) -> None:
        if isinstance(message, Notice):
            self._inflow.put(message)
            return
        answer = self._waiting.get(message.id) if isinstance(message.id, int) else None
        if answer is not None and not answer.done():
            answer.set_result(message)


class _Inflow:
    """Notices on their way to the subscriber: every event (up to `EVENTS_KEPT`), but only the newest status."""

    def __init__(self) -> None:
        self._events: deque[Notice] = deque(maxlen=EVENTS_KEPT)
        self._status: Notice | None = None
        self._lost: NotReachable | None = None
        self._changed = asyncio.Event()

    def put(self, notice: Notice) -> None:
        """Add a notice; a status replaces the one that waits."""
        if notice.method == "status":
            self._status = notice
        else:
            self._events.append(notice)
        self._changed.set()

    def end(self, lost: NotReachable) -> None:
        """Let the subscriber end with ``lost`` once it has taken all."""
        self._lost = lost
        self._changed.set()

    async def next(self) -> Notice:
        """Return the oldest event, else the newest status, else wait for one."""
        while True:
            if self._events:
                return self._events.popleft()
            if self._status is not None:
                status, self._status = self._status, None
                return status
            if self._lost is not None:
                raise self._lost
            self._changed.clear()
            await self._changed.wait()
