"""Drives, encoders, brakes, latches and leaves that fail: what they do, the reason that the PLC gives, the heal."""

from collections.abc import Callable

import pytest

from hal.plcmap.codes import Flag, Opcode, Reason, Result
from sim_plc.plant.plant import Car
from sim_plc.plant.troubles import AxisName, Troubles
from tests.support.program_rig import Outcome, Rig

OK = (Result.OK, Reason.NONE)
UP = (2500, 202)
DOWN = (0, 101)
HALF_ROUND = (270_000, 104)

Act = Callable[[Troubles], None]


@pytest.fixture
def rig() -> Rig:
    built = Rig(profile="brisk", cars={102: Car("C")})
    built.up()
    return built


def both(outcome: Outcome) -> tuple[Result, Reason]:
    return outcome.result, outcome.reason


def mended(rig: Rig, mechanism: str) -> None:
    """Clear the fault, and reference the axis if it asks for that."""
    assert both(rig.do("station", Opcode.CLEAR_FAULT)) == OK
    if Flag.HOMED not in rig.status(mechanism).flags:
        assert both(rig.do(mechanism, Opcode.HOME)) == OK


@pytest.mark.parametrize(
    ("breaks", "mends", "reason"),
    [
        (lambda it: it.trip_drive("lift"), lambda it: it.reset_drive("lift"), Reason.DRIVE),
        (lambda it: it.seize("lift", on=True), lambda it: it.seize("lift", on=False), Reason.TIMEOUT),
        (lambda it: it.slip("lift", 30), lambda _: None, Reason.POSITION),
        (lambda it: it.delay_brake("lift", 5.0), lambda it: it.delay_brake("lift", 0.0), Reason.BRAKE),
    ],
    ids=["drive", "seized", "slip", "brake"],
)
def test_a_lift_that_fails_is_a_fault_with_its_reason_and_moves_again_when_it_is_mended(
    rig: Rig, breaks: Act, mends: Act, reason: Reason
) -> None:
    breaks(rig.plant.troubles)
    assert both(rig.do("lift", Opcode.MOVE_TO, *UP)) == (Result.FAULT, reason)
    assert not rig.plant.truth().carriage.lift.moving
    mends(rig.plant.troubles)
    rig.run(6.0)
    mended(rig, "lift")
    assert both(rig.do("lift", Opcode.MOVE_TO, *UP)) == OK
    assert rig.plant.truth().carriage.lift.position == pytest.approx(UP[0], abs=10)


@pytest.mark.parametrize(
    ("axis", "mechanism", "command"),
    [
        ("lift", "lift", (Opcode.MOVE_TO, *UP)),
        ("lift", "lift", (Opcode.HOME,)),
        ("turntable", "turntable", (Opcode.MOVE_TO, *HALF_ROUND)),
        ("turntable", "turntable", (Opcode.HOME,)),
        ("arms", "shuttle", (Opcode.PICK, 102)),
        ("comb", "shuttle", (Opcode.PICK, 102)),
    ],
)
def test_a_drive_that_limits_itself_is_late_and_gets_there(
    axis: AxisName, mechanism: str, command: tuple[int, ...]
) -> None:
    rig = Rig(profile="medium", cars={102: Car("C")})
    rig.up()
    if mechanism == "shuttle":
        docked_at_the_car(rig)
    elif command == (Opcode.HOME,):
        rig.dock(203)
    rig.plant.troubles.slow(axis, 0.3)
    began_s = rig.t
    opcode, *arguments = command
    assert both(rig.do(mechanism, Opcode(opcode), *arguments)) == OK
    assert rig.t - began_s > 5.0


@pytest.mark.parametrize("share", [0.195, 0.29, 0.31])
def test_a_late_lift_that_somebody_looks_at_as_it_arrives_is_not_lost(share: float) -> None:
    """Its encoder, rounded and on ropes that give, shows it at its target, or a little beyond."""
    rig = Rig(profile="medium")
    rig.up()
    rig.plant.troubles.slow("lift", share)
    assert both(rig.do("lift", Opcode.MOVE_TO, *UP)) == OK


def test_a_drive_that_limits_itself_to_nearly_nothing_is_lost_in_the_end(rig: Rig) -> None:
    rig.plant.troubles.slow("lift", 0.005)
    assert both(rig.do("lift", Opcode.MOVE_TO, *UP)) == (Result.FAULT, Reason.TIMEOUT)


def test_a_drive_that_trips_in_motion_ramps_down_by_itself_and_does_not_go_on_when_it_is_reset(rig: Rig) -> None:
    move = rig.send("turntable", Opcode.MOVE_TO, *HALF_ROUND)
    rig.run(0.5)
    assert rig.plant.truth().carriage.turntable.moving
    rig.plant.troubles.trip_drive("turntable")
    assert both(rig.outcome("turntable", move)) == (Result.FAULT, Reason.DRIVE)
    rig.plant.troubles.reset_drive("turntable")
    stood = rig.plant.truth().carriage.turntable
    rig.run(2.0)
    assert rig.plant.truth().carriage.turntable == stood


def test_an_encoder_that_has_slipped_is_right_again_once_the_axis_is_referenced(rig: Rig) -> None:
    rig.plant.troubles.slip("lift", -25)
    rig.do("lift", Opcode.MOVE_TO, *UP)
    assert rig.status("lift").position - rig.plant.truth().carriage.lift.position == pytest.approx(-25, abs=1)
    mended(rig, "lift")
    assert rig.status("lift").position == pytest.approx(rig.plant.truth().carriage.lift.position, abs=1)


