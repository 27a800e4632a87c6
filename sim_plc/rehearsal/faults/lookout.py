"""Waits for the moment at which a strike is aimed."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from controller.app import Daemon
from controller.domain.events import Request
from sim_plc.program.event_log import LogEntry
from sim_plc.rehearsal.cells import Cell, present
from sim_plc.rehearsal.faults.letter import Aim

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World


class Lookout:
    """Looks whenever the daemon tells of something, or begins.

    It is a `sim_plc.rehearsal.witness.Witness` and a `sim_plc.rehearsal.durability.LifeWitness`.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: dict[Cell, list[asyncio.Future[None]]] = {}
        world.witnesses.append(self)
        world.life_witnesses.append(self)

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

    def on_told(self, event: Mapping[str, object]) -> None:
        """Let those go whose pair is so now."""
        if event["event"] in ("unit_state", "job_state"):
            self._look()

    def on_begun(self, _daemon: Daemon, /) -> None:
        """Let those go whose pair is so when a daemon begins: of the state in which it does it tells nobody."""
        self._look()

    def _look(self) -> None:
        if self._waiting:
            for cell in present(self._world):
                for there in self._waiting.get(cell, ()):
                    _let_go(there)

    def on_answered(self, request: Request, answer: Mapping[str, object]) -> None:
        """Nothing."""

    def on_ending(self, free: Callable[[], bool]) -> None:
        """Nothing."""

    def on_stopped(self, took_s: float) -> None:
        """Nothing."""

    def on_spoilt(self, *, whole: bool) -> None:
        """Nothing."""

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
