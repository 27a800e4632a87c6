"""The shuttle and the bays: who has the car when, and what is a crime."""

import pytest

from sim_plc.image import Drive
from sim_plc.plant.contacts import BARRIER_S
from sim_plc.plant.plant import Car
from tests.support.plant_rig import Rig


def at_bay(place: int = 202, cars: dict[int, Car] | None = None) -> Rig:
    rig = Rig(cars={202: Car("7")} if cars is None else cars)
    rig.dock(place)
    rig.unlatch(place)
    return rig


def test_a_latch_takes_its_time_each_way_and_needs_dock_and_hold() -> None:
    rig = Rig()
    level = rig.plant.bay_images[2]
    level.unlatch[202] = True
    rig.act()
    rig.wait(20)
    assert level.bays[202].latch_closed
    level.unlatch[202] = False
    rig.dock(202)
    assert level.bays[202].docked
    assert level.carriage_held
    assert rig.unlatch(202) == pytest.approx(1.5)
    assert not rig.image.carriage.all_latches_locked
    assert rig.image.carriage.latch_open
    assert rig.unlatch(202, on=False) == pytest.approx(1.5)
    assert rig.image.carriage.all_latches_locked


def test_a_latch_falls_home_when_the_carriage_is_no_longer_held() -> None:
    rig = at_bay()
    rig.image.turntable_out.brake_release = True
    rig.act()
    rig.until(lambda: rig.plant.bay_images[2].bays[202].latch_closed)


def test_pick_and_place_take_18_s_each() -> None:
    rig = at_bay()
    assert rig.pick() == pytest.approx(18.0)
    assert rig.image.carriage.loaded_a
    assert rig.image.carriage.secured
    assert rig.image.carriage.comb_up
    assert not rig.plant.bay_images[2].bays[202].occupied_a
    rig.unlatch(202, on=False)
    rig.dock(203)
    rig.unlatch(203)
    assert rig.put() == pytest.approx(18.0)
    rig.unlatch(203, on=False)
    assert rig.plant.truth().cars == {203: "7"}
    assert rig.codes == []


def test_the_load_changes_hands_at_mid_stroke() -> None:
    rig = at_bay()
    rig.arms(2800)
    rig.request(rig.image.comb_out, Drive.MOVE, 190, speed=50, acceleration=50)
    place_sensors = [rig.image.carriage.place_occupied_a]
    # 50 mm/s and 50 mm/s2: 25 mm in the first second, then 70 mm at full speed.
    assert rig.until(lambda: rig.image.carriage.loaded_a) == pytest.approx(1 + 70 / 50)
    assert rig.image.carriage.loaded_b
    place_sensors.append(rig.image.carriage.place_occupied_a)
    assert place_sensors == [True, False]
    assert not rig.plant.bay_images[2].bays[202].occupied_b
    rig.wait(BARRIER_S)
    rig.request(rig.image.comb_out, Drive.MOVE, 0, speed=50, acceleration=50)
    rig.until(lambda: rig.image.carriage.place_occupied_a)
    assert not rig.image.carriage.loaded_a


def test_a_latch_rests_on_arms_that_reach_through() -> None:
    rig = at_bay()
    rig.arms(2800)
    rig.plant.bay_images[2].unlatch[202] = False
    rig.act()
    rig.wait(10)
    assert rig.codes == ["LATCH_ON_ARMS"]
    assert rig.plant.truth().latches == {202: 1.0}
    rig.arms(0)
    rig.until(lambda: rig.plant.bay_images[2].bays[202].latch_closed)


@pytest.mark.parametrize(
    ("code", "place"),
    [("LOWERED_ONTO_CAR", 202), ("LOWERED_HALF_OUT", 203), ("LOWERED_INSIDE", 203)],
)
def test_a_load_lowered_where_it_must_not_stays_aboard(code: str, place: int) -> None:
    rig = at_bay(204, {204: Car("1"), 202: Car("2")})
    rig.pick()
    rig.unlatch(204, on=False)
    rig.dock(place)
    rig.unlatch(place)
    rig.image.clamp = False
    rig.arms({"LOWERED_ONTO_CAR": 2800, "LOWERED_HALF_OUT": 1400, "LOWERED_INSIDE": 0}[code])
    rig.comb(0)
    assert code in rig.codes
    assert rig.plant.truth().carriage.car == "1"
    assert rig.plant.truth().cars == {202: "2"}


