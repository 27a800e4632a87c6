import asyncio
from dataclasses import replace

import pytest

from hal.errors import BadAnswer, ForeignMaster, NotOnline
from hal.interfaces import StationState
from hal.plcmap.codes import Opcode
from hal.plcmap.registers import tower_map
from hal.scan import Station
from sim_plc.rehearsal.loop import run
from sim_plc.rehearsal.memory_link import Fault
from tests.support.fake_plc import SHAPE, FakePlc
from tests.support.hal_rig import OWNER, MemoryEpochs, rig


def states_of(station: Station) -> list[StationState]:
    """Return a list that grows with each state that a station enters from now on."""
    states: list[StationState] = []

    def note(changed: Station) -> None:
        if states[-1:] != [changed.state]:
            states.append(changed.state)

    station.on_state(note)
    return states


def test_a_station_is_online_only_when_the_new_epoch_is_in_force() -> None:
    async def scenario() -> None:
        plc = FakePlc(tower_map(SHAPE))
        plc.takes_epochs = False
        async with rig(plc=plc, online=False) as it:
            await it.state(StationState.FENCING)
            await asyncio.sleep(0.5)
            assert it.station.state is StationState.FENCING
            with pytest.raises(NotOnline, match="not in force"):
                _ = it.station.image
            plc.takes_epochs = True
            await it.online()
            assert it.station.image.epoch_in_force == it.station.epoch == 0x0001_0001
            assert it.station.image.owner_in_force == OWNER

    run(scenario())


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("map_id", 1, "map id is 0x0001, configured 0x4354"),
        ("map_version", 9, "map version is 9, configured 1"),
        ("station_kind", 2, "station kind is 2, configured 1"),
        ("tower_id", 600, "tower id is 600, configured 601"),
        ("level", 3, "level is 3, configured 0"),
        ("table_crc", 0, "place table CRC is 0x0000"),
        ("program_state", 0, "program state is 0, configured 1"),
    ],
)
def test_a_wrong_station_stays_offline_and_is_told_apart_by_both_values(field: str, value: int, told: str) -> None:
    async def scenario() -> None:
        plc = FakePlc(tower_map(SHAPE))
        right = plc.identity
        plc.identity = replace(right, **{field: value})
        async with rig(plc=plc, online=False) as it:
            await asyncio.sleep(3)
            assert it.station.state is StationState.OFFLINE
            assert told in it.station.trouble
            assert plc.blocks == []
            plc.identity = right
            await it.online()

    run(scenario())


def test_every_poll_writes_the_epoch_and_the_heartbeat_that_was_read_last() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.station.set_period(0.1)
            await asyncio.sleep(1)
            before = len(it.plc.blocks)
            seen = it.station.image.heartbeat
            await asyncio.sleep(0.1)
            block = it.plc.blocks[before]
            assert (block.epoch, block.owner, block.heartbeat_echo) == (it.station.epoch, OWNER, seen)

    run(scenario())


def test_polls_are_quick_while_something_executes_and_slow_otherwise() -> None:
    async def scenario() -> None:
        async with rig() as it:
            await asyncio.sleep(1)
            it.plc.blocks.clear()
            await asyncio.sleep(5)
            assert len(it.plc.blocks) == 10
            it.plc.show("turntable", executing=3)
            await asyncio.sleep(0.6)
            it.plc.blocks.clear()
            await asyncio.sleep(5)
            assert 49 <= len(it.plc.blocks) <= 51

    run(scenario())


def test_a_station_without_fc23_is_polled_with_fc16_and_fc4() -> None:
    async def scenario() -> None:
        plc = FakePlc(tower_map(SHAPE))
        plc.knows_fc23 = False
        for fc23 in (True, False):
            async with rig(plc=plc, fc23=fc23) as it:
                heartbeat = it.station.image.heartbeat
                await asyncio.sleep(1.1)
                assert it.station.image.heartbeat != heartbeat

    run(scenario())


def test_a_heartbeat_that_stands_still_makes_the_image_stale_within_the_limit() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.station.set_period(0.1)
            await asyncio.sleep(1)
            it.plc.heart_stopped = True
            await asyncio.sleep(0.9)
            assert it.station.image.boot_id == 7
            await asyncio.sleep(0.25)
            with pytest.raises(NotOnline):
                _ = it.station.image
            it.plc.heart_stopped = False
            epoch = it.station.epoch
            await it.online()
            assert it.station.epoch > epoch

    run(scenario())


