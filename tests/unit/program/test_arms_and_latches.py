"""Arms and latches are run by two stations: a wire between them forbids what either allows by itself."""

import pytest

from hal.plcmap.codes import Opcode, Reason, Result
from sim_plc.plant.cars import Car
from tests.support.program_rig import Rig

BAY = 204


def at_open_bay() -> Rig:
    rig = Rig(cars={BAY: Car("C")})
    rig.up()
    rig.dock(BAY)
    assert rig.open_way(BAY).result is Result.OK
    return rig


def test_a_latch_is_not_let_go_in_the_moment_in_which_the_arms_set_out() -> None:
    rig = at_open_bay()
    pick = rig.send("shuttle", Opcode.PICK, BAY)
    rig.run(0.05)
    assert rig.plant.truth().carriage.arms_centred, "not by the contact at the arms alone"
    master = rig.bay_master[BAY // 100]
    assert rig.do("latches", Opcode.LATCH, BAY % 100, master=master).reason is Reason.SHUTTLE_NOT_CENTRED
    assert rig.outcome("shuttle", pick).result is Result.OK
    assert not rig.plant.crimes


@pytest.mark.parametrize("ended", ["stopped", "silent", "faulty"])
def test_an_unlatching_that_is_ended_with_the_arms_through_lets_no_latch_fall_onto_them(ended: str) -> None:
    """Its coil went with it: the daemon draws the latch again before a cut exchange goes on (seed 464, aimed)."""
    rig = at_open_bay()
    pick = rig.send("shuttle", Opcode.PICK, BAY)
    rig.run(2.0)
    rig.do("shuttle", Opcode.STOP)
    assert rig.outcome("shuttle", pick).result is Result.STOPPED
    assert not rig.plant.truth().carriage.arms_centred
    master = rig.bay_master[BAY // 100]
    # A contact that does not tell "open" keeps the unlatching at work.
    rig.plant.overrides["bay", BAY, "latch_open"] = False
    rig.run(0.2)
    unlatch = rig.send("latches", Opcode.UNLATCH, BAY % 100, master=master)
    rig.run(0.1)
    if ended == "stopped":
        rig.do("latches", Opcode.STOP, master=master)
    master.mute = ended == "silent"
    rig.run(8.0)
    kept = rig.bays[BAY // 100].mechanism("latches").mailbox.memory.outcomes
    assert {past.sequence: Result(past.result) for past in kept}[unlatch] is {
        "stopped": Result.STOPPED,
        "silent": Result.STOPPED_SILENCE,
        "faulty": Result.FAULT,
    }[ended]
    assert rig.plant.truth().latches[BAY] > 0
    assert not rig.plant.crimes


def test_nobody_jogs_the_arms_out_of_the_centre_against_a_latch_that_is_closed() -> None:
    rig = at_open_bay()
    assert rig.close_way(BAY).result is Result.OK
    rig.manual()
    assert rig.do("shuttle", Opcode.JOG, 1).reason is Reason.WAY_NOT_OPEN
    assert not rig.plant.crimes


def test_a_latch_is_not_drawn_in_the_moment_in_which_the_carriage_sets_out() -> None:
    rig = at_open_bay()
    assert rig.close_way(BAY).result is Result.OK
    move = rig.send("lift", Opcode.MOVE_TO, 0, 101)
    rig.run(0.05)
    assert rig.plant.truth().carriage.held, "not by the contact at the brake alone"
    assert rig.open_way(BAY).reason is Reason.NOT_HELD
    assert rig.outcome("lift", move).result is Result.OK
    assert not rig.plant.crimes


def test_nobody_jogs_a_raised_comb_into_a_car() -> None:
    rig = at_open_bay()
    rig.plant.take_up(2500, 270_000, Car("carried"))
    rig.run(0.1)
    rig.manual()
    assert rig.do("shuttle", Opcode.JOG, 1).reason is Reason.TARGET_NOT_EMPTY
    assert not rig.plant.crimes
