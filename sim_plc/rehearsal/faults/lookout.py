"""Waits for the moment at which a strike is aimed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
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
        self._waiting: dict[Cell, list[_Waiter]] = {}
        self._taken: dict[Cell, int] = {}
        """Of the pairs that are so now: the place in the queue that goes this time."""
        world.when_told.append(self._told)
        world.when_begun.append(self._begun)

    async def wait(self, aim: Aim) -> bool:
        """Wait until a pair is so, and has been for as long as the aim lingers; tell whether that came in time."""
        while self._world.now < aim.until_s:
            if not self._may_go(aim):
                await self._comes(aim)
            if aim.linger_s:
                await asyncio.sleep(min(aim.linger_s, max(0.0, aim.until_s - self._world.now)))
            if aim.cell in present(self._world):
                return True
        return False

    def _may_go(self, aim: Aim) -> bool:
        if aim.cell not in present(self._world):
            return False
        return aim.place is None or self._taken.setdefault(aim.cell, aim.place) == aim.place

    async def _comes(self, aim: Aim) -> None:
        waiter = _Waiter(aim.place, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(aim.cell, []).append(waiter)
        timer = asyncio.get_running_loop().call_later(aim.until_s - self._world.now, waiter.let_go)
        try:
            await waiter.there
        finally:
            timer.cancel()
            self._waiting[aim.cell].remove(waiter)

    def _told(self, event: Mapping[str, object]) -> None:
        """Let those go whose pair is so now."""
        if event["event"] in ("unit_state", "job_state"):
            self._look()

    def _begun(self, _daemon: Daemon) -> None:
        """Let those go whose pair is so when a daemon begins: of the state in which it does it tells nobody."""
        self._look()

    def _look(self) -> None:
        here = present(self._world)
        self._taken = {cell: place for cell, place in self._taken.items() if cell in here}
        for cell in here:
            waiting = self._waiting.get(cell, ())
            queue = [waiter.place for waiter in waiting if waiter.place is not None]
            if queue:
                self._taken.setdefault(cell, min(queue))
            for waiter in waiting:
                if waiter.place is None or waiter.place == self._taken[cell]:
                    waiter.let_go()


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    place: int | None
    there: asyncio.Future[None]

    def let_go(self) -> None:
        if not self.there.done():
            self.there.set_result(None)
