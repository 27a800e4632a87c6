"""The interlock table, typed from the contract's page: each condition broken in turn on a hand-wired image.

Nothing of ``interlocks`` is read here but the names, each with its reason, that a permissive PLC leaves out.
"""

import random
from collections.abc import Callable

import pytest

from config.schema import Tower
from hal.plcmap.codec import ControllerBlock
from hal.plcmap.codes import Mode, Opcode, Reason, Result, State, SubStep
from hal.plcmap.frame import Content, Frame
from sim_plc.image import BayInputs, BayLevelImage, DoorInputs, RoomImage, RoomInputs, TowerImage
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS
from sim_plc.program.bays import BayProgram
from sim_plc.program.input_filter import BARRIER_S, CONTACT_S
from sim_plc.program.retained import ExchangeMemory
from sim_plc.program.tower import TowerProgram
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from tests.support.towers import tower_named

ROOM, BAY = 101, 203
LOCKED = {"closed_a": True, "closed_b": True, "bolted_a": True, "bolted_b": True}


def small() -> Tower:
    return tower_named("small")


class Bench:
    """A tower program on an image that stands still: small tower, docked at ``place``, everything as it should be."""

    def __init__(self, place: int, interlocks: object = None) -> None:
        self.tower = small()
        self.image = TowerImage(
            {ROOM: RoomImage(door_in=DoorInputs(**LOCKED), gate_in=DoorInputs(**LOCKED), sensors=RoomInputs())}
        )
        image, pose = self.image, self.tower.shape.poses[place]
        image.safety.chain_closed = True
        image.lift_in.position, image.turntable_in.position = pose.height_mm, pose.angle_mdeg
        image.carriage.dock_level = image.carriage.dock_position = True
        image.carriage.latch_closed = image.carriage.all_latches_locked = True
        self.program = TowerProgram(
            self.tower,
            image,
            retained=None,
            rng=random.Random(1),
            interlocks=TOWER_INTERLOCKS if interlocks is None else interlocks,  # type: ignore[arg-type]
        )
        self.t = 0.0
        self.program.scan(0.0)
        assert self.wish("station", Opcode.RESET) == Reason.NONE
        self.program._lift.homed = self.program._turntable.homed = True

    def room(self) -> RoomImage:
        return self.image.rooms[ROOM]

    def scan(self) -> None:
        self.t += 0.01
        program = self.program
        self.dead_man = round(self.t * 100)
        echo = ControllerBlock(1, 1, program.gate.heartbeat(self.t), self.dead_man)
        program.write(program.station.controller_block, echo.to_words())
        program.scan(self.t)

    def settle(self) -> None:
        """Let what was wired pass the input filters."""
        for _ in range(round(BARRIER_S / 0.01) + 1):
            self.scan()

    def write(self, mechanism: str, opcode: Opcode, a1: int = 0, a2: int = 0) -> int:
        """Write a frame; it is judged at the second scan from now."""
        program = self.program
        sequence = program.mechanism(mechanism).mailbox.memory.accepted + 1
        frame = Frame.build(epoch=1, boot_id=program.boot_id, content=Content(opcode, a1, a2), sequence=sequence)
        program.write(program.station.mailbox(mechanism), frame.to_words())
        return sequence

    def reason(self, mechanism: str, sequence: int) -> Reason | None:
        """Return why a sequence was refused, `Reason.NONE` if it was not, None if it was not accepted."""
        box = self.program.mechanism(mechanism).mailbox
        if box.memory.accepted != sequence:
            return None
        refused = [o for o in box.memory.outcomes if o.sequence == sequence and o.result == Result.REFUSED]
        return Reason(refused[0].reason) if refused else Reason.NONE

    def wish(self, mechanism: str, opcode: Opcode, a1: int = 0, a2: int = 0) -> Reason | None:
        self.settle()
        sequence = self.write(mechanism, opcode, a1, a2)
        for _ in range(3):
            self.scan()
        return self.reason(mechanism, sequence)


