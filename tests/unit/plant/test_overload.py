"""The carriage weighs what it takes: a car above its rated load is put back, and never carried."""

import pytest

from hal.plcmap.codes import Flag, Opcode, Reason, Result
from sim_plc.plant.plant import Car
from tests.support.program_rig import Rig

BAY = 203


def docked_at(car: Car) -> Rig:
    rig = Rig(cars={BAY: car})
    rig.up()
    rig.dock(BAY)
    assert rig.open_way(BAY).result is Result.OK
    return rig


@pytest.mark.parametrize(("weight_kg", "result"), [(2500, Result.OK), (2750, Result.OK), (2760, Result.FAULT)])
def test_a_car_of_a_tenth_above_the_rated_load_is_borne_and_a_step_more_is_not(weight_kg: int, result: Result) -> None:
    rig = docked_at(Car("A", weight_kg=weight_kg))
    outcome = rig.do("shuttle", Opcode.PICK, BAY)
    assert (outcome.result, outcome.reason) == (result, Reason.NONE if result is Result.OK else Reason.LOAD)
    assert rig.plant.tower_image.carriage.load_kg == weight_kg


def test_an_overload_is_put_back_by_undoing_the_exchange() -> None:
    rig = docked_at(Car("A", weight_kg=3100))
    assert rig.do("shuttle", Opcode.PICK, BAY).reason is Reason.LOAD
    assert rig.status("shuttle").flags & Flag.RESUMABLE
    assert not rig.plant.truth().carriage.arms_centred
    assert rig.do("station", Opcode.CLEAR_FAULT).result is Result.OK
    assert rig.do("shuttle", Opcode.UNDO).result is Result.OK
    assert rig.plant.truth().cars == {BAY: "A"}
    assert rig.plant.truth().carriage.arms_centred
    assert rig.plant.tower_image.carriage.load_kg == 0
    assert rig.plant.crimes == []
