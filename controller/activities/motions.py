"""How many motions may run at the same time: what standby power has to give."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Motions:
    """Counts the motions that run. While there is a limit, one begins only within it, in the order of asking.

    A limit that comes while more are running cuts none of them: they end first. ``most``: the limit now, at least 1;
    None: none. Whoever changes it calls `stir`.
    """

    most: Callable[[], int | None] = lambda: None
    running: int = 0
    _waiting: deque["tuple[int, asyncio.Future[None]]"] = field(default_factory=deque)

    @asynccontextmanager
    async def admitted(self, motions: int) -> AsyncIterator[None]:
        """Wait until so many motions may begin together, and count them until the context is left.

        More than the limit are never admitted side by side with others; alone they are.
        """
        if motions:
            await self._begin(motions)
        try:
            yield
        finally:
            self.running -= motions
            self.stir()

    def stir(self) -> None:
        """Let begin what may begin now."""
        while self._waiting and self._fits(self._waiting[0][0]):
            motions, turn = self._waiting.popleft()
            if not turn.done():
                self.running += motions
                turn.set_result(None)

    async def _begin(self, motions: int) -> None:
        if not self._waiting and self._fits(motions):
            self.running += motions
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((motions, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # Its turn had come before it could begin.
                self.running -= motions
            self.stir()
            raise

    def _fits(self, motions: int) -> bool:
        most = self.most()
        return most is None or self.running == 0 or self.running + motions <= most
