"""Working through a scenario's orders: who comes when, and how each of them ends."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from config.scenario import Relocate, Retrieve, Scenario, Store
from controller.api.client import ApiClient, Refusal
from sim_plc.control_client import PlantClient
from sim_plc.demo.failure import DemoFailed
from sim_plc.demo.record import ENDED, Record
from sim_plc.side_wire import PlantRefusal

Order = Retrieve | Store | Relocate

ASK_AGAIN_S: Final = 0.2

NOT_YET: Final = frozenset(
    {
        *("ROOM_IN_USE", "TOWER_FULL", "BAY_OCCUPIED", "BAY_RESERVED"),
        *("CAR_ALREADY_INSIDE", "CAR_HAS_JOB", "CAR_NOT_IN_A_BAY", "UNKNOWN_CAR"),
    }
)
"""Refusals that pass when the orders before have gone on: a busy room, a car that is still on its way."""

PATIENCE_S: Final = 120.0
"""How long somebody waits to be taken, and a tower for everybody to leave."""

JOB_S: Final = 600.0
"""How long a job may take from its order, all those before it included."""


class Day:
    """One scenario's orders on a running tower."""

    def __init__(self, client: ApiClient, plant: PlantClient, record: Record, scenario: Scenario) -> None:
        self._client = client
        self._plant = plant
        self._record = record
        self._scenario = scenario

    async def work(self) -> None:
        """Give every order at its time, and wait until each has ended and everybody has left.

        Raises:
            DemoFailed: an order was refused for good, or its job did not end DONE.

        """
        try:
            async with asyncio.TaskGroup() as group:
                for order in self._scenario.order:
                    group.create_task(self._fulfil(order))
        except* DemoFailed as group:
            raise DemoFailed("; ".join(str(error) for error in group.exceptions)) from None
        await self._everybody_out()

    async def _fulfil(self, order: Order) -> None:
        await asyncio.sleep(max(0.0, order.at_s - self._record.time_s))
        job = await self._ask(order)
        if isinstance(order, Store):
            await self._arrive(order)
        await self._end_of(order, job)

    async def _ask(self, order: Order) -> int:
        """Give an order until it is taken; return its job."""
        method, params = _call_of(order)
        deadline = self._record.time_s + PATIENCE_S
        while True:
            try:
                answer = await self._client.call(method, **params)
            except Refusal as refusal:
                if refusal.rule not in NOT_YET or self._record.time_s > deadline:
                    raise DemoFailed(f"{_text(order)} was refused: {refusal}") from refusal
            else:
                return int(answer["job"])
            await asyncio.sleep(ASK_AGAIN_S)

    async def _arrive(self, order: Store) -> None:
        deadline = self._record.time_s + PATIENCE_S
        while True:
            try:
                self._plant.call("car.arrive", room=order.room, car=order.car)
            except PlantRefusal as refusal:
                if self._record.time_s > deadline:
                    raise DemoFailed(f"{_text(order)}: {refusal}") from refusal
            else:
                return
            await asyncio.sleep(ASK_AGAIN_S)

    async def _end_of(self, order: Order, job: int) -> None:
        record = self._record
        try:
            async with asyncio.timeout(JOB_S):
                await record.until(lambda: record.job_states.get(job) in ENDED or not self._executes)
        except TimeoutError:
            state = record.job_states.get(job)
            raise DemoFailed(f"{_text(order)} (job {job}) is still {state} after {JOB_S:g} s") from None
        state, reason = record.job_states.get(job), record.reasons.get(job)
        if state not in ENDED:
            unit = record.status["unit"]
            raise DemoFailed(f"{_text(order)} (job {job}): the unit is {unit['state']}: {unit['reason']}")
        if state != "DONE":
            raise DemoFailed(f"{_text(order)} (job {job}) ended {state}: {reason}")

    @property
    def _executes(self) -> bool:
        return bool(self._record.status["unit"]["state"] == "EXECUTE")

    async def _everybody_out(self) -> None:
        rooms = self._record.status["rooms"]
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._record.until(
                    lambda: all(room["state"] == "VACANT" for room in self._record.status["rooms"])
                )
        except TimeoutError:
            raise DemoFailed(f"rooms are not vacant after the last order: {rooms}") from None


def differences(cars: Mapping[str, Any], truth: Mapping[str, Any]) -> list[str]:
    """Return where the controller's belief and the plant's truth differ, and what is not verified."""
    believed = {str(car["place"]): car["id"] for car in cars["cars"] if car["place"] is not None}
    complaints = [
        f"place {place}: believed {believed.get(place)}, really {truth['cars'].get(place)}"
        for place in sorted(believed.keys() | truth["cars"].keys())
        if believed.get(place) != truth["cars"].get(place)
    ]
    aboard = next((car["id"] for car in cars["cars"] if car["where"] == "carriage"), None)
    if aboard != truth["carriage"]["car"]:
        complaints.append(f"carriage: believed {aboard}, really {truth['carriage']['car']}")
    return complaints + [f"car {car['id']} is unverified" for car in cars["cars"] if car["status"] != "verified"]


def _call_of(order: Order) -> tuple[str, dict[str, Any]]:
    match order:
        case Retrieve():
            return "retrieve", {"car": order.car, "room": order.room}
        case Store():
            return "store", {"car": order.car, "room": order.room, "model": order.model or ""}
        case Relocate():
            return "relocate", {"car": order.car, "bay": order.bay}


def _text(order: Order) -> str:
    return f"{order.kind} {order.car}"
