"""The program of the tower PLC: carriage, rooms and the safety word."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from config.schema import Tower
from hal.plcmap import codes
from hal.plcmap.codec import Image, Measurement, SlowImage, Status
from hal.plcmap.codes import MechanismKind, Reason
from hal.plcmap.codes import Status as StatusBits
from hal.plcmap.registers import Mechanism, StationMap
from sim_plc.image import CarriageInputs, RoomInputs, TowerImage
from sim_plc.program import input_filter
from sim_plc.program.door import Door
from sim_plc.program.epoch import EpochMemory
from sim_plc.program.event_log import LogEntry
from sim_plc.program.exchange import Exchange
from sim_plc.program.input_filter import InputFilter
from sim_plc.program.interlocks import InterlockSet
from sim_plc.program.lift import lift
from sim_plc.program.mechanism import Machine, MechanismProgram
from sim_plc.program.positioning import Positioner
from sim_plc.program.retained import ExchangeMemory
from sim_plc.program.safety_word import first_out, safety_word
from sim_plc.program.signal import RoomSignal
from sim_plc.program.station import StationMachine, StationState
from sim_plc.program.station_program import StationProgram
from sim_plc.program.tower_inputs import FilteredTower
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.program.tower_scene import TowerScene
from sim_plc.program.turntable import turntable
from sim_plc.program.words import word


class TowerProgram(StationProgram[TowerScene]):
    """Scans the tower's image. Drives are off until RESET and after every trip of the safety chain."""

    def __init__(
        self,
        tower: Tower,
        image: TowerImage,
        *,
        retained: bytes | None,
        rng: random.Random,
        interlocks: InterlockSet[TowerScene] = TOWER_INTERLOCKS,
        on_event: Callable[[LogEntry], None] | None = None,
    ) -> None:
        """Power up on an image."""
        self._inputs = FilteredTower(image)
        self._image_wires = self._inputs.seen
        super().__init__(
            tower,
            tower.maps["tower"],
            self._build,
            level=0,
            retained=retained,
            rng=rng,
            interlocks=interlocks,
            on_event=on_event,
        )
        self._scene = TowerScene(
            self._image_wires,
            tower.shape.poses,
            self.station_state,
            self.mechanism("lift"),
            self._lift,
            self.mechanism("turntable"),
            self._turntable,
            self.mechanism("shuttle"),
            self._exchange,
            self._inner_doors,
            self._outer_gates,
            self.mechanisms,
        )

    def scene(self) -> TowerScene:
        """Return what the interlocks look at."""
        return self._scene

    @property
    def exchange_at(self) -> int:
        """The place of an exchange that runs or was cut, 0 if there is none."""
        return self._exchange.memory.place

    @property
    def input_changes(self) -> int:
        """How often the plant has changed inputs of the tower PLC."""
        return self._inputs.raw.changes

    @property
    def inputs_due(self) -> float | None:
        """When a changed input may have been steady for long enough."""
        return self._inputs.due

    def take_inputs(self, t: float, *, at_once: bool) -> bool:
        """Read the inputs through their filters; tell whether anything is new in them."""
        return self._inputs.take(t, at_once=at_once)

    @property
    def anything_moves(self) -> bool:
        """Whether an axis moves."""
        wires = self._image_wires
        axes = (wires.lift_in, wires.turntable_in, wires.arms_in)
        return any(axis.moving for axis in axes)

    @property
    def maintenance_key(self) -> bool:
        """Whether the local pendant has the machine."""
        return self._image_wires.safety.maintenance_key

    @property
    def chain_closed(self) -> bool:
        """Whether the safety chain lets things move."""
        return self._image_wires.safety.chain_closed

    def begin_scan(self, *, first: bool) -> None:
        """Record a trip's first cause; forget all positions while the key is on."""
        if first:
            self._keep_what_is_held()
        state = self.station_state
        if not self.chain_closed:
            if not state.tripped:
                state.first_out = int(first_out(self._image_wires.safety))
            state.tripped, state.powered = True, False
        if self.maintenance_key:
            state.powered = False
            self._lift.homed = self._turntable.homed = self._exchange.homed = False

    def end_scan(self) -> None:
        """Switch off the drives of what stands and may not be powered: a ramp ends before its power goes."""
        for room in self._image_wires.rooms.values():
            room.arrow_back = room.sensors.beyond_marks
        self._inputs.give()
        if self.station_state.powered:
            return
        for program, axis in self._axes():
            if program.running is None and axis.powered:
                axis.de_energise()

    def image(self, boot_id: int, epoch: EpochMemory, status: StatusBits, mechanisms: Mapping[str, Status]) -> Image:
        """Return the fast image with safety word, carriage and rooms."""
        wires = self._image_wires
        rooms = {place: _room_word(room.sensors) for place, room in wires.rooms.items()}
        safety, carriage = safety_word(wires.safety), _carriage_word(wires.carriage)
        return Image(boot_id, 0, epoch.epoch, epoch.owner, safety, status, mechanisms, carriage, rooms)

    def fill_slow(self, image: SlowImage) -> SlowImage:
        """Add the measuring frames."""
        frames = {place: _measurement(room.sensors) for place, room in self._image_wires.rooms.items()}
        return replace(image, measurements=frames)

    def _axes(self) -> tuple[tuple[MechanismProgram, Positioner | Exchange], ...]:
        scene = self._scene
        return (
            (scene.lift, scene.lift_axis),
            (scene.turntable, scene.turntable_axis),
            (scene.shuttle, scene.exchange),
        )

    def _keep_what_is_held(self) -> None:
        """Start from the machine as it stands: no bolt is drawn and no load let go by a restart."""
        for door in (*self._inner_doors.values(), *self._outer_gates.values()):
            door.power_up()
        carriage = self._image_wires.carriage
        self._image_wires.clamp = carriage.arms_centred and (carriage.loaded_a or carriage.loaded_b)

    def _build(self, station: StationMap, state: StationState, memory: ExchangeMemory) -> Sequence[Machine]:
        """Build the machines in the order of the mailboxes."""
        tower, image = self._tower, self._image_wires
        self._lift = lift(tower, image, dead_man=self._dead_man)
        self._turntable = turntable(tower, image, dead_man=self._dead_man)
        self._exchange = Exchange(
            tower.machine.shuttle,
            image,
            memory,
            self._lift,
            places=frozenset(tower.shape.poses),
            rated_kg=tower.limits.weight_kg,
            dead_man=self._dead_man,
            may_level=self._may_level,
        )
        machine, doors, gates = tower.machine, self._inputs.doors, self._inputs.gates
        self._inner_doors = {
            place: Door(machine.door, room.door_in, room.door_out, reopens=False, restless=self._restless(doors[place]))
            for place, room in image.rooms.items()
        }
        self._outer_gates = {
            place: Door(machine.gate, room.gate_in, room.gate_out, reopens=True, restless=self._restless(gates[place]))
            for place, room in image.rooms.items()
        }
        own = StationMachine(state, clear=self._clear, energise=self._energise, faulted=self._faulted)
        return [self._machine(mechanism, own) for mechanism in station.mechanisms]

    def _machine(self, mechanism: Mechanism, own: StationMachine) -> Machine:
        carriage: dict[MechanismKind, Machine] = {
            MechanismKind.STATION: own,
            MechanismKind.LIFT: self._lift,
            MechanismKind.TURNTABLE: self._turntable,
            MechanismKind.SHUTTLE: self._exchange,
        }
        match mechanism.kind:
            case MechanismKind.INNER_DOOR:
                return self._inner_doors[mechanism.place]
            case MechanismKind.OUTER_GATE:
                return self._outer_gates[mechanism.place]
            case MechanismKind.SIGNAL:
                return RoomSignal(self._image_wires.rooms[mechanism.place])
        return carriage[mechanism.kind]

    def _restless(self, contacts: InputFilter) -> Callable[[], bool]:
        return lambda: contacts.restless(self._t, input_filter.DOOR)

    def _may_level(self, place: int) -> bool:
        return self._scene.others_locked(place)

    def _dead_man(self) -> bool:
        return self.gate.dead_man_held(self._t)

    def _clear(self) -> None:
        for program in self.mechanisms:
            if program.running is None:
                program.clear_fault()

    def _energise(self) -> None:
        for program, axis in self._axes():
            if program.running is None:
                axis.energise()

    def _faulted(self) -> bool:
        return any(program.fault is not Reason.NONE for program in self.mechanisms)


