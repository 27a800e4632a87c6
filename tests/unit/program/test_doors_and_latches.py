"""Doors, gates, signals and latches on the plant."""

import pytest

from hal.plcmap.codes import Flag, Opcode, Reason, Result, Signal, State
from tests.support.program_rig import Outcome, Rig

OK = (Result.OK, Reason.NONE)
DOOR, GATE, SIGNAL = "room1.inner_door", "room1.outer_gate", "room1.signal"


@pytest.fixture
def rig() -> Rig:
    built = Rig()
    built.up()
    built.dock(101)
    return built


def both(outcome: Outcome) -> tuple[Result, Reason]:
    return outcome.result, outcome.reason


@pytest.mark.parametrize("leaf", [DOOR, GATE])
def test_a_leaf_opens_and_closes_in_its_eight_seconds(rig: Rig, leaf: str) -> None:
    assert rig.state(leaf) is State.CLOSED
    for opcode, end in ((Opcode.OPEN, State.OPEN), (Opcode.CLOSE, State.CLOSED)):
        begun = rig.t
        assert both(rig.do(leaf, opcode)) == OK
        assert 8.0 <= rig.t - begun <= 8.1
        assert rig.state(leaf) is end
    assert rig.status(leaf).flags == Flag.CLOSED_A | Flag.CLOSED_B | Flag.BOLTED_A | Flag.BOLTED_B
    assert rig.plant.crimes == []


@pytest.mark.parametrize("opcode", [Opcode.OPEN, Opcode.CLOSE])
def test_what_is_so_already_is_ok_at_once(rig: Rig, opcode: Opcode) -> None:
    rig.do(GATE, opcode)
    begun = rig.t
    assert both(rig.do(GATE, opcode)) == OK
    assert rig.t - begun < 0.1


@pytest.mark.parametrize("channel", ["closed_a", "closed_b", "bolted_a", "bolted_b"])
def test_closed_is_proven_by_every_channel_or_not_at_all(rig: Rig, channel: str) -> None:
    rig.do(GATE, Opcode.OPEN)
    rig.plant.overrides["gate", 101, channel] = False
    assert both(rig.do(GATE, Opcode.CLOSE)) == (Result.FAULT, Reason.CONTACT)
    assert Flag.FAULT in rig.status(GATE).flags
    assert rig.state(GATE) is State.BETWEEN
    rig.plant.overrides.clear()
    assert both(rig.do(GATE, Opcode.CLOSE)) == OK
    assert Flag.FAULT not in rig.status(GATE).flags


def test_a_bolt_that_does_not_draw_is_a_contact_fault(rig: Rig) -> None:
    rig.plant.overrides["gate", 101, "bolted_a"] = True
    assert both(rig.do(GATE, Opcode.OPEN)) == (Result.FAULT, Reason.CONTACT)


def test_an_obstructed_gate_stops_opens_again_and_tells(rig: Rig) -> None:
    rig.do(GATE, Opcode.OPEN)
    close = rig.send(GATE, Opcode.CLOSE)
    rig.run(4.0)
    rig.plant.overrides["gate", 101, "obstructed"] = True
    rig.run(0.5)
    assert rig.state(GATE) is State.CLOSING
    assert both(rig.outcome(GATE, close)) == (Result.FAULT, Reason.OBSTRUCTED)
    assert rig.state(GATE) is State.OPEN


def test_an_obstructed_inner_door_stops_where_it_is(rig: Rig) -> None:
    rig.do(DOOR, Opcode.OPEN)
    close = rig.send(DOOR, Opcode.CLOSE)
    rig.run(4.0)
    rig.plant.overrides["door", 101, "obstructed"] = True
    assert both(rig.outcome(DOOR, close)) == (Result.FAULT, Reason.OBSTRUCTED)
    assert rig.state(DOOR) is State.BETWEEN
    rig.plant.overrides.clear()
    assert both(rig.do(DOOR, Opcode.CLOSE)) == OK


def test_a_stopped_door_stands_between(rig: Rig) -> None:
    work = rig.send(DOOR, Opcode.OPEN)
    rig.run(3.0)
    assert both(rig.do(DOOR, Opcode.STOP)) == OK
    assert both(rig.outcome(DOOR, work)) == (Result.STOPPED, Reason.NONE)
    assert rig.state(DOOR) is State.BETWEEN
    assert both(rig.do("lift", Opcode.MOVE_TO, 0)) == (Result.REFUSED, Reason.INNER_DOOR_NOT_LOCKED)
    rig.run(2.0)
    assert rig.plant.truth().doors[101].velocity_mm_s == 0


