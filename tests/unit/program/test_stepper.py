"""The stepper: skipping scans changes nothing that anyone can see, and time belongs to whoever calls."""

import asyncio

import pytest

from hal.plcmap.codec import ControllerBlock
from hal.plcmap.codes import Opcode, Result
from sim_plc.plant.plant import Car
from sim_plc.rehearsal.loop import run
from sim_plc.stepper import Stepper
from tests.support.program_day import day
from tests.support.program_rig import Rig


def lived(*, faithful: bool) -> Rig:
    rig = Rig(cars={203: Car("A7")}, faithful=faithful, profile="brisk")
    day(rig)
    return rig


def test_skipped_scans_change_nothing() -> None:
    faithful, coalesced = lived(faithful=True), lived(faithful=False)
    assert coalesced.stepper.scans < faithful.stepper.scans
    assert list(coalesced.tower.log) == list(faithful.tower.log)
    for ours, theirs in zip(coalesced.masters, faithful.masters, strict=True):
        assert ours.program.log == theirs.program.log
        assert ours.slow() == theirs.slow()
        assert ours.image() == theirs.image()
    assert coalesced.plant.truth() == faithful.plant.truth()
    assert coalesced.tower.retained_bytes() == faithful.tower.retained_bytes()


def test_an_idle_tower_is_not_scanned() -> None:
    rig = Rig()
    rig.up()
    for master in rig.masters:
        master.mute = True
    rig.run(3.0)
    before = rig.stepper.scans
    rig.run(1000.0)
    assert rig.stepper.scans == before
    assert rig.stepper.next_due() is None
    assert rig.master.image().heartbeat == round(rig.t / 0.01) & 0xFFFF


def test_positions_are_those_of_the_read_though_no_scan_runs() -> None:
    rig = Rig()
    rig.up()
    rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(2.0)
    rig.master.mute = True
    seen = []
    for _ in range(5):
        rig.run(0.02)
        seen.append(rig.status("lift").position)
    assert seen == sorted(set(seen))


def test_a_touch_from_outside_comes_when_it_came() -> None:
    rig = Rig()
    rig.up()
    rig.run(10.0)
    move = rig.send("lift", Opcode.MOVE_TO, 2500, 202)
    rig.run(1.0)
    rig.plant.press_e_stop()
    rig.run(5.0)
    entry = next(e for e in rig.tower.log if e.sequence == move and e.result is Result.STOPPED_SAFETY)
    touched = rig.t - 5.0
    assert touched < entry.t < touched + 1.0


def test_a_touch_finds_the_plant_at_its_time_behind_scans_that_only_heard() -> None:
    """What was done to it began up to a scan earlier, and with other polls at another time (seed 43)."""
    rig = Rig()
    rig.up()
    rig.run(3.0 - rig.t % 0.1 + 0.015)
    assert rig.stepper.now > rig.plant.truth().t
    rig.stepper.touch(rig.t)
    assert rig.plant.truth().t == rig.stepper.now == pytest.approx(rig.t, abs=0.01)


def test_time_never_goes_back() -> None:
    rig = Rig()
    rig.run(5.0)
    rig.stepper.advance(1.0)
    assert rig.stepper.now == pytest.approx(5.0)


def test_units_are_brought_up_to_the_clock_before_each_access() -> None:
    rig = Rig()
    now = [0.0]
    unit = rig.stepper.units(lambda: now[0])[1]
    now[0] = 3.0
    block = rig.tower.station.fast[0]
    assert unit.read_input(block.address, block.count)[1] == 300
    echo = ControllerBlock(1, 1, 300).to_words()
    unit.write(rig.tower.station.controller_block, echo)
    now[0] = 3.02
    words = unit.read_holding(block.address, block.count)
    assert (words[3], words[4], words[5]) == (0, 1, 1)


def test_a_read_shows_its_own_instant_though_only_another_station_has_heard_the_controller() -> None:
    rig = Rig()
    rig.up()
    now = [rig.t + 0.02]
    rig.stepper.advance(now[0])
    master, block = rig.bay_master[1], rig.tower.station.fast[0]
    units = rig.stepper.units(lambda: now[0])
    tower, bays = units[rig.tower.unit], units[master.program.unit]
    heard = ControllerBlock(master.epoch, master.owner, master.image().heartbeat)
    bays.write(master.program.station.controller_block, heard.to_words())
    now[0] += 0.01
    assert tower.read_input(block.address, block.count)[1] == round(now[0] / 0.01)


def test_the_loop_steps_by_itself_and_is_woken_by_writes() -> None:
    async def main() -> tuple[float, float, int]:
        rig = Rig()
        loop = asyncio.get_running_loop()
        stepper: Stepper = rig.stepper
        unit = stepper.units(loop.time)[1]
        task = asyncio.create_task(stepper.run())
        await asyncio.sleep(50.0)
        scans = stepper.scans
        unit.write(rig.tower.station.controller_block, ControllerBlock(1, 1, 5000).to_words())
        await asyncio.sleep(5.0)
        reached = stepper.now
        task.cancel()
        return loop.time(), reached, stepper.scans - scans

    now, reached, scans = run(main())
    assert now == pytest.approx(55.0)
    assert reached == pytest.approx(51.51, abs=0.05)
    assert 2 <= scans <= 4
