"""What the control task needs of whoever keeps traces of faults."""

from typing import Protocol

from controller.runtime.inbox import Answer


class Traces(Protocol):
    """Keeps the minutes around a fault; nothing here waits for a disk."""

    def save(self, why: str) -> Answer:
        """Keep a trace of now; see `controller.domain.events.SaveTrace`.

        Raises:
            Refusal: TRACE_OFF, TRACE_BUSY.

        """
        ...

    def picture(self) -> Answer:
        """Return whether it records, what it keeps, and what it could not keep."""
        ...