def test_raising_with_a_car_half_on_is_a_crime() -> None:
    rig = at_bay()
    rig.arms(1400)
    rig.comb(190)
    assert rig.codes == ["RAISED_HALF_ON"]
    assert rig.plant.truth().cars == {202: "7"}


def test_extending_a_raised_comb_into_a_car_is_a_crime() -> None:
    rig = at_bay()
    rig.comb(190)
    rig.arms(2800)
    assert rig.codes == ["ARMS_INTO_CAR"]


def test_arms_against_a_latch_or_undocked_are_crimes() -> None:
    rig = Rig()
    rig.dock(202)
    rig.arms(500)
    assert rig.codes == ["ARMS_INTO_WAY", "LATCH_ON_ARMS"]
    rig = Rig()
    rig.turn(45_000)
    rig.arms(500)
    assert rig.codes == ["ARMS_OUT_UNDOCKED"]


def test_moving_the_carriage_with_something_unsafe_is_a_crime() -> None:
    rig = at_bay()
    rig.turn(0)
    assert "MOVED_WITH_LATCH_UNLOCKED" in rig.codes
    rig = at_bay()
    rig.arms(1000)
    rig.turn(0)
    assert "MOVED_WITH_ARMS_OUT" in rig.codes
    rig = at_bay()
    rig.pick()
    rig.image.clamp = False
    rig.unlatch(202, on=False)
    rig.turn(0)
    assert rig.codes == ["MOVED_WITH_LOAD_LOOSE"]
    rig = Rig()
    rig.image.rooms[101].door_out.bolt = False
    rig.act()
    rig.turn(90_000)
    assert rig.codes == ["MOVED_WITH_DOOR_UNLOCKED"]


def test_exchange_in_a_room_and_its_crimes() -> None:
    rig = Rig(cars={101: Car("5")})
    rig.open_door()
    rig.arms(2800)
    plane = [rig.image.rooms[101].sensors.door_plane_clear]
    rig.comb(190)
    assert not rig.image.rooms[101].sensors.occupied_a
    rig.arms(0)
    plane.append(rig.image.rooms[101].sensors.door_plane_clear)
    assert plane == [False, True]
    rig.close_door()
    assert rig.codes == []
    rig.image.rooms[101].gate_out.bolt = False
    rig.open_door()
    rig.arms(500)
    assert rig.codes == ["BOTH_WAYS_OPEN", "ARMS_WITH_GATE_UNLOCKED"]
    rig.close(rig.image.rooms[101].door_out)
    assert rig.codes[-1] == "DOOR_ON_ARMS"
    assert rig.image.rooms[101].door_in.obstructed


def test_an_inner_door_without_a_carriage_is_a_crime() -> None:
    rig = Rig()
    rig.dock(202)
    rig.open_door()
    assert rig.codes == ["DOOR_OPEN_UNDOCKED"]


def test_raising_beneath_a_second_car_is_a_crime() -> None:
    rig = at_bay(204, {204: Car("1"), 202: Car("2")})
    rig.pick()
    rig.comb(0)
    rig.unlatch(204, on=False)
    rig.dock(202)
    rig.unlatch(202)
    rig.arms(2800)
    rig.comb(190)
    assert rig.codes == ["LOWERED_INSIDE", "RAISED_LOADED"]
    assert rig.plant.truth().cars == {202: "2"}


def test_an_inner_door_that_opens_on_a_person_is_a_crime_and_a_trip() -> None:
    rig = Rig()
    rig.open_gate()
    rig.plant.person_enters(101)
    rig.until(lambda: rig.image.rooms[101].sensors.person)
    rig.close_gate()
    rig.open_door()
    assert rig.codes == ["GATE_ON_PERSON", "DOOR_OPENED_ON_PERSON"]
    rig.request(rig.image.arms_out, Drive.MOVE, 2800, speed=500, acceleration=500)
    rig.wait(10)
    assert rig.image.arms_in.position == 0  # the chain, not the program, keeps the arms from people
