"""A car moves the carriage on its ropes, and the PLC brings it back to its level."""

import pytest

from config.load import load_tower
from hal.plcmap.codes import Opcode, Reason, Result
from sim_plc.plant.plant import Car
from sim_plc.plant.ropes import GRAVITY_M_S2, MODULUS_N_MM2, ROPE_MM2, SAG_LIMIT_MM, Ropes, ropes_of
from tests.support.program_rig import Rig

BAY = 103
HEAVIEST, USUAL = Car("H", weight_kg=2500), Car("U", weight_kg=1600)


def height(rig: Rig) -> float:
    return rig.plant.truth().carriage.lift.position


def loaded(rig: Rig) -> bool:
    return rig.plant.truth().carriage.car is not None


def docked_and_open(car: Car) -> Rig:
    rig = Rig(cars={BAY: car})
    rig.up()
    rig.dock(BAY)
    assert rig.open_way(BAY).result is Result.OK
    return rig


def test_elongation_is_force_times_length_over_modulus_and_section() -> None:
    ropes = Ropes(top_mm=13_000, count=6)
    assert ropes.sag_mm(0, 2500) == pytest.approx(2500 * GRAVITY_M_S2 * 13_000 / (MODULUS_N_MM2 * ROPE_MM2 * 6))
    assert ropes.sag_mm(6500, 2500) == pytest.approx(ropes.sag_mm(0, 2500) / 2)
    assert ropes.sag_mm(0, 1250) == pytest.approx(ropes.sag_mm(0, 2500) / 2)
    assert Ropes(13_000, 0).sag_mm(0, 2500) == 0


@pytest.mark.parametrize("name", ["small", "guangzhou", "autostadt"])
def test_every_tower_has_ropes_that_let_the_heaviest_car_sink_by_some_millimetres(name: str) -> None:
    tower = load_tower(name)
    assert 3 < ropes_of(tower).sag_mm(0, tower.limits.weight_kg) <= SAG_LIMIT_MM


@pytest.mark.parametrize(("car", "levels"), [(HEAVIEST, True), (USUAL, False)])
def test_the_carriage_sinks_under_a_car_and_is_levelled_again_if_it_is_far_off(car: Car, levels: bool) -> None:
    rig = docked_and_open(car)
    before, sag = height(rig), ropes_of(rig.config).sag_mm(0, car.weight_kg)
    sequence = rig.send("shuttle", Opcode.PICK, BAY)
    while not loaded(rig):
        rig.run(0.01)
    assert height(rig) == pytest.approx(before - sag, abs=0.01)
    assert rig.outcome("shuttle", sequence).result is Result.OK
    target = rig.config.shape.poses[BAY].height_mm
    if levels:
        assert abs(height(rig) - target) <= 1
    else:
        assert height(rig) == pytest.approx(before - sag, abs=0.01)
    assert rig.master.image().mechanisms["lift"].position == round(height(rig))
    assert [crime.text for crime in rig.plant.crimes] == []


def test_it_rises_when_the_car_is_put_down_and_is_levelled_with_the_inner_door_open() -> None:
    rig = docked_and_open(HEAVIEST)
    assert rig.do("shuttle", Opcode.PICK, BAY).result is Result.OK
    assert rig.close_way(BAY).result is Result.OK
    rig.dock(101)
    assert rig.open_way(101).result is Result.OK
    before = height(rig)
    sequence = rig.send("shuttle", Opcode.PLACE, 101)
    while loaded(rig):
        rig.run(0.01)
    assert height(rig) - before == pytest.approx(ropes_of(rig.config).sag_mm(0, 2500), abs=0.01)
    assert rig.outcome("shuttle", sequence).result is Result.OK
    assert abs(height(rig)) <= 1
    assert rig.plant.truth().doors[101].opened
    assert rig.plant.truth().carriage.held
    assert rig.plant.crimes == []


def test_a_stop_while_it_is_levelled_leaves_the_carriage_held() -> None:
    rig = docked_and_open(HEAVIEST)
    sequence = rig.send("shuttle", Opcode.PICK, BAY)
    while rig.tower.mechanism("lift").machine.show().state.name != "DISCRETE_MOTION":
        rig.run(0.01)
    rig.run(0.4)
    stop = rig.send("shuttle", Opcode.STOP)
    assert rig.outcome("shuttle", stop).result is Result.OK
    assert rig.outcome("shuttle", sequence).result is Result.STOPPED
    assert rig.plant.truth().carriage.held
    assert loaded(rig)
    assert rig.plant.crimes == []


def test_an_exchange_is_cut_when_a_weak_rope_takes_the_carriage_out_of_its_tolerance() -> None:
    rig = docked_and_open(HEAVIEST)
    rig.plant.weaken_ropes(0.4)
    outcome = rig.do("shuttle", Opcode.PICK, BAY)
    assert (outcome.result, outcome.reason) == (Result.STOPPED_SAFETY, Reason.NOT_DOCKED)
    assert loaded(rig)
    assert rig.do("shuttle", Opcode.RESUME).reason is Reason.NOT_DOCKED


def test_nothing_is_exchanged_out_of_tolerance() -> None:
    rig = docked_and_open(USUAL)
    rig.plant.wind_lift(12.0)
    rig.run(0.1)
    assert rig.do("shuttle", Opcode.PICK, BAY).reason is Reason.NOT_DOCKED
    assert not loaded(rig)
