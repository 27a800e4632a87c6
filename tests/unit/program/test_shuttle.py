"""The exchange: cut in every sub-step, resumed and undone; its final check; homing."""

import pytest

from hal.plcmap.codes import Flag, Opcode, Reason, Result, State, SubStep
from sim_plc.plant.plant import Car
from tests.support.program_rig import Outcome, Rig
from tests.support.samples import each_pair

OK = (Result.OK, Reason.NONE)
BAY, ROOM = 203, 101
CUTS = [(1.0, SubStep.EXTENDING), (9.0, SubStep.TRANSFERRING), (13.0, SubStep.RETRACTING)]


def both(outcome: Outcome) -> tuple[Result, Reason]:
    return outcome.result, outcome.reason


def docked_at(place: int = BAY, *, car: bool = True) -> Rig:
    rig = Rig(cars={place: Car("A7")} if car else {})
    rig.up()
    rig.dock(place)
    assert rig.open_way(place).result is Result.OK
    return rig


def loaded_at(place: int) -> Rig:
    """Dock with a car aboard at an empty place, the way open."""
    rig = docked_at(202)
    assert both(rig.do("shuttle", Opcode.PICK, 202)) == OK
    assert rig.close_way(202).result is Result.OK
    rig.dock(place)
    assert rig.open_way(place).result is Result.OK
    return rig


def test_a_pick_takes_its_three_trapezoids_and_nothing_more() -> None:
    rig = docked_at()
    begun = rig.t
    assert both(rig.do("shuttle", Opcode.PICK, BAY)) == OK
    assert 18.0 <= rig.t - begun <= 18.1
    flags = rig.status("shuttle").flags
    assert Flag.LOADED_A | Flag.LOADED_B | Flag.SECURED | Flag.CENTRED in flags
    assert Flag.RESUMABLE not in flags


@pytest.mark.parametrize(("cut", "going_on", "picks"), each_pair(CUTS, [Opcode.RESUME, Opcode.UNDO], [True, False]))
def test_a_cut_exchange_is_resumed_or_undone(cut: tuple[float, SubStep], going_on: Opcode, picks: bool) -> None:
    seconds, substep = cut
    rig = docked_at() if picks else loaded_at(BAY)
    work = rig.send("shuttle", Opcode.PICK if picks else Opcode.PLACE, BAY)
    rig.run(seconds)
    stop = rig.send("shuttle", Opcode.STOP)
    assert both(rig.outcome("shuttle", stop)) == OK
    assert both(rig.outcome("shuttle", work)) == (Result.STOPPED, Reason.NONE)
    status = rig.status("shuttle")
    assert status.substep == substep
    assert Flag.RESUMABLE in status.flags
    assert (Flag.PICKING in status.flags) == picks
    assert both(rig.do("lift", Opcode.MOVE_TO, 0)) == (Result.REFUSED, Reason.SHUTTLE_NOT_CENTRED)
    assert both(rig.do("shuttle", going_on)) == OK
    aboard = picks == (going_on is Opcode.RESUME)
    assert rig.plant.truth().carriage.car == ("A7" if aboard else None)
    assert (BAY in rig.plant.truth().cars) != aboard
    assert rig.status("shuttle").substep == SubStep.CENTRED
    assert rig.close_way(BAY).result is Result.OK
    assert rig.plant.crimes == []


@pytest.mark.parametrize(("seconds", "substep"), CUTS)
def test_a_cut_survives_the_loss_of_power_and_is_resumed_without_homing(seconds: float, substep: SubStep) -> None:
    rig = docked_at()
    work = rig.send("shuttle", Opcode.PICK, BAY)
    rig.run(seconds)
    rig.restart_tower()
    assert both(rig.outcome("shuttle", work)) == (Result.STOPPED_RESTART, Reason.NONE)
    rig.run(2.0)
    assert rig.status("shuttle").substep == substep
    assert both(rig.do("station", Opcode.RESET)) == OK
    assert both(rig.do("shuttle", Opcode.RESUME)) == OK
    assert rig.plant.truth().carriage.car == "A7"
    assert rig.plant.crimes == []


