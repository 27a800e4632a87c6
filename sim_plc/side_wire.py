"""The framing of the side channel, for both ends: JSON-RPC 2.0, one object a line."""

import json
from collections.abc import Mapping
from typing import Any, Final

SIDE_CHANNEL: Final = "plant.sock"
"""Its socket in a run directory."""

MAX_LINE: Final = 1 << 20

REFUSED: Final = -32000
"""The plant objects: a car that is inside already, a room that is not there."""
BAD_CALL: Final = -32602


class PlantRefusal(Exception):
    """The plant cannot do that; nothing has happened."""


class PlantGone(ConnectionError):
    """No plant listens at the side channel, or it went away before it answered."""


def line(body: Mapping[str, object]) -> bytes:
    """Return one message."""
    return json.dumps({"jsonrpc": "2.0", **body}, separators=(",", ":")).encode() + b"\n"


def read(data: bytes) -> Mapping[str, Any]:
    """Return the object of a line.

    Raises:
        ValueError: it is none.

    """
    body = json.loads(data)
    if not isinstance(body, dict):
        raise ValueError("not an object")  # noqa: TRY004 - like every other line that cannot be read
    return body
