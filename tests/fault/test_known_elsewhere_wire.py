"""What went wrong on other people's wires, by their own bug lists: each test is named after what it prevents."""

import asyncio
import struct

import pytest

from controller.domain.events import Relocate
from controller.domain.jobs import JobKind
from controller.domain.jobs import JobState as S
from controller.domain.unit import UnitState
from hal.link import Link
from hal.modbus_link import TcpLink
from hal.readings import Loaded
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.memory_link import Fault, MemoryLink
from sim_plc.unit import ModbusRefusal
from tests.support.bench import Bench
from tests.support.modbus_peers import mbap
from tests.support.moves import attend, caught, hold_against_truth, move, moving, room_given_back, starts
from tests.support.openers import tcp_bench
from tests.support.outputs import driving, energised, requests
from tests.support.places import LOW2, TOP2
from tests.support.stage import Stage
from tests.support.tower_under_test import chosen, tower_under_test

NIGHT_S = 10 * 3600.0

RAMP_S = 2.0
"""Every ramp of the medium machine, its brakes and a scan."""

NOTICED_S = 3.0
"""A link that has gone silent is noticed within this, half-open or not."""


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (S.PICKING, JobKind.RETRIEVE),
        pytest.param(S.POSITIONING_TO, JobKind.RETRIEVE, marks=pytest.mark.campaign),
        pytest.param(S.OPENING_TO, JobKind.RETRIEVE, marks=pytest.mark.campaign),
        pytest.param(S.PLACING, JobKind.STORE, marks=pytest.mark.campaign),
    ],
)
def test_a_computer_that_is_off_leaves_nothing_driven_through_the_night(step: S, kind: JobKind) -> None:
    """bigtreetech/manta-m8p #14: with its host off, a board kept its outputs on all night."""

    async def play() -> None:
        async with move(kind, tower_under_test(profile="medium")) as (it, number):
            await it.until(lambda: it.job(number).state is step and bool(moving(it.world.plant.truth())), 300.0)
            await it.world.crash_daemon()
            silence_s = it.world.tower.machine.plc.silence_s
            await asyncio.sleep(silence_s + RAMP_S)
            it.world.touch()
            plant = it.world.plant
            assert driving(plant) == set()
            assert moving(plant.truth()) == []
            on, asked = energised(plant), requests(plant)
            await asyncio.sleep(NIGHT_S)
            it.world.touch()
            assert energised(plant) <= on
            assert requests(plant) == asked
            await it.start()
            await attend(it, number)
            assert it.job(number).state is S.DONE
            hold_against_truth(it)

    loop.run(play())


def test_a_second_client_in_the_middle_of_a_job_stops_nothing() -> None:
    """thiagoralves/OpenPLC_v3 #148: two Modbus clients at once stopped the program that they asked."""

    async def play() -> None:
        async with move(JobKind.RETRIEVE) as (it, number):
            intruder = asyncio.create_task(intrude(it))
            assert await it.ended(number) is S.DONE
            intruder.cancel()
            (ended,) = await asyncio.gather(intruder, return_exceptions=True)
            assert isinstance(ended, asyncio.CancelledError), ended
            assert it.unit is UnitState.EXECUTE
            hold_against_truth(it)
            await room_given_back(it)

    loop.run(play())


async def intrude(it: Stage) -> None:
    """Read all of every station, and write where nobody may write, several times a second and for ever."""
    units = it.world.stepper.units(lambda: it.world.now)
    while True:
        for station in it.world.tower.maps.values():
            unit = units[station.unit]
            for block in station.blocks:
                unit.read_input(block.address, block.count)
                unit.read_holding(block.address, block.count)
                with pytest.raises(ModbusRefusal):
                    unit.write(block.address, (1,))
            with pytest.raises(ModbusRefusal):
                unit.write(station.owned_end, (1,))
        await asyncio.sleep(0.25)


@pytest.mark.realtime
def test_a_second_client_on_a_real_socket_stops_nothing() -> None:
    """The same over TCP: an exchange runs while others connect, ask, write nonsense and go in the middle of a frame."""

    async def play() -> None:
        async with tcp_bench(chosen()) as bench:
            await bench.begin()
            bay = bench.bay(Loaded.YES)
            await bench.dock(bay)
            await bench.open_way(bay)
            others = [asyncio.create_task(ask_on_a_connection_of_its_own(bench)) for _ in range(3)]
            await bench.ok(bench.tower.shuttle.pick(bay))
            answers = await asyncio.gather(*others)
            assert sum(answers) > 0
            assert bench.tower.shuttle.loaded is Loaded.YES
            await bench.ok(bench.tower.shuttle.place(bay))
            await bench.close_way(bay)
            bench.surroundings.judge()

    asyncio.run(asyncio.wait_for(play(), 60.0))


def peer_of(link: Link) -> tuple[str, int]:
    """Return the address that a link over TCP leads to."""
    assert isinstance(link, TcpLink)
    host, _, port = link._channel.name.removeprefix("tcp ").rpartition(":")
    return host, int(port)


async def ask_on_a_connection_of_its_own(bench: Bench) -> int:
    """Read, write to read-only registers, and hang up within a request; return how many answers came."""
    host, port = peer_of(bench.links["tower"])
    answers = 0
    for number in range(1, 6):
        reader, writer = await asyncio.open_connection(host, port)
        for request in (struct.pack(">BHH", 4, 0, 16), struct.pack(">BHHBH", 16, 0, 1, 2, 0xFFFF)):
            writer.write(mbap(number, 1, request))
            head = await reader.readexactly(7)
            answers += bool(await reader.readexactly(struct.unpack(">H", head[4:6])[0] - 1))
        writer.write(mbap(number, 1, struct.pack(">BHH", 4, 0, 16))[:9])
        await writer.drain()
        writer.close()
        await asyncio.sleep(0.02)
    return answers


def test_a_connection_that_is_half_open_behind_a_pulled_cable_is_given_up_and_made_anew() -> None:
    """BlackZork/mqmgateway #39: after the cable was pulled and put in again, Modbus TCP never came back.

    The station has forgotten the connection, and no word of that ever arrives: whatever is asked on it is lost.
    """

    async def play() -> None:
        async with move(JobKind.RETRIEVE) as (it, number):
            await caught(it, number, S.POSITIONING_TO)
            link = it.world.links["tower"]
            assert isinstance(link, MemoryLink)
            dead, since_s = link.generation, it.world.now
            it.world.decide = lambda bus, _function, _unit: (
                Fault.LOSE_REQUEST if bus == "tower" and link.generation == dead else Fault.NONE
            )
            await it.until(lambda: it.unit is not UnitState.EXECUTE, NOTICED_S)
            await it.until(lambda: link.generation > dead, 10.0)
            assert it.world.now - since_s < 10.0
            begun = starts(it)
            await asyncio.sleep(5.0)
            assert starts(it) == begun
            await attend(it, number)
            assert it.job(number).state is S.DONE
            hold_against_truth(it)
            await it.ended(await it.order(Relocate(car="A1", bay=TOP2 if it.belief()["A1"] == LOW2 else LOW2)))
            hold_against_truth(it)

    loop.run(play())
