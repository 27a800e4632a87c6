"""Lift and turntable: moves, stops, homing and jogging on the plant."""

import pytest

from hal.plcmap.codes import Flag, Mode, Opcode, Reason, Result, State
from tests.support.program_rig import Outcome, Rig

OK = (Result.OK, Reason.NONE)


@pytest.fixture
def rig() -> Rig:
    built = Rig()
    built.up()
    return built


def both(outcome: Outcome) -> tuple[Result, Reason]:
    return outcome.result, outcome.reason


def test_drives_are_off_until_reset_and_off_is_refused_with_power() -> None:
    rig = Rig()
    rig.run(0.3)
    assert rig.state("lift") is State.DISABLED
    assert rig.state("station") is State.FAULTED
    assert both(rig.do("lift", Opcode.HOME)) == (Result.REFUSED, Reason.POWER)
    assert both(rig.do("station", Opcode.RESET)) == OK
    assert rig.state("lift") is State.STANDSTILL
    assert rig.state("station") is State.READY
    assert both(rig.do("lift", Opcode.MOVE_TO, 0)) == (Result.REFUSED, Reason.NOT_HOMED)


def test_a_move_to_a_place_takes_brakes_trapezoid_and_levelling_and_nothing_more(rig: Rig) -> None:
    begun = rig.t
    assert both(rig.do("lift", Opcode.MOVE_TO, 2500, 202)) == OK
    physics = 0.2 + 4.5 + 2.0 + 0.2
    assert rig.t - begun == pytest.approx(physics, abs=0.08)
    assert rig.t - begun >= physics
    assert rig.status("lift").position == 2500
    assert Flag.HELD in rig.status("lift").flags


def test_a_move_to_no_place_does_not_level(rig: Rig) -> None:
    begun = rig.t
    assert both(rig.do("lift", Opcode.MOVE_TO, 500)) == OK
    assert rig.t - begun == pytest.approx(0.2 + 2.0 + 0.2, abs=0.08)


def test_the_turntable_takes_the_shorter_way(rig: Rig) -> None:
    begun = rig.t
    assert both(rig.do("turntable", Opcode.MOVE_TO, 270_000, 104)) == OK
    assert rig.t - begun == pytest.approx(0.2 + 90 / 9 + 1 + 0.2, abs=0.08)
    assert rig.status("turntable").position == pytest.approx(270_000, abs=10)


