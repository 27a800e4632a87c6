"""Whose line is worked off next: one a turn of the loop, and never for more than half of the loop's time."""

import asyncio
from typing import Final, Self

BREATH_S: Final = 0.002
"""After so much work for clients the loop is left alone for as long as the work has taken."""


class Turns:
    """Shared by all connections. A full buffer suspends nobody who reads it: a flood would keep the PLCs waiting.

    Use as an asynchronous context manager around the work of one line; who waits comes in the order of asking.
    """

    def __init__(self) -> None:
        self._busy = asyncio.Lock()
        self._began_s = self._worked_s = 0.0

    async def __aenter__(self) -> Self:
        await self._busy.acquire()
        self._began_s = asyncio.get_running_loop().time()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._worked_s += asyncio.get_running_loop().time() - self._began_s
        rest_s = self._worked_s if self._worked_s >= BREATH_S else 0.0
        self._worked_s -= rest_s
        try:
            await asyncio.sleep(rest_s)
        finally:
            self._busy.release()
