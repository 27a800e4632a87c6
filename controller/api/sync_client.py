"""The asking end of the local socket for a program that does one thing and ends: no event loop, quick to import."""

import socket
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

from controller.api import messages
from controller.api.messages import ApiError, BadMessage, Notice, NotReachable, Reply, unreachable

ANSWER_S: Final = 10.0
"""How long an answer may take: the control task answers between two of its ticks."""


class SyncClient:
    """One connection to the daemon; blocks. Use as a context manager. An answer may take ``patience_s``.

    Raises:
        NotReachable: nobody listens, or the connection is lost; what was asked for may have happened.

    """

    def __init__(self, path: Path, *, patience_s: float = ANSWER_S) -> None:
        self._patience_s = patience_s
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(patience_s)
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise unreachable(path, error) from error
        self._received = bytearray()
        self._notices: deque[Notice] = deque()
        self._last_id = 0

    def call(self, method: str, **params: object) -> Mapping[str, Any]:
        """Ask for something and return the answer. Parameters that are None are left out.

        Raises:
            Refusal: a rule forbids it; nothing has changed.
            NotReachable: no answer came; what was asked for may have happened.
            ApiError: any other error.

        """
        self._last_id += 1
        given = {name: value for name, value in params.items() if value is not None}
        try:
            self._socket.sendall(messages.call_line(method, given, self._last_id))
        except OSError as error:
            raise NotReachable(f"the connection was lost: {error}") from error
        while True:
            message = self._next(self._patience_s)
            if message is None:
                raise NotReachable(f"no answer to {method} within {self._patience_s:g} s")
            if isinstance(message, Notice):
                self._notices.append(message)
            elif message.id == self._last_id:
                return message.unwrap()

    def notices(self, patience_s: float | None = None) -> Iterator[Notice | None]:
        """Subscribe; yield what the daemon tells, and None whenever nothing came for ``patience_s``.

        Other calls may be made meanwhile.
        """
        self.call("subscribe")
        while True:
            while self._notices:
                yield self._notices.popleft()
            message = self._next(patience_s)
            if not isinstance(message, Reply):
                yield message

    def close(self) -> None:
        """Close the connection. Idempotent."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _next(self, patience_s: float | None) -> Reply | Notice | None:
        """Return the next message, or None if none came in time."""
        self._socket.settimeout(patience_s)
        while (end := self._received.find(b"\n")) < 0:
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                return None
            except OSError as error:
                raise NotReachable(f"the connection was lost: {error}") from error
            if not data:
                raise NotReachable("the daemon closed the connection")
            self._received += data
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        try:
            return messages.parse_from_server(line)
        except BadMessage as error:
            raise ApiError(error.code, f"the daemon's answer cannot be read: {error.text}") from error


def call_once(path: Path, method: str, **params: object) -> Mapping[str, Any]:
    """Connect, ask for one thing, and return the answer.

    Raises:
        Refusal: a rule forbids it; nothing has changed.
        NotReachable: nobody listens, or no answer came.
        ApiError: any other error.

    """
    with SyncClient(path) as client:
        return client.call(method, **params)
