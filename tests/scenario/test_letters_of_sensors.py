"""Letters of the sensors: each bites and heals, and no two that vouch for one another lie together."""

import asyncio
import random
from collections import Counter

import pytest

from config.load import load_tower
from sim_plc.plant.contacts import Wire
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.faults import sensors
from sim_plc.rehearsal.faults.inputs import PEOPLE
from sim_plc.rehearsal.faults.inputs import sensors as inputs
from sim_plc.rehearsal.faults.letter import Letter, Scene, Strike
from sim_plc.rehearsal.faults.sensors import SensorFaults
from sim_plc.rehearsal.world import World
from tests.support.letters import BAY, CAR, ROOM, play, shown, told

BAY_A: Wire = ("bay", BAY, "occupied_a")
CLOSED_A: Wire = ("door", ROOM, "closed_a")
OPENED: Wire = ("door", ROOM, "opened")


def number_of(wire: Wire, *, both_ways: bool = True) -> int:
    """Return the number of an input among those that a strike chooses from."""
    among = [each for each in inputs(ROOM, BAY) if each.only is None or not both_ways]
    return next(at for at, each in enumerate(among) if each.wire == wire)


@pytest.mark.parametrize(
    ("letter", "wire", "healthy"),
    [(sensors.STUCK_OFF, CLOSED_A, True), (sensors.STUCK_ON, OPENED, False)],
    ids=["off", "on"],
)
def test_a_stuck_sensor_tells_its_one_value_and_then_the_truth(letter: Letter, wire: Wire, healthy: bool) -> None:
    async def watch(world: World) -> None:
        assert shown(world, wire) is not healthy
        await asyncio.sleep(10.0)
        assert shown(world, wire) is healthy

    play(letter, watch, where=number_of(wire))


def test_a_sensor_that_flaps_comes_and_goes_for_longer_than_its_filter() -> None:
    async def watch(world: World) -> None:
        assert len(await told(world, CLOSED_A, 10.0)) > 4
        await asyncio.sleep(10.0)
        assert await told(world, CLOSED_A, 3.0) == [True]

    play(sensors.FLAP, watch, where=number_of(CLOSED_A, both_ways=False), hold_s=10.0)


def test_a_late_sensor_tells_of_a_car_that_has_gone_for_a_while_yet() -> None:
    where = number_of(BAY_A)
    bays = load_tower("small").shape.bays
    bay = bays[where % len(bays)]

    async def watch(world: World) -> None:
        world.do(lambda plant: plant.lift_out(bay))
        await asyncio.sleep(0.2)
        assert [shown(world, ("bay", bay, f"occupied_{name}")) for name in "ab"] == [True, False]
        assert await told(world, ("bay", bay, "occupied_a"), 15.0) == [True, False]

    play(sensors.SLUGGISH, watch, where=where, hold_s=20.0, at={bay: CAR})


def test_crossed_wires_tell_one_thing_twice() -> None:
    async def watch(world: World) -> None:
        assert shown(world, CLOSED_A) is shown(world, OPENED) is False
        await asyncio.sleep(10.0)
        assert shown(world, CLOSED_A) is True

    count = len([each for each in inputs(ROOM, BAY) if each.only is None])
    others = [each.wire for each in inputs(ROOM, BAY) if each.only is None and each.wire[0] != "bay"]
    opened = others.index(OPENED) - 1
    play(sensors.CROSS_TALK, watch, where=count * opened)


@pytest.mark.parametrize("where", range(4))
def test_one_signal_of_a_car_in_a_room_says_that_it_has_gone_and_the_others_do_not(where: int) -> None:
    names = ("occupied_a", "occupied_b", "weight", "crossings")

    async def watch(world: World) -> None:
        seen = [shown(world, ("room", ROOM, name)) for name in names]
        assert seen == [name != names[where] if name != "crossings" else int(where == 3) for name in names]
        await asyncio.sleep(10.0)
        assert all(shown(world, ("room", ROOM, name)) for name in names[:3])

    play(sensors.FALSE_GONE, watch, where=where, at={ROOM: CAR})


def test_a_car_in_a_bay_is_said_to_have_gone_by_one_of_its_contacts() -> None:
    async def watch(world: World) -> None:
        assert [shown(world, ("bay", BAY, f"occupied_{name}")) for name in "ab"] == [False, True]

    play(sensors.FALSE_GONE, watch)


def test_of_what_tells_of_one_thing_one_input_lies_at_a_time() -> None:
    async def scenario() -> None:
        world, did = World(load_tower("small"), 1), Counter[str]()
        async with world.running():
            fate = SensorFaults(Scene(world, random.Random(1), did))
            strikes = [Strike(0.0, sensors.STUCK_OFF, 5.0, where) for where in (0, 1, number_of(BAY_A))]
            await asyncio.gather(*(fate.acts[sensors.STUCK_OFF](strike) for strike in strikes))
            assert did == {"kept apart": 1}

    loop.run(scenario())


def test_a_strike_never_makes_a_guard_tell_that_all_is_well() -> None:
    guards = {each.wire[-1]: each.only for each in inputs(ROOM, BAY) if each.about == PEOPLE}
    assert guards == {
        "person": True,
        "person_sensor_ok": False,
        "curtain_clear": False,
        "door_plane_clear": False,
        "obstructed": True,
    }
