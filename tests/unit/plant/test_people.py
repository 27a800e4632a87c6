"""What the sensors of a room see of cars and people, in order."""

from dataclasses import replace

import pytest

from hal.plcmap.codes import Signal
from sim_plc.plant.contacts import BARRIER_S
from sim_plc.plant.plant import Car, Habits
from tests.support.plant_rig import Rig

HABITS = Habits(notice_s=1.0, step_s=1.0, drive_s=8.0, leave_s=6.0, dwell_s=20.0)


def watch(rig: Rig, until_s: float) -> list[tuple[float, str, bool | int]]:
    """Record every change of the room's sensors with its time; of one that chatters the first."""
    names = ["curtain_clear", "occupied_a", "weight", "person", "occupied_b"]
    names += ["crossing_in", "crossing_out", "in_marks", "measured"]
    begun_s, sensors = rig.t, rig.image.rooms[101].sensors
    last = {name: getattr(sensors, name) for name in names}
    seen = []
    while (t := rig.plant.next_event()) is not None and t <= begun_s + until_s:
        rig.step()
        now = {name: getattr(sensors, name) for name in names}
        seen += [(round(rig.t - begun_s, 3), name, now[name]) for name in names if now[name] != last[name]]
        last = now
    return [one for i, one in enumerate(seen) if not any(_chatter(other, one) for other in seen[:i])]


def _chatter(first: tuple[float, str, bool | int], then: tuple[float, str, bool | int]) -> bool:
    return first[1] == then[1] and then[0] - first[0] < BARRIER_S


def test_a_car_drives_in_and_its_driver_leaves() -> None:
    rig = Rig()
    car = Car("9", 4900, 1900, 1600, 1800)
    rig.plant.car_arrives(101, car, HABITS)
    rig.image.rooms[101].signal = Signal.WAIT
    rig.open_gate()
    assert watch(rig, 100) == []  # not before it is told to drive in
    assert rig.plant.truth().outside == ("9",)
    rig.image.rooms[101].signal = Signal.DRIVE_IN
    rig.act()
    assert watch(rig, 100) == [
        (3.0, "curtain_clear", False),
        (4.2, "occupied_a", True),
        (5.0, "weight", True),
        (5.0, "person", True),
        (6.2, "occupied_b", True),
        (7.0, "curtain_clear", True),
        (7.0, "crossing_in", True),
        (9.0, "in_marks", True),
        (14.0, "curtain_clear", False),
        (15.0, "curtain_clear", True),
        (15.0, "person", False),
        (15.0, "measured", True),
    ]
    sensors = rig.image.rooms[101].sensors
    measured = (sensors.length_mm, sensors.width_mm, sensors.height_mm, sensors.weight_kg, sensors.wheels)
    assert measured == (4900, 1900, 1600, 1800, 4)
    assert sensors.crossings == 1
    assert rig.plant.truth().cars == {101: "9"}
    assert rig.codes == []


def test_a_customer_collects_a_car() -> None:
    rig = Rig(cars={101: Car("9")})
    rig.plant.customer_collects(101, HABITS)
    rig.image.rooms[101].signal = Signal.TAKE_CAR
    rig.open_gate()
    assert watch(rig, 100) == [
        (1.0, "curtain_clear", False),
        (1.0, "measured", False),
        (2.0, "curtain_clear", True),
        (2.0, "person", True),
        (22.0, "in_marks", False),
        (24.0, "curtain_clear", False),
        (25.2, "occupied_b", False),
        (26.0, "weight", False),
        (26.0, "person", False),
        (27.2, "occupied_a", False),
        (28.0, "curtain_clear", True),
        (28.0, "crossing_out", True),
    ]
    truth = rig.plant.truth()
    assert (truth.cars, truth.outside, truth.crossing, truth.persons) == ({}, ("9",), {}, {101: 0})
    assert rig.codes == []


def test_a_customer_wants_their_own_car_and_no_refusing_signal() -> None:
    rig = Rig(cars={101: Car("9")})
    rig.plant.customer_collects(101, HABITS, "8")
    rig.open_gate()
    assert watch(rig, 1000) == []
    rig = Rig(cars={101: Car("9")})
    rig.plant.customer_collects(101, HABITS)
    rig.image.rooms[101].signal = Signal.STOP_AND_LEAVE
    rig.open_gate()
    assert watch(rig, 1000) == []


