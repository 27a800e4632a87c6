"""What is going to happen on a day, and what time it is."""

import heapq
from collections.abc import Callable


class Agenda:
    """Acts by their time; of two at the same time the one that was put down first comes first. Seconds."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._turn = 0
        self._acts: list[tuple[float, int, Callable[[], None]]] = []

    def at(self, t: float, act: Callable[[], None]) -> None:
        """Put something down."""
        self._turn += 1
        heapq.heappush(self._acts, (t, self._turn, act))

    def look_at(self, t: float) -> None:
        """Put down that there will be something to look at: whatever has become possible is found by looking."""
        self.at(t, lambda: None)

    def go_on(self) -> bool:
        """Let the time come of what is next, and all of that happen; return whether anything was left."""
        if not self._acts:
            return False
        self.now_s = self._acts[0][0]
        while self._acts and self._acts[0][0] <= self.now_s:
            heapq.heappop(self._acts)[2]()
        return True