Change = Callable[[Bench], None]


def way_open(bench: Bench) -> None:
    carriage, door = bench.image.carriage, bench.room().door_in
    carriage.latch_open, carriage.latch_closed, carriage.all_latches_locked = True, False, False
    door.opened, door.closed_a, door.closed_b, door.bolted_a, door.bolted_b = True, False, False, False, False


def bay_open(bench: Bench) -> None:
    carriage = bench.image.carriage
    carriage.latch_open, carriage.latch_closed, carriage.all_latches_locked = True, False, False


def car_in_room(bench: Bench) -> None:
    sensors, carriage = bench.room().sensors, bench.image.carriage
    sensors.occupied_a = sensors.occupied_b = sensors.weight = sensors.in_marks = True
    carriage.place_occupied_a = carriage.place_occupied_b = True


def at_source(bench: Bench) -> None:
    way_open(bench)
    car_in_room(bench)


def at_bay_source(bench: Bench) -> None:
    bay_open(bench)
    bench.image.carriage.place_occupied_a = bench.image.carriage.place_occupied_b = True


def loaded(bench: Bench) -> None:
    carriage = bench.image.carriage
    carriage.loaded_a = carriage.loaded_b = carriage.secured = carriage.comb_up = True
    carriage.comb_down = False


def at_target(bench: Bench) -> None:
    way_open(bench)
    loaded(bench)


def cut(substep: SubStep, *, picking: bool) -> Change:
    def change(bench: Bench) -> None:
        (at_target if not picking and substep is SubStep.EXTENDING else at_source)(bench)
        memory: ExchangeMemory = bench.program._exchange.memory
        memory.place, memory.substep, memory.picking = ROOM, substep, picking
        bench.image.carriage.arms_centred = False

    return change


def arms_out(bench: Bench) -> None:
    way_open(bench)
    bench.image.carriage.arms_centred = False


def manual(bench: Bench) -> None:
    bench.program.station_state.mode = Mode.MANUAL


def comb_up_at_a_car(bench: Bench) -> None:
    loaded(bench)
    bench.image.carriage.place_occupied_a = True


def at_jog(bench: Bench) -> None:
    manual(bench)
    way_open(bench)


def nothing(bench: Bench) -> None:
    del bench


def put(path: str, value: object) -> Change:
    """Return a change of one wire, named by its path in the image (rooms: ``room``, ``door``, ``gate``)."""

    def change(bench: Bench) -> None:
        group, name = path.split(".")
        owners = {
            "room": bench.room().sensors,
            "door": bench.room().door_in,
            "gate": bench.room().gate_in,
            "carriage": bench.image.carriage,
            "safety": bench.image.safety,
            "lift": bench.image.lift_in,
            "turntable": bench.image.turntable_in,
        }
        setattr(owners[group], name, value)

    return change


def gate_unlocked(bench: Bench) -> None:
    bench.room().gate_in.bolted_b = False


def door_unlocked(bench: Bench) -> None:
    bench.room().door_in.closed_a = False


def not_homed(bench: Bench) -> None:
    bench.program._lift.homed = bench.program._turntable.homed = False


def unpowered(bench: Bench) -> None:
    for axis in (bench.program._lift, bench.program._turntable, bench.program._exchange):
        axis.de_energise()
    bench.program.station_state.powered = False


def unsecured(bench: Bench) -> None:
    loaded(bench)
    bench.image.carriage.secured = False


def half_seen_load(bench: Bench) -> None:
    bench.image.carriage.loaded_a = True


def no_way(bench: Bench) -> None:
    bench.room().door_in.opened = False
    bench.image.carriage.latch_open = False