def test_a_refused_car_is_driven_out_again() -> None:
    rig = Rig()
    rig.plant.car_arrives(101, Car("9", height_mm=2600), HABITS)
    rig.plant.car_leaves(101, HABITS)
    rig.image.rooms[101].signal = Signal.DRIVE_IN
    rig.open_gate()
    rig.until(lambda: rig.image.rooms[101].sensors.measured)
    assert rig.image.rooms[101].sensors.height_mm == 2600
    rig.image.rooms[101].signal = Signal.REFUSED
    rig.act()
    rig.until(lambda: rig.plant.truth().outside == ("9",))
    assert rig.image.rooms[101].sensors.crossing_out
    assert not rig.image.rooms[101].sensors.crossing_in
    assert rig.image.rooms[101].sensors.crossings == 2


def test_nobody_passes_a_gate_that_is_not_open() -> None:
    rig = Rig()
    rig.plant.person_enters(101, HABITS)
    rig.plant.car_arrives(101, Car("9"), HABITS)
    rig.image.rooms[101].signal = Signal.DRIVE_IN
    rig.act()
    rig.wait(1000)
    assert rig.plant.truth().outside == ("9",)
    assert rig.plant.truth().persons == {101: 0}
    rig.open_gate()
    rig.until(lambda: rig.image.rooms[101].sensors.person)
    rig.wait(0.5)
    rig.close_gate()
    rig.plant.person_leaves(101, HABITS)
    rig.wait(1000)
    assert rig.image.rooms[101].sensors.person
    assert rig.plant.truth().outside == ("9",)
    assert rig.codes == ["GATE_ON_PERSON"]


def test_people_on_foot_are_counted() -> None:
    rig = Rig()
    rig.open_gate()
    for _ in range(2):
        rig.plant.person_enters(101, HABITS)
    rig.until(lambda: rig.plant.truth().persons == {101: 2})
    rig.plant.person_leaves(101, HABITS)
    rig.until(lambda: rig.plant.truth().persons == {101: 1})
    assert rig.image.rooms[101].sensors.person


def test_a_car_can_arrive_once_only() -> None:
    rig = Rig(cars={202: Car("9")})
    with pytest.raises(ValueError, match="in the tower"):
        rig.plant.car_arrives(101, Car("9"))


def test_a_customer_passes_a_car_that_waits_outside() -> None:
    rig = Rig(cars={101: Car("9")})
    rig.plant.car_arrives(101, Car("8"), HABITS)
    rig.plant.customer_collects(101, HABITS)
    rig.plant.customer_collects(101, HABITS)
    rig.image.rooms[101].signal = Signal.TAKE_CAR
    rig.open_gate()
    rig.until(lambda: rig.plant.truth().outside == ("8", "9"))
    assert rig.plant.truth().persons == {101: 0}
    rig.image.rooms[101].signal = Signal.DRIVE_IN
    rig.act()
    rig.until(lambda: rig.plant.truth().cars == {101: "8"})
    assert rig.codes == []


def test_a_driver_turns_back_before_a_gate_that_closes() -> None:
    rig = Rig()
    rig.plant.car_arrives(101, Car("8"), HABITS)
    rig.image.rooms[101].signal = Signal.DRIVE_IN
    rig.open_gate()
    rig.wait(2.0)
    rig.close_gate()
    assert rig.plant.truth().outside == ("8",)
    rig.open_gate()
    rig.until(lambda: rig.plant.truth().cars == {101: "8"})
    assert rig.codes == []


@pytest.mark.parametrize(("overshoot_mm", "arrow_back"), [(100, True), (-100, False), (100, False)])
def test_a_driver_follows_the_arrow_of_the_sign_right_or_wrong(overshoot_mm: int, *, arrow_back: bool) -> None:
    rig = Rig()
    rig.plant.car_arrives(101, Car("9"), replace(HABITS, overshoot_mm=overshoot_mm))
    room = rig.image.rooms[101]
    room.signal = Signal.DRIVE_IN
    rig.open_gate()
    rig.until(lambda: rig.plant.truth().cars == {101: "9"})
    assert (room.sensors.in_marks, room.sensors.beyond_marks) == (False, overshoot_mm > 0)
    room.signal, room.arrow_back = Signal.FORWARD, arrow_back
    rig.act()
    rig.until(lambda: rig.plant.truth().persons == {101: 0})
    way_mm = -abs(overshoot_mm) if arrow_back else abs(overshoot_mm)
    assert rig.plant.truth().off_marks_mm.get(101, 0) == overshoot_mm + way_mm
    assert room.sensors.in_marks is (overshoot_mm + way_mm == 0)