@pytest.mark.parametrize("begun_s", [0.0, 4.0])
def test_an_end_contact_that_tells_too_early_cuts_no_opening_short(rig: Rig, begun_s: float) -> None:
    work = rig.send(DOOR, Opcode.OPEN)
    rig.run(begun_s)
    rig.plant.overrides["door", 101, "opened"] = True
    assert both(rig.outcome(DOOR, work)) == OK
    rig.plant.overrides.clear()
    assert rig.plant.truth().doors[101].opened


def test_one_contact_makes_no_open_way_of_a_leaf_that_was_stopped_before_its_end(rig: Rig) -> None:
    rig.send(DOOR, Opcode.OPEN)
    rig.run(4.0)
    rig.do(DOOR, Opcode.STOP)
    rig.plant.overrides["door", 101, "opened"] = True
    rig.run(1.0)
    assert rig.state(DOOR) is State.BETWEEN
    assert both(rig.do("shuttle", Opcode.PICK, 101)) == (Result.REFUSED, Reason.WAY_NOT_OPEN)
    assert both(rig.do(DOOR, Opcode.OPEN)) == OK
    assert rig.state(DOOR) is State.OPEN
    assert rig.plant.truth().doors[101].opened


def test_a_leaf_that_stood_open_is_open_again_when_its_contact_is(rig: Rig) -> None:
    rig.do(DOOR, Opcode.OPEN)
    rig.plant.overrides["door", 101, "opened"] = False
    rig.run(1.0)
    assert rig.state(DOOR) is State.BETWEEN
    rig.plant.overrides.clear()
    rig.run(1.0)
    assert rig.state(DOOR) is State.OPEN


def test_a_condition_lost_in_mid_travel_stops_the_leaf(rig: Rig) -> None:
    work = rig.send(DOOR, Opcode.OPEN)
    rig.run(3.0)
    rig.plant.overrides["room", 101, "person"] = True
    assert both(rig.outcome(DOOR, work)) == (Result.STOPPED_SAFETY, Reason.PERSON_INSIDE)


@pytest.mark.parametrize("leaf", [DOOR, GATE])
def test_doors_have_no_power_before_reset(leaf: str) -> None:
    rig = Rig()
    rig.run(0.3)
    assert both(rig.do(leaf, Opcode.OPEN)) == (Result.REFUSED, Reason.POWER)
    assert both(rig.do(SIGNAL, Opcode.SHOW, Signal.WAIT)) == OK


def test_a_restart_draws_no_bolt(rig: Rig) -> None:
    rig.restart_tower()
    rig.run(3.0)
    truth = rig.plant.truth()
    assert truth.doors[101].locked
    assert truth.gates[101].locked


@pytest.mark.parametrize("channel", ["closed_a", "bolted_b"])
def test_a_contact_that_lies_draws_no_bolt_of_a_closed_door(rig: Rig, channel: str) -> None:
    """Seed 35: a door that was closed once more unlocked itself before an open gate, since a contact denied it."""
    rig.plant.overrides["door", 101, channel] = False
    rig.run(0.5)
    assert both(rig.do(DOOR, Opcode.CLOSE)) == (Result.FAULT, Reason.CONTACT)
    rig.run(2.0)
    assert rig.plant.truth().doors[101].locked
    rig.restart_tower()
    rig.run(3.0)
    assert rig.plant.truth().doors[101].locked


def test_an_e_stop_stops_the_doors_too(rig: Rig) -> None:
    work = rig.send(GATE, Opcode.OPEN)
    rig.run(3.0)
    rig.plant.press_e_stop()
    assert both(rig.outcome(GATE, work)) == (Result.STOPPED_SAFETY, Reason.SAFETY)
    assert both(rig.do(GATE, Opcode.OPEN)) == (Result.REFUSED, Reason.SAFETY)


def test_a_signal_shows_at_once_and_reports_what_it_shows(rig: Rig) -> None:
    for code in Signal:
        assert both(rig.do(SIGNAL, Opcode.SHOW, code)) == OK
        assert rig.plant.truth().signals[101] == code
        assert rig.status(SIGNAL).substep == code
    assert rig.state(SIGNAL) is State.SHOWING


