"""The carriage: lift, turntable and shuttle. Methods build commands, properties read the newest image.

Every command is sent by its ``mechanism``; every method raises what `hal.interfaces.Mechanism.prepare` raises,
every property `hal.errors.NotOnline` where there is no fresh image.
"""

from dataclasses import dataclass

from hal.interfaces import Mechanism, Prepared
from hal.plcmap.codes import Carriage, Flag, Opcode, State, SubStep, named
from hal.plcmap.shape import TowerShape
from hal.readings import Loaded, loaded
from hal.scan import Station


@dataclass(frozen=True, slots=True)
class Axis:
    """What lift, turntable and shuttle have in common: a reference to find, flags, and a JOG at the PLC's speed."""

    mechanism: Mechanism

    def home(self) -> Prepared:
        """Find the reference."""
        return self.mechanism.prepare(Opcode.HOME)

    @property
    def homed(self) -> bool:
        """Whether the encoder's zero is proven."""
        return self.shows(Flag.HOMED)

    @property
    def ready(self) -> bool:
        """Whether its drive is energised and not in error stop."""
        return self.mechanism.status().state not in (State.DISABLED, State.ERROR_STOP)

    def shows(self, flag: Flag) -> bool:
        """Whether a flag is set."""
        return flag in self.mechanism.status().flags

    def creep(self, *, forward: bool) -> Prepared:
        """Move in a direction while the dead-man is worked (`hal.scan.Station.touch_dead_man`); mode Manual only."""
        return self.mechanism.prepare(Opcode.JOG, 1 if forward else -1)

    @property
    def encoder(self) -> int:
        """Position by the encoder, in the axis's unit."""
        return self.mechanism.status().position


@dataclass(frozen=True, slots=True)
class Positioner(Axis):
    """An axis that goes to places and stands there with its brake on."""

    shape: TowerShape

    @property
    def held(self) -> bool:
        """Whether it stands with its brake on."""
        return self.shows(Flag.HELD)

    def go(self, value: int, place: int = 0) -> Prepared:
        """Go to a value; with a place end docked there, else no dock contacts are asked for."""
        return self.mechanism.prepare(Opcode.MOVE_TO, value, place)


@dataclass(frozen=True, slots=True)
class Lift(Positioner):
    """Height axis of the carriage."""

    def move_to(self, place: int) -> Prepared:
        """Go to the height of a place and end docked there.

        Raises:
            KeyError: there is no such place.

        """
        return self.go(self.shape.poses[place].height_mm, place)

    def move_to_height(self, height_mm: int) -> Prepared:
        """Go to a height that need not be a place's: no dock contacts are asked for."""
        return self.go(height_mm)

    def jog(self, *, up: bool) -> Prepared:
        """Creep up or down while the dead-man is held."""
        return self.creep(forward=up)

    @property
    def position_mm(self) -> int:
        """Height by the encoder."""
        return self.encoder


@dataclass(frozen=True, slots=True)
class Turntable(Positioner):
    """Rotation axis of the carriage: endless, it takes the shorter way."""

    def move_to(self, place: int) -> Prepared:
        """Turn to the angle of a place.

        Raises:
            KeyError: there is no such place.

        """
        return self.go(self.shape.poses[place].angle_mdeg, place)

    def move_to_angle(self, angle_mdeg: int) -> Prepared:
        """Turn to an angle that need not be a place's: no dock contacts are asked for."""
        return self.go(angle_mdeg)

    def jog(self, *, ahead: bool) -> Prepared:
        """Creep to rising or falling angles while the dead-man is held."""
        return self.creep(forward=ahead)

    @property
    def position_mdeg(self) -> int:
        """Angle by the encoder."""
        return self.encoder