def test_an_undo_that_is_cut_is_resumed_as_an_undo_and_undone_as_the_exchange() -> None:
    rig = docked_at()
    rig.send("shuttle", Opcode.PICK, BAY)
    rig.run(13.0)
    rig.do("shuttle", Opcode.STOP)
    rig.send("shuttle", Opcode.UNDO)
    rig.run(0.5)
    rig.do("shuttle", Opcode.STOP)
    assert Flag.UNDOING in rig.status("shuttle").flags
    assert both(rig.do("shuttle", Opcode.UNDO)) == OK
    assert rig.plant.truth().carriage.car == "A7"


def test_an_e_stop_cuts_an_exchange_and_a_reset_lets_it_go_on() -> None:
    rig = docked_at()
    work = rig.send("shuttle", Opcode.PICK, BAY)
    rig.run(9.0)
    rig.plant.press_e_stop()
    assert both(rig.outcome("shuttle", work)) == (Result.STOPPED_SAFETY, Reason.SAFETY)
    rig.run(0.5)
    assert rig.state("shuttle") is State.DISABLED
    rig.plant.release_e_stop()
    rig.plant.device_reset()
    assert both(rig.do("station", Opcode.RESET)) == OK
    assert both(rig.do("shuttle", Opcode.RESUME)) == OK
    assert rig.plant.crimes == []


def test_load_sensors_that_disagree_at_the_end_are_a_load_fault() -> None:
    rig = docked_at()
    work = rig.send("shuttle", Opcode.PICK, BAY)
    rig.run(1.0)
    rig.plant.overrides["carriage", "loaded_b"] = False
    assert both(rig.outcome("shuttle", work)) == (Result.FAULT, Reason.LOAD)
    assert rig.state("shuttle") is State.ERROR_STOP


def test_a_source_that_is_still_occupied_at_the_end_is_a_load_fault() -> None:
    rig = docked_at()
    rig.plant.overrides["carriage", "place_occupied_a"] = True
    assert both(rig.do("shuttle", Opcode.PICK, BAY)) == (Result.FAULT, Reason.LOAD)


def test_retract_brings_empty_arms_home_and_forgets_the_exchange() -> None:
    rig = docked_at()
    rig.send("shuttle", Opcode.PICK, BAY)
    rig.run(3.0)
    rig.do("shuttle", Opcode.STOP)
    assert both(rig.do("shuttle", Opcode.RETRACT)) == OK
    assert Flag.CENTRED in rig.status("shuttle").flags
    assert both(rig.do("shuttle", Opcode.RESUME)) == (Result.REFUSED, Reason.NOTHING_TO_RESUME)
    assert both(rig.do("shuttle", Opcode.PICK, BAY)) == OK


def test_retract_is_refused_with_a_car_aboard() -> None:
    rig = docked_at()
    rig.send("shuttle", Opcode.PICK, BAY)
    rig.run(13.0)
    rig.do("shuttle", Opcode.STOP)
    assert both(rig.do("shuttle", Opcode.RETRACT)) == (Result.REFUSED, Reason.CARRIAGE_LOADED)
    assert both(rig.do("shuttle", Opcode.HOME)) == OK
    flags = rig.status("shuttle").flags
    assert Flag.SECURED | Flag.CENTRED | Flag.HOMED in flags
    assert rig.plant.crimes == []


def test_home_is_refused_with_a_car_between_two_combs() -> None:
    rig = docked_at()
    rig.send("shuttle", Opcode.PICK, BAY)
    rig.run(9.0)
    rig.do("shuttle", Opcode.STOP)
    assert both(rig.do("shuttle", Opcode.HOME)) == (Result.REFUSED, Reason.CAR_HALF_WAY)


def test_silence_cuts_an_exchange() -> None:
    rig = docked_at()
    work = rig.send("shuttle", Opcode.PICK, BAY)
    rig.run(0.5)
    rig.master.mute = True
    assert both(rig.outcome("shuttle", work)) == (Result.STOPPED_SILENCE, Reason.SILENT)
    assert Flag.RESUMABLE in rig.status("shuttle").flags


def test_jogging_the_arms_forgets_the_exchange() -> None:
    rig = docked_at()
    rig.manual()
    jog = rig.send("shuttle", Opcode.JOG, 1)
    rig.run(1.0)
    assert rig.status("shuttle").executing == jog
    rig.master.hand = False
    assert both(rig.outcome("shuttle", jog)) == OK
    assert 20 < rig.status("shuttle").position < 60
    assert both(rig.do("shuttle", Opcode.RESUME)) == (Result.REFUSED, Reason.NOTHING_TO_RESUME)
    assert both(rig.do("shuttle", Opcode.HOME)) == OK