def test_single_lost_answers_are_borne() -> None:
    async def scenario() -> None:
        async with rig(fc23=False) as it:
            it.station.set_period(0.1)
            it.faults += [Fault.LOSE_ANSWER, Fault.NONE, Fault.LOSE_REQUEST]
            states = states_of(it.station)
            await asyncio.sleep(3)
            assert states == []

    run(scenario())


def test_a_lost_link_is_known_at_once_and_a_new_connection_raises_the_epoch() -> None:
    async def scenario() -> None:
        async with rig() as it:
            epoch = it.station.epoch
            it.link.cut()
            await asyncio.sleep(0.6)
            await it.online()
            assert it.station.epoch == epoch + 1
            assert it.epochs.newest == it.station.epoch

    run(scenario())


def test_a_half_open_link_is_given_up_when_the_image_is_stale() -> None:
    async def scenario() -> None:
        async with rig() as it:
            states = states_of(it.station)
            it.link.reachable = False
            await asyncio.sleep(1.6)
            assert not it.station.online
            await asyncio.sleep(1)
            assert states == [StationState.STALE, StationState.OFFLINE]
            assert not it.link.connected
            it.link.reachable = True
            await it.online()
            assert it.link.generation == 2

    run(scenario())


@pytest.mark.parametrize("period_s", [0.1, 0.5])
@pytest.mark.parametrize("link_gives_up_s", [0.95, 60.0])
def test_a_peer_that_takes_connections_and_answers_nothing_is_stale_until_it_speaks(
    link_gives_up_s: float, period_s: float
) -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.station.set_period(period_s)
            await asyncio.sleep(2)
            states = states_of(it.station)
            units = dict(it.link.units)
            it.link.units.clear()
            asyncio.get_running_loop().call_later(link_gives_up_s, it.link.cut)
            await asyncio.sleep(1.5 * max(1, 3 * period_s) + 0.3)
            assert not it.station.online
            await asyncio.sleep(10)
            assert states == [StationState.STALE]
            it.link.units.update(units)
            await it.online()
            assert states == [StationState.STALE, StationState.FENCING, StationState.ONLINE]
            assert it.link.generation > 1

    run(scenario())


def test_a_program_that_halts_is_stale_until_it_runs_again() -> None:
    async def scenario() -> None:
        async with rig() as it:
            states = states_of(it.station)
            it.plc.heart_stopped = True
            await asyncio.sleep(20)
            assert states == [StationState.STALE]
            assert "stands still" in it.station.trouble
            it.plc.heart_stopped = False
            await it.online()

    run(scenario())


def test_a_station_that_was_never_online_is_offline_however_silent() -> None:
    async def scenario() -> None:
        async with rig(online=False) as it:
            states = states_of(it.station)
            it.link.units.clear()
            await asyncio.sleep(5)
            assert set(states) == {StationState.IDENTIFYING, StationState.OFFLINE}

    run(scenario())


def test_a_station_that_is_adopted_at_once_is_fenced_anew() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.show("lift", accepted=9)
            await it.state(StationState.FROZEN)
            await it.station.adopt_epoch()
            await it.online()
            assert it.station.epoch == 0x0002_0001
            assert it.station.image.epoch_in_force == it.station.epoch

    run(scenario())


def test_nothing_is_written_over_a_connection_that_somebody_else_made() -> None:
    async def scenario() -> None:
        async with rig() as it:
            await asyncio.sleep(1)
            prepared = it.lift.prepare(Opcode.HOME)
            it.link.cut()
            await it.link.connect()
            with pytest.raises(NotOnline, match="anew"):
                await it.lift.issue(prepared)
            assert it.plc.frames == []

    run(scenario())


def test_a_restart_is_seen_by_the_boot_id_and_the_station_identified_anew() -> None:
    async def scenario() -> None:
        async with rig() as it:
            states = states_of(it.station)
            it.plc.boot_id = 8
            await asyncio.sleep(1.5)
            assert it.station.image.boot_id == 8
            assert states == [
                StationState.OFFLINE,
                StationState.IDENTIFYING,
                StationState.FENCING,
                StationState.ONLINE,
            ]

    run(scenario())


