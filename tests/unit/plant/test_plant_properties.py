"""What holds for any sequence of actuator outputs, legal or not."""

import dataclasses
import json
import math
import random
import time
from copy import deepcopy

import pytest

from hal.plcmap.codes import Signal
from sim_plc.image import BayLevelImage, Drive, DriveRequest, TowerImage
from sim_plc.plant.plant import Car, Habits, Plant
from tests.support.plant_rig import Rig
from tests.support.samples import campaign, each_value
from tests.support.towers import tower_named

CARS = {101: Car("1"), 102: Car("2"), 203: Car("3"), 204: Car("4")}
HASTE = Habits(0.5, 0.5, 4.0, 3.0, 5.0)


def discrete(plant: Plant) -> tuple[TowerImage, dict[int, BayLevelImage]]:
    """Every input but encoders and velocities."""
    tower, bays = deepcopy((plant.tower_image, plant.bay_images))
    for inputs in (tower.lift_in, tower.turntable_in, tower.arms_in, tower.comb_in):
        inputs.position = inputs.velocity = 0
    return tower, bays


class Monkey:
    """Plays with the actuators and people of a small tower; all from one seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.plant = Plant(tower_named("small"), seed=seed, cars=CARS)
        self.image = self.plant.tower_image
        self.t = 0.0
        self.serial = 0
        self.arrived = 100

    def play(self) -> None:
        dice, image = self.dice, self.image
        for out, targets, speed in (
            (image.lift_out, (0, 2500, 1300), 1000),
            (image.turntable_out, (0, 90_000, 180_000, 270_000, 45_000), 90_000),
            (image.arms_out, (0, 2800, 1400), 2500),
            (image.comb_out, (0, 190), 300),
        ):
            if dice.random() < 0.4:
                self.serial += 1
                kind = dice.choice([Drive.MOVE] * 6 + [Drive.STOP, Drive.JOG, Drive.HOME, Drive.LEVEL, Drive.NONE])
                out.request = DriveRequest(self.serial, kind, dice.choice(targets), speed, speed, 1.0)
            out.power = dice.random() < 0.95
            out.brake_release = dice.random() < 0.7
        room = image.rooms[101]
        for leaf in (room.door_out, room.gate_out):
            leaf.open, leaf.close, leaf.bolt = (dice.random() < p for p in (0.4, 0.4, 0.5))
        room.signal = dice.choice([Signal.DRIVE_IN, Signal.TAKE_CAR, Signal.REFUSED])
        image.clamp = dice.random() < 0.7
        for level in self.plant.bay_images.values():
            for place in level.unlatch:
                level.unlatch[place] = dice.random() < 0.6
        self.plant.act(self.t)
        self.meddle()

    def meddle(self) -> None:
        dice, plant = self.dice, self.plant
        match dice.randrange(14):
            case 0:
                self.arrived += 1
                plant.car_arrives(101, Car(str(self.arrived)), HASTE)
            case 1:
                plant.customer_collects(101, HASTE)
            case 2:
                plant.car_leaves(101, HASTE)
            case 3:
                plant.person_enters(101, HASTE)
            case 4:
                plant.person_leaves(101, HASTE)
            case 5:
                plant.use_escape(101)
            case 6:
                plant.power_cut()
            case _:
                plant.power_on()
                plant.restore_escape(101)
                if not self.image.lift_in.moving and self.image.lift_in.over_travel:
                    plant.wind_lift(0)
                plant.device_reset()

    def rest(self) -> None:
        self.t += self.dice.choice([0.01, 0.3, 1.0, 5.0, 12.0])
        self.plant.sense(self.t)


def whereabouts(plant: Plant) -> list[str]:
    truth = plant.truth()
    aboard = [truth.carriage.car] if truth.carriage.car is not None else []
    return sorted([*truth.cars.values(), *truth.crossing.values(), *truth.outside, *aboard])


@pytest.mark.parametrize("seed", [*each_value(range(6)), *campaign(range(6, 40))])
def test_no_car_appears_vanishes_or_doubles_whatever_is_done(seed: int) -> None:
    monkey = Monkey(seed)
    for _ in range(80):
        monkey.play()
        monkey.rest()
        assert whereabouts(monkey.plant) == sorted(str(car) for car in (1, 2, 3, 4, *range(101, monkey.arrived + 1)))
    assert monkey.plant.crimes
    instants = [crime.t for crime in monkey.plant.crimes]
    assert instants == sorted(instants)
    json.dumps(dataclasses.asdict(monkey.plant.truth()))


@pytest.mark.parametrize("seed", [*each_value(range(1)), *campaign(range(1, 20))])
def test_nothing_changes_before_the_next_event(seed: int) -> None:
    monkey = Monkey(seed)
    for _ in range(25):
        monkey.play()
        monkey.plant.sense(monkey.t)
        for _ in range(4):
            begun_s, due_s = monkey.t, monkey.plant.next_event()
            before = discrete(monkey.plant)
            end_s = due_s if due_s is not None else begun_s + 1000
            for i in range(20):
                # An event may be due at the very next number: rounded up, the way there would have reached it.
                monkey.t = min(begun_s + (end_s - begun_s) * i / 20, math.nextafter(end_s, begun_s))
                monkey.plant.sense(monkey.t)
                assert discrete(monkey.plant) == before
            if due_s is None:
                break
            monkey.t = due_s
            monkey.plant.sense(due_s)


def test_most_events_change_an_input() -> None:
    rig = Rig(cars={202: Car("7")})
    events = changes = 0
    before = discrete(rig.plant)
    for place in (202, 203):
        pose = rig.tower.shape.poses[place]
        for out, target, speed in (
            (rig.image.lift_out, pose.height_mm, 1000),
            (rig.image.turntable_out, pose.angle_mdeg, 9000),
        ):
            rig.request(out, Drive.MOVE, target, speed=speed, acceleration=speed)
        while rig.plant.next_event() is not None:
            rig.step()
            events += 1
            now = discrete(rig.plant)
            changes += now != before
            before = now
    assert events < 1.3 * changes


def trace(seed: int, *, step_s: float | None) -> list[str]:
    """Play a seed; sensed from event to event (None) or in steps as well."""
    monkey = Monkey(seed)
    for _ in range(40):
        monkey.play()
        begun_s = monkey.t
        end_s = begun_s + monkey.dice.choice([0.01, 0.3, 1.0, 5.0])
        at = begun_s
        while step_s is not None and at + step_s < end_s:
            at += step_s
            monkey.plant.sense(at)
        monkey.t = end_s
        monkey.plant.sense(end_s)
    truth = json.dumps(dataclasses.asdict(monkey.plant.truth()))
    return [truth, *(repr(crime) for crime in monkey.plant.crimes), repr(discrete(monkey.plant))]


@pytest.mark.parametrize("seed", range(4))
def test_a_run_depends_on_its_seed_alone_and_not_on_how_often_it_is_looked_at(seed: int) -> None:
    assert trace(seed, step_s=None) == trace(seed, step_s=None) == trace(seed, step_s=0.037)
    assert trace(seed, step_s=None) != trace(seed + 1, step_s=None)


def test_an_idle_tower_is_cheap_to_scan() -> None:
    rig = Rig("guangzhou")
    begun = time.process_time()
    for _ in range(2000):
        rig.t += 0.01
        rig.plant.sense(rig.t)
        rig.plant.act(rig.t)
    assert (time.process_time() - begun) / 2000 < 200e-6
