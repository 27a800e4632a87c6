"""What a sensible person does about a sensor that lies: takes it out of service, says what is so, and puts it back."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from controller.app import Daemon
from controller.domain.events import ConfirmPlace, Request, SensorIn, SensorOut
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from sim_plc.plant.contacts import Wire
from sim_plc.rehearsal.world import World

PATIENCE_S: Final = 45.0
"""For how long a place is in doubt before somebody goes there, and between two tries."""

CONTACTS: Final = ("occupied_a", "occupied_b")
ROOM_SENSORS: Final = ("person", "occupied_a", "occupied_b", "weight")


class Mender:
    """Goes to a place that stays in doubt and compares its sensors with what stands there."""

    def __init__(self, world: World, ask: Callable[[Request], Awaitable[bool]]) -> None:
        """Take the world, and what asks the daemon for something and tells whether it was granted."""
        self._world = world
        self._ask = ask
        self._since_s: dict[int, float] = {}
        """By place: since when it has been in doubt, or was looked at last."""

    async def mend(self, daemon: Daemon) -> bool:
        """Do one thing about one sensor; tell whether there was anything to do.

        Raises:
            NobodyThere: the daemon does not answer.

        """
        for name in sorted(daemon.book.sensors_out):
            if not self._lies(name):
                return await self._ask(SensorIn(by="operator", name=name))
        now_s, doubtful = self._world.now, set(self._doubtful(daemon))
        self._since_s = {place: self._since_s.get(place, now_s) for place in sorted(doubtful)}
        for place, since_s in self._since_s.items():
            if now_s - since_s > PATIENCE_S:
                self._since_s[place] = now_s
                return await self._see_to(daemon, place)
        return False

    def _doubtful(self, daemon: Daemon) -> Iterator[int]:
        shape, rooms = self._world.tower.shape, daemon.control.rooms
        yield from (bay for bay in shape.bays if daemon.book.places[bay].status is PlaceStatus.UNVERIFIED)
        yield from (room for room in shape.rooms if rooms.state(room) is RoomState.BLOCKED)

    async def _see_to(self, daemon: Daemon, place: int) -> bool:
        rooms = self._world.tower.shape.rooms
        kind, sensors = ("room", ROOM_SENSORS) if place in rooms else ("bay", CONTACTS)
        number = rooms.index(place) + 1 if place in rooms else place
        names = [f"{kind}{number}.{sensor}" for sensor in sensors]
        lying = [name for name in names if name not in daemon.book.sensors_out and self._lies(name)]
        if not lying or not await self._ask(SensorOut(by="operator", name=lying[0], why="it does not tell what is so")):
            return False
        if place not in rooms:
            await self._ask(ConfirmPlace(by="operator", place=place, car=self._world.plant.truth().cars.get(place)))
        return True

    def _lies(self, name: str) -> bool:
        """Tell whether a sensor, by the name that the daemon gives it, tells otherwise than what somebody sees."""
        where, sensor = name.split(".")
        truth = self._world.plant.truth()
        wire: Wire
        if where.startswith("room"):
            place = self._world.tower.shape.rooms[int(where.removeprefix("room")) - 1]
            wire = ("room", place, sensor)
        else:
            place = int(where.removeprefix("bay"))
            wire = ("bay", place, sensor)
        so = truth.persons[place] > 0 if sensor == "person" else place in truth.cars or place in truth.crossing
        return self._world.plant.shows(wire) != so