def test_a_higher_epoch_freezes_and_nothing_is_written_until_an_operator_adopts() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.epoch, it.plc.owner = 0x0009_0001, 99
            await it.state(StationState.FROZEN)
            with pytest.raises(ForeignMaster, match="0x00090001"):
                _ = it.station.image
            written = len(it.plc.blocks)
            await asyncio.sleep(20)
            assert len(it.plc.blocks) == written
            last = it.station.last_image
            assert last is not None
            assert last.epoch_in_force == 0x0009_0001
            await it.station.adopt_epoch()
            await it.online()
            assert it.station.epoch == 0x000A_0001

    run(scenario())


def test_a_station_is_adopted_above_the_newest_epoch_that_it_showed_while_it_stood_frozen() -> None:
    """Another host that goes on claiming it would cost a person one word for each claim."""

    async def scenario() -> None:
        async with rig() as it:
            it.plc.epoch, it.plc.owner = 0x0009_0001, 99
            await it.state(StationState.FROZEN)
            it.plc.epoch = 0x0020_0001
            await asyncio.sleep(2)
            await it.station.adopt_epoch()
            await it.online()
            assert it.station.epoch == 0x0021_0001

    run(scenario())


def test_our_epoch_under_another_owner_freezes() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.owner = 99
            await it.state(StationState.FROZEN)
            assert "owner 99" in it.station.trouble

    run(scenario())


def test_a_start_below_the_epoch_in_force_never_writes() -> None:
    async def scenario() -> None:
        plc = FakePlc(tower_map(SHAPE))
        async with rig(plc=plc, epochs=MemoryEpochs(), online=False) as it:
            plc.epoch = 0x0005_0000
            await it.state(StationState.FROZEN)
            assert plc.blocks == []

    run(scenario())


def test_torn_images_are_read_again_and_only_endless_tearing_is_an_error() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.torn_reads = 2
            await it.station.request_slow()
            it.plc.torn_reads = 100
            with pytest.raises(BadAnswer, match="torn"):
                await it.station.request_slow()

    run(scenario())


def test_until_waits_for_an_image_and_names_why_none_came() -> None:
    async def scenario() -> None:
        async with rig() as it:
            asyncio.get_running_loop().call_later(2, lambda: it.plc.show("lift", position=123))
            image = await it.station.until(lambda image: image.mechanisms["lift"].position == 123, 5)
            assert image.mechanisms["lift"].position == 123
            with pytest.raises(TimeoutError):
                await it.station.until(lambda image: image.mechanisms["lift"].position == 7, 1)
            it.link.reachable = False
            with pytest.raises(NotOnline):
                await it.station.until(lambda image: image.mechanisms["lift"].position == 7, 5)

    run(scenario())


def test_a_touch_changes_the_dead_man_counter_once_and_at_once() -> None:
    async def scenario() -> None:
        async with rig() as it:
            await asyncio.sleep(1)
            before = it.plc.blocks[-1].dead_man
            it.plc.blocks.clear()
            it.station.touch_dead_man()
            await asyncio.sleep(0.02)
            assert [block.dead_man for block in it.plc.blocks] == [before + 1]
            await asyncio.sleep(1)
            assert {block.dead_man for block in it.plc.blocks} == {before + 1}

    run(scenario())


def test_a_touch_that_could_not_be_passed_on_is_no_sign_of_life_later() -> None:
    async def scenario() -> None:
        async with rig() as it:
            await asyncio.sleep(1)
            epoch = it.plc.blocks[-1].epoch
            it.link.reachable = False
            await asyncio.sleep(3)
            it.plc.blocks.clear()
            it.station.touch_dead_man()
            await asyncio.sleep(0.3)
            it.link.reachable = True
            await asyncio.sleep(3)
            shown = {(block.epoch, block.dead_man) for block in it.plc.blocks}
            assert all(each > epoch for each, _ in shown)
            assert len(shown) == len(dict(shown)), "the first value of an epoch proves no hand"

    run(scenario())


def test_the_dead_man_counter_changes_with_every_write_while_held_only() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.station.hold_dead_man(held=True)
            it.station.set_period(0.1)
            await asyncio.sleep(1)
            held = [block.dead_man for block in it.plc.blocks[-8:]]
            assert len(set(held)) == len(held)
            it.station.hold_dead_man(held=False)
            await asyncio.sleep(0.2)
            it.plc.blocks.clear()
            await asyncio.sleep(1)
            assert len({block.dead_man for block in it.plc.blocks}) == 1

    run(scenario())
