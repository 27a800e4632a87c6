"""The command line at a whole tower: a technician looks around, a person brings a car down and watches."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.processes import Site, site
from tests.support.terminal import Terminal, arguments

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("tower") / "run"
    with site(folder, "--config", "small", "--profile", "brisk", overrides={}) as here:
        here.start_simulator("--seed", "3")
        here.wait_reconciled(here.start_daemon())
        with here.plant() as plant, here.client() as client:
            cars = [{"id": car, "place": int(place)} for place, car in plant.call("truth")["cars"].items()]
            client.call("inventory.import", cars=cars)
        yield here


def told(tower: Site, *args: str) -> Any:
    return json.loads(tower.cartower(*args, "--json"))


def test_what_a_technician_sees_of_the_wires(tower: Site) -> None:
    every = {each["name"]: each for each in told(tower, "io", "list")["signals"]}
    assert {name.partition("/")[0] for name in every} == {"tower", "bays1", "bays2"}
    assert {each["owner"] for each in every.values()} == {"plc", "controller"}
    by_poll = every["tower/fast.boot_id"]["value"]
    address = every["tower/fast.boot_id"]["address"]
    raw = told(tower, "bus", "read", "tower", str(address))["registers"]
    assert raw == [{"address": address, "value": by_poll, "name": "fast.boot_id"}]
    stats = told(tower, "bus", "stats")["buses"]
    for station in (station for bus in stats for station in bus["stations"]):
        assert station["requests"] == station["answers"] > 0
        assert station["round_trip_ms"]["p50"] > 0
    assert all(0 < bus["load"] < 0.6 for bus in stats if bus["kind"] == "rtu")
    assert tower.cartower("bus", "read", "tower", "60000", code=1) == ""


def test_the_doctor_finds_a_tower_at_work_sound(tower: Site) -> None:
    report = told(tower, "doctor")
    assert report["ok"], report
    assert {"station tower", "station bays2", "journal", "durable write"} <= {each["what"] for each in report["checks"]}


def test_a_car_comes_down_once_a_person_says_so(tower: Site) -> None:
    assert tower.cartower("unit", "reset", code=6) == "", "nobody was there to ask"
    tower.cartower("unit", "reset", "--wait", "--yes")
    with tower.client() as client:
        client.call("unit", command="start")
        car = client.call("cars")["cars"][0]["id"]
        with Terminal(*arguments(tower.run_dir, "retrieve", car, "--wait")) as person:
            asked = person.until(lambda lines: "Go on? [y/N]" in lines[-1], "asked")
            assert asked[0].startswith(f"Car {car} is brought from bay ")
            assert client.call("jobs")["jobs"] == []
            person.type("y\r")
            assert person.end() == 0, person.screen
    assert person.screen[-2].endswith("DONE")
    (starts,) = told(tower, "io", "get", "tower/shuttle.starts")["signals"]
    assert starts["value"] > 0