_CARRIAGE: Final = word(
    codes.Carriage.DOCK_LEVEL,
    codes.Carriage.DOCK_POSITION,
    codes.Carriage.LATCH_OPEN,
    codes.Carriage.LATCH_CLOSED,
    codes.Carriage.PLACE_OCCUPIED_A,
    codes.Carriage.PLACE_OCCUPIED_B,
    codes.Carriage.ALL_LATCHES_LOCKED,
)


def _carriage_word(inputs: CarriageInputs) -> codes.Carriage:
    wires = (
        inputs.dock_level,
        inputs.dock_position,
        inputs.latch_open,
        inputs.latch_closed,
        inputs.place_occupied_a,
        inputs.place_occupied_b,
        inputs.all_latches_locked,
    )
    return _CARRIAGE(wires)


_SENSORS: Final = word(
    codes.Room.OCCUPIED_A,
    codes.Room.OCCUPIED_B,
    codes.Room.WEIGHT,
    codes.Room.PERSON,
    codes.Room.PERSON_SENSOR_OK,
    codes.Room.IN_MARKS,
    codes.Room.DOOR_PLANE_CLEAR,
    codes.Room.CURTAIN_CLEAR,
    codes.Room.CROSSING_OUT,
    codes.Room.CROSSING_IN,
    codes.Room.MEASURED,
    codes.Room.ESCAPE_USED,
)


def _room_word(inputs: RoomInputs) -> codes.Room:
    """Return the sensors with the four lowest bits of the crossings on top."""
    wires = (
        inputs.occupied_a,
        inputs.occupied_b,
        inputs.weight,
        inputs.person,
        inputs.person_sensor_ok,
        inputs.in_marks,
        inputs.door_plane_clear,
        inputs.curtain_clear,
        inputs.crossing_out,
        inputs.crossing_in,
        inputs.measured,
        inputs.escape_used,
    )
    return _with_crossings(wires, inputs.crossings & 0xF)


@cache
def _with_crossings(wires: tuple[bool, ...], crossings: int) -> codes.Room:
    return codes.Room(_SENSORS(wires) | crossings << codes.ROOM_CROSSINGS_SHIFT)


def _measurement(inputs: RoomInputs) -> Measurement:
    return Measurement(
        inputs.length_mm,
        inputs.width_mm,
        inputs.height_mm,
        inputs.weight_kg,
        inputs.wheels,
        inputs.crossings & 0xFFFF,
    )
