"""A transfer room: inner door, outer gate, signal, sensors and measuring frame."""

from dataclasses import dataclass

from hal.interfaces import Mechanism, Prepared
from hal.plcmap.codec import Image, Measurement, Status
from hal.plcmap.codes import Flag, Opcode, Room, Signal, State, named
from hal.readings import Loaded, loaded
from hal.scan import Station

LOCKED = Flag.CLOSED_A | Flag.CLOSED_B | Flag.BOLTED_A | Flag.BOLTED_B


@dataclass(frozen=True, slots=True)
class Door:
    """An inner door or an outer gate."""

    mechanism: Mechanism

    def open(self) -> Prepared:
        """Draw the bolt and open."""
        return self.mechanism.prepare(Opcode.OPEN)

    def close(self) -> Prepared:
        """Close and bolt."""
        return self.mechanism.prepare(Opcode.CLOSE)

    @property
    def state(self) -> State | None:
        """What the PLC makes of its contacts; None for a code that is in no table."""
        return named(State, self.mechanism.status().state)

    @property
    def is_open(self) -> bool:
        """Whether it is proven open."""
        return self.mechanism.status().state == State.OPEN

    @property
    def is_locked(self) -> bool:
        """Whether it is proven closed and bolted on two channels each, and nothing else was asked of it."""
        return locked(self.mechanism.status())


def locked(status: Status) -> bool:
    """Return whether a door's status proves it closed and bolted."""
    return status.state == State.CLOSED and LOCKED in status.flags


@dataclass(frozen=True, slots=True)
class RoomSignal:
    """Lights, sign and voice of a room."""

    mechanism: Mechanism

    def show(self, code: Signal) -> Prepared:
        """Show a signal."""
        return self.mechanism.prepare(Opcode.SHOW, int(code))

    @property
    def shown(self) -> Signal | None:
        """What it shows now, dark after its PLC's power-up; None for a code that is in no table."""
        return named(Signal, self.mechanism.status().substep)


@dataclass(frozen=True, slots=True)
class RoomDriver:
    """Everything of one room. ``name``: as in the register map, ``room1``."""

    name: str
    place: int
    station: Station
    inner_door: Door
    outer_gate: Door
    signal: RoomSignal

    def sensors(self) -> Room:
        """Return the room's sensors as the newest image shows them.

        Raises:
            NotOnline: there is no fresh image.

        """
        return self.station.image.rooms[self.place]

    def parts(self, image: Image) -> tuple[Room, Status, Status]:
        """Return what an image of its station shows of the room: sensors, inner door, outer gate.

        What reads as in the image before is the very same object.
        """
        shown = image.mechanisms
        return image.rooms[self.place], shown[f"{self.name}.inner_door"], shown[f"{self.name}.outer_gate"]

    @property
    def occupied(self) -> Loaded:
        """Whether a car stands in the room: two sensors, and the floor scale must agree with them."""
        word = self.sensors()
        seen = loaded(a=Room.OCCUPIED_A in word, b=Room.OCCUPIED_B in word)
        weighs = Room.WEIGHT in word
        return seen if (seen is Loaded.YES) == weighs else Loaded.DOUBTFUL

    @property
    def nobody_inside(self) -> bool:
        """Whether the room is proven free of people: a healthy sensor that sees nobody."""
        return self.sensors() & (Room.PERSON | Room.PERSON_SENSOR_OK) == Room.PERSON_SENSOR_OK

    async def measure(self) -> Measurement:
        """Read the measuring frame.

        Raises:
            LinkDown, NoAnswer, BadAnswer, Refused: nothing was learned.

        """
        return (await self.station.request_slow()).measurements[self.place]
