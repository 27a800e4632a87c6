"""A car comes down and goes up again on real programs and a real plant."""

from hal.plcmap.codes import Opcode, Reason, Result
from sim_plc.plant.plant import Car
from tests.support.program_rig import Rig

SMALL_CAR = Car("A7")


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


def test_no_carriage_is_levelled_while_the_door_of_another_room_stands_open() -> None:
    """Small, seed 123: somebody forced a door while a car was taken out of a bay, and the lift moved at its end."""
    rig = Rig(name="guangzhou", cars={203: SMALL_CAR})
    rig.up()
    rig.dock(203)
    rig.open_way(203)
    rig.plant.troubles.force("door", 104, on=True)
    rig.run(5.0)
    assert not rig.plant.truth().doors[104].closed
    picked = rig.do("shuttle", Opcode.PICK, 203)
    assert (picked.result, picked.reason) == (Result.FAULT, Reason.INNER_DOOR_NOT_LOCKED)
    assert rig.plant.crimes == []
    assert rig.plant.truth().carriage.car == "A7"
