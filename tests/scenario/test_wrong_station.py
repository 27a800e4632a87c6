"""A station that is not the one of the configuration stays offline, is never written to, and keeps the unit down."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from controller.domain.events import UnitCommand
from controller.domain.unit import UnitEvent, UnitState
from hal.interfaces import StationState
from hal.plcmap.codec import Identity, StationCodec
from sim_plc.plant.cars import Car
from sim_plc.program.station_program import StationProgram
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import World
from tests.support.places import LOW1, TOP_STATION
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test

OURS = tower_under_test()
CARS = {LOW1: Car("A")}


async def stands_off(world: World, says: str, offline: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = StationProgram.write

    def noted(self: StationProgram[Any], address: int, words: Sequence[int]) -> None:
        # Of this world alone: a tower of another test may be served by a thread of this process.
        if self in world.programs:
            written.append(self.name)
        write(self, address, words)

    monkeypatch.setattr(StationProgram, "write", noted)
    it = Stage(world)
    async with world.running():
        daemon = await world.start_daemon()
        await asyncio.sleep(20.0)
        stations = daemon.control._bench.tower.stations
        for name, station in stations.items():
            assert (station.state is StationState.ONLINE) is (name not in offline)
            assert name not in offline or says in station.trouble
        assert not offline & set(written)
        assert it.unit is UnitState.ABORTED
        assert await it.refused(UnitCommand(event=UnitEvent.CLEAR)) == "STATION_OFFLINE"
        assert await it.refused(UnitCommand(event=UnitEvent.RESET)) == "UNIT_STATE"
        assert it.motions() == 0
        assert it.truth() == {"A": LOW1}
        assert it.inspector.violations == []


@pytest.mark.parametrize(
    ("key", "value", "says"), [("tower_id", str(OURS.tower_id + 1), "tower"), ("ring__level_pitch_mm", "2503", "table")]
)
def test_another_tower_or_place_table(key: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tower_under_test(), 1, cars=CARS, configured=tower_under_test(**{key: value}))
    loop.run(stands_off(world, says, set(OURS.maps), monkeypatch))


def test_another_map_version_of_one_station(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = StationCodec.encode_identity

    def newer(self: StationCodec, identity: Identity, snapshot: int) -> list[int]:
        if self.station.name == TOP_STATION:
            identity = replace(identity, map_version=identity.map_version + 1)
        return encode(self, identity, snapshot)

    monkeypatch.setattr(StationCodec, "encode_identity", newer)
    loop.run(stands_off(World(tower_under_test(), 1, cars=CARS), "map version", {TOP_STATION}, monkeypatch))
