"""Waits for the moment at which a strike is aimed."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from controller.domain.events import Request
from sim_plc.program.event_log import LogEntry
from sim_plc.rehearsal.cells import present
from sim_plc.rehearsal.faults.letter import Aim

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World


class Lookout:
    """A `sim_plc.rehearsal.witness.Witness` that looks whenever the daemon tells of something."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: list[tuple[Aim, asyncio.Future[None]]] = []
        world.witnesses.append(self)

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
        self._waiting.append((aim, there))
        timer = asyncio.get_running_loop().call_later(aim.until_s - self._world.now, _let_go, there)
        try:
            await there
        finally:
            timer.cancel()
            self._waiting.remove((aim, there))

    def on_told(self, event: Mapping[str, object]) -> None:
        """Let those go whose pair is so now."""
        if self._waiting and event["event"] in ("unit_state", "job_state"):
            cells = present(self._world)
            for aim, there in self._waiting:
                if aim.cell in cells:
                    _let_go(there)

    def on_plc(self, station: str, entry: LogEntry) -> None:
        """Nothing: only what the daemon does is waited for."""

    def on_power_up(self, station: str, *, warm: bool) -> None:
        """Nothing."""

    def on_forgotten(self, station: str) -> None:
        """Nothing."""

    def on_asked(self, request: Request) -> None:
        """Nothing."""

    def on_refused(self, request: Request, rule: str) -> None:
        """Nothing."""

    def on_plant(self) -> None:
        """Nothing."""

    def on_died(self, why: str) -> None:
        """Nothing."""


def _let_go(there: asyncio.Future[None]) -> None:
    if not there.done():
        there.set_result(None)
