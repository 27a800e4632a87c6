"""Commands that are refused, each by its reason."""

import pytest

from hal.interfaces import Verdict
from hal.plcmap.codes import Opcode, Reason, State
from hal.plcmap.shape import level_of
from hal.readings import Loaded
from hal.tower import TOWER
from tests.support.backends import Backend
from tests.support.bench import LIMIT_S, Ability, Bench
from tests.support.contract import FULL_TURN, Prepare, high, low, top


@pytest.mark.needs(Ability.MACHINE)
def test_a_second_command_is_refused_busy_and_the_first_goes_on(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower = bench.tower
        await bench.dock(low(bench.shape))
        first = tower.lift.move_to(top(bench.shape))
        await bench.runs(first)
        await bench.refused(tower.lift.move_to(low(bench.shape)), Reason.BUSY)
        assert (await tower.lift.mechanism.outcome(first, LIMIT_S)).verdict is Verdict.OK
        assert tower.lift.position_mm == pytest.approx(
            bench.shape.poses[top(bench.shape)].height_mm, abs=bench.shape.height_tolerance_mm
        )

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_a_wrong_frame_content_is_refused_by_its_reason_and_moves_nothing(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, shape = bench.tower, bench.shape
        await bench.dock(low(shape))
        place, pose = high(shape), shape.poses[high(shape)]
        lift, turntable = tower.lift.mechanism, tower.turntable.mechanism
        shuttle, latches = tower.shuttle.mechanism, tower.latches[level_of(place)].mechanism
        before = tower.stations[TOWER].image
        wanted: list[tuple[Prepare, Reason]] = [
            (lambda: lift.prepare(Opcode.MOVE_TO, pose.height_mm - 1, place), Reason.TABLE),
            (lambda: turntable.prepare(Opcode.MOVE_TO, pose.angle_mdeg + 1, place), Reason.TABLE),
            (lambda: lift.prepare(Opcode.MOVE_TO, pose.height_mm, 9999), Reason.ARGUMENT),
            (lambda: lift.prepare(Opcode.MOVE_TO, -1_000_000, 0), Reason.ARGUMENT),
            (lambda: lift.prepare(Opcode.MOVE_TO, 100_000_000, 0), Reason.ARGUMENT),
            (lambda: turntable.prepare(Opcode.MOVE_TO, FULL_TURN, 0), Reason.ARGUMENT),
            (lambda: shuttle.prepare(Opcode.PICK, 9999), Reason.ARGUMENT),
            (lambda: latches.prepare(Opcode.UNLATCH, 99), Reason.ARGUMENT),
            (lambda: latches.prepare(Opcode.UNLATCH, 0), Reason.ARGUMENT),
            (lambda: lift.prepare(Opcode.PICK, place), Reason.UNKNOWN_OPCODE),
            (lambda: shuttle.prepare(Opcode.UNLATCH, 1), Reason.UNKNOWN_OPCODE),
            (lambda: lift.prepare(Opcode.HOME, expected_from=State.ERROR_STOP), Reason.EXPECTED_FROM),
        ]
        for prepare, reason in wanted:
            await bench.refused(prepare(), reason)
        after = tower.stations[TOWER].image
        for axis in ("lift", "turntable", "shuttle"):
            assert after.mechanisms[axis].position == before.mechanisms[axis].position
            assert after.mechanisms[axis].state == State.STANDSTILL
        assert tower.dock.all_latches_locked

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_nothing_moves_in_the_hoistway_while_a_latch_is_open(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, place = bench.tower, low(bench.shape)
        await bench.dock(place)
        await bench.open_way(place)
        await bench.refused(tower.lift.move_to(high(bench.shape)), Reason.LATCH_NOT_LOCKED)
        await bench.refused(tower.turntable.move_to_angle(FULL_TURN // 2), Reason.LATCH_NOT_LOCKED)
        assert tower.dock.docked_at == place
        await bench.close_way(place)

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_a_bay_unlatches_only_where_the_carriage_is_docked(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, shape = bench.tower, bench.shape
        await bench.dock(low(shape))
        for place in (shape.bays[1], high(shape)):
            await bench.refused(tower.latches[level_of(place)].unlatch(place), Reason.NOT_DOCKED)
            assert tower.latches[level_of(place)].latch_closed(place)
        assert tower.dock.all_latches_locked

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_exchanges_are_refused_by_the_load_the_way_and_the_place(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, free = bench.tower, bench.bay(Loaded.NO)
        shuttle = tower.shuttle
        await bench.dock(free)
        await bench.refused(shuttle.pick(free), Reason.WAY_NOT_OPEN)
        await bench.open_way(free)
        await bench.refused(shuttle.resume(), Reason.NOTHING_TO_RESUME)
        await bench.refused(shuttle.undo(), Reason.NOTHING_TO_RESUME)
        await bench.refused(shuttle.pick(free), Reason.SOURCE_NOT_OCCUPIED)
        await bench.refused(shuttle.place(free), Reason.CARRIAGE_EMPTY)
        await bench.refused(shuttle.pick(bench.bay(Loaded.YES)), Reason.NOT_DOCKED)
        assert shuttle.centred
        await bench.close_way(free)

    backend.play(scenario)
