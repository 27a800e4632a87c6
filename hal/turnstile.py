"""One at a time, urgent first, patient last: the order in which requests get a link."""

import asyncio
from collections import deque


class Turnstile:
    """Gives out one turn at a time; first come first served, urgent waiters before all others, patient ones behind.

    Whoever got a turn gives it back with `leave`, exactly once.
    """

    def __init__(self) -> None:
        self._taken = False
        self._urgent: deque[asyncio.Future[bool]] = deque()
        self._normal: deque[asyncio.Future[bool]] = deque()
        self._patient: deque[asyncio.Future[bool]] = deque()
        self._lanes = (self._urgent, self._normal, self._patient)

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return sum(map(len, self._lanes))

    def try_enter(self) -> bool:
        """Take the turn if nobody has it."""
        if self._taken:
            return False
        self._taken = True
        return True

    async def enter(self, *, urgent: bool, patient: bool = False) -> bool:
        """Wait for a turn: True with it, False if sent away by `dismiss`. Cancelled, no turn is lost."""
        if self.try_enter():
            return True
        queue = self._urgent if urgent else self._patient if patient else self._normal
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.result():
                # The turn came in the same instant as the cancellation: it belongs to the next one.
                self.leave()
            elif turn in queue:
                queue.remove(turn)
            raise

    def leave(self) -> None:
        """Hand the turn to the next waiter, or free it."""
        for queue in self._lanes:
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(True)
                    return
        self._taken = False

    def dismiss(self) -> None:
        """Send every waiter away without a turn; who has the turn keeps it."""
        for queue in self._lanes:
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(False)
