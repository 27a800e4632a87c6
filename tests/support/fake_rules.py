"""What the commands of a fake tower need and change: typed from the contract's tables, with no physics at all."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from hal.plcmap import codes
from hal.plcmap.codes import Flag, MechanismKind, Opcode, Reason, State, SubStep
from hal.plcmap.frame import Content
from hal.plcmap.registers import Mechanism
from hal.plcmap.shape import TowerShape, place_number

TURN_MDEG = 360_000
STROKE_MM = 2800

NO_FLAGS = Flag(0)

_MIRROR = {
    SubStep.EXTENDING: SubStep.RETRACTING,
    SubStep.TRANSFERRING: SubStep.TRANSFERRING,
    SubStep.RETRACTING: SubStep.EXTENDING,
}
_DOOR_CONTACTS = Flag.CLOSED_A | Flag.CLOSED_B | Flag.BOLTED_A | Flag.BOLTED_B


@dataclass
class Exchange:
    """An exchange that runs or was cut."""

    place: int
    picking: bool
    substep: SubStep = SubStep.EXTENDING
    undoing: bool = False

    @property
    def takes(self) -> bool:
        """Whether, as it goes now, the car comes onto the carriage."""
        return self.picking != self.undoing


@dataclass
class World:
    """Where everything stands. ``persons``: rooms with somebody inside."""

    shape: TowerShape
    cars: set[int]
    loaded: bool = False
    lift_mm: int = 0
    angle_mdeg: int = 0
    arms_mm: int = 0
    exchange: Exchange | None = None
    homed: set[MechanismKind] = field(default_factory=set)
    powered: set[str] = field(default_factory=set)
    modes: dict[str, codes.Mode] = field(default_factory=dict)
    unlatched: set[int] = field(default_factory=set)
    doors: dict[tuple[MechanismKind, int], State] = field(default_factory=dict)
    signals: dict[int, int] = field(default_factory=dict)
    persons: set[int] = field(default_factory=set)
    running: set[str] = field(default_factory=set)
    """Full names of the mechanisms that run a command."""
    on_change: Callable[[], None] = lambda: None

    @property
    def rooms(self) -> tuple[int, ...]:
        """The rooms by place."""
        return self.shape.rooms

    @property
    def held(self) -> bool:
        """Whether lift and turntable stand."""
        return not {"tower/lift", "tower/turntable"} & self.running

    @property
    def centred(self) -> bool:
        """Whether the arms are in and asked for nothing."""
        return self.arms_mm == 0 and "tower/shuttle" not in self.running

    @property
    def docked(self) -> int | None:
        """The place in front of the carriage."""
        here = (self.lift_mm, self.angle_mdeg)
        poses = self.shape.poses.items()
        return next((place for place, pose in poses if (pose.height_mm, pose.angle_mdeg) == here), None)

    def door(self, kind: MechanismKind, place: int) -> State:
        """Return where a door or gate stands."""
        return self.doors.get((kind, place), State.CLOSED)

    def way_open(self, place: int) -> bool:
        """Whether latch or inner door of a place is open."""
        if place in self.rooms:
            return self.door(MechanismKind.INNER_DOOR, place) is State.OPEN
        return place in self.unlatched

    def make_ready(self, stations: Iterable[str]) -> None:
        """Enable and home everything."""
        self.powered.update(stations)
        self.homed.update((MechanismKind.LIFT, MechanismKind.TURNTABLE, MechanismKind.SHUTTLE))

    def power_up(self, station: str) -> None:
        """Forget what a station's program does not retain."""
        self.powered.discard(station)
        if station == "tower":
            self.homed.clear()
        else:
            self.unlatched -= set(self.shape.bays_of(int(station.removeprefix("bays"))))

    def carriage_word(self) -> codes.Carriage:
        """Return the tower's own inputs."""
        word = codes.Carriage(0) if self.unlatched else codes.Carriage.ALL_LATCHES_LOCKED
        place = self.docked
        if place is None:
            return word
        word |= codes.Carriage.DOCK_LEVEL | codes.Carriage.DOCK_POSITION
        word |= codes.Carriage.LATCH_OPEN if place in self.unlatched else codes.Carriage.LATCH_CLOSED
        if place in self.cars:
            word |= codes.Carriage.PLACE_OCCUPIED_A | codes.Carriage.PLACE_OCCUPIED_B
        return word

    def room_word(self, place: int) -> codes.Room:
        """Return the sensors of a room."""
        word = codes.Room.PERSON_SENSOR_OK | codes.Room.DOOR_PLANE_CLEAR | codes.Room.CURTAIN_CLEAR
        if place in self.persons:
            word |= codes.Room.PERSON
        if place in self.cars:
            word |= codes.Room.OCCUPIED_A | codes.Room.OCCUPIED_B | codes.Room.WEIGHT
            word |= codes.Room.IN_MARKS | codes.Room.MEASURED
        return word

    def bay_word(self, place: int) -> codes.Bay:
        """Return the feedback of a bay."""
        word = codes.Bay.LATCH_OPEN if place in self.unlatched else codes.Bay.LATCH_CLOSED
        if place in self.cars:
            word |= codes.Bay.OCCUPIED_A | codes.Bay.OCCUPIED_B
        return word | (codes.Bay.DOCKED if self.docked == place else codes.Bay(0))


