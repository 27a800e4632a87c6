"""Waiting for what several stations show together."""

import asyncio
from collections.abc import Callable

from hal.plcmap.codec import Image
from hal.scan import Station
from hal.tower import Tower


class News:
    """Wakes waiters with every new image and every change of any station's standing."""

    def __init__(self, tower: Tower) -> None:
        self._event = asyncio.Event()
        for station in tower.stations.values():
            station.on_image(self._on_image)
            station.on_state(self._on_state)

    async def until(self, predicate: Callable[[], bool], deadline_s: float) -> bool:
        """Wait until a predicate over images holds; False when it did not within ``deadline_s``.

        Raises what the predicate raises (`hal.errors.NotOnline` for a station that is gone).
        """
        limit = asyncio.get_running_loop().time() + deadline_s
        while not predicate():
            try:
                async with asyncio.timeout_at(limit):
                    await self._event.wait()
            except TimeoutError:
                return predicate()
        return True

    def _on_image(self, _: Image) -> None:
        self._wake()

    def _on_state(self, _: Station) -> None:
        self._wake()

    def _wake(self) -> None:
        self._event.set()
        self._event = asyncio.Event()
