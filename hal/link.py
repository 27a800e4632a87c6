"""The one door to a field bus: registers of a unit, read and written with every answer checked."""

from collections.abc import Sequence
from typing import Protocol


class Link(Protocol):
    """One physical link with one master on it; it may lead to several units.

    Requests run one at a time. An ``urgent`` request overtakes all waiting ones that are not. Every call raises

    * `hal.errors.LinkDown`: not connected, or the connection broke while waiting (arrived or not: unknown);
    * `hal.errors.NoAnswer`: no answer in time (arrived or not: unknown);
    * `hal.errors.BadAnswer`: an answer that does not fit, or an exception that leaves open what a write did
      (arrived or not: unknown);
    * `hal.errors.Refused`: a Modbus exception: it changed nothing (`hal.errors.NotAuthorised`: for want of a right);
    * `ValueError`: a count or value outside the function's limits: nothing was sent.

    Nothing is ever sent twice: repeating is the caller's decision.
    """

    @property
    def connected(self) -> bool:
        """Whether a connection stands. It may be half open: only an answer proves the peer."""
        ...

    @property
    def generation(self) -> int:
        """Rises with each new connection: 0 before the first."""
        ...

    async def connect(self) -> None:
        """Connect if not connected.

        Raises:
            LinkDown: no connection within the link's time-out.

        """
        ...

    async def close(self) -> None:
        """Close the connection; a waiting request fails with `LinkDown`. Idempotent."""
        ...

    async def read_input(
        self, unit: int, address: int, count: int, *, urgent: bool = False
    ) -> tuple[int, ...]:
        """Read ``count`` (1..125) input registers (FC4)."""
        ...

    async def read_holding(
        self, unit: int, address: int, count: int, *, urgent: bool = False
    ) -> tuple[int, ...]:
        """Read ``count`` (1..125) holding registers (FC3)."""
        ...

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        """Write 1..123 holding registers in one request (FC16)."""
        ...

    async def read_write(
        self,
        unit: int,
        read_address: int,
        read_count: int,
        write_address: int,
        words: Sequence[int],
        *,
        urgent: bool = False,
    ) -> tuple[int, ...]:
        """Write 1..121, then read 1..125 holding registers in one request (FC23)."""
        ...
