"""The asking end of the side channel."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from sim_plc.side_wire import REFUSED, PlantGone, PlantRefusal, line, read

ANSWER_S: Final = 5.0


class PlantClient:
    """One connection to the side channel; blocks, for the plant answers at once. Use as a context manager.

    Raises:
        PlantGone: no plant listens, or it went away.

    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(ANSWER_S)
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise PlantGone(f"no plant at {path}: is `cartower-sim run` running with this run directory?") from error
        self._file = self._socket.makefile("rb")

    def call(self, method: str, **params: object) -> Mapping[str, Any]:
        """Ask for something and return the answer; parameters that are None are left out.

        Raises:
            PlantRefusal: the plant cannot do that; nothing has happened.
            ValueError: a method or parameter that the plant does not know.
            PlantGone: it went away; what was asked for may have happened.

        """
        given = {name: value for name, value in params.items() if value is not None}
        try:
            self._socket.sendall(line({"id": 1, "method": method, "params": given}))
            answer = self._file.readline()
        except OSError as error:
            raise PlantGone(f"the plant does not answer: {error}") from error
        if not answer:
            raise PlantGone("the plant went away")
        body = read(answer)
        error_ = body.get("error")
        if error_ is None:
            result: Mapping[str, Any] = body["result"]
            return result
        if error_["code"] == REFUSED:
            raise PlantRefusal(error_["message"])
        raise ValueError(error_["message"])

    def close(self) -> None:
        """Close the connection. Idempotent."""
        self._file.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
