"""Sensors that an engineer takes out of service: which may be, and what may not be done without them.

Only what tells the daemon whether a place is occupied can be taken out. A bay without one of its two contacts is
unverified until a person says what stands in it; then its car may be fetched, and no car is put into it. A room
without one of its sensors is out of service. Whatever an interlock or the safety chain hangs on cannot be taken out:
the PLC would go on asking it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.readings import CONTACTS, SEEN
from controller.domain.book import Book
from controller.domain.events import SensorIn, SensorOut
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import PlaceSet, Record, SensorSet
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.runtime.locked_places import LockedPlaces
from hal.readings import Loaded

ROOM_SENSORS: Final = ("person", "occupied_a", "occupied_b", "weight")

IDLE: Final = frozenset({RoomState.VACANT, RoomState.BLOCKED, RoomState.UNKNOWN, RoomState.OUT_OF_SERVICE})
"""States in which a room serves nobody."""

_NAME: Final = re.compile(r"(bay|room)([1-9][0-9]*)\.(\w+)")

_SAFETY: Final = re.compile(
    r"(safety|lift|turntable|shuttle|carriage|dock)\b.*"
    r"|(bay|room)\d+\.(latch_\w+|docked|curtain\w*|door\w*|gate\w*|escape\w*|in_marks|beyond_marks|inner_door.*|outer_gate.*)"
)
"""What interlocks and the safety chain hang on, by the beginning of its name or by what it is of a place."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor by its name, and the place that it looks at."""

    name: str
    place: int


class Sensors:
    """Judges requests against the book; returns the records that grant them. ``room`` tells a room's state."""

    def __init__(self, bench: Bench, book: Book, locked: LockedPlaces, room: Callable[[int], RoomState]) -> None:
        self._bench = bench
        self._book = book
        self._locked = locked
        self._room = room

    def take_out(self, request: SensorOut) -> list[Record]:
        """Return the records of a sensor that is out of service from now on; again with another reason is granted.

        Raises:
            Refusal: UNKNOWN_SENSOR, SAFETY_SENSOR, or its place is counted on (BAY_RESERVED, ROOM_IN_USE).

        """
        sensor = self.find(request.name)
        out = SensorSet(sensor.name, out=True, why=request.why, by=request.by)
        if sensor.place in self._bench.shape.rooms:
            self._require_idle(sensor.place)
            return [out]
        place = self._book.places[sensor.place]
        self._locked.require_unclaimed(place)
        if place.status is PlaceStatus.BLOCKED:
            return [out]
        reason = f"{sensor.name} is out of service: say what stands here"
        return [out, PlaceSet(Place(place.number, PlaceStatus.UNVERIFIED, place.car, reason))]

    def put_in(self, request: SensorIn) -> list[Record]:
        """Return the records of a sensor that serves again; what it contradicts becomes unverified.

        Raises:
            Refusal: UNKNOWN_SENSOR, SAFETY_SENSOR, or it is not out of service (NOT_OUT).
            NotOnline: nobody sees its bay.

        """
        sensor = self.find(request.name)
        if sensor.name not in self._book.sensors_out:
            raise Refusal("NOT_OUT", f"{sensor.name} is in service")
        back = SensorSet(sensor.name, out=False, by=request.by)
        place = self._book.places[sensor.place]
        if sensor.place in self._bench.shape.rooms or place.status not in (PlaceStatus.FREE, PlaceStatus.OCCUPIED):
            return [back]
        sight = readings.presence(self._bench, sensor.place, but=sensor.name)
        if sight is (Loaded.NO if place.car is None else Loaded.YES):
            return [back]
        reason = f"with {sensor.name} in service again, sensors show {SEEN[sight]}"
        return [back, PlaceSet(Place(place.number, PlaceStatus.UNVERIFIED, place.car, reason))]

    def picture(self) -> list[dict[str, object]]:
        """Return what is out of service, by name: why, by whom, and what may not be done meanwhile."""
        return [
            {
                "name": each.name,
                "place": self._place(each.name),
                "why": each.why,
                "by": each.by,
                "restriction": self._restriction(self._place(each.name)),
            }
            for each in sorted(self._book.sensors_out.values(), key=lambda each: each.name)
        ]

    def find(self, name: str) -> Sensor:
        """Return the sensor of a name: ``bay305.occupied_a``, ``room1.person``.

        Raises:
            Refusal: UNKNOWN_SENSOR; SAFETY_SENSOR: nobody takes that one out.

        """
        if _SAFETY.fullmatch(name):
            raise Refusal("SAFETY_SENSOR", f"{name} belongs to an interlock or the safety chain: it stays in")
        found = _NAME.fullmatch(name)
        kind, number, what = found.groups() if found else ("", "0", "")
        rooms, place = self._bench.shape.rooms, int(number)
        if kind == "bay" and place in self._bench.shape.bays and what in CONTACTS:
            return Sensor(name, place)
        if kind == "room" and place <= len(rooms) and what in ROOM_SENSORS:
            return Sensor(name, rooms[place - 1])
        known = f"bayPLACE.{' or .'.join(CONTACTS)}, roomNUMBER.{' .'.join(ROOM_SENSORS)}"
        raise Refusal("UNKNOWN_SENSOR", f"{name!r} is no sensor that can be taken out: {known}")

    def _place(self, name: str) -> int:
        return self.find(name).place

    def _require_idle(self, place: int) -> None:
        state = self._room(place)
        wanted = any(place in (job.source, job.target, job.room) for job in self._book.open_jobs())
        if state not in IDLE or wanted:
            raise Refusal("ROOM_IN_USE", f"room {place} is {state.name}: wait until it is vacant and no job wants it")

    def _restriction(self, place: int) -> str:
        if place in self._bench.shape.rooms:
            return "the room is out of service"
        return "no car is put into the bay; its car is fetched only after somebody has said that it is there"
