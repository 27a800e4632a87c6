"""A place to bend what a server sends: answers dropped, late, corrupted or doubled. Off by default."""

from collections.abc import Sequence
from typing import Protocol


class WireFaults(Protocol):
    """Decides what becomes of each answer on its way out."""

    def bend(self, frame: bytes) -> Sequence[tuple[float, bytes]]:
        """Return what is sent in place of ``frame``: pieces, each so many seconds after the answer was due.

        Nothing: the answer is lost. A piece is sent as it stands, check sum and all.
        """
        ...


class NoFaults:
    """Every answer goes out as it is."""

    def bend(self, frame: bytes) -> Sequence[tuple[float, bytes]]:
        """Return ``frame``, due at once."""
        return ((0.0, frame),)