CHAIN = (put("safety.chain_closed", False), Reason.SAFETY)
NO_POWER = (unpowered, Reason.POWER)
HOISTWAY = [
    CHAIN,
    NO_POWER,
    (put("carriage.arms_centred", False), Reason.SHUTTLE_NOT_CENTRED),
    (unsecured, Reason.LOAD_NOT_SECURED),
    (half_seen_load, Reason.LOAD_NOT_SECURED),
    *((put(f"door.{channel}", False), Reason.INNER_DOOR_NOT_LOCKED) for channel in LOCKED),
    (put("carriage.all_latches_locked", False), Reason.LATCH_NOT_LOCKED),
]
STANDS = [
    (put("lift.brake_on", False), Reason.NOT_HELD),
    (put("turntable.brake_on", False), Reason.NOT_HELD),
    (put("lift.moving", True), Reason.NOT_HELD),
    (put("turntable.moving", True), Reason.NOT_HELD),
]
DOCKED = [
    *STANDS,
    (put("carriage.dock_level", False), Reason.NOT_DOCKED),
    (put("carriage.dock_position", False), Reason.NOT_DOCKED),
    (put("lift.position", 400), Reason.NOT_DOCKED),
    (put("turntable.position", 5_000), Reason.NOT_DOCKED),
]
IN_ROOM = [
    (no_way, Reason.WAY_NOT_OPEN),
    (gate_unlocked, Reason.OUTER_GATE_NOT_LOCKED),
    (put("room.person_sensor_ok", False), Reason.PERSON_SENSOR),
    (put("room.person", True), Reason.PERSON_INSIDE),
]
MARKS = (put("room.in_marks", False), Reason.CAR_NOT_IN_MARKS)
SOURCE = [
    (put("carriage.place_occupied_a", False), Reason.SOURCE_NOT_OCCUPIED),
    (put("carriage.place_occupied_b", False), Reason.SOURCE_NOT_OCCUPIED),
]
TARGET = [
    (put("carriage.place_occupied_a", True), Reason.TARGET_NOT_EMPTY),
    (put("carriage.place_occupied_b", True), Reason.TARGET_NOT_EMPTY),
]
HOMED = (not_homed, Reason.NOT_HOMED)
IN_MANUAL = (lambda bench: setattr(bench.program.station_state, "mode", Mode.PRODUCTION), Reason.MODE)
FREE = [
    CHAIN,
    NO_POWER,
    *STANDS,
    (no_way, Reason.WAY_NOT_OPEN),
    (put("carriage.dock_level", False), Reason.WAY_NOT_OPEN),
    (gate_unlocked, Reason.OUTER_GATE_NOT_LOCKED),
    (put("carriage.comb_down", False), Reason.CAR_HALF_WAY),
]

