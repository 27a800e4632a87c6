"""Lift and turntable: moves, homing, stops and jogs."""

import pytest

from hal.interfaces import Verdict
from hal.plcmap.codec import Image
from hal.plcmap.codes import Flag, Mode, Reason, State
from hal.tower import TOWER
from tests.support.backends import Backend
from tests.support.bench import LIMIT_S, Ability, Bench
from tests.support.contract import FULL_TURN, Prepare, high, homed, later, low, top

DEAD_MAN_POLL_S = 0.1
NEAR_MDEG = 1000


@pytest.mark.tall
def test_a_lift_move_ends_docked_within_tolerance(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, shape = bench.tower, bench.shape
        for place in (high(shape), low(shape)):
            await bench.dock(place)
            assert abs(tower.lift.position_mm - shape.poses[place].height_mm) <= shape.height_tolerance_mm
            assert tower.lift.held
            assert tower.turntable.held
            assert tower.dock.docked_at == place

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_lift_and_turntable_move_together(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, shape = bench.tower, bench.shape
        await bench.dock(low(shape))
        together: list[Image] = []

        def note(image: Image) -> None:
            if image.mechanisms["lift"].executing and image.mechanisms["turntable"].executing:
                together.append(image)

        tower.stations[TOWER].on_image(note)
        await bench.dock(top(shape))
        assert together, "no image showed both executing"

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_the_turntable_takes_the_shorter_way(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower = bench.tower
        await bench.ok(tower.turntable.move_to_angle(0))
        target = FULL_TURN * 3 // 4
        seen: list[int] = []
        tower.stations[TOWER].on_image(lambda image: seen.append(image.mechanisms["turntable"].position))
        await bench.ok(tower.turntable.move_to_angle(target))
        assert not [mdeg for mdeg in seen if NEAR_MDEG < mdeg < target - NEAR_MDEG], "the longer way"
        assert [mdeg for mdeg in seen if target + NEAR_MDEG < mdeg < FULL_TURN - NEAR_MDEG], "no image on the way"

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_homing_ends_at_the_reference(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower = bench.tower
        await bench.dock(low(bench.shape))
        await bench.ok(tower.shuttle.home())
        await bench.ok(tower.lift.home(), tower.turntable.home())
        assert homed(bench) == (True, True, True)
        assert tower.shuttle.centred
        assert abs(tower.lift.position_mm) <= bench.shape.height_tolerance_mm
        turned = tower.turntable.position_mdeg
        assert min(turned, FULL_TURN - turned) <= bench.shape.angle_tolerance_mdeg

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
@pytest.mark.parametrize("axis", ["lift", "turntable"])
def test_a_stop_in_mid_move_stops_the_command_and_proves_standstill(backend: Backend, axis: str) -> None:
    async def scenario(bench: Bench) -> None:
        tower, station = bench.tower, bench.tower.stations[TOWER]
        mechanism = tower.mechanism(f"{TOWER}/{axis}")
        await bench.dock(low(bench.shape))
        start = mechanism.status().position
        half_a_turn = (start + FULL_TURN // 2) % FULL_TURN
        command = tower.lift.move_to(top(bench.shape)) if axis == "lift" else tower.turntable.move_to_angle(half_a_turn)
        await bench.runs(command)
        with station.busy():
            await station.until(lambda image: image.mechanisms[axis].position != start, LIMIT_S)
        stop = await mechanism.stop()
        assert stop.verdict is Verdict.OK, stop
        outcome = await mechanism.outcome(command, LIMIT_S)
        assert outcome.verdict is Verdict.STOPPED, outcome
        rested = mechanism.status()
        assert rested.executing == 0
        assert rested.state == State.STANDSTILL
        assert rested.flags & Flag.HELD
        assert rested.position not in (start, command.content.argument1)
        await later(bench, TOWER)
        assert mechanism.status().position == rested.position

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_a_stop_of_what_stands_is_ok(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for mechanism in bench.tower.mechanisms.values():
            outcome = await mechanism.stop()
            assert outcome.verdict is Verdict.OK, (mechanism.name, outcome)

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE, Ability.DEAD_MAN)
@pytest.mark.parametrize("axis", ["lift", "turntable"])
def test_a_jog_runs_in_manual_while_the_dead_man_is_held(backend: Backend, axis: str) -> None:
    async def scenario(bench: Bench) -> None:
        tower, station = bench.tower, bench.tower.stations[TOWER]
        control, mechanism = tower.station_controls[TOWER], tower.mechanism(f"{TOWER}/{axis}")
        jogs: dict[str, Prepare] = {
            "lift": lambda: tower.lift.jog(up=True),
            "turntable": lambda: tower.turntable.jog(ahead=True),
        }
        jog = jogs[axis]
        await bench.dock(low(bench.shape))
        start = mechanism.status().position
        station.set_period(DEAD_MAN_POLL_S)
        try:
            station.hold_dead_man(held=True)
            for _ in range(3):
                await later(bench, TOWER)
            await bench.refused(jog(), Reason.MODE)
            await bench.ok(control.set_mode(Mode.MANUAL))
            command = jog()
            await bench.runs(command)
            with station.busy():
                await station.until(lambda image: image.mechanisms[axis].position != start, LIMIT_S)
        finally:
            station.hold_dead_man(held=False)
        assert (await mechanism.outcome(command, LIMIT_S)).verdict is Verdict.OK
        rested = mechanism.status()
        assert rested.flags & Flag.HELD
        assert (rested.position - start) % FULL_TURN > 0
        await bench.refused(jog(), Reason.DEAD_MAN)
        await bench.ok(control.set_mode(Mode.PRODUCTION))

    backend.play(scenario)
