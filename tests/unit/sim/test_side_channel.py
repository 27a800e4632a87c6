import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.load import load_tower
from sim_plc.control import SideChannel
from sim_plc.control_client import PlantClient
from sim_plc.plant.cars import Car
from sim_plc.roster import Roster
from sim_plc.side_wire import PlantGone, PlantRefusal
from sim_plc.tower import SimTower, new_tower
from sim_plc.truth_text import truth_lines

pytestmark = pytest.mark.realtime

SMALL = load_tower("small", profile="brisk")


class Rig:
    """A side channel at a real socket, with clients in threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.restarted: list[str] = []
        self.sim: SimTower

    def run(self, body: Callable[["Rig", PlantClient], None]) -> None:
        async def main() -> None:
            roster = Roster()
            cars = {102: roster.enrol(Car("A"), "aster")}
            clock = asyncio.get_running_loop().time
            self.sim = new_tower(SMALL, seed=1, roster=roster, cars=cars, clock=clock)
            stepping = asyncio.create_task(self.sim.stepper.run())
            async with asyncio.timeout(20), SideChannel(self.path, self.sim, self._restarted):
                await asyncio.to_thread(self._with_client, body)
            stepping.cancel()

        asyncio.run(main())

    def _with_client(self, body: Callable[["Rig", PlantClient], None]) -> None:
        with PlantClient(self.path) as plant:
            body(self, plant)

    async def _restarted(self, station: str) -> None:
        self.restarted.append(station)


def test_the_truth_is_told_as_plain_values(tmp_path: Path) -> None:
    def body(rig: Rig, plant: PlantClient) -> None:
        del rig
        truth = plant.call("truth")
        assert truth["cars"] == {"102": "A"}
        assert truth["carriage"]["docked"] == 101
        assert truth["crimes"] == []
        assert truth["stations"].keys() == {"tower", "bays1", "bays2"}
        text = "\n".join(truth_lines(truth))
        assert "102 A" in text
        assert "chain      closed" in text
        assert plant.call("stock")["csv"] == "car,place,model\nA,102,aster\n"

    Rig(tmp_path / "s").run(body)


def test_the_e_stop_latches_until_the_device_reset(tmp_path: Path) -> None:
    def body(rig: Rig, plant: PlantClient) -> None:
        del rig
        states = []
        for act in ("estop.press", "device.reset", "estop.release", "device.reset"):
            plant.call(act)
            states.append(plant.call("truth")["chain_closed"])
        assert states == [False, False, False, True]
        plant.call("key", on=True)
        assert plant.call("truth")["maintenance_key"]

    Rig(tmp_path / "s").run(body)


def test_cars_people_and_customers_are_handed_to_the_plant(tmp_path: Path) -> None:
    def body(rig: Rig, plant: PlantClient) -> None:
        plant.call("car.arrive", room=1, car="N", length_mm=5900)
        assert plant.call("truth")["outside"] == ["N"]
        assert rig.sim.roster.find("N") == Car("N", length_mm=5900)
        plant.call("car.leave", room=101)
        plant.call("customer.collect", room=1, car="N")
        plant.call("customer.auto", on=True)
        plant.call("person.enter", room=1)
        plant.call("person.leave", room=1)
        assert plant.call("truth")["customers_auto"]

    Rig(tmp_path / "s").run(body)


def test_what_cannot_be_is_refused_and_nothing_happens(tmp_path: Path) -> None:
    def body(rig: Rig, plant: PlantClient) -> None:
        del rig
        with pytest.raises(PlantRefusal, match="car A is in the tower"):
            plant.call("car.arrive", room=1, car="A")
        with pytest.raises(PlantRefusal, match="no car 'X' was ever here"):
            plant.call("customer.collect", room=1, car="X")
        assert plant.call("truth")["outside"] == []

    Rig(tmp_path / "s").run(body)


@pytest.mark.parametrize(
    ("method", "params", "says"),
    [
        ("launch", {}, "no method 'launch'; known: plc.restart, truth"),
        ("truth", {"x": 1}, "x is not a parameter"),
        ("car.arrive", {"room": 9, "car": "N"}, "room must be 1 to 1, or one of 101"),
        ("car.arrive", {"room": 1}, "car must be a name"),
        ("car.arrive", {"room": 1, "car": "N", "length_mm": "5"}, "length_mm must be a whole number"),
        ("customer.auto", {"on": 1}, "on must be true or false"),
        ("plc.restart", {"station": "bays9"}, "station must be one of tower, bays1, bays2"),
        ("plc.restart", {"station": "tower", "kind": "hot"}, "kind must be warm or cold"),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong(tmp_path: Path, method: str, params: dict[str, Any], says: str) -> None:
    def body(rig: Rig, plant: PlantClient) -> None:
        del rig
        with pytest.raises(ValueError, match=says):
            plant.call(method, **params)
        assert plant.call("truth")

    Rig(tmp_path / "s").run(body)


def test_rubbish_is_answered_and_the_connection_goes_on(tmp_path: Path) -> None:
    def body(rig: Rig, plant: PlantClient) -> None:
        del plant
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(rig.path))
            raw.sendall(b'rubbish\n[1]\n{"id":7,"method":"stock"}\n')
            answers = [json.loads(line) for line in raw.makefile("rb").readlines(200)]
        assert [answer.get("error", {}).get("code") for answer in answers] == [-32602, -32602, None]
        assert answers[2]["id"] == 7

    Rig(tmp_path / "s").run(body)


def test_a_restarted_station_forgets_its_connections_and_only_a_cold_one_its_memory(tmp_path: Path) -> None:
    def body(rig: Rig, plant: PlantClient) -> None:
        plant.call("plc.restart", station="tower")
        assert plant.call("truth")["stations"]["tower"] == {"boot_id": 2, "memory_lost": False}
        plant.call("plc.restart", station="bays2", kind="cold")
        assert plant.call("truth")["stations"]["bays2"]["memory_lost"]
        assert rig.restarted == ["tower", "bays2"]

    Rig(tmp_path / "s").run(body)


def test_only_the_owner_may_touch_the_plant_and_only_one_plant_listens(tmp_path: Path) -> None:
    def body(rig: Rig, plant: PlantClient) -> None:
        del plant
        assert rig.path.stat().st_mode & 0o777 == 0o600
        other = SideChannel(rig.path, rig.sim, rig._restarted)
        with pytest.raises(OSError, match="another plant listens"):
            asyncio.run(other.start())

    rig = Rig(tmp_path / "s")
    rig.run(body)
    assert not rig.path.exists()


def test_a_plant_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(PlantGone, match="is `cartower-sim run` running"):
        PlantClient(tmp_path / "s")


def test_who_takes_no_answers_does_not_keep_the_plant_from_ending(tmp_path: Path) -> None:
    """It never ended, so that no PLC's memory was kept; killed then, it was found as after a crash."""
    path, questions = tmp_path / "s", b'{"id":1,"method":"truth"}\n' * 2000

    async def main() -> None:
        channel = SideChannel(path, new_tower(SMALL, seed=1, roster=Roster(), cars={}, clock=lambda: 0.0), never)
        await channel.start()
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.connect(str(path))
            deaf.setblocking(False)
            assert deaf.send(questions)
            await asyncio.sleep(0.1)
            async with asyncio.timeout(1):
                await channel.close()

    async def never(_station: str) -> None: ...

    asyncio.run(main())
    assert not path.exists()