Row = tuple[str, Opcode, tuple[int, int], int, Change, list[tuple[Change, Reason]]]
TABLE: list[Row] = [
    ("lift", Opcode.MOVE_TO, (0, 101), ROOM, nothing, [*HOISTWAY, HOMED]),
    ("lift", Opcode.HOME, (0, 0), ROOM, nothing, HOISTWAY),
    ("lift", Opcode.JOG, (1, 0), ROOM, manual, [*HOISTWAY, IN_MANUAL]),
    ("turntable", Opcode.MOVE_TO, (0, 101), ROOM, nothing, [*HOISTWAY, HOMED]),
    ("turntable", Opcode.HOME, (0, 0), ROOM, nothing, HOISTWAY),
    ("turntable", Opcode.JOG, (-1, 0), ROOM, manual, [*HOISTWAY, IN_MANUAL]),
    (
        "shuttle",
        Opcode.PICK,
        (ROOM, 0),
        ROOM,
        at_source,
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM, MARKS, *SOURCE, (half_seen_load, Reason.CARRIAGE_LOADED)],
    ),
    ("shuttle", Opcode.PICK, (BAY, 0), BAY, at_bay_source, [*SOURCE, (no_way, Reason.WAY_NOT_OPEN)]),
    (
        "shuttle",
        Opcode.PLACE,
        (ROOM, 0),
        ROOM,
        at_target,
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM, *TARGET, (put("carriage.loaded_b", False), Reason.CARRIAGE_EMPTY)],
    ),
    (
        "shuttle",
        Opcode.RESUME,
        (0, 0),
        ROOM,
        cut(SubStep.EXTENDING, picking=True),
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM, MARKS, *SOURCE],
    ),
    (
        "shuttle",
        Opcode.RESUME,
        (0, 0),
        ROOM,
        cut(SubStep.EXTENDING, picking=False),
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM, *TARGET],
    ),
    (
        "shuttle",
        Opcode.UNDO,
        (0, 0),
        ROOM,
        cut(SubStep.TRANSFERRING, picking=True),
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM],
    ),
    (
        "shuttle",
        Opcode.UNDO,
        (0, 0),
        ROOM,
        cut(SubStep.RETRACTING, picking=False),
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM, MARKS],
    ),
    ("shuttle", Opcode.HOME, (0, 0), ROOM, arms_out, FREE),
    ("shuttle", Opcode.RETRACT, (0, 0), ROOM, arms_out, [*FREE, (half_seen_load, Reason.CARRIAGE_LOADED)]),
    ("shuttle", Opcode.HOME, (0, 0), ROOM, nothing, [CHAIN, NO_POWER, *STANDS]),
    (
        "shuttle",
        Opcode.JOG,
        (1, 0),
        ROOM,
        at_jog,
        [
            *(CHAIN, NO_POWER, *STANDS, IN_MANUAL),
            *((no_way, Reason.WAY_NOT_OPEN), (gate_unlocked, Reason.OUTER_GATE_NOT_LOCKED)),
            (comb_up_at_a_car, Reason.TARGET_NOT_EMPTY),
        ],
    ),
    (
        "room1.inner_door",
        Opcode.OPEN,
        (0, 0),
        ROOM,
        nothing,
        [
            CHAIN,
            NO_POWER,
            *DOCKED,
            (gate_unlocked, Reason.OUTER_GATE_NOT_LOCKED),
            (put("room.person", True), Reason.PERSON_INSIDE),
            (put("room.person_sensor_ok", False), Reason.PERSON_SENSOR),
        ],
    ),
    (
        "room1.inner_door",
        Opcode.CLOSE,
        (0, 0),
        ROOM,
        way_open,
        [
            CHAIN,
            NO_POWER,
            (put("carriage.arms_centred", False), Reason.SHUTTLE_NOT_CENTRED),
            (put("room.door_plane_clear", False), Reason.DOOR_PLANE),
        ],
    ),
    (
        "room1.outer_gate",
        Opcode.OPEN,
        (0, 0),
        ROOM,
        nothing,
        [CHAIN, NO_POWER, (door_unlocked, Reason.INNER_DOOR_NOT_LOCKED)],
    ),
    (
        "room1.outer_gate",
        Opcode.CLOSE,
        (0, 0),
        ROOM,
        nothing,
        [
            CHAIN,
            NO_POWER,
            (put("room.curtain_clear", False), Reason.LIGHT_CURTAIN),
            (put("room.person", True), Reason.PERSON_INSIDE),
            (put("room.person_sensor_ok", False), Reason.PERSON_SENSOR),
            (put("room.occupied_a", True), Reason.CAR_HALF_WAY),
            (put("room.weight", True), Reason.CAR_HALF_WAY),
        ],
    ),
    ("station", Opcode.RESET, (0, 0), ROOM, nothing, [CHAIN]),
    ("station", Opcode.MODE, (Mode.MANUAL, 0), ROOM, nothing, []),
]
CASES = [(*row[:5], breaks, reason) for row in TABLE for breaks, reason in row[5]]


@pytest.mark.parametrize(
    ("mechanism", "opcode", "arguments", "place", "prepare"), [row[:5] for row in TABLE]
)
def test_with_every_condition_met_the_wish_runs(
    mechanism: str, opcode: Opcode, arguments: tuple[int, int], place: int, prepare: Change
) -> None:
    bench = Bench(place)
    prepare(bench)
    assert bench.wish(mechanism, opcode, *arguments) == Reason.NONE


