"""What is known of one station: its state, its newest image and how old it is; and who is told of news."""

import asyncio
import math
from collections.abc import Callable

from hal.cadence import Cadence
from hal.errors import ForeignMaster, NotOnline
from hal.interfaces import StationState
from hal.pace import STALE_S, Pace
from hal.plcmap.codec import Identity, Image


class Bulletin:
    """Kept by whoever polls the station, read by everybody else.

    Callbacks run at once and in the order of their registration; they must not raise.
    """

    def __init__(self, name: str, pace: Pace, cadence: Cadence) -> None:
        """Take the station's name, for messages, the pace that says when an image is too old, and who times polls."""
        self.state = StationState.OFFLINE
        self.trouble = "not connected yet"
        self.frozen = ""
        """Why nothing may be written; empty while it may."""
        self.identity: Identity | None = None
        self.image: Image | None = None
        """The newest image, whatever its age."""
        self.on_image: list[Callable[[Image], None]] = []
        self.on_state: list[Callable[[], None]] = []
        self._name = name
        self._pace = pace
        self._cadence = cadence
        self._clock: Callable[[], float] = lambda: math.inf
        """The loop's, from the first heartbeat on: before it everything is old."""
        self._changed_s = 0.0
        self._news = asyncio.Event()

    @property
    def online(self) -> bool:
        """Whether `fresh` would return an image."""
        return (
            self.state is StationState.ONLINE and not self.frozen and self.image is not None and not self.is_stale()
        )

    def fresh(self) -> Image:
        """Return the newest image, not older than the stale limit, read with our epoch in force.

        Raises:
            ForeignMaster: the station is frozen.
            NotOnline: it is not online, or its heartbeat stands still.

        """
        if self.frozen:
            raise ForeignMaster(f"{self._name}: {self.frozen}")
        if self.state is not StationState.ONLINE or self.image is None:
            raise NotOnline(f"{self._name} is {self.state.value}: {self.trouble}")
        if self.is_stale():
            raise NotOnline(f"{self._name} is stale: no heartbeat for {self._age_s():.1f} s")
        return self.image

    def is_stale(self) -> bool:
        """Whether the heartbeat has not changed for too long."""
        if self._cadence.vouched_s == math.inf:
            return False
        age_s = self._age_s()
        return age_s > STALE_S and age_s > self._pace.stale_s

    async def news(self, until_s: float) -> bool:
        """Wait for the next image or change of state; False when the loop's clock reached ``until_s``."""
        event = self._news
        try:
            async with asyncio.timeout_at(until_s):
                await event.wait()
        except TimeoutError:
            return False
        return True

    def move(self, state: StationState, trouble: str) -> None:
        """Enter a state, and tell of it if that or its reason is new."""
        if (state, trouble) == (self.state, self.trouble):
            return
        self.state, self.trouble = state, trouble
        for callback in self.on_state:
            callback()
        self.announce()

    def beat(self) -> None:
        """Take note that the heartbeat is another one now."""
        self._clock = asyncio.get_running_loop().time
        self._changed_s = self._clock()

    def take(self, image: Image) -> None:
        """Keep an image as the newest."""
        if self.image is None or image.mechanisms is not self.image.mechanisms:
            self._pace.moving = any(status.executing for status in image.mechanisms.values())
        self.image = image

    def publish(self, image: Image) -> None:
        """Tell of an image of an online station."""
        for callback in self.on_image:
            callback(image)
        self.announce()

    def announce(self) -> None:
        """Wake whoever waits for news."""
        self._news.set()
        self._news = asyncio.Event()

    def _age_s(self) -> float:
        return self._clock() - max(self._changed_s, self._cadence.vouched_s)
