"""The side channel into the plant: its truth, and what people and the world do to it. No controller sees it."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from sim_plc.side_wire import BAD_CALL, MAX_LINE, REFUSED, PlantRefusal, line, read
from sim_plc.stock import stock_csv
from sim_plc.tower import SimTower

Params = Mapping[str, Any]
Answer = Mapping[str, object]

SIZES: Final = ("length_mm", "width_mm", "height_mm", "weight_kg", "wheels")
"""In the order of `Car`."""

DONE: Final[Answer] = {}


class BadCall(ValueError):
    """A method or parameter that is not known or not right; nothing has happened."""


class SideChannel:
    """Serves the side channel of one tower at a local socket, for its owner alone.

    ``restarted`` is called with a station's name after its PLC was restarted: its connections break then.
    """

    def __init__(self, path: Path, tower: SimTower, restarted: Callable[[str], Awaitable[None]]) -> None:
        self._path = path
        self._tower = tower
        self._restarted = restarted
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._methods: dict[str, Callable[[Params], Answer]] = {
            "truth": self._truth,
            "stock": self._stock,
            "car.arrive": self._car_arrive,
            "car.leave": self._car_leave,
            "customer.collect": self._customer_collect,
            "customer.auto": self._customer_auto,
            "person.enter": self._person_enter,
            "person.leave": self._person_leave,
            "estop.press": self._estop_press,
            "estop.release": self._estop_release,
            "device.reset": self._device_reset,
            "key": self._key,
        }

    async def start(self) -> None:
        """Listen. A socket left by a crash is replaced.

        Raises:
            OSError: another plant listens, or the socket cannot be made.

        """
        _remove_stale(self._path)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=MAX_LINE)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop listening, drop every connection, remove the socket."""
        if self._server is None:
            return
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None
        self._path.unlink(missing_ok=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        try:
            # A line that is too long, or a caller that has gone, ends the connection: there is nobody to tell.
            with contextlib.suppress(ConnectionError, ValueError):
                while data := await reader.readline():
                    writer.write(await self._answer(data))
                    await writer.drain()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        finally:
            # Whoever takes no answers keeps nobody from ending.
            writer.transport.abort()
            self._connections.discard(connection)

    async def _answer(self, data: bytes) -> bytes:
        call_id: object = None
        try:
            call = read(data)
            call_id = call.get("id")
            result = await self._call(call.get("method"), call.get("params", {}))
        except (BadCall, ValueError) as error:
            return line({"id": call_id, "error": {"code": BAD_CALL, "message": str(error)}})
        except PlantRefusal as refusal:
            return line({"id": call_id, "error": {"code": REFUSED, "message": str(refusal)}})
        return line({"id": call_id, "result": result})

    async def _call(self, method: object, params: object) -> Answer:
        if not isinstance(params, dict):
            raise BadCall("params must be an object")
        if method == "plc.restart":
            return await self._plc_restart(params)
        act = self._methods.get(str(method))
        if act is None:
            raise BadCall(f"no method {method!r}; known: plc.restart, {', '.join(self._methods)}")
        answer = act(params)
        self._tower.done()
        return answer

    def _truth(self, params: Params) -> Answer:
        _only(params)
        return self._tower.truth()

    def _stock(self, params: Params) -> Answer:
        _only(params)
        truth = self._tower.truth()
        bays = {place: car for place, car in truth["cars"].items() if place in self._tower.tower.shape.bays}
        return {"csv": stock_csv(bays, self._tower.roster)}

    def _car_arrive(self, params: Params) -> Answer:
        _only(params, "room", "car", *SIZES)
        name, room = params.get("car"), self._room(params)
        if not isinstance(name, str) or not name:
            raise BadCall("car must be a name")
        known = self._tower.roster.find(name) or Car(name)
        usual = (known.length_mm, known.width_mm, known.height_mm, known.weight_kg, known.wheels)
        sizes = [
            _number(params, key) if params.get(key) is not None else size
            for key, size in zip(SIZES, usual, strict=True)
        ]
        car = Car(name, *sizes)
        plant = self._tower.touch()
        try:
            plant.car_arrives(room, car, self._habits)
        except ValueError as error:
            raise PlantRefusal(str(error)) from error
        self._tower.roster.enrol(car)
        return DONE

    def _car_leave(self, params: Params) -> Answer:
        _only(params, "room")
        self._tower.touch().car_leaves(self._room(params), self._habits)
        return DONE

    def _customer_collect(self, params: Params) -> Answer:
        _only(params, "room", "car")
        car, room = params.get("car"), self._room(params)
        if car is not None and self._tower.roster.find(str(car)) is None:
            raise PlantRefusal(f"no car {car!r} was ever here")
        self._tower.touch().customer_collects(room, self._habits, car)
        return DONE

    def _customer_auto(self, params: Params) -> Answer:
        _only(params, "on")
        self._tower.touch()
        self._tower.customers.switch(on=_flag(params, "on"))
        return DONE

    def _person_enter(self, params: Params) -> Answer:
        _only(params, "room")
        self._tower.touch().person_enters(self._room(params), self._habits)
        return DONE

    def _person_leave(self, params: Params) -> Answer:
        _only(params, "room")
        self._tower.touch().person_leaves(self._room(params), self._habits)
        return DONE

    def _estop_press(self, params: Params) -> Answer:
        _only(params)
        self._tower.touch().press_e_stop()
        return DONE

    def _estop_release(self, params: Params) -> Answer:
        _only(params)
        self._tower.touch().release_e_stop()
        return DONE

    def _device_reset(self, params: Params) -> Answer:
        _only(params)
        self._tower.device_reset()
        return DONE

    def _key(self, params: Params) -> Answer:
        _only(params, "on")
        self._tower.touch().set_maintenance_key(_flag(params, "on"))
        return DONE

    async def _plc_restart(self, params: Params) -> Answer:
        _only(params, "station", "kind")
        station, kind = params.get("station"), params.get("kind", "warm")
        if station not in self._tower.stations:
            raise BadCall(f"station must be one of {', '.join(self._tower.stations)}")
        if kind not in ("warm", "cold"):
            raise BadCall("kind must be warm or cold")
        self._tower.restart(station, warm=kind == "warm")
        await self._restarted(station)
        return DONE

    @property
    def _habits(self) -> Habits:
        return self._tower.customers.habits

    def _room(self, params: Params) -> int:
        """Return the place of a room, given by its number (1 ...) or its place."""
        rooms, room = self._tower.tower.shape.rooms, _number(params, "room")
        if room in rooms:
            return room
        if not 1 <= room <= len(rooms):
            raise BadCall(f"room must be 1 to {len(rooms)}, or one of {', '.join(map(str, rooms))}")
        return rooms[room - 1]


def _only(params: Params, *known: str) -> None:
    for name in params:
        if name not in known:
            raise BadCall(f"{name} is not a parameter of this method")


def _number(params: Params, name: str) -> int:
    value = params.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadCall(f"{name} must be a whole number")
    return value


def _flag(params: Params, name: str) -> bool:
    value = params.get(name)
    if not isinstance(value, bool):
        raise BadCall(f"{name} must be true or false")
    return value


def _remove_stale(path: Path) -> None:
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(f"another plant listens at {path}")