@pytest.mark.parametrize(
    ("mechanism", "opcode", "arguments", "place", "prepare", "breaks", "reason"), CASES
)
def test_each_condition_alone_refuses_the_wish(
    mechanism: str,
    opcode: Opcode,
    arguments: tuple[int, int],
    place: int,
    prepare: Change,
    breaks: Change,
    reason: Reason,
) -> None:
    bench = Bench(place)
    prepare(bench)
    breaks(bench)
    assert bench.wish(mechanism, opcode, *arguments) == reason


def test_a_room_that_is_a_target_needs_no_car_in_its_marks_and_a_bay_no_room() -> None:
    bench = Bench(BAY)
    bay_open(bench)
    loaded(bench)
    bench.room().sensors.person = True
    assert bench.wish("shuttle", Opcode.PLACE, BAY) == Reason.NONE


def test_every_condition_of_the_table_is_broken_here_or_by_its_own_test() -> None:
    """A condition nobody breaks could be missing from the program without notice."""
    reasons = {c.name: c.reason for row in TOWER_INTERLOCKS.rows.values() for c in row}
    unbroken = {
        name
        for name, reason in reasons.items()
        if all(_still_refused(case, name) for case in CASES if case[-1] == reason)
    }
    assert unbroken == {"lift_power", "turntable_power", "shuttle_power", "door_power"} | {
        "arms_centred",
        "cut_exchange",
        "nothing_runs",
    }


def _still_refused(case: tuple[str, Opcode, tuple[int, int], int, Change, Change, Reason], name: str) -> bool:
    mechanism, opcode, arguments, place, prepare, breaks, reason = case
    bench = Bench(place, TOWER_INTERLOCKS.without(name))
    prepare(bench)
    breaks(bench)
    return bench.wish(mechanism, opcode, *arguments) == reason


def test_an_unknown_name_cannot_be_left_out() -> None:
    with pytest.raises(KeyError):
        TOWER_INTERLOCKS.without("no such condition")


def test_a_permissive_plc_lets_a_loaded_pick_happen_but_has_no_power_of_its_own() -> None:
    bench = Bench(ROOM, TOWER_INTERLOCKS.permissive())
    loaded(bench)
    assert bench.wish("shuttle", Opcode.PICK, ROOM) == Reason.NONE
    other = Bench(ROOM, TOWER_INTERLOCKS.permissive())
    unpowered(other)
    assert other.wish("lift", Opcode.MOVE_TO, 0, ROOM) == Reason.POWER


class TestWithinOneScan:
    """What was accepted earlier in the same scan counts, whatever the feedback still shows."""

    def together(self, bench: Bench, *wishes: tuple[str, Opcode, int, int]) -> list[Reason | None]:
        sequences = [bench.write(*wish) for wish in wishes]
        bench.scan()
        bench.scan()
        return [bench.reason(wish[0], n) for wish, n in zip(wishes, sequences, strict=True)]

    def test_inner_door_and_outer_gate(self) -> None:
        reasons = self.together(
            Bench(ROOM), ("room1.inner_door", Opcode.OPEN, 0, 0), ("room1.outer_gate", Opcode.OPEN, 0, 0)
        )
        assert reasons == [Reason.NONE, Reason.INNER_DOOR_NOT_LOCKED]

    def test_lift_and_inner_door(self) -> None:
        reasons = self.together(
            Bench(ROOM), ("lift", Opcode.MOVE_TO, 1000, 0), ("room1.inner_door", Opcode.OPEN, 0, 0)
        )
        assert reasons == [Reason.NONE, Reason.NOT_HELD]

    def test_lift_and_turntable_may_move_together(self) -> None:
        reasons = self.together(
            Bench(ROOM), ("lift", Opcode.MOVE_TO, 1000, 0), ("turntable", Opcode.MOVE_TO, 9000, 0)
        )
        assert reasons == [Reason.NONE, Reason.NONE]

    def test_turntable_and_shuttle(self) -> None:
        bench = Bench(ROOM)
        reasons = self.together(bench, ("turntable", Opcode.MOVE_TO, 9000, 0), ("shuttle", Opcode.HOME, 0, 0))
        assert reasons == [Reason.NONE, Reason.NOT_HELD]

    def test_shuttle_and_inner_door(self) -> None:
        bench = Bench(ROOM)
        at_source(bench)
        bench.settle()
        reasons = self.together(
            bench, ("shuttle", Opcode.PICK, ROOM, 0), ("room1.inner_door", Opcode.CLOSE, 0, 0)
        )
        assert reasons == [Reason.NONE, Reason.SHUTTLE_NOT_CENTRED]

    def test_a_door_that_opens_holds_the_lift_in_the_next_scan(self) -> None:
        bench = Bench(ROOM)
        assert bench.wish("room1.inner_door", Opcode.OPEN) == Reason.NONE
        assert bench.program.mechanism("room1.inner_door").running is not None
        assert bench.wish("lift", Opcode.MOVE_TO, 1000) == Reason.INNER_DOOR_NOT_LOCKED


