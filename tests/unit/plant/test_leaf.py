"""Doors and gates: times, bolts, closing edges."""

import pytest

from sim_plc.image import DoorInputs
from sim_plc.plant.plant import Habits
from tests.support.plant_rig import Rig


def contacts(inputs: DoorInputs) -> tuple[bool, bool, bool]:
    assert inputs.closed_a == inputs.closed_b
    assert inputs.bolted_a == inputs.bolted_b
    return inputs.opened, inputs.closed_a, inputs.bolted_a


def test_open_and_close_take_8_s_each() -> None:
    rig = Rig()
    assert rig.open_gate() == pytest.approx(8.0)
    assert contacts(rig.image.rooms[101].gate_in) == (True, False, False)
    assert rig.close_gate() == pytest.approx(8.0)
    assert contacts(rig.image.rooms[101].gate_in) == (False, True, True)
    assert rig.open_door() == pytest.approx(8.0)
    assert rig.close_door() == pytest.approx(8.0)
    assert rig.codes == []


def test_the_contacts_follow_in_order() -> None:
    rig = Rig()
    gate = rig.image.rooms[101].gate_in
    rig.open(rig.image.rooms[101].gate_out)
    assert contacts(gate) == (False, True, False)  # the bolt leaves home at once
    rig.wait(0.75)
    assert contacts(gate) == (False, False, False)
    rig.until(lambda: gate.opened)
    rig.close(rig.image.rooms[101].gate_out)
    assert rig.until(lambda: gate.closed_a) == pytest.approx(7.25)
    assert contacts(gate) == (False, True, False)
    assert rig.until(lambda: gate.bolted_a) == pytest.approx(0.75)


def test_without_a_motor_bit_the_leaf_stands_where_it_is() -> None:
    rig = Rig()
    out = rig.image.rooms[101].gate_out
    rig.open(out)
    rig.wait(4)
    out.open = False
    rig.act()
    rig.wait(2)
    stood = rig.plant.truth().gates[101]
    rig.wait(20)
    assert rig.plant.truth().gates[101] == stood
    assert 0 < stood.position_mm < 2500
    rig.open(out)
    rig.until(lambda: rig.image.rooms[101].gate_in.opened)


def test_a_bolt_that_is_home_holds_the_leaf_and_a_dropped_one_frees_it() -> None:
    rig = Rig()
    out, gate = rig.image.rooms[101].gate_out, rig.image.rooms[101].gate_in
    out.open = True
    rig.act()
    rig.wait(20)
    assert contacts(gate) == (False, True, True)
    out.open, out.bolt = False, False
    rig.act()
    rig.wait(20)
    assert contacts(gate) == (False, True, False)


def test_the_closing_edge_stops_on_a_person_until_close_drops() -> None:
    rig = Rig()
    rig.open_gate()
    rig.plant.person_enters(101, Habits(step_s=3.0))
    rig.plant.sense(rig.t)
    rig.wait(0.1)
    assert not rig.image.rooms[101].sensors.curtain_clear
    rig.close(rig.image.rooms[101].gate_out)
    assert rig.image.rooms[101].gate_in.obstructed
    assert rig.image.rooms[101].gate_in.opened
    rig.wait(10)
    assert rig.image.rooms[101].gate_in.obstructed
    assert rig.codes == ["GATE_ON_BODY"]  # nobody withdrew the command
    rig.image.rooms[101].gate_out.close = False
    rig.act()
    assert not rig.image.rooms[101].gate_in.obstructed


def test_a_gate_does_not_close_on_a_person_inside_unseen() -> None:
    rig = Rig()
    rig.open_gate()
    rig.plant.person_enters(101)
    rig.until(lambda: rig.image.rooms[101].sensors.person)
    rig.wait(1)
    rig.close(rig.image.rooms[101].gate_out)
    assert rig.codes == ["GATE_ON_PERSON"]
    rig.until(lambda: rig.image.rooms[101].gate_in.bolted_a)


def test_a_power_cut_leaves_leaf_and_bolt_where_they_are() -> None:
    rig = Rig()
    rig.open(rig.image.rooms[101].gate_out)
    rig.wait(4)
    rig.plant.power_cut()
    rig.wait(3)
    stood = rig.plant.truth().gates[101].position_mm
    rig.wait(30)
    assert rig.plant.truth().gates[101].position_mm == stood
    assert rig.plant.truth().doors[101].locked
    rig.plant.power_on()
    assert rig.until(lambda: rig.image.rooms[101].gate_in.opened) > 1


def test_a_leaf_that_jams_stands_on_its_way_and_comes_free_when_it_is_driven_again() -> None:
    rig = Rig()
    rig.plant.jam("gate", 101)
    rig.open(rig.image.rooms[101].gate_out)
    rig.wait(100)
    leaf, stroke_mm = rig.plant.truth().gates[101], rig.tower.machine.gate.stroke_mm
    assert leaf.position_mm == pytest.approx(0.4 * stroke_mm)
    assert (leaf.opened, leaf.closed) == (False, False)
    assert not rig.image.rooms[101].gate_in.opened
    rig.image.rooms[101].gate_out.open = False
    rig.act()
    rig.open_gate()
    assert rig.plant.truth().gates[101].position_mm == stroke_mm
