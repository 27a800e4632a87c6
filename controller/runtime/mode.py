"""The mode of the unit: durable at once; the stations follow while the control task goes on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from controller.activities import modes
from controller.activities.context import Bench
from controller.domain.records import ModeSet
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitMode, UnitState
from controller.runtime.inbox import Answer, Board, Later
from controller.runtime.ledger import Ledger
from controller.runtime.runner import Rest, Runner
from controller.runtime.signals import ActivityEnded

log = structlog.get_logger(__name__)

PATIENCE_S: Final = 5.0
"""Whoever asks is answered within this, with the stations that are behind by then; they go on to follow."""


@dataclass(frozen=True, slots=True)
class _Followed:
    """What was brought about: ``behind`` names the stations that do not show the mode."""

    mode: UnitMode
    behind: list[str]


class ModeChange:
    """Keeps the mode and lets the stations follow it. Called by the control task alone."""

    def __init__(
        self,
        bench: Bench,
        ledger: Ledger,
        board: Board,
        post: Callable[[ActivityEnded], None],
        state: Callable[[], UnitState],
    ) -> None:
        """Take ``state``, which tells the unit's for answers."""
        self._bench = bench
        self._state = state
        self._ledger = ledger
        self._board = board
        self._runner = Runner("mode", post)
        self._asked: list[Later] = []
        self._at_rest = asyncio.Event()
        self._at_rest.set()

    @property
    def mode(self) -> UnitMode:
        """The mode of the unit: as a person left it last, whatever trips, stops and restarts came since."""
        return self._ledger.book.mode

    @property
    def follows(self) -> bool:
        """Whether stations are being brought to the mode."""
        return not self._at_rest.is_set()

    async def keep(self, mode: UnitMode, by: str) -> None:
        """Make the mode durable and tell it; the stations do not know yet."""
        left = self.mode
        if mode is left:
            return
        await self._ledger.commit(ModeSet(mode.value, by))
        log.info("unit_mode", mode=mode.name, was=left.name, by=by)
        self._board.tell({"event": "unit_mode", "mode": mode.name, "was": left.name, "by": by})

    def follow(self, before: Rest) -> Later:
        """Let the stations follow, once ``before`` is at rest; return what answers whoever asked.

        Whoever asks while they follow another mode is answered with the first one once they have followed the second.
        """
        loop = asyncio.get_running_loop()
        answer: Later = loop.create_future()
        loop.call_later(PATIENCE_S, self._answer_late, answer)
        self._asked.append(answer)
        if not self.follows:
            self._at_rest.clear()
            self._runner.start(self._align(before))
        return answer

    async def followed(self) -> None:
        """Wait until no station is being brought to a mode: nothing else may write to its mailbox before."""
        await self._at_rest.wait()

    def require_followed(self) -> None:
        """See that the stations are not on their way to another mode.

        Raises:
            Refusal: they are.

        """
        if self.follows:
            text = f"the stations are still being brought to mode {self.mode.value.lower()}: a few seconds"
            raise Refusal("MODE_CHANGES", text)

    def ended(self, signal: ActivityEnded) -> None:
        """Take the end: answer whoever asked, or go on to the mode that was asked for meanwhile."""
        if not self._runner.take(signal):
            return
        found = signal.result
        if isinstance(found, _Followed) and found.mode is not self.mode:
            self._runner.start(self._align(Rest(None)))
            return
        self._at_rest.set()
        if isinstance(found, _Followed):
            for asked in self._taken():
                asked.set_result(self._answer(found.behind))
        else:
            self.refuse(Refusal("MODE", f"the mode is kept, the stations do not follow: {signal.error}"))

    def refuse(self, refusal: Refusal) -> None:
        """Refuse whoever still waits for an answer."""
        for asked in self._taken():
            asked.set_exception(refusal)

    async def halt(self) -> None:
        """Cancel it, for the end of the process."""
        await self._runner.cancel()

    def _answer(self, behind: list[str]) -> Answer:
        return {"mode": self.mode.name, "state": self._state().name, "behind": behind}

    def _answer_late(self, asked: Later) -> None:
        if not asked.done():
            asked.set_result(self._answer(modes.behind(self._bench, self.mode)))

    def _taken(self) -> list[Later]:
        asked, self._asked = self._asked, []
        return [each for each in asked if not each.done()]

    async def _align(self, before: Rest) -> _Followed:
        await before.reached()
        mode = self.mode
        return _Followed(mode, await modes.align(self._bench, mode))