@pytest.mark.parametrize(
    ("path", "value"),
    [("door.bolted_a", False), ("carriage.all_latches_locked", False), ("carriage.arms_centred", False)],
)
def test_a_condition_lost_while_moving_stops_the_lift(path: str, value: object) -> None:
    bench = Bench(ROOM)
    assert bench.wish("lift", Opcode.MOVE_TO, 1000) == Reason.NONE
    bench.image.lift_in.brake_on = False
    bench.image.lift_in.moving = True
    bench.scan()
    put(path, value)(bench)
    for _ in range(round(CONTACT_S / 0.01) + 1):
        bench.scan()
    assert bench.program.mechanism("lift").machine.show().state is State.STOPPING
    bench.image.lift_in.moving = False
    bench.scan()
    bench.image.lift_in.brake_on = True
    bench.scan()
    assert bench.program.mechanism("lift").mailbox.newest.result == Result.STOPPED_SAFETY


class TestBays:
    def wish(self, *, opcode: Opcode, **wires: bool) -> Reason:
        tower = small()
        image = BayLevelImage({place: BayInputs() for place in tower.shape.bays_of(2)}, {}, carriage_held=True)
        image.bays[BAY].docked = wires.get("docked", True)
        image.carriage_held = wires.get("held", True)
        image.shuttle_centred = wires.get("centred", True)
        program = BayProgram(tower, image, level=2, retained=None, rng=random.Random(1))
        program.station_state.powered = wires.get("powered", True)
        content = Content(opcode, 3)
        frame = Frame.build(epoch=1, boot_id=program.boot_id, content=content, sequence=1)
        for k in range(1, 4):
            echo = ControllerBlock(1, 1, program.gate.heartbeat(k * 0.01))
            program.write(program.station.controller_block, echo.to_words())
            program.write(program.station.mailbox("latches"), frame.to_words())
            program.scan(k * 0.01)
        newest = program.mechanism("latches").mailbox.newest
        return Reason(newest.reason) if newest.result == Result.REFUSED else Reason.NONE

    @pytest.mark.parametrize(
        ("opcode", "wire", "reason"),
        [
            (Opcode.UNLATCH, "docked", Reason.NOT_DOCKED),
            (Opcode.UNLATCH, "held", Reason.NOT_HELD),
            (Opcode.UNLATCH, "powered", Reason.POWER),
            (Opcode.LATCH, "centred", Reason.SHUTTLE_NOT_CENTRED),
        ],
    )
    def test_each_condition_of_a_latch(self, opcode: Opcode, wire: str, reason: Reason) -> None:
        assert self.wish(opcode=opcode) == Reason.NONE
        assert self.wish(opcode=opcode, **{wire: False}) == reason

    def test_the_table_has_no_other_condition(self) -> None:
        assert BAY_INTERLOCKS.names == {"latch_power", "docked", "held", "shuttle_centred", "nothing_runs"}
