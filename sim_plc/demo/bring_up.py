"""The human acts between power and work: reset at the tower, inventory, Clear, Reset, Start."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from config.scenario import Scenario
from controller.api.client import ApiClient, NotReachable
from sim_plc.control_client import PlantClient
from sim_plc.demo.failure import DemoFailed
from sim_plc.demo.record import Record
from sim_plc.demo.stage import Stage
from sim_plc.side_wire import SIDE_CHANNEL, PlantGone

SOCKET: Final = "cartower.sock"

START_S: Final = 30.0
"""A process may take this long to listen, and every station to come online."""

RESET_S: Final = 120.0
"""Referencing the machine, at the slowest profile."""

T = TypeVar("T")


async def reach_plant(stage: Stage) -> PlantClient:
    """Connect to the side channel as soon as the plant listens.

    Raises:
        DemoFailed: it does not.

    """
    return await _as_soon_as(stage, "plant", lambda: PlantClient(stage.run_dir / SIDE_CHANNEL))


async def reach_daemon(stage: Stage) -> ApiClient:
    """Connect to the daemon as soon as it listens.

    Raises:
        DemoFailed: it does not.

    """
    path = stage.run_dir / SOCKET
    await _as_soon_as(stage, "daemon", lambda: _see_socket(path))
    return await ApiClient.connect(path)


async def bring_up(client: ApiClient, plant: PlantClient, record: Record, scenario: Scenario) -> None:
    """Do what people do before a tower works.

    Raises:
        DemoFailed: it does not get there.

    """
    await _reach(record, START_S, "every station online", lambda: _online(record))
    if not record.status["safety"]["closed"]:
        plant.call("device.reset")
        await _reach(record, START_S, "the safety chain closed", lambda: record.status["safety"]["closed"])
    # A daemon that starts stands ABORTED until every outcome is proven; then it leaves for STOPPED by itself.
    try:
        async with asyncio.timeout(5):
            await record.until(lambda: _state(record) == "STOPPED")
    except TimeoutError:
        await _command(client, record, "clear", "STOPPED")
    await _import(client, scenario)
    await _command(client, record, "reset", "IDLE")
    await _command(client, record, "start", "EXECUTE")
    plant.call("customer.auto", on=True)


async def _import(client: ApiClient, scenario: Scenario) -> None:
    cars = [{"id": car.id, "place": car.place, "model": car.model} for car in scenario.car]
    disagreements = (await client.call("inventory.import", cars=cars))["disagreements"]
    if disagreements:
        raise DemoFailed(f"sensors contradict the inventory: {disagreements}")


async def _command(client: ApiClient, record: Record, command: str, state: str) -> None:
    # Whoever brings a tower up stands in front of it.
    await client.call("unit", command=command, on_site=True)
    await _reach(record, RESET_S, f"{state} after `unit {command}`", lambda: _state(record) in (state, "ABORTED"))
    if _state(record) != state:
        raise DemoFailed(f"`unit {command}` led to {_state(record)}: {record.status['unit']['reason']}")


async def _reach(record: Record, patience_s: float, what: str, question: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(patience_s):
            await record.until(question)
    except TimeoutError:
        raise DemoFailed(f"not {what} within {patience_s:g} s: {record.status.get('unit')}") from None


def _state(record: Record) -> str:
    return str(record.status["unit"]["state"]) if record.status else ""


def _online(record: Record) -> bool:
    return bool(record.status) and all(station["state"] == "ONLINE" for station in record.status["stations"])


async def _as_soon_as(stage: Stage, name: str, connect: Callable[[], T]) -> T:
    deadline = asyncio.get_running_loop().time() + START_S
    while True:
        stage.check()
        try:
            return connect()
        except (PlantGone, NotReachable):
            if asyncio.get_running_loop().time() > deadline:
                raise DemoFailed(f"the {name} does not listen\n{stage.tail(name)}") from None
        await asyncio.sleep(0.1)


def _see_socket(path: Path) -> None:
    if not path.is_socket():
        raise NotReachable("no socket yet")
