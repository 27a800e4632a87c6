"""The audit trail: who asked for what, as whom, from where by their own word, and with which outcome."""

from dataclasses import asdict
from enum import StrEnum
from typing import Final

from controller.domain.events import Request
from controller.domain.records import Asked
from controller.runtime.ledger import Ledger

_WHO: Final = ("by", "role", "on_site")
"""What a record has fields of its own for."""


class Trail:
    """Keeps it in the journal. Called by the control task alone."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._due = False

    def note(self, request: Request, rule: str = "") -> None:
        """Take down a request that was granted, or refused by a ``rule``; durable with the next commit (see `keep`)."""
        said = {name: _plain(value) for name, value in asdict(request).items() if name not in _WHO}
        text = f"{type(request).__name__} {said}"
        self._ledger.note(Asked(text, request.by, rule, request.role.word, request.on_site))
        self._due = True

    async def keep(self) -> None:
        """Make durable what was noted since: in a tower at rest nothing else may come that would.

        Called about once a second, so that whoever asks often costs one sync a second at most.

        Raises:
            OSError: the journal failed.

        """
        if self._due:
            self._due = False
            await self._ledger.commit()


def _plain(value: object) -> object:
    """Return a word of the domain as people write it."""
    return value.value if isinstance(value, StrEnum) else value
