"""The chain: causes, latches, what it cuts, and the acts of people."""

import pytest

from sim_plc.image import Drive
from sim_plc.plant.contacts import Wire
from sim_plc.plant.plant import Car, Plant
from tests.support.plant_rig import Rig
from tests.support.towers import tower_named


def reset(rig: Rig) -> bool:
    rig.plant.device_reset()
    rig.plant.sense(rig.t)
    return rig.image.safety.chain_closed


def test_the_e_stop_latches_until_a_device_reset() -> None:
    rig = Rig()
    safety = rig.image.safety
    assert safety.chain_closed
    rig.plant.press_e_stop()
    rig.plant.sense(rig.t)
    assert (safety.chain_closed, safety.e_stop, safety.e_stop_latched) == (False, True, True)
    assert not reset(rig)
    rig.plant.release_e_stop()
    rig.plant.sense(rig.t)
    assert (safety.chain_closed, safety.e_stop, safety.e_stop_latched) == (False, False, True)
    assert reset(rig)
    assert not safety.e_stop_latched


def test_the_e_stop_ramps_down_inside_the_stop_rate_and_nothing_resumes() -> None:
    rig = Rig()
    rig.request(rig.image.lift_out, Drive.MOVE, 2500, speed=1000, acceleration=500)
    rig.wait(2.2)
    rig.plant.press_e_stop()
    assert rig.until(lambda: not rig.image.lift_in.moving) == pytest.approx(1.0, abs=4e-3)
    assert rig.image.lift_in.brake_on
    rig.plant.release_e_stop()
    assert reset(rig)
    rig.wait(20)
    assert not rig.image.lift_in.moving
    assert rig.codes == []


def test_world_causes_open_the_chain() -> None:
    rig = Rig()
    for turn, name in (
        (rig.plant.set_fire, "fire"),
        (rig.plant.set_slack_rope, "slack_rope"),
        (rig.plant.person_in_shaft, "person_in_shaft"),
    ):
        turn(on=True)
        rig.plant.sense(rig.t)
        assert getattr(rig.image.safety, name)
        assert not reset(rig)
        turn(on=False)
        rig.plant.sense(rig.t)
        assert getattr(rig.image.safety, name)
        assert reset(rig)
        assert not getattr(rig.image.safety, name)


def test_a_power_cut_sets_the_brakes_and_is_a_phase_loss() -> None:
    rig = Rig(cars={202: Car("1")})
    rig.dock(202)
    rig.unlatch(202)
    rig.plant.power_cut()
    rig.until(lambda: rig.plant.bay_images[2].bays[202].latch_closed)
    assert rig.image.safety.phase_loss
    rig.plant.power_on()
    rig.plant.sense(rig.t)
    assert not rig.image.safety.chain_closed
    assert reset(rig)


def test_a_person_in_a_room_with_its_door_unlocked_trips() -> None:
    rig = Rig()
    rig.open_gate()
    rig.plant.person_enters(101)
    rig.until(lambda: rig.image.rooms[101].sensors.person)
    assert rig.image.safety.chain_closed
    rig.close_gate()
    rig.image.rooms[101].door_out.bolt = False
    rig.act()
    assert rig.image.safety.person_in_open_room
    rig.image.rooms[101].door_out.bolt = True
    rig.act()
    rig.until(lambda: rig.image.rooms[101].door_in.bolted_a)
    assert reset(rig)


def test_the_light_curtain_trips_while_the_inner_door_is_not_locked() -> None:
    rig = Rig()
    rig.image.rooms[101].door_out.bolt = False
    rig.open_gate()
    rig.plant.person_enters(101)
    rig.until(lambda: not rig.image.rooms[101].sensors.curtain_clear)
    assert rig.image.safety.light_curtain


def test_the_escape_opens_the_gate_against_its_motor_and_trips() -> None:
    rig = Rig()
    rig.plant.use_escape(101)
    rig.plant.sense(rig.t)
    assert rig.image.safety.gate_release
    assert rig.image.rooms[101].sensors.escape_used
    rig.until(lambda: rig.image.rooms[101].gate_in.opened)
    assert not reset(rig)
    rig.plant.restore_escape(101)
    rig.close_gate()
    assert reset(rig)
    assert rig.codes == []


def test_the_escape_during_an_exchange_is_not_a_crime_of_the_program() -> None:
    rig = Rig(cars={101: Car("5")})
    rig.open_door()
    rig.request(rig.image.arms_out, Drive.MOVE, 2800, speed=500, acceleration=500)
    rig.wait(3)
    rig.plant.use_escape(101)
    rig.wait(60)
    assert not rig.image.arms_in.moving
    assert rig.codes == []


def test_the_maintenance_key_takes_the_drives_but_opens_no_chain() -> None:
    rig = Rig()
    rig.request(rig.image.lift_out, Drive.MOVE, 2500, speed=1000, acceleration=500)
    rig.wait(2)
    rig.plant.set_maintenance_key(on=True)
    rig.until(lambda: not rig.image.lift_in.moving)
    assert rig.image.safety.maintenance_key
    assert rig.image.safety.chain_closed


def test_sensors_can_lie_and_be_healed() -> None:
    rig = Rig(cars={101: Car("1"), 202: Car("2")})
    wires: dict[Wire, bool | int] = {
        ("room", 101, "occupied_a"): False,
        ("bay", 202, "occupied_b"): False,
        ("carriage", "dock_level"): False,
        ("lift", "position"): 77,
        ("gate", 101, "closed_b"): False,
        ("door", 101, "closed_a"): False,
        ("safety", "fire"): True,
        ("level", 2, "carriage_held"): False,
    }
    rig.plant.overrides.update(wires)
    for _ in range(2):
        rig.wait(1)
        assert not rig.image.rooms[101].sensors.occupied_a
        assert not rig.plant.bay_images[2].bays[202].occupied_b
        assert rig.image.lift_in.position == 77
        assert rig.image.safety.fire
        assert rig.image.safety.chain_closed
        assert not rig.plant.bay_images[2].carriage_held
    rig.plant.overrides.clear()
    rig.wait(1)
    assert rig.image.rooms[101].sensors.occupied_a
    assert rig.plant.bay_images[2].bays[202].occupied_b
    assert rig.image.lift_in.position == 0
    assert rig.plant.bay_images[2].carriage_held
    rig.plant.overrides["carriage", "docklevel"] = True
    with pytest.raises(KeyError):
        rig.wait(1)


def test_a_plant_refuses_cars_that_cannot_be() -> None:
    tower = tower_named("small")
    with pytest.raises(ValueError, match="cars"):
        Plant(tower, seed=1, cars={201: Car("1")})
    with pytest.raises(ValueError, match="cars"):
        Plant(tower, seed=1, cars={102: Car("1"), 103: Car("1")})


def test_time_never_goes_back() -> None:
    rig = Rig()
    rig.wait(5)
    with pytest.raises(ValueError, match="time went back"):
        rig.plant.sense(4.0)


def test_a_carriage_that_sets_out_or_goes_on_past_a_forced_door_commits_a_crime() -> None:
    rig = Rig()
    spec = rig.tower.machine.turntable
    rig.request(
        rig.image.turntable_out, Drive.MOVE, 180_000, speed=spec.speed_mdeg_s, acceleration=spec.acceleration_mdeg_s2
    )
    rig.wait(2.0)
    rig.plant.troubles.force("door", 101, on=True)
    rig.wait(0.1)
    assert rig.codes == []
    rig.wait(3.0)
    assert rig.codes == ["MOVED_WITH_DOOR_UNLOCKED"]