@dataclass(frozen=True, slots=True)
class Shuttle(Axis):
    """Comb exchange between the carriage and the place in front of it; its reference is the centre."""

    def pick(self, place: int) -> Prepared:
        """Take the car from a place: extend, raise, retract."""
        return self.mechanism.prepare(Opcode.PICK, place)

    def place(self, place: int) -> Prepared:
        """Put the car into a place: extend, lower, retract."""
        return self.mechanism.prepare(Opcode.PLACE, place)

    def resume(self) -> Prepared:
        """Finish the exchange that was cut, from its retained sub-step."""
        return self.mechanism.prepare(Opcode.RESUME)

    def undo(self) -> Prepared:
        """Take back the exchange that was cut, from its retained sub-step."""
        return self.mechanism.prepare(Opcode.UNDO)

    def retract(self) -> Prepared:
        """Centre the empty arms."""
        return self.mechanism.prepare(Opcode.RETRACT)

    def jog(self, *, out: bool) -> Prepared:
        """Creep out or in while the dead-man is held."""
        return self.creep(forward=out)

    @property
    def position_mm(self) -> int:
        """Extension by the encoder."""
        return self.encoder

    @property
    def centred(self) -> bool:
        """Whether the arms are inside the carriage."""
        return self.shows(Flag.CENTRED)

    @property
    def loaded(self) -> Loaded:
        """Whether a car stands on the carriage."""
        flags = self.mechanism.status().flags
        return loaded(a=Flag.LOADED_A in flags, b=Flag.LOADED_B in flags)

    @property
    def secured(self) -> bool:
        """Whether the clamps hold the load."""
        return self.shows(Flag.SECURED)

    @property
    def resumable(self) -> bool:
        """Whether an exchange was cut and stands retained."""
        return self.shows(Flag.RESUMABLE)

    @property
    def picking(self) -> bool:
        """Whether the retained or running exchange, as it goes now, brings the car aboard.

        A PICK, or a PLACE that is being undone.
        """
        return self.shows(Flag.PICKING) is not self.shows(Flag.UNDOING)

    @property
    def substep(self) -> SubStep | None:
        """Where the exchange stands; None for a code that is in no table."""
        return named(SubStep, self.mechanism.status().substep)


@dataclass(frozen=True, slots=True)
class Dock:
    """What the tower PLC's own inputs prove about the place in front of the carriage."""

    station: Station
    shape: TowerShape

    @property
    def docked_at(self) -> int | None:
        """The place where the carriage is docked and held: both axes homed, in tolerance, both dock contacts made.

        Where an exchange was cut, also without homed axes: the carriage has not left that place since.
        """
        cut = self.station.image.mechanisms["shuttle"].flags & Flag.RESUMABLE
        return self._held_at(Flag.HELD if cut else Flag.HELD | Flag.HOMED)

    @property
    def stands_at(self) -> int | None:
        """The place where the carriage is held with both dock contacts made, homed or not: arms may come in there."""
        return self._held_at(Flag.HELD)

    @property
    def occupied(self) -> Loaded:
        """Whether a car stands at the place in front of the carriage."""
        a, b = self.contacts
        return loaded(a=a, b=b)

    @property
    def contacts(self) -> tuple[bool, bool]:
        """What each of the carriage's two sensors shows of the place in front of it, A first."""
        word = self.station.image.carriage
        return Carriage.PLACE_OCCUPIED_A in word, Carriage.PLACE_OCCUPIED_B in word

    @property
    def latch_open(self) -> bool:
        """Whether the latch in front of the carriage is proven open."""
        return self._latch() == Carriage.LATCH_OPEN

    @property
    def latch_closed(self) -> bool:
        """Whether the latch in front of the carriage is proven closed."""
        return self._latch() == Carriage.LATCH_CLOSED

    @property
    def all_latches_locked(self) -> bool:
        """Whether every latch of the tower is closed, by its hard-wired chain."""
        return Carriage.ALL_LATCHES_LOCKED in self.station.image.carriage

    def _held_at(self, needed: Flag) -> int | None:
        image = self.station.image
        axes = image.mechanisms["lift"].flags & image.mechanisms["turntable"].flags
        contacts = Carriage.DOCK_LEVEL | Carriage.DOCK_POSITION
        if axes & needed != needed or image.carriage & contacts != contacts:
            return None
        return self.shape.place_at(image.mechanisms["lift"].position, image.mechanisms["turntable"].position)

    def _latch(self) -> Carriage:
        return self.station.image.carriage & (Carriage.LATCH_OPEN | Carriage.LATCH_CLOSED)
