"""The drivers over scripted stations: what each method asks for, what each reading proves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

import pytest

from hal.cadence import SteadyCadence
from hal.errors import Maintenance, NotOnline
from hal.interfaces import Prepared, Verdict
from hal.plcmap import codes
from hal.plcmap.codec import Image, Measurement, SlowImage
from hal.plcmap.codes import Bay, BayStation, Carriage, Flag, Opcode, Room, Safety, State
from hal.plcmap.frame import Content
from hal.plcmap.registers import StationMap, station_maps
from hal.readings import Loaded
from hal.tower import BusPlan, Tower, TowerPlan, open_tower
from sim_plc.rehearsal.loop import run
from sim_plc.rehearsal.memory_link import MemoryLink
from tests.support.fake_plc import SHAPE, FakePlc
from tests.support.hal_rig import MemoryEpochs

BUSES = (BusPlan("tower", ("tower",)), BusPlan("bays", ("bays1", "bays2")))
PLAN = TowerPlan(SHAPE, BUSES, owner=4711)
LOCKED = Flag.CLOSED_A | Flag.CLOSED_B | Flag.BOLTED_A | Flag.BOLTED_B


class Sensors(TypedDict, total=False):
    """What a test shows beside the mechanisms."""

    safety: Safety
    carriage: Carriage
    rooms: Mapping[int, Room]
    inputs: BayStation
    bays: Mapping[int, Bay]


class ShownPlc(FakePlc):
    """A station that also shows sensors: its image passes through ``sensors``."""

    def __init__(self, station: StationMap) -> None:
        super().__init__(station)
        self.sensors: Sensors = {}
        self.measurements: dict[int, Measurement] = {}

    def fast(self) -> Image:
        return replace(super().fast(), **self.sensors)

    def slow(self) -> SlowImage:
        return replace(super().slow(), first_out=int(Safety.FIRE), measurements=self.measurements)


@dataclass
class Site:
    tower: Tower
    plcs: Mapping[str, ShownPlc]
    epochs: MemoryEpochs

    async def show(self, station: str, **sensors: Unpack[Sensors]) -> None:
        self.plcs[station].sensors.update(sensors)
        await asyncio.sleep(1.1)


@asynccontextmanager
async def site(plan: TowerPlan = PLAN, *, epoch: int = 0) -> AsyncIterator[Site]:
    plcs = {name: ShownPlc(station) for name, station in station_maps(SHAPE).items()}
    plcs["bays2"].epoch = epoch

    def link(bus: BusPlan) -> MemoryLink:
        units = {plcs[name].map.unit: plcs[name] for name in bus.stations}

        def advance(now_s: float) -> None:
            for plc in plcs.values():
                plc.advance(now_s)

        return MemoryLink(units, before=advance)

    epochs = MemoryEpochs()
    async with open_tower(plan, links=link, cadences=lambda _: SteadyCadence(), epochs=epochs) as tower:
        for mechanism in tower.mechanisms.values():
            mechanism.adopt(0)
        it = Site(tower, plcs, epochs)
        for station in tower.stations.values():
            await station.until(lambda _: True, 10)
        yield it


def test_a_start_takes_an_epoch_above_every_station_in_reach() -> None:
    async def scenario() -> None:
        async with site(epoch=0x0007_0003) as it:
            assert it.tower.online
            starts = {name: station.epoch >> 16 for name, station in it.tower.stations.items()}
            assert starts == dict.fromkeys(("tower", "bays1", "bays2"), 8)

    run(scenario())


def test_the_buses_must_carry_every_station_once() -> None:
    async def scenario() -> None:
        lacking = replace(PLAN, buses=(BusPlan("tower", ("tower",)), BusPlan("bays", ("bays1",))))
        with pytest.raises(ValueError, match="the tower has bays1, bays2, tower"):
            async with site(lacking):
                pytest.fail("opened")

    run(scenario())


def test_a_tower_without_a_single_station_in_reach_still_opens() -> None:
    async def scenario() -> None:
        def link(_bus: BusPlan) -> MemoryLink:
            dead = MemoryLink({})
            dead.reachable = False
            return dead

        cadence: Callable[[str], SteadyCadence] = lambda _: SteadyCadence()  # noqa: E731 - a factory, typed
        async with open_tower(PLAN, links=link, cadences=cadence, epochs=MemoryEpochs()) as tower:
            await asyncio.sleep(5)
            assert not tower.online
            with pytest.raises(NotOnline):
                _ = tower.lift.position_mm

    run(scenario())


def test_every_command_asks_for_what_its_name_says() -> None:
    async def scenario() -> None:
        async with site() as it:
            tower, room = it.tower, it.tower.rooms[101]
            asked: list[tuple[Prepared, str, Content]] = [
                (tower.lift.home(), "tower/lift", Content(Opcode.HOME)),
                (tower.lift.move_to(203), "tower/lift", Content(Opcode.MOVE_TO, 2500, 203)),
                (tower.lift.move_to_height(700), "tower/lift", Content(Opcode.MOVE_TO, 700, 0)),
                (tower.lift.jog(up=False), "tower/lift", Content(Opcode.JOG, -1)),
                (tower.turntable.home(), "tower/turntable", Content(Opcode.HOME)),
                (tower.turntable.move_to(203), "tower/turntable", Content(Opcode.MOVE_TO, 180_000, 203)),
                (tower.turntable.move_to_angle(5), "tower/turntable", Content(Opcode.MOVE_TO, 5, 0)),
                (tower.turntable.jog(ahead=True), "tower/turntable", Content(Opcode.JOG, 1)),
                (tower.shuttle.home(), "tower/shuttle", Content(Opcode.HOME)),
                (tower.shuttle.pick(203), "tower/shuttle", Content(Opcode.PICK, 203)),
                (tower.shuttle.place(101), "tower/shuttle", Content(Opcode.PLACE, 101)),
                (tower.shuttle.resume(), "tower/shuttle", Content(Opcode.RESUME)),
                (tower.shuttle.undo(), "tower/shuttle", Content(Opcode.UNDO)),
                (tower.shuttle.retract(), "tower/shuttle", Content(Opcode.RETRACT)),
                (tower.shuttle.jog(out=True), "tower/shuttle", Content(Opcode.JOG, 1)),
                (tower.latches[2].unlatch(203), "bays2/latches", Content(Opcode.UNLATCH, 3)),
                (tower.latches[1].latch(104), "bays1/latches", Content(Opcode.LATCH, 4)),
                (room.inner_door.open(), "tower/room1.inner_door", Content(Opcode.OPEN)),
                (room.outer_gate.close(), "tower/room1.outer_gate", Content(Opcode.CLOSE)),
                (room.signal.show(codes.Signal.TAKE_CAR), "tower/room1.signal", Content(Opcode.SHOW, 5)),
                (tower.station_controls["tower"].reset(), "tower/station", Content(Opcode.RESET)),
                (tower.station_controls["bays1"].clear_fault(), "bays1/station", Content(Opcode.CLEAR_FAULT)),
                (
                    tower.station_controls["tower"].set_mode(codes.Mode.MANUAL),
                    "tower/station",
                    Content(Opcode.MODE, 3),
                ),
            ]
            for prepared, mechanism, content in asked:
                assert (prepared.mechanism, prepared.content) == (mechanism, content)
                assert content.opcode in codes.OPCODES[tower.mechanism(mechanism).kind]
            with pytest.raises(ValueError, match="level 2"):
                tower.latches[2].unlatch(104)
            with pytest.raises(KeyError):
                tower.lift.move_to(999)

    run(scenario())


def test_commands_of_different_stations_run_side_by_side() -> None:
    async def scenario() -> None:
        async with site() as it:
            for plc in it.plcs.values():
                plc.execute_all(after=lambda done: asyncio.get_running_loop().call_later(1.0, done))
            wanted = [it.tower.lift.move_to(203), it.tower.turntable.move_to(203), it.tower.latches[2].unlatch(203)]
            begin = asyncio.get_running_loop().time()
            for each in wanted:
                await it.tower.mechanism(each.mechanism).issue(each)
            outcomes = await asyncio.gather(
                *(it.tower.mechanism(each.mechanism).outcome(each, 5, expected_s=1.0) for each in wanted)
            )
            assert [each.verdict for each in outcomes] == [Verdict.OK] * 3
            assert asyncio.get_running_loop().time() - begin < 1.12

    run(scenario())


def test_docked_needs_both_axes_held_homed_in_tolerance_and_both_contacts() -> None:
    async def scenario() -> None:
        async with site() as it:
            held = int(Flag.HELD | Flag.HOMED | Flag.BRAKE_ON)
            plc = it.plcs["tower"]

            def docked_at() -> int | None:
                return it.tower.dock.docked_at

            plc.show("lift", position=2509, flags=held)
            plc.show("turntable", position=-179_900, flags=held)
            await it.show("tower", carriage=Carriage.DOCK_LEVEL | Carriage.DOCK_POSITION)
            assert docked_at() == 203
            await it.show("tower", carriage=Carriage.DOCK_LEVEL)
            assert docked_at() is None
            await it.show("tower", carriage=Carriage.DOCK_LEVEL | Carriage.DOCK_POSITION)
            for mechanism, wrong in (("lift", {"position": 2511}), ("turntable", {"flags": int(Flag.HOMED)})):
                right = plc.mechanisms[mechanism]
                plc.show(mechanism, **wrong)
                await asyncio.sleep(1.1)
                assert docked_at() is None
                plc.mechanisms[mechanism] = right

    run(scenario())


@pytest.mark.parametrize(
    ("a", "b", "proven"),
    [(0, 0, Loaded.NO), (1, 1, Loaded.YES), (0, 1, Loaded.DOUBTFUL), (1, 0, Loaded.DOUBTFUL)],
)
def test_two_sensors_that_do_not_agree_prove_nothing(a: int, b: int, proven: Loaded) -> None:
    async def scenario() -> None:
        async with site() as it:
            it.plcs["tower"].show("shuttle", flags=int(Flag.LOADED_A * a | Flag.LOADED_B * b))
            await it.show("tower", carriage=Carriage(Carriage.PLACE_OCCUPIED_A * a | Carriage.PLACE_OCCUPIED_B * b))
            await it.show("bays2", bays={203: Bay(Bay.OCCUPIED_A * a | Bay.OCCUPIED_B * b)})
            assert it.tower.shuttle.loaded is proven
            assert it.tower.dock.occupied is proven
            assert it.tower.latches[2].occupied(203) is proven

    run(scenario())


def test_a_room_is_occupied_only_where_its_scale_agrees() -> None:
    async def scenario() -> None:
        async with site() as it:
            room, both = it.tower.rooms[101], Room.OCCUPIED_A | Room.OCCUPIED_B
            for word, proven in (
                (both | Room.WEIGHT, Loaded.YES),
                (both, Loaded.DOUBTFUL),
                (Room.WEIGHT, Loaded.DOUBTFUL),
                (Room.OCCUPIED_B, Loaded.DOUBTFUL),
                (Room(0), Loaded.NO),
            ):
                await it.show("tower", rooms={101: word})
                assert room.occupied is proven
            for word, nobody in (
                (Room.PERSON_SENSOR_OK, True),
                (Room.PERSON_SENSOR_OK | Room.PERSON, False),
                (Room(0), False),
            ):
                await it.show("tower", rooms={101: word})
                assert room.nobody_inside is nobody

    run(scenario())


def test_a_door_is_locked_only_with_all_four_contacts() -> None:
    async def scenario() -> None:
        async with site() as it:
            door, plc = it.tower.rooms[101].inner_door, it.plcs["tower"]
            for state, flags, locked in (
                (State.CLOSED, LOCKED, True),
                (State.CLOSED, LOCKED & ~Flag.BOLTED_B, False),
                (State.OPENING, LOCKED, False),
            ):
                plc.show("room1.inner_door", state=state, flags=int(flags))
                await asyncio.sleep(1.1)
                assert door.is_locked is locked
                assert door.state is state
            plc.show("room1.inner_door", state=State.OPEN, flags=0)
            await asyncio.sleep(1.1)
            assert door.is_open
            plc.show("room1.inner_door", state=15, flags=int(LOCKED))
            await asyncio.sleep(1.1)
            assert (door.state, door.is_open, door.is_locked) == (None, False, False)

    run(scenario())


def test_latches_are_read_by_both_contacts() -> None:
    async def scenario() -> None:
        async with site() as it:
            latches = it.tower.latches[2]
            await it.show(
                "bays2", bays={203: Bay.LATCH_OPEN | Bay.DOCKED, 204: Bay.LATCH_OPEN | Bay.LATCH_CLOSED},
                inputs=BayStation.CARRIAGE_HELD,
            )
            assert latches.latch_open(203)
            assert not latches.latch_closed(203)
            assert latches.docked(203)
            assert latches.carriage_held
            assert not latches.latch_open(204)
            assert not latches.latch_closed(204)
            with pytest.raises(ValueError, match="level 2"):
                latches.latch_open(104)
            await it.show("tower", carriage=Carriage.LATCH_CLOSED | Carriage.ALL_LATCHES_LOCKED)
            assert it.tower.dock.latch_closed
            assert not it.tower.dock.latch_open
            assert it.tower.dock.all_latches_locked

    run(scenario())


def test_safety_names_its_causes_and_the_first_of_them() -> None:
    async def scenario() -> None:
        async with site() as it:
            safety = it.tower.safety
            assert (safety.ok, safety.powered) == (True, True)
            await it.show("tower", safety=Safety.E_STOP_LATCHED | Safety.FIRE)
            assert (safety.ok, safety.causes()) == (False, (Safety.E_STOP_LATCHED, Safety.FIRE))
            assert await safety.first_out() is Safety.FIRE

    run(scenario())


def test_the_measuring_frame_is_read_on_demand() -> None:
    async def scenario() -> None:
        async with site() as it:
            car = Measurement(4_700, 1_950, 1_500, 1_800, 4, 7)
            it.plcs["tower"].measurements[101] = car
            assert await it.tower.rooms[101].measure() == car

    run(scenario())


def test_the_shuttle_tells_where_a_cut_exchange_stands() -> None:
    async def scenario() -> None:
        async with site() as it:
            it.plcs["tower"].show(
                "shuttle", substep=codes.SubStep.TRANSFERRING, flags=int(Flag.RESUMABLE | Flag.PICKING), position=-3
            )
            await asyncio.sleep(1.1)
            shuttle = it.tower.shuttle
            assert (shuttle.resumable, shuttle.picking, shuttle.centred, shuttle.secured) == (True, True, False, False)
            assert (shuttle.substep, shuttle.position_mm, shuttle.homed) == (codes.SubStep.TRANSFERRING, -3, False)
            for flags, picking in ((Flag.PICKING | Flag.UNDOING, False), (Flag.UNDOING, True), (Flag(0), False)):
                it.plcs["tower"].show("shuttle", flags=int(Flag.RESUMABLE | flags))
                await asyncio.sleep(1.1)
                assert shuttle.picking is picking, flags
            it.plcs["tower"].show("shuttle", substep=9)
            await asyncio.sleep(1.1)
            assert shuttle.substep is None

    run(scenario())


def test_the_maintenance_key_of_the_tower_keeps_bay_commands_unwritten_too() -> None:
    async def scenario() -> None:
        async with site() as it:
            latches = it.tower.latches[2]
            it.plcs["tower"].station_status |= codes.Status.MAINTENANCE_KEY
            await asyncio.sleep(1.1)
            for seen in (True, False):
                with pytest.raises(Maintenance):
                    latches.unlatch(202)
                with pytest.raises(Maintenance):
                    await latches.mechanism.stop()
                if seen:
                    # A tower PLC that is out of reach does not turn the key back.
                    it.plcs["tower"].identity = replace(it.plcs["tower"].identity, map_version=9)
                    it.plcs["tower"].boot_id += 1
                    await asyncio.sleep(3)
                    assert not it.tower.stations["tower"].online
            assert it.plcs["bays2"].frames == []

    run(scenario())
