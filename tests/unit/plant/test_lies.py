"""Inputs that are late or copy another one, at the plant: what they tell, when, and the truth after the heal."""

import pytest

from sim_plc.plant.contacts import Wire
from sim_plc.plant.lies import Copy, Late
from tests.support.plant_rig import Rig

ROOM = 101
GATE_CLOSED: Wire = ("gate", ROOM, "closed_a")


def opened_gate(rig: Rig) -> float:
    """Draw the bolt and open the gate; return when its closed contacts went."""
    rig.image.rooms[ROOM].gate_out.bolt = False
    rig.image.rooms[ROOM].gate_out.open = True
    rig.act()
    rig.until(lambda: not rig.image.rooms[ROOM].gate_in.closed_b)
    return rig.t


def test_a_late_input_tells_a_change_once_it_has_lasted() -> None:
    rig = Rig()
    rig.plant.let_lie(GATE_CLOSED, Late(3.0))
    rig.plant.sense(rig.t)
    gate = rig.image.rooms[ROOM].gate_in
    gone_s = opened_gate(rig)
    assert gate.closed_a
    rig.until(lambda: not gate.closed_a)
    assert rig.t - gone_s == pytest.approx(3.0, abs=0.02)


def test_a_copy_tells_what_the_other_one_should_until_it_is_healed() -> None:
    rig = Rig()
    rig.plant.let_lie(GATE_CLOSED, Copy(("gate", ROOM, "opened")))
    rig.plant.sense(rig.t)
    gate = rig.image.rooms[ROOM].gate_in
    assert (gate.closed_a, gate.closed_b) == (False, True)
    opened_gate(rig)
    rig.until(lambda: gate.opened and rig.plant.truth().gates[ROOM].opened)
    assert gate.closed_a
    rig.plant.let_lie(GATE_CLOSED, None)
    rig.plant.sense(rig.t)
    assert not gate.closed_a


def test_a_bay_that_lies_is_news_to_its_own_controller() -> None:
    rig = Rig()
    bay = rig.tower.shape.bays[0]
    level = rig.plant.bay_images[bay // 100]
    before = level.changes
    rig.plant.let_lie(("bay", bay, "occupied_a"), Copy(("bay", bay, "latch_closed")))
    assert rig.plant.next_event() == rig.t
    rig.plant.sense(rig.t)
    assert level.bays[bay].occupied_a
    assert level.changes > before
    rig.plant.let_lie(("bay", bay, "occupied_a"), None)
    rig.plant.sense(rig.t)
    assert not level.bays[bay].occupied_a


def test_an_input_that_the_tower_does_not_have_cannot_lie() -> None:
    with pytest.raises(KeyError):
        Rig().plant.let_lie(("carriage", "mood"), Late(1.0))


def test_a_gate_that_miscounts_has_let_nobody_out() -> None:
    rig = Rig()
    rig.plant.miscount(ROOM)
    rig.plant.sense(rig.t)
    seen = rig.image.rooms[ROOM].sensors
    assert (seen.crossings, seen.crossing_out) == (1, True)
    assert rig.plant.truth().crossing == {}
