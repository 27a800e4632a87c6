"""The one ordered queue into the control task, and the one board that it publishes on."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from controller.domain.events import Request

Answer = Mapping[str, object]

Later = asyncio.Future[Answer]
"""An answer that is known once an activity has ended; the control task goes on meanwhile."""

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with the place for its answer."""

    request: Request
    answer: "asyncio.Future[Answer]"


def reject(asked: Asked, refusal: BaseException) -> None:
    """Answer a request with a refusal, if anybody still waits."""
    if not asked.answer.done():
        asked.answer.set_exception(refusal)


def grant(asked: Asked, answer: Answer | Later) -> None:
    """Answer a request, now or once the answer is known, if anybody still waits."""
    if isinstance(answer, asyncio.Future):
        answer.add_done_callback(lambda known: _pass_on(asked, known))
    elif not asked.answer.done():
        asked.answer.set_result(answer)


def _pass_on(asked: Asked, known: Later) -> None:
    error = known.exception()
    if error is None:
        grant(asked, known.result())
    else:
        reject(asked, error)


class Inbox(Generic[E]):
    """Events in the order in which they were posted; urgent ones (safety) overtake.

    ``E`` is the union of the control task's internal events.
    """

    def __init__(self) -> None:
        self._urgent: deque[E | Asked] = deque()
        self._normal: deque[E | Asked] = deque()
        self._ready = asyncio.Event()
        self._was_asked = False
        """Whether what was taken last was a request."""
        self.on_asked: Callable[[Asked], None] = lambda _asked: None
        """Called with each request as it is asked, at once; it must not raise."""

    def post(self, event: E, *, urgent: bool = False) -> None:
        """Add an event; never waits."""
        (self._urgent if urgent else self._normal).append(event)
        self._ready.set()

    async def ask(self, request: Request) -> Answer:
        """Add a request and wait for its answer.

        Raises:
            Refusal: a rule forbids it; nothing has changed.

        """
        asked = Asked(request, asyncio.get_running_loop().create_future())
        self.on_asked(asked)
        self._normal.append(asked)
        self._ready.set()
        return await asked.answer

    async def get(self) -> E | Asked:
        """Wait for the next event; of requests that wait in a row, others have a turn between any two."""
        if self._was_asked and (self._urgent or self._normal):
            await asyncio.sleep(0)
        while not (self._urgent or self._normal):
            self._ready.clear()
            await self._ready.wait()
        event = (self._urgent or self._normal).popleft()
        self._was_asked = isinstance(event, Asked)
        return event


class Bell:
    """Wakes whoever waits for its next ring."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody."""
        self._next.set()

    def armed(self) -> asyncio.Event:
        """Return an event that is set by the next ring."""
        if self._next.is_set():
            self._next = asyncio.Event()
        return self._next


class Board:
    """The newest status and the newest events, for any number of readers; a slow reader misses, never delays.

    ``status`` is JSON-able and numbered by ``version``; events carry a rising ``id``.
    """

    KEPT = 500

    def __init__(self) -> None:
        self._status: Answer | Callable[[], Answer] = {}
        self.version = 0
        self.events: deque[Answer] = deque(maxlen=self.KEPT)
        self._last_event = 0
        self._published, self._told = Bell(), Bell()
        self.on_event: Callable[[Answer], None] = lambda _event: None
        """Called with each event as it is told, at once; it must not raise."""

    @property
    def status(self) -> Answer:
        """The newest status; made now if it was published as a recipe and nobody has read it yet."""
        if callable(self._status):
            self._status = self._status()
        return self._status

    def publish(self, status: "Answer | Callable[[], Answer]") -> None:
        """Replace the status, or the recipe for it: without a reader it is never made."""
        self._status = status
        self.version += 1
        self._published.ring()

    def tell(self, event: Mapping[str, object]) -> None:
        """Add an event: ``{"id", "event", ...}``."""
        self._last_event += 1
        told = {"id": self._last_event, **event}
        self.events.append(told)
        self.on_event(told)
        self._told.ring()
        self._published.ring()

    @property
    def last_event(self) -> int:
        """Id of the newest event, 0 for none."""
        return self._last_event

    async def follow(self) -> AsyncIterator[tuple[Answer, list[Answer]]]:
        """Yield the status and the events since the last yield, now and after each change."""
        async for fresh in self._events(self._published):
            yield self.status, fresh

    def tidings(self) -> AsyncIterator[list[Answer]]:
        """Yield as `follow` does, the events alone: the status is not made, and a new one wakes nobody."""
        return self._events(self._told)

    async def _events(self, bell: Bell) -> AsyncIterator[list[Answer]]:
        """Yield the events since the last yield, now and whenever a bell has rung since."""
        seen = self._last_event
        while True:
            rung = bell.armed()
            # Ids are consecutive: what is new are so many from the end, less what was dropped at the other.
            fresh = list(islice(reversed(self.events), self._last_event - seen))[::-1]
            seen = self._last_event
            yield fresh
            await rung.wait()
