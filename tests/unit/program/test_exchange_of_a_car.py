"""A car comes down and goes up again on real programs and a real plant."""

from hal.plcmap.codes import Opcode, Result
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
