"""What the controller needs of the world behind it, as small protocols."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Protocol

from controller.domain.records import Record


class Keeper(Protocol):
    """Keeps records durably and folds them into the book, in the order of the calls."""

    async def commit(self, *changes: Record) -> None:
        """Keep the records in one durable transaction, then fold them.

        Raises:
            OSError: they are not durable, and nothing will be from now on.

        """
        ...

    def note(self, *changes: Record) -> None:
        """Fold records that need not be durable before the next step; they are kept with the next commit."""
        ...


class DurableLog(Protocol):
    """Append-only storage: the journal."""

    async def append(self, records: Sequence[tuple[str, Mapping[str, object]]]) -> float:
        """Keep entries in one durable transaction, in the order of the calls; return their wall time."""
        ...


class Summing(Protocol):
    """Keeps what a durable log amounts to, so that nobody need read all of it."""

    @property
    def due(self) -> bool:
        """Whether much was appended since it was summed up last."""
        ...

    def sum_up(self, body: Callable[[], Mapping[str, object]]) -> Coroutine[None, None, None]:
        """Keep, durable, what all entries amount to whose append has returned now; a thread may ask for ``body``."""
        ...
