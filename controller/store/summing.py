"""When a journal is summed up: a start reads no more than what follows its newest snapshot."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass

from controller.store.journal import Journal


@dataclass(frozen=True, slots=True)
class JournalSumming:
    """Implements `controller.domain.ports.Summing`: due with ``entries`` behind the newest snapshot."""

    journal: Journal
    entries: int

    @property
    def due(self) -> bool:
        """Whether so many entries were kept since the newest snapshot."""
        return self.journal.behind >= self.entries

    def sum_up(self, body: Callable[[], Mapping[str, object]]) -> Coroutine[None, None, None]:
        """Keep what ``body`` returns as what the entries amount to that are acknowledged now; see `Journal.sum_up`."""
        return self.journal.sum_up(body)
