"""Waits for the moment at which a strike is aimed."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from controller.app import Daemon
from sim_plc.rehearsal.cells import Cell, present
from sim_plc.rehearsal.faults.letter import Aim

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World


class Lookout:
    """Looks whenever the daemon tells of something, or begins."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: dict[Cell, list[asyncio.Future[None]]] = {}
        world.when_told.append(self._told)
        world.when_begun.append(self._begun)

    async def wait(self, aim: Aim) -> bool:
        """Wait until a pair is so, and has been for as long as the aim lingers; tell whether that came in time."""
        while self._world.now < aim.until_s:
            if aim.cell not in present(self._world):
                await self._comes(aim)
            if aim.linger_s:
                await asyncio.sleep(min(aim.linger_s, max(0.0, aim.until_s - self._world.now)))
            if aim.cell in present(self._world):
                return True
        return False

    async def _comes(self, aim: Aim) -> None:
        there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(aim.cell, []).append(there)
        timer = asyncio.get_running_loop().call_later(aim.until_s - self._world.now, _let_go, there)
        try:
            await there
        finally:
            timer.cancel()
            self._waiting[aim.cell].remove(there)

    def _told(self, event: Mapping[str, object]) -> None:
        """Let those go whose pair is so now."""
        if event["event"] in ("unit_state", "job_state"):
            self._look()

    def _begun(self, _daemon: Daemon) -> None:
        """Let those go whose pair is so when a daemon begins: of the state in which it does it tells nobody."""
        self._look()

    def _look(self) -> None:
        if self._waiting:
            for cell in present(self._world):
                for there in self._waiting.get(cell, ()):
                    _let_go(there)


def _let_go(there: asyncio.Future[None]) -> None:
    if not there.done():
        there.set_result(None)
