"""A tower program on an image that is wired by hand, and the changes of it that the interlock tables are tried with."""

import random
from collections.abc import Callable

from config.schema import Tower
from hal.plcmap.codec import ControllerBlock
from hal.plcmap.codes import Mode, Opcode, Reason, Result, SubStep
from hal.plcmap.frame import Content, Frame
from sim_plc.image import DoorInputs, RoomImage, RoomInputs, TowerImage
from sim_plc.program.input_filter import BARRIER_S
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
