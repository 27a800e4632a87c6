"""What people ask for at the wrong time: twice, both at once, too early, and with a mode that they forget."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from controller.domain.events import Cancel, Jog, JogHold, Request, Retrieve, SetMode, UnitCommand
from controller.domain.jogging import AXES, RENEW_S
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from hal.errors import HalError
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike
from sim_plc.rehearsal.world import NobodyThere

TWO_ORDER: Final = Letter("TWO_ORDER", "an order is given twice at once")
TWO_CANCEL: Final = Letter("TWO_CANCEL", "an operator and a customer cancel one job together")
TWO_RESET: Final = Letter("TWO_RESET", "two operators clear, reset and start together")
EARLY_RESET: Final = Letter("EARLY_RESET", "somebody resets while the emergency stop is still pressed", (5.0, 30.0))
FORGOTTEN_MODE: Final = Letter("FORGOTTEN_MODE", "an operator jogs in manual mode, and leaves it on", (0.5, 3.0))

WAITS_S: Final = 60.0

SWITCHED_ON: Final = (UnitEvent.CLEAR, UnitEvent.RESET, UnitEvent.START)


class DeskFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {
            TWO_ORDER: self._twice,
            TWO_CANCEL: self._two_cancel,
            TWO_RESET: self._two_reset,
            EARLY_RESET: self._early_reset,
            FORGOTTEN_MODE: self._forgotten_mode,
        }

    async def _twice(self, strike: Strike) -> None:
        truth = self._world.plant.truth()
        stored = [car for place, car in truth.cars.items() if place in self._world.tower.shape.bays]
        if stored:
            await self._both(*(Retrieve(by=name, car=stored[strike.where % len(stored)]) for name in ("desk", "app")))

    async def _two_cancel(self, strike: Strike) -> None:
        if await self._scene.when(lambda: bool(self._open_jobs()), WAITS_S):
            jobs = self._open_jobs()
            await self._both(*(Cancel(by=name, job=jobs[strike.where % len(jobs)]) for name in ("operator", "desk")))

    async def _two_reset(self, strike: Strike) -> None:
        del strike
        await self._ask(UnitCommand(by="operator", event=UnitEvent.STOP))
        for event in SWITCHED_ON:
            await self._both(*(UnitCommand(by=name, event=event) for name in ("operator", "another operator")))
            await asyncio.sleep(1.0)

    async def _early_reset(self, strike: Strike) -> None:
        self._world.do(lambda plant: plant.press_e_stop())
        await asyncio.sleep(strike.hold_s / 2)
        self._world.do(lambda plant: plant.device_reset())
        for event in SWITCHED_ON:
            await self._ask(UnitCommand(by="operator", event=event))
            await asyncio.sleep(1.0)
        await asyncio.sleep(strike.hold_s / 2)
        self._world.do(lambda plant: plant.release_e_stop())

    async def _forgotten_mode(self, strike: Strike) -> None:
        await self._ask(UnitCommand(by="operator", event=UnitEvent.STOP))
        if not await self._scene.when(lambda: self._unit() is UnitState.STOPPED, WAITS_S):
            return
        await self._ask(SetMode(by="operator", mode=UnitMode.MANUAL))
        await self._ask(UnitCommand(by="operator", event=UnitEvent.RESET))
        if await self._scene.when(lambda: self._unit() is UnitState.IDLE, WAITS_S):
            await self._jog(strike)

    async def _jog(self, strike: Strike) -> None:
        """Hold a button for as long as a strike lasts."""
        mechanism = sorted(AXES)[strike.where % len(AXES)]
        answer = await self._ask(Jog(by="operator", mechanism=mechanism, direction=AXES[mechanism].forward))
        until_s = self._world.now + strike.hold_s
        while answer is not None:
            await asyncio.sleep(RENEW_S)
            held = self._world.now < until_s
            answer = await self._ask(JogHold(by="operator", jog=int(str(answer["jog"])), held=held)) and answer
            if not held:
                return

    async def _both(self, *requests: Request) -> None:
        await asyncio.gather(*(self._ask(request) for request in requests))

    async def _ask(self, request: Request) -> Mapping[str, object] | None:
        """Ask for something; None: it was refused, or nobody was there."""
        with suppress(Refusal, NobodyThere, HalError):
            answer = await self._world.ask(request)
            self._scene.did[f"{type(request).__name__} at the wrong time"] += 1
            return answer
        return None

    def _open_jobs(self) -> list[int]:
        return [job.id for job in self._world.daemon.book.open_jobs()] if self._world.daemon else []

    def _unit(self) -> UnitState | None:
        return self._world.daemon.control.unit.state if self._world.daemon else None
