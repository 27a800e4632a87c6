"""A car comes down and goes up again on real programs and a real plant."""

import pytest

from hal.plcmap.codes import Opcode, Reason, Result
from sim_plc.plant.plant import Car
from sim_plc.study.variants import with_rooms
from tests.support.program_rig import Rig
from tests.support.towers import tower_named

SMALL_CAR = Car("A7")
HEAVY_CAR = Car("A7", weight_kg=2500)


def test_a_car_comes_down_and_goes_back_without_a_crime() -> None:
    rig = Rig(cars={203: SMALL_CAR})
    rig.up()
    for source, target in ((203, 101), (101, 202)):
        rig.dock(source)
        assert rig.open_way(source).result is Result.OK
        assert rig.do("shuttle", Opcode.PICK, source).result is Result.OK
        assert rig.close_way(source).result is Result.OK
        rig.dock(target)
        assert rig.open_way(target).result is Result.OK
        assert rig.do("shuttle", Opcode.PLACE, target).result is Result.OK
        assert rig.close_way(target).result is Result.OK
    assert rig.plant.crimes == []
    assert rig.plant.truth().cars == {202: "A7"}


def roomy_rig() -> Rig:
    """Return a rig of two rooms, docked before the open way to a car that moves the carriage on its ropes."""
    tower = with_rooms(tower_named("small", "medium"), 2)
    rig = Rig(cars={102: HEAVY_CAR}, tower=tower)
    rig.up()
    rig.dock(102)
    rig.open_way(102)
    return rig


def test_no_carriage_is_levelled_while_the_door_of_another_room_stands_open() -> None:
    """Small, seed 123: somebody forced a door while a car was taken out of a bay, and the lift moved at its end."""
    rig = roomy_rig()
    rig.plant.troubles.force("door", 103, on=True)
    rig.run(5.0)
    assert not rig.plant.truth().doors[103].closed
    picked = rig.do("shuttle", Opcode.PICK, 102)
    assert (picked.result, picked.reason) == (Result.FAULT, Reason.INNER_DOOR_NOT_LOCKED)
    assert rig.plant.crimes == []
    assert rig.plant.truth().carriage.car == "A7"


def test_a_door_that_is_forced_while_the_carriage_is_levelled_stops_it() -> None:
    rig = roomy_rig()
    work = rig.send("shuttle", Opcode.PICK, 102)
    while not rig.plant.truth().carriage.lift.moving:
        rig.run(0.05)
        assert rig.t < 60.0
    rig.plant.troubles.force("door", 103, on=True)
    picked = rig.outcome("shuttle", work)
    assert (picked.result, picked.reason) == (Result.STOPPED_SAFETY, Reason.NOT_HELD)
    assert rig.plant.truth().carriage.lift.brake_on
    assert rig.plant.crimes == []


@pytest.mark.parametrize(("work", "place"), [(Opcode.PICK, 102), (Opcode.PLACE, 101)])
def test_an_exchange_that_was_cut_and_went_on_levels_the_carriage_as_any_other(work: Opcode, place: int) -> None:
    """Behind its end nobody knew any more where it was: the levelling was stopped as if the carriage stood nowhere."""
    rig = Rig(cars={102: HEAVY_CAR})
    rig.up()
    rig.dock(102)
    rig.open_way(102)
    if work is Opcode.PLACE:
        assert rig.do("shuttle", Opcode.PICK, 102).result is Result.OK
        rig.close_way(102)
        rig.dock(place)
        rig.open_way(place)
    rig.send("shuttle", work, place)
    rig.run(9.0)
    rig.do("shuttle", Opcode.STOP)
    resumed = rig.do("shuttle", Opcode.RESUME)
    assert (resumed.result, resumed.reason) == (Result.OK, Reason.NONE)
    off_mm = rig.plant.truth().carriage.lift.position - rig.config.shape.poses[place].height_mm
    assert abs(off_mm) < 2.0
    assert rig.plant.crimes == []