@pytest.mark.parametrize(
    ("mechanism", "opcode", "a1", "a2", "frm", "reason"),
    [
        ("lift", Opcode.PICK, 0, 0, 0, Reason.UNKNOWN_OPCODE),
        ("lift", 99, 0, 0, 0, Reason.UNKNOWN_OPCODE),
        ("lift", Opcode.MOVE_TO, -1, 0, 0, Reason.ARGUMENT),
        ("lift", Opcode.MOVE_TO, 2501, 0, 0, Reason.ARGUMENT),
        ("lift", Opcode.MOVE_TO, 2500, 201, 0, Reason.ARGUMENT),
        ("lift", Opcode.MOVE_TO, 2499, 202, 0, Reason.TABLE),
        ("lift", Opcode.MOVE_TO, 2500, 202, State.HOMING, Reason.EXPECTED_FROM),
        ("turntable", Opcode.MOVE_TO, 360_000, 0, 0, Reason.ARGUMENT),
        ("turntable", Opcode.MOVE_TO, 91_000, 102, 0, Reason.TABLE),
        ("lift", Opcode.JOG, 0, 0, 0, Reason.ARGUMENT),
        ("lift", Opcode.JOG, 1, 0, 0, Reason.DEAD_MAN),
        ("shuttle", Opcode.PICK, 999, 0, 0, Reason.ARGUMENT),
        ("room1.signal", Opcode.SHOW, 55, 0, 0, Reason.ARGUMENT),
        ("station", Opcode.MODE, 9, 0, 0, Reason.ARGUMENT),
        ("shuttle", Opcode.RESUME, 0, 0, 0, Reason.NOTHING_TO_RESUME),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_moves(
    rig: Rig, mechanism: str, opcode: Opcode, a1: int, a2: int, frm: int, reason: Reason
) -> None:
    before = rig.plant.truth().carriage
    assert both(rig.do(mechanism, opcode, a1, a2, frm=frm)) == (Result.REFUSED, reason)
    assert rig.plant.truth().carriage == before


def test_expected_from_that_fits_is_no_hindrance(rig: Rig) -> None:
    assert both(rig.do("lift", Opcode.MOVE_TO, 2500, 202, frm=State.STANDSTILL)) == OK


def test_a_stop_ramps_down_sets_the_brake_and_gets_its_own_ok(rig: Rig) -> None:
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(2.0)
    assert rig.state("lift") is State.DISCRETE_MOTION
    stop = rig.send("lift", Opcode.STOP)
    rig.run(0.2)
    assert rig.state("lift") is State.STOPPING
    assert rig.status("lift").executing == move
    assert both(rig.outcome("lift", stop)) == OK
    assert both(rig.outcome("lift", move)) == (Result.STOPPED, Reason.NONE)
    assert rig.state("lift") is State.STANDSTILL
    assert Flag.BRAKE_ON in rig.status("lift").flags
    assert 0 < rig.status("lift").position < 2500


def test_a_stop_of_nothing_is_ok_at_once(rig: Rig) -> None:
    assert both(rig.do("lift", Opcode.STOP)) == OK


def test_work_while_a_move_runs_is_busy_and_disturbs_nothing(rig: Rig) -> None:
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(1.0)
    assert both(rig.do("lift", Opcode.HOME)) == (Result.REFUSED, Reason.BUSY)
    assert rig.status("lift").executing == move
    assert both(rig.outcome("lift", move)) == OK


def test_silence_makes_a_controlled_stop_and_latches_nothing(rig: Rig) -> None:
    rig.do("lift", Opcode.MOVE_TO, 2500, 202)
    move = rig.send("lift", Opcode.MOVE_TO, 0, 101)
    rig.run(0.05)
    rig.master.mute = True
    rig.run(2.6)
    assert rig.state("lift") is State.STANDSTILL
    assert both(rig.outcome("lift", move)) == (Result.STOPPED_SILENCE, Reason.SILENT)
    assert both(rig.do("lift", Opcode.HOME)) == (Result.REFUSED, Reason.SILENT)
    assert both(rig.do("lift", Opcode.STOP)) == OK
    rig.master.mute = False
    rig.run(0.3)
    assert both(rig.do("lift", Opcode.MOVE_TO, 0, 101)) == OK


def test_a_zombies_polls_do_not_keep_a_station_awake(rig: Rig) -> None:
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(0.1)
    rig.master.epoch -= 1
    assert both(rig.outcome("lift", move)) == (Result.STOPPED_SILENCE, Reason.SILENT)


def test_an_e_stop_ramps_down_cuts_power_and_needs_four_acts(rig: Rig) -> None:
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(2.0)
    rig.plant.press_e_stop()
    assert both(rig.outcome("lift", move)) == (Result.STOPPED_SAFETY, Reason.SAFETY)
    rig.run(0.1)
    assert rig.state("lift") is State.DISABLED
    assert rig.master.slow().first_out == 1 << 1
    assert rig.state("station") is State.FAULTED
    assert both(rig.do("station", Opcode.RESET)) == (Result.REFUSED, Reason.SAFETY)
    rig.plant.release_e_stop()
    assert both(rig.do("station", Opcode.RESET)) == (Result.REFUSED, Reason.SAFETY)
    rig.plant.device_reset()
    assert both(rig.do("lift", Opcode.MOVE_TO, 0)) == (Result.REFUSED, Reason.POWER)
    assert both(rig.do("station", Opcode.CLEAR_FAULT)) == OK
    assert both(rig.do("station", Opcode.RESET)) == OK
    assert both(rig.do("lift", Opcode.MOVE_TO, 0, 101)) == OK
    assert rig.plant.crimes == []


def test_a_stop_that_becomes_a_trip_keeps_its_first_cause(rig: Rig) -> None:
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(2.0)
    stop = rig.send("lift", Opcode.STOP)
    rig.run(0.1)
    rig.plant.press_e_stop()
    assert both(rig.outcome("lift", stop)) == OK
    assert both(rig.outcome("lift", move)) == (Result.STOPPED, Reason.NONE)


def test_a_restart_closes_what_ran_and_resumes_nothing(rig: Rig) -> None:
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(2.0)
    rig.restart_tower()
    assert both(rig.outcome("lift", move)) == (Result.STOPPED_RESTART, Reason.NONE)
    rig.run(3.0)
    assert rig.state("lift") is State.DISABLED
    assert rig.master.image().boot_id == 2
    assert rig.status("lift").accepted == move
    assert both(rig.do("station", Opcode.RESET)) == OK
    assert both(rig.do("lift", Opcode.MOVE_TO, 0)) == (Result.REFUSED, Reason.NOT_HOMED)
    assert both(rig.do("lift", Opcode.HOME)) == OK


def test_lost_memory_refuses_all_work_until_a_person_resets_at_the_tower(rig: Rig) -> None:
    rig.restart_tower(b"")
    rig.run(0.5)
    boot = rig.master.image().boot_id
    assert both(rig.do("station", Opcode.RESET)) == (Result.REFUSED, Reason.MEMORY_LOST)
    assert both(rig.do("room1.signal", Opcode.SHOW, 1)) == (Result.REFUSED, Reason.MEMORY_LOST)
    assert both(rig.do("lift", Opcode.STOP)) == OK
    rig.tower.local_reset()
    rig.run(0.5)
    assert rig.master.image().boot_id != boot
    assert rig.status("station").accepted == 0
    assert not rig.tower.memory_lost
    assert rig.send("station", Opcode.RESET) == 1
    assert both(rig.outcome("station", 1)) == OK


def test_a_local_reset_without_a_loss_does_nothing(rig: Rig) -> None:
    before = rig.tower.retained_bytes()
    rig.tower.local_reset()
    assert rig.tower.retained_bytes() == before


def test_jog_runs_while_the_dead_man_is_worked_and_no_longer(rig: Rig) -> None:
    rig.master.hand = True
    rig.run(0.3)
    assert both(rig.do("lift", Opcode.JOG, 1)) == (Result.REFUSED, Reason.MODE)
    rig.manual()
    jog = rig.send("lift", Opcode.JOG, 1)
    rig.run(2.0)
    assert rig.status("lift").executing == jog
    assert rig.master.slow().histories["lift"].velocity == 60
    rig.master.hand = False
    assert both(rig.outcome("lift", jog, within_s=1.5)) == OK
    assert rig.status("lift").position < 600


def test_jog_stands_at_the_end_of_the_way(rig: Rig) -> None:
    rig.manual()
    assert both(rig.do("lift", Opcode.JOG, 1)) == OK
    assert rig.status("lift").position == pytest.approx(2500, abs=10)
    assert both(rig.do("lift", Opcode.JOG, -300)) == OK
    assert rig.status("lift").position == pytest.approx(0, abs=10)
    assert rig.plant.crimes == []


def test_the_mode_changes_only_while_nothing_runs(rig: Rig) -> None:
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(1.0)
    assert both(rig.do("station", Opcode.MODE, Mode.MANUAL)) == (Result.REFUSED, Reason.BUSY)
    assert both(rig.outcome("lift", move)) == OK


def test_the_maintenance_key_stops_everything_refuses_everything_and_leaves_nothing_homed(rig: Rig) -> None:
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(2.0)
    rig.plant.set_maintenance_key(True)
    assert both(rig.outcome("lift", move)) == (Result.STOPPED_SAFETY, Reason.MAINTENANCE)
    for mechanism, opcode in (("lift", Opcode.HOME), ("station", Opcode.RESET), ("lift", Opcode.STOP)):
        assert both(rig.do(mechanism, opcode)) == (Result.REFUSED, Reason.MAINTENANCE)
    rig.plant.set_maintenance_key(False)
    rig.run(0.2)
    assert both(rig.do("station", Opcode.RESET)) == OK
    assert both(rig.do("lift", Opcode.MOVE_TO, 0, 101)) == (Result.REFUSED, Reason.NOT_HOMED)


def test_a_dead_dock_contact_is_a_position_fault_that_clear_fault_and_a_reference_mend(rig: Rig) -> None:
    rig.plant.overrides["carriage", "dock_level"] = False
    assert both(rig.do("lift", Opcode.MOVE_TO, 2500, 202)) == (Result.FAULT, Reason.POSITION)
    assert rig.state("lift") is State.ERROR_STOP
    assert Flag.FAULT in rig.status("lift").flags
    assert rig.state("station") is State.FAULTED
    assert both(rig.do("lift", Opcode.MOVE_TO, 0, 101)) == (Result.REFUSED, Reason.POWER)
    rig.plant.overrides.clear()
    assert both(rig.do("station", Opcode.CLEAR_FAULT)) == OK
    assert rig.state("station") is State.READY
    assert both(rig.do("lift", Opcode.MOVE_TO, 0, 101)) == (Result.REFUSED, Reason.NOT_HOMED)
    assert both(rig.do("lift", Opcode.HOME)) == OK
    assert both(rig.do("lift", Opcode.MOVE_TO, 0, 101)) == OK


@pytest.mark.parametrize(
    ("wire", "value", "reason"),
    [
        (("lift", "fault"), True, Reason.DRIVE),
        (("lift", "over_travel"), True, Reason.OVER_TRAVEL),
        (("lift", "done_serial"), 0, Reason.TIMEOUT),
    ],
)
def test_what_the_drive_complains_of(rig: Rig, wire: tuple[str, str], value: int, reason: Reason) -> None:
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(1.0)
    rig.plant.overrides[wire] = value
    assert both(rig.outcome("lift", move)) == (Result.FAULT, reason)
    assert rig.state("lift") is State.ERROR_STOP
    assert not rig.plant.truth().carriage.lift.moving


def test_a_brake_that_does_not_fall_is_a_brake_fault(rig: Rig) -> None:
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(1.0)
    rig.plant.overrides["lift", "brake_on"] = False
    assert both(rig.outcome("lift", move)) == (Result.FAULT, Reason.BRAKE)


def test_two_missing_lift_and_turntable_moves_run_together(rig: Rig) -> None:
    begun = rig.t
    rig.dock(203)
    assert rig.t - begun < 22.0
    assert rig.plant.truth().carriage.docked == 203
