"""What the tower's interlocks look at: the process image, and what was accepted in this scan or still executes."""

from collections.abc import Mapping
from dataclasses import dataclass

from hal.plcmap.codes import Mode, Opcode, SubStep
from hal.plcmap.shape import PlacePose
from sim_plc.image import RoomInputs, TowerImage
from sim_plc.program.door import Door
from sim_plc.program.exchange import MIRROR, Exchange
from sim_plc.program.mechanism import MechanismProgram
from sim_plc.program.positioning import Positioner
from sim_plc.program.station import StationState


@dataclass(frozen=True, slots=True)
class TowerScene:
    """Everything that a condition of the tower may ask.

    A mechanism that runs a command counts as moving from the moment of acceptance, whatever its feedback shows.
    """

    image: TowerImage
    poses: Mapping[int, PlacePose]
    station: StationState
    lift: MechanismProgram
    lift_axis: Positioner
    turntable: MechanismProgram
    turntable_axis: Positioner
    shuttle: MechanismProgram
    exchange: Exchange
    inner_doors: Mapping[int, Door]
    outer_gates: Mapping[int, Door]
    mechanisms: tuple[MechanismProgram, ...]

    @property
    def held(self) -> bool:
        """Whether lift and turntable stand with their brakes on and are asked for nothing else."""
        return (
            self.lift.running is None
            and self.turntable.running is None
            and self.lift_axis.wires.held
            and self.turntable_axis.wires.held
        )

    @property
    def centred(self) -> bool:
        """Whether the arms are centred and the shuttle is asked for nothing."""
        return self.image.carriage.arms_centred and self.shuttle.running is None

    @property
    def load_secured_or_absent(self) -> bool:
        """Whether the clamp holds the load, or both load sensors see none."""
        carriage = self.image.carriage
        return carriage.secured or not (carriage.loaded_a or carriage.loaded_b)

    @property
    def comb_at_end(self) -> bool:
        """Whether the comb stands up or down, so that no car hangs between two combs."""
        return self.image.carriage.comb_up != self.image.carriage.comb_down

    @property
    def something_runs(self) -> bool:
        """Whether any mechanism but the station runs a command."""
        return any(m.running is not None for m in self.mechanisms[1:])

    @property
    def manual(self) -> bool:
        """Whether the station is in mode Manual."""
        return self.station.mode is Mode.MANUAL

    def docked(self, place: int) -> bool:
        """Whether both dock contacts are made and both encoders agree with the place table."""
        carriage = self.image.carriage
        if not (carriage.dock_level and carriage.dock_position and place in self.poses):
            return False
        return self.lift_axis.at(place) and self.turntable_axis.at(place)

    def docked_with_way_open(self) -> bool:
        """Whether the carriage is docked at some place whose way is open."""
        return any(self.docked(place) and self.way_open(place) for place in self.poses)

    def arms_behind_locked_gate(self) -> bool:
        """Whether arms that move where the carriage is docked meet nobody: at a room, the gate is locked."""
        return all(gate.locked for place, gate in self.outer_gates.items() if self.docked(place))

    def others_locked(self, place: int) -> bool:
        """Whether every inner door but that of a place is closed and bolted."""
        return all(door.locked for room, door in self.inner_doors.items() if room != place)

    def is_room(self, place: int) -> bool:
        """Whether a place is a transfer room."""
        return place in self.inner_doors

    def room(self, place: int) -> RoomInputs:
        """Return the sensors of a room."""
        return self.image.rooms[place].sensors

    def way_open(self, place: int) -> bool:
        """Whether the inner door stands open (room) or the latch is open (bay)."""
        if self.is_room(place):
            return self.inner_doors[place].open
        carriage = self.image.carriage
        return carriage.latch_open and not carriage.latch_closed

    def nobody_inside(self, place: int) -> bool:
        """Whether a room is proven empty of people."""
        return not self.room(place).person

    def car_half_way(self, place: int) -> bool:
        """Whether the three signals of a car in a room disagree: it is neither in nor out."""
        room = self.room(place)
        return not (room.occupied_a == room.occupied_b == room.weight)

    def going_on(self, opcode: Opcode) -> tuple[bool, SubStep]:
        """Return (takes the car onto the carriage, first sub-step) of RESUME or UNDO of the cut exchange."""
        substep = self.exchange.memory.substep
        if opcode == Opcode.UNDO and substep in MIRROR:
            return not self.exchange.picking, MIRROR[substep]
        return self.exchange.picking, substep
