"""A hand on the actuators of a plant: the shortest correct way to drive it, without any PLC program."""

from collections.abc import Callable, Mapping

from sim_plc.image import AxisOutputs, DoorOutputs, Drive, DriveRequest
from sim_plc.plant.plant import Car, Plant
from tests.support.towers import tower_named

BEYOND_S = 10_000.0


class Rig:
    """Steps a plant from event to event; every helper returns the seconds it took."""

    def __init__(self, name: str = "small", *, cars: Mapping[int, Car] | None = None, seed: int = 1) -> None:
        self.tower = tower_named(name)
        self.plant = Plant(self.tower, seed=seed, cars=cars)
        self.image = self.plant.tower_image
        self.t = 0.0
        self._serial = 0
        for room in self.image.rooms.values():
            room.door_out.bolt = room.gate_out.bolt = True
        self.act()

    @property
    def codes(self) -> list[str]:
        return [crime.code.name for crime in self.plant.crimes]

    def act(self) -> None:
        self.plant.act(self.t)
        self.plant.sense(self.t)

    def step(self) -> None:
        """Go to the next event."""
        t = self.plant.next_event()
        assert t is not None, "nothing will happen any more"
        self.t = t
        self.plant.sense(t)

    def wait(self, seconds: float) -> None:
        self.t += seconds
        self.plant.sense(self.t)

    def until(self, question: Callable[[], bool]) -> float:
        begun_s = self.t
        self.plant.sense(self.t)
        while not question():
            self.step()
            assert self.t - begun_s < BEYOND_S
        return self.t - begun_s

    def request(self, out: AxisOutputs, kind: Drive, target: int = 0, **how: float) -> int:
        """Put a request on the wires of a drive, powered and with its brake released."""
        self._serial += 1
        out.power = out.brake_release = True
        out.request = DriveRequest(
            self._serial,
            kind,
            target,
            int(how.get("speed", 0)),
            int(how.get("acceleration", 0)),
            how.get("duration_s", 0.0),
        )
        self.act()
        return self._serial

    def lift(self, target_mm: int) -> float:
        """Move the lift and level; leaves the brake released."""
        spec, begun_s = self.tower.machine.lift, self.t
        serial = self.request(
            self.image.lift_out, Drive.MOVE, target_mm, speed=spec.speed_mm_s, acceleration=spec.acceleration_mm_s2
        )
        self.until(lambda: self.image.lift_in.done_serial == serial)
        serial = self.request(self.image.lift_out, Drive.LEVEL, target_mm, duration_s=spec.levelling_s)
        self.until(lambda: self.image.lift_in.done_serial == serial)
        return self.t - begun_s

    def turn(self, target_mdeg: int) -> float:
        spec, begun_s = self.tower.machine.turntable, self.t
        out = self.image.turntable_out
        serial = self.request(
            out, Drive.MOVE, target_mdeg, speed=spec.speed_mdeg_s, acceleration=spec.acceleration_mdeg_s2
        )
        self.until(lambda: self.image.turntable_in.done_serial == serial)
        return self.t - begun_s

    def hold(self) -> None:
        """Set both brakes."""
        self.image.lift_out.brake_release = self.image.turntable_out.brake_release = False
        self.act()
        self.until(lambda: self.image.lift_in.brake_on and self.image.turntable_in.brake_on)

    def dock(self, place: int) -> None:
        pose = self.tower.shape.poses[place]
        self.lift(pose.height_mm)
        self.turn(pose.angle_mdeg)
        self.hold()
        assert self.image.carriage.dock_level
        assert self.image.carriage.dock_position

    def unlatch(self, place: int, *, on: bool = True) -> float:
        level = self.plant.bay_images[place // 100]
        level.unlatch[place] = on
        self.act()
        return self.until(lambda: level.bays[place].latch_open if on else level.bays[place].latch_closed)

    def arms(self, target_mm: int) -> float:
        spec = self.tower.machine.shuttle
        out, inputs = self.image.arms_out, self.image.arms_in
        serial = self.request(out, Drive.MOVE, target_mm, speed=spec.speed_mm_s, acceleration=spec.acceleration_mm_s2)
        return self.until(lambda: inputs.done_serial == serial)

    def comb(self, target_mm: int) -> float:
        spec, inputs = self.tower.machine.shuttle, self.image.comb_in
        how = {"speed": spec.comb_speed_mm_s, "acceleration": spec.comb_acceleration_mm_s2}
        serial = self.request(self.image.comb_out, Drive.MOVE, target_mm, **how)
        return self.until(lambda: inputs.done_serial == serial)

    def pick(self) -> float:
        spec = self.tower.machine.shuttle
        taken_s = self.arms(spec.stroke_mm) + self.comb(spec.comb_stroke_mm) + self.arms(0)
        self.image.clamp = True
        self.act()
        return taken_s

    def put(self) -> float:
        self.image.clamp = False
        self.act()
        return self.arms(self.tower.machine.shuttle.stroke_mm) + self.comb(0) + self.arms(0)

    def open(self, out: DoorOutputs) -> None:
        out.open, out.close, out.bolt = True, False, False
        self.act()

    def close(self, out: DoorOutputs) -> None:
        out.open, out.close, out.bolt = False, True, True
        self.act()

    def open_gate(self, place: int = 101) -> float:
        self.open(self.image.rooms[place].gate_out)
        return self.until(lambda: self.image.rooms[place].gate_in.opened)

    def close_gate(self, place: int = 101) -> float:
        self.close(self.image.rooms[place].gate_out)
        return self.until(lambda: self.image.rooms[place].gate_in.bolted_a)

    def open_door(self, place: int = 101) -> float:
        self.open(self.image.rooms[place].door_out)
        return self.until(lambda: self.image.rooms[place].door_in.opened)

    def close_door(self, place: int = 101) -> float:
        self.close(self.image.rooms[place].door_out)
        return self.until(lambda: self.image.rooms[place].door_in.bolted_a)