@dataclass(frozen=True, slots=True)
class Look:
    """What a mechanism shows."""

    state: State
    flags: Flag = NO_FLAGS
    substep: int = 0
    position: int = 0


@dataclass
class Motion:
    """What a command changes: stages in their order; ``on_cut`` when it is stopped between two."""

    shows: State
    stages: list[Callable[[], None]]
    on_cut: Callable[[], None] = lambda: None
    instant: bool = False


class Rules:
    """Refusals and motions by mechanism and command."""

    def __init__(self, world: World) -> None:
        self.world = world

    # Refusals

    def refusal(self, mechanism: Mechanism, content: Content, shown: State, station: str) -> Reason:
        """Return why a command is refused, or `Reason.NONE`."""
        if content.opcode not in codes.OPCODES[mechanism.kind]:
            return Reason.UNKNOWN_OPCODE
        opcode = Opcode(content.opcode)
        reason = self._argument(mechanism, opcode, content)
        if not reason and content.expected_from not in (State.ANY, shown):
            reason = Reason.EXPECTED_FROM
        if not reason and opcode not in _POWERLESS and station not in self.world.powered:
            reason = Reason.POWER
        needs = self._needs(mechanism, opcode, content)
        return reason or next((why for why, holds in needs if not holds), Reason.NONE)

    def _argument(self, mechanism: Mechanism, opcode: Opcode, content: Content) -> Reason:
        value, place, shape = content.argument1, content.argument2, self.world.shape
        match opcode:
            case Opcode.MOVE_TO:
                return self._target(mechanism.kind, value, place)
            case Opcode.PICK | Opcode.PLACE:
                return Reason.NONE if value in shape.poses else Reason.ARGUMENT
            case Opcode.UNLATCH | Opcode.LATCH:
                bays = shape.bays_of(mechanism.place)
                return Reason.NONE if place_number(mechanism.place, value) in bays else Reason.ARGUMENT
            case Opcode.SHOW:
                return Reason.NONE if value in tuple(codes.Signal) else Reason.ARGUMENT
            case Opcode.MODE:
                return Reason.NONE if value in tuple(codes.Mode) else Reason.ARGUMENT
        return Reason.NONE

    def _target(self, kind: MechanismKind, value: int, place: int) -> Reason:
        poses = self.world.shape.poses
        if kind is MechanismKind.LIFT:
            highest = max(pose.height_mm for pose in poses.values())
            right = poses[place].height_mm if place in poses else value
        else:
            highest = TURN_MDEG - 1
            right = poses[place].angle_mdeg if place in poses else value
        if not 0 <= value <= highest or (place and place not in poses):
            return Reason.ARGUMENT
        return Reason.NONE if value == right else Reason.TABLE

    def _needs(self, mechanism: Mechanism, opcode: Opcode, content: Content) -> Iterator[tuple[Reason, bool]]:
        """Yield each condition with the reason that its lack gives, in order."""
        world, place = self.world, mechanism.place
        match mechanism.kind, opcode:
            case _, Opcode.JOG:
                yield Reason.MODE, False
            case MechanismKind.LIFT | MechanismKind.TURNTABLE, _:
                yield Reason.NOT_HOMED, opcode is Opcode.HOME or mechanism.kind in world.homed
                yield from self._clear_hoistway()
            case MechanismKind.SHUTTLE, _:
                yield from self._shuttle_needs(opcode, content.argument1)
            case MechanismKind.LATCHES, Opcode.UNLATCH:
                yield Reason.NOT_DOCKED, world.docked == place_number(place, content.argument1)
                yield Reason.NOT_HELD, world.held
            case MechanismKind.LATCHES, _:
                yield Reason.SHUTTLE_NOT_CENTRED, world.centred
            case MechanismKind.INNER_DOOR | MechanismKind.OUTER_GATE, _:
                yield from self._door_needs(mechanism, opcode)

    def _door_needs(self, mechanism: Mechanism, opcode: Opcode) -> Iterator[tuple[Reason, bool]]:
        world, place = self.world, mechanism.place
        match mechanism.kind, opcode:
            case MechanismKind.INNER_DOOR, Opcode.OPEN:
                yield Reason.NOT_HELD, world.held
                yield Reason.NOT_DOCKED, world.docked == place
                yield Reason.OUTER_GATE_NOT_LOCKED, world.door(MechanismKind.OUTER_GATE, place) is State.CLOSED
                yield Reason.PERSON_INSIDE, place not in world.persons
            case MechanismKind.INNER_DOOR, _:
                yield Reason.SHUTTLE_NOT_CENTRED, world.centred
            case _, Opcode.OPEN:
                yield Reason.INNER_DOOR_NOT_LOCKED, world.door(MechanismKind.INNER_DOOR, place) is State.CLOSED
            case _:
                yield Reason.PERSON_INSIDE, place not in world.persons

    def _shuttle_needs(self, opcode: Opcode, place: int) -> Iterator[tuple[Reason, bool]]:
        world = self.world
        match opcode:
            case Opcode.PICK:
                yield Reason.SHUTTLE_NOT_CENTRED, world.centred
                yield from self._at_place(place)
                yield Reason.CARRIAGE_LOADED, not world.loaded
                yield Reason.SOURCE_NOT_OCCUPIED, place in world.cars
            case Opcode.PLACE:
                yield Reason.SHUTTLE_NOT_CENTRED, world.centred
                yield from self._at_place(place)
                yield Reason.CARRIAGE_EMPTY, world.loaded
                yield Reason.TARGET_NOT_EMPTY, place not in world.cars
            case Opcode.RESUME | Opcode.UNDO:
                yield Reason.NOTHING_TO_RESUME, world.exchange is not None
                yield from self._at_place(world.exchange.place if world.exchange else 0)
            case _:
                yield Reason.NOT_HELD, world.held
                yield Reason.CARRIAGE_LOADED, opcode is Opcode.HOME or not world.loaded

    def _clear_hoistway(self) -> Iterator[tuple[Reason, bool]]:
        world = self.world
        doors = (world.door(MechanismKind.INNER_DOOR, place) for place in world.rooms)
        yield Reason.SHUTTLE_NOT_CENTRED, world.centred
        yield Reason.INNER_DOOR_NOT_LOCKED, all(door is State.CLOSED for door in doors)
        yield Reason.LATCH_NOT_LOCKED, not world.unlatched

    def _at_place(self, place: int) -> Iterator[tuple[Reason, bool]]:
        world = self.world
        yield Reason.NOT_HELD, world.held
        yield Reason.NOT_DOCKED, world.docked == place
        yield Reason.WAY_NOT_OPEN, world.way_open(place)
        if place in world.rooms:
            yield Reason.OUTER_GATE_NOT_LOCKED, world.door(MechanismKind.OUTER_GATE, place) is State.CLOSED
            yield Reason.PERSON_INSIDE, place not in world.persons

    # Motions

    def motion(self, mechanism: Mechanism, content: Content, station: str) -> Motion:
        """Return what a command changes, begun."""
        opcode, place = Opcode(content.opcode), mechanism.place
        match mechanism.kind:
            case MechanismKind.LIFT | MechanismKind.TURNTABLE:
                return self._axis(mechanism.kind, opcode, content.argument1)
            case MechanismKind.SHUTTLE:
                return self._shuttle(opcode, content.argument1)
            case MechanismKind.INNER_DOOR | MechanismKind.OUTER_GATE:
                return self._door(mechanism.kind, place, opening=opcode is Opcode.OPEN)
            case MechanismKind.LATCHES:
                return self._latch(place_number(place, content.argument1), opening=opcode is Opcode.UNLATCH)
        return Motion(State.READY, [lambda: self._at_once(station, opcode, place, content.argument1)], instant=True)

    def _at_once(self, station: str, opcode: Opcode, place: int, value: int) -> None:
        match opcode:
            case Opcode.RESET:
                self.world.powered.add(station)
            case Opcode.MODE:
                self.world.modes[station] = codes.Mode(value)
            case Opcode.SHOW:
                self.world.signals[place] = value

    def _axis(self, kind: MechanismKind, opcode: Opcode, target: int) -> Motion:
        homing = opcode is Opcode.HOME
        target = 0 if homing else target
        start = self._position(kind)
        way = target - start
        if kind is MechanismKind.TURNTABLE:
            way = (way + TURN_MDEG // 2) % TURN_MDEG - TURN_MDEG // 2
        if homing:
            self.world.homed.discard(kind)

        def half_way() -> None:
            self._stand(kind, start + way // 2)

        def arrive() -> None:
            self._stand(kind, start + way)
            self.world.homed |= {kind} if homing else set()

        return Motion(State.HOMING if homing else State.DISCRETE_MOTION, [half_way, arrive])

    def _position(self, kind: MechanismKind) -> int:
        return self.world.lift_mm if kind is MechanismKind.LIFT else self.world.angle_mdeg

    def _stand(self, kind: MechanismKind, position: int) -> None:
        if kind is MechanismKind.LIFT:
            self.world.lift_mm = position
        else:
            self.world.angle_mdeg = position % TURN_MDEG

    def _shuttle(self, opcode: Opcode, place: int) -> Motion:
        world = self.world
        match opcode:
            case Opcode.PICK | Opcode.PLACE:
                world.exchange = Exchange(place, picking=opcode is Opcode.PICK)
            case Opcode.UNDO if world.exchange is not None:
                world.exchange.undoing = not world.exchange.undoing
                world.exchange.substep = _MIRROR[world.exchange.substep]
            case Opcode.HOME | Opcode.RETRACT:
                return Motion(State.HOMING, [lambda: self._centre(homed=opcode is Opcode.HOME)])
        assert world.exchange is not None
        order = {
            SubStep.EXTENDING: self._extend,
            SubStep.TRANSFERRING: self._transfer,
            SubStep.RETRACTING: lambda: self._centre(homed=False),
        }
        stages = [stage for substep, stage in order.items() if substep >= world.exchange.substep]
        return Motion(State.DISCRETE_MOTION, stages)

    def _extend(self) -> None:
        assert self.world.exchange is not None
        self.world.arms_mm = STROKE_MM
        self.world.exchange.substep = SubStep.TRANSFERRING

    def _transfer(self) -> None:
        exchange = self.world.exchange
        assert exchange is not None
        self.world.loaded = exchange.takes
        if exchange.takes:
            self.world.cars.discard(exchange.place)
        else:
            self.world.cars.add(exchange.place)
        exchange.substep = SubStep.RETRACTING

    def _centre(self, *, homed: bool) -> None:
        self.world.arms_mm, self.world.exchange = 0, None
        self.world.homed |= {MechanismKind.SHUTTLE} if homed else set()

    def _door(self, kind: MechanismKind, place: int, *, opening: bool) -> Motion:
        doors = self.world.doors
        if self.world.door(kind, place) is not (State.OPEN if opening else State.CLOSED):
            doors[kind, place] = State.BETWEEN

        def arrive() -> None:
            doors[kind, place] = State.OPEN if opening else State.CLOSED

        return Motion(State.OPENING if opening else State.CLOSING, [arrive])

    def _latch(self, place: int, *, opening: bool) -> Motion:
        def arrive() -> None:
            if opening:
                self.world.unlatched.add(place)
            else:
                fall_home()

        def fall_home() -> None:
            self.world.unlatched.discard(place)

        return Motion(State.LATCH_MOVING, [arrive], fall_home)

    # What is shown

    def look(self, mechanism: Mechanism, station: str, running: Motion | None) -> Look:
        """Return what a mechanism shows."""
        world, kind = self.world, mechanism.kind
        match kind:
            case MechanismKind.STATION:
                return Look(State.READY if station in world.powered else State.FAULTED)
            case MechanismKind.SIGNAL:
                return Look(State.SHOWING, substep=world.signals.get(mechanism.place, 0))
            case MechanismKind.LATCHES:
                home = not world.unlatched & set(world.shape.bays_of(mechanism.place))
                return Look(running.shows if running else State.LATCHED if home else State.UNLATCHED)
            case MechanismKind.INNER_DOOR | MechanismKind.OUTER_GATE:
                state = world.door(kind, mechanism.place)
                shown = running.shows if running else state
                return Look(shown, _DOOR_CONTACTS if state is State.CLOSED else Flag(0))
        still = State.STANDSTILL if station in world.powered else State.DISABLED
        flags = Flag.HOMED if kind in world.homed else Flag(0)
        flags |= Flag(0) if running else Flag.BRAKE_ON | Flag.HELD
        state = running.shows if running else still
        if kind is MechanismKind.SHUTTLE:
            return self._shuttle_look(state, flags, running)
        return Look(state, flags, position=self._position(kind))

    def _shuttle_look(self, state: State, flags: Flag, running: Motion | None) -> Look:
        world, exchange = self.world, self.world.exchange
        flags |= Flag.CENTRED if world.arms_mm == 0 else Flag(0)
        flags |= Flag.LOADED_A | Flag.LOADED_B if world.loaded else Flag(0)
        flags |= Flag.SECURED if world.loaded and world.arms_mm == 0 else Flag(0)
        if exchange is None:
            return Look(state, flags, position=world.arms_mm)
        flags |= Flag.PICKING if exchange.picking else Flag(0)
        flags |= Flag.UNDOING if exchange.undoing else Flag(0)
        flags |= Flag(0) if running else Flag.RESUMABLE
        return Look(state, flags, exchange.substep, world.arms_mm)


_POWERLESS = frozenset({Opcode.RESET, Opcode.CLEAR_FAULT, Opcode.MODE, Opcode.SHOW, Opcode.LATCH})