def test_a_turntable_that_overruns_its_place_is_not_docked_there(rig: Rig) -> None:
    rig.plant.troubles.overrun("turntable", 700)
    assert both(rig.do("turntable", Opcode.MOVE_TO, *HALF_ROUND)) == (Result.FAULT, Reason.POSITION)
    mended(rig, "turntable")
    assert both(rig.do("turntable", Opcode.MOVE_TO, *HALF_ROUND)) == OK


def docked_at_the_car(rig: Rig) -> None:
    assert both(rig.do("turntable", Opcode.MOVE_TO, 90_000, 102)) == OK
    assert both(rig.do("latches", Opcode.UNLATCH, 2, master=rig.bay_master[1])) == OK


def test_a_load_that_slides_stops_the_carriage_until_it_is_put_right(rig: Rig) -> None:
    docked_at_the_car(rig)
    assert both(rig.do("shuttle", Opcode.PICK, 102)) == OK
    assert both(rig.do("latches", Opcode.LATCH, 2, master=rig.bay_master[1])) == OK
    move = rig.send("turntable", Opcode.MOVE_TO, *HALF_ROUND)
    rig.run(0.5)
    rig.plant.troubles.shift_load()
    assert both(rig.outcome("turntable", move)) == (Result.STOPPED_SAFETY, Reason.LOAD_NOT_SECURED)
    assert both(rig.do("turntable", Opcode.MOVE_TO, *HALF_ROUND)) == (Result.REFUSED, Reason.LOAD_NOT_SECURED)
    rig.plant.troubles.straighten_load()
    rig.run(0.2)
    assert both(rig.do("turntable", Opcode.MOVE_TO, *HALF_ROUND)) == OK


@pytest.mark.parametrize(("drawn_first", "opcode"), [(False, Opcode.UNLATCH), (True, Opcode.LATCH)])
def test_a_latch_that_sticks_follows_neither_magnet_nor_spring(rig: Rig, drawn_first: bool, opcode: Opcode) -> None:
    if drawn_first:
        docked_at_the_car(rig)
    else:
        assert both(rig.do("turntable", Opcode.MOVE_TO, 90_000, 102)) == OK
    rig.plant.troubles.stick_latch(102, on=True)
    assert both(rig.do("latches", opcode, 2, master=rig.bay_master[1])) == (Result.FAULT, Reason.CONTACT)
    assert (102 in rig.plant.truth().latches) is drawn_first
    if drawn_first:
        assert both(rig.do("lift", Opcode.MOVE_TO, *UP)) == (Result.REFUSED, Reason.LATCH_NOT_LOCKED)
    rig.plant.troubles.stick_latch(102, on=False)
    assert both(rig.do("latches", opcode, 2, master=rig.bay_master[1])) == OK


def test_a_gate_over_a_stone_stays_half_open_and_closes_once_it_is_gone(rig: Rig) -> None:
    assert both(rig.do("room1.outer_gate", Opcode.OPEN)) == OK
    rig.plant.troubles.put_stone("gate", 101, on=True)
    assert both(rig.do("room1.outer_gate", Opcode.CLOSE)) == (Result.FAULT, Reason.TIMEOUT)
    gate = rig.plant.truth().gates[101]
    assert not gate.closed
    assert not gate.opened
    rig.plant.troubles.put_stone("gate", 101, on=False)
    assert both(rig.do("room1.outer_gate", Opcode.CLOSE)) == OK
    assert rig.plant.truth().gates[101].locked


def test_a_gate_opens_again_over_a_bag_that_its_curtain_does_not_see(rig: Rig) -> None:
    assert both(rig.do("room1.outer_gate", Opcode.OPEN)) == OK
    rig.plant.troubles.leave_bag(101, on=True)
    assert rig.plant.tower_image.rooms[101].sensors.curtain_clear
    assert both(rig.do("room1.outer_gate", Opcode.CLOSE)) == (Result.FAULT, Reason.OBSTRUCTED)
    rig.run(10.0)
    assert rig.plant.truth().gates[101].opened
    rig.plant.troubles.leave_bag(101, on=False)
    assert both(rig.do("room1.outer_gate", Opcode.CLOSE)) == OK
    assert rig.plant.truth().gates[101].locked


def test_a_door_forced_by_hand_stops_the_carriage_in_time_and_keeps_it_until_it_is_locked(rig: Rig) -> None:
    move = rig.send("turntable", Opcode.MOVE_TO, *HALF_ROUND)
    rig.run(0.5)
    rig.plant.troubles.force("door", 101, on=True)
    assert both(rig.outcome("turntable", move)) == (Result.STOPPED_SAFETY, Reason.INNER_DOOR_NOT_LOCKED)
    assert not rig.plant.crimes
    assert both(rig.do("lift", Opcode.MOVE_TO, *UP)) == (Result.REFUSED, Reason.INNER_DOOR_NOT_LOCKED)
    rig.plant.troubles.force("door", 101, on=False)
    assert both(rig.do("room1.inner_door", Opcode.CLOSE)) == OK
    assert both(rig.do("lift", Opcode.MOVE_TO, *UP)) == OK
