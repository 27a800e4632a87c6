"""What the controller needs of the world behind it, as small protocols."""

from collections.abc import Mapping, Sequence
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