class TestLatches:
    BAY = 203

    @pytest.fixture
    def at_bay(self, rig: Rig) -> Rig:
        rig.dock(self.BAY)
        return rig

    def latches(self, rig: Rig) -> State:
        return State(rig.bay_master[2].image().mechanisms["latches"].state)

    def do(self, rig: Rig, opcode: Opcode, position: int = 3) -> tuple[Result, Reason]:
        return both(rig.do("latches", opcode, position, master=rig.bay_master[2]))

    def test_unlatch_and_latch_take_their_travel(self, at_bay: Rig) -> None:
        for opcode, end in ((Opcode.UNLATCH, State.UNLATCHED), (Opcode.LATCH, State.LATCHED)):
            begun = at_bay.t
            assert self.do(at_bay, opcode) == OK
            assert 1.5 <= at_bay.t - begun <= 1.6
            assert self.latches(at_bay) is end

    def test_only_the_bay_in_front_of_the_carriage_unlatches(self, at_bay: Rig) -> None:
        assert self.do(at_bay, Opcode.UNLATCH, 2) == (Result.REFUSED, Reason.NOT_DOCKED)

    @pytest.mark.parametrize("position", [0, 1, 5, 100, 203, -1])
    def test_a_position_without_a_bay_is_no_argument(self, at_bay: Rig, position: int) -> None:
        assert self.do(at_bay, Opcode.UNLATCH, position) == (Result.REFUSED, Reason.ARGUMENT)

    def test_a_moving_carriage_is_not_held(self, at_bay: Rig) -> None:
        at_bay.plant.overrides["level", 2, "carriage_held"] = False
        assert self.do(at_bay, Opcode.UNLATCH) == (Result.REFUSED, Reason.NOT_HELD)

    def test_no_latch_is_sent_home_onto_arms(self, at_bay: Rig) -> None:
        assert self.do(at_bay, Opcode.UNLATCH) == OK
        at_bay.plant.overrides["level", 2, "shuttle_centred"] = False
        at_bay.run(0.2)
        assert self.do(at_bay, Opcode.LATCH) == (Result.REFUSED, Reason.SHUTTLE_NOT_CENTRED)

    def test_a_latch_that_loses_its_carriage_falls_home_and_stays_there(self, at_bay: Rig) -> None:
        assert self.do(at_bay, Opcode.UNLATCH) == OK
        at_bay.plant.overrides["bay", 203, "docked"] = False
        at_bay.run(0.3)
        at_bay.plant.overrides.clear()
        at_bay.run(3.0)
        assert self.latches(at_bay) is State.LATCHED

    def test_a_carriage_lost_in_mid_travel_stops_the_unlatching(self, at_bay: Rig) -> None:
        work = at_bay.send("latches", Opcode.UNLATCH, 3, master=at_bay.bay_master[2])
        at_bay.run(0.5)
        at_bay.plant.overrides["bay", 203, "docked"] = False
        outcome = at_bay.outcome("latches", work, master=at_bay.bay_master[2])
        assert both(outcome) == (Result.STOPPED_SAFETY, Reason.NOT_DOCKED)
        assert self.latches(at_bay) is State.LATCHED

    def test_silence_keeps_an_open_latch_open_and_stops_a_moving_one(self, at_bay: Rig) -> None:
        work = at_bay.send("latches", Opcode.UNLATCH, 3, master=at_bay.bay_master[2])
        at_bay.run(0.05)
        assert both(at_bay.outcome("latches", work, master=at_bay.bay_master[2])) == OK
        at_bay.bay_master[2].mute = True
        at_bay.run(3.0)
        assert self.latches(at_bay) is State.UNLATCHED

    def test_a_stuck_contact_is_a_contact_fault(self, at_bay: Rig) -> None:
        at_bay.plant.overrides["bay", 203, "latch_open"] = False
        assert self.do(at_bay, Opcode.UNLATCH) == (Result.FAULT, Reason.CONTACT)
        status = at_bay.bay_master[2].image().mechanisms["latches"]
        assert Flag.FAULT in status.flags

    def test_a_stop_lets_the_moving_latch_fall_home(self, at_bay: Rig) -> None:
        work = at_bay.send("latches", Opcode.UNLATCH, 3, master=at_bay.bay_master[2])
        at_bay.run(0.5)
        assert self.do(at_bay, Opcode.STOP, 0) == OK
        assert both(at_bay.outcome("latches", work, master=at_bay.bay_master[2])) == (Result.STOPPED, Reason.NONE)
        assert self.latches(at_bay) is State.LATCHED

    def test_latching_needs_no_power_and_unlatching_does(self) -> None:
        rig = Rig()
        rig.run(0.3)
        assert self.do(rig, Opcode.UNLATCH) == (Result.REFUSED, Reason.POWER)
        assert self.do(rig, Opcode.LATCH) == OK
