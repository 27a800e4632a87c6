"""A station: its drives, its mode, a power-up, silence."""

import asyncio

import pytest

from hal.errors import NotOnline
from hal.interfaces import StationState, Verdict
from hal.plcmap import codes
from hal.plcmap.codes import Mode, Opcode, Reason, Signal, State
from hal.scan import Station
from hal.tower import TOWER
from tests.support.backends import Backend
from tests.support.bench import LIMIT_S, Ability, Bench
from tests.support.contract import FULL_TURN, bay_station, high, homed, later, low

STALE_S = 1.0
STALE_POLLS = 3
"""By the contract a station is stale after the longer one of the two."""
BUSY_S = 1.5
"""A time-out, and a busy machine."""


def station_state(bench: Bench) -> tuple[int, bool]:
    return bench.tower.station_controls[TOWER].mechanism.status().state, bench.tower.safety.powered


async def goes_blind(station: Station) -> None:
    """Wait until a station has no image any more for whoever asks."""
    async with asyncio.timeout(LIMIT_S):
        while station.online:  # noqa: ASYNC110 - an image grows too old without any news
            await asyncio.sleep(0.01)


async def falls_silent(station: Station) -> None:
    """Wait until a station is told not to be online any more: after a poll that failed, of all on a dead line."""
    async with asyncio.timeout(LIMIT_S):
        while station.state is StationState.ONLINE:
            await station.news(asyncio.get_running_loop().time() + LIMIT_S)


@pytest.mark.needs(Ability.MACHINE)
def test_the_safety_chain_is_closed_and_the_drives_are_enabled(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        safety = bench.tower.safety
        assert safety.ok
        assert safety.powered
        assert safety.causes() == ()
        assert await safety.first_out() == 0

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_the_mode_follows_its_command(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        control = bench.tower.station_controls[TOWER]
        await bench.ok(control.set_mode(Mode.MANUAL))
        assert control.status & codes.Status.MODE_MANUAL
        await bench.ok(control.set_mode(Mode.PRODUCTION))
        assert control.status & codes.Status.MODE_PRODUCTION
        assert not control.status & codes.Status.MODE_MANUAL
        await bench.refused(control.mechanism.prepare(Opcode.MODE, 9), Reason.ARGUMENT)

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE, Ability.POWER)
def test_a_station_moves_nothing_after_power_up_until_reset_and_homing(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, station = bench.tower, bench.tower.stations[TOWER]
        await bench.dock(low(bench.shape))
        cut_short = tower.turntable.move_to_angle(FULL_TURN // 2)
        await bench.runs(cut_short)
        boot_id, epoch = station.image.boot_id, station.epoch
        await bench.surroundings.power_cycle(TOWER)
        outcome = await tower.turntable.mechanism.outcome(cut_short, LIMIT_S)
        assert outcome.verdict is Verdict.STOPPED_RESTART, outcome
        await bench.online()
        assert station.image.boot_id == boot_id + 1
        assert station.epoch > epoch
        assert station_state(bench) == (State.FAULTED, False)
        assert homed(bench) == (False, False, False)
        await bench.refused(tower.lift.home(), Reason.POWER)
        await bench.refused(tower.rooms[bench.room].outer_gate.open(), Reason.POWER)
        await bench.ok(tower.rooms[bench.room].signal.show(Signal.OUT_OF_SERVICE))
        await bench.ok(tower.station_controls[TOWER].reset())
        assert station_state(bench) == (State.READY, True)
        await bench.refused(tower.lift.move_to(high(bench.shape)), Reason.NOT_HOMED)
        await bench.ok(tower.shuttle.home())
        await bench.ok(tower.lift.home(), tower.turntable.home())
        await bench.dock(high(bench.shape))

    backend.play(scenario)


def test_images_stay_fresh(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for name, station in bench.tower.stations.items():
            heartbeat = station.image.heartbeat
            await later(bench, name)
            assert station.image.heartbeat != heartbeat

    backend.play(scenario)


@pytest.mark.tall
@pytest.mark.needs(Ability.SILENCE)
def test_a_silent_station_is_stale_gives_no_image_and_comes_back_with_a_new_epoch(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        names = (TOWER, bay_station(high(bench.shape)))
        epochs = {name: bench.tower.stations[name].epoch for name in names}
        for name in names:
            await bench.surroundings.silence(name)
        silent_from = asyncio.get_running_loop().time()
        for name in names:
            await goes_blind(bench.tower.stations[name])
            assert asyncio.get_running_loop().time() - silent_from < max(STALE_S, STALE_POLLS * bench.poll_s) + BUSY_S
        for name in names:
            station = bench.tower.stations[name]
            await falls_silent(station)
            assert station.trouble
            with pytest.raises(NotOnline):
                _ = station.image
        with pytest.raises(NotOnline):
            bench.tower.lift.home()
        for name in names:
            await bench.surroundings.speak(name)
        await bench.online()
        for name in names:
            assert bench.tower.stations[name].image.epoch_in_force > epochs[name]
        await bench.ok(bench.tower.rooms[bench.room].signal.show(Signal.WAIT))

    backend.play(scenario)
