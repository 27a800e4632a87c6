"""The command line at a whole tower: a technician looks around, a person brings a car down and watches."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.places import TOP_STATION
from tests.support.processes import Site, site
from tests.support.terminal import Terminal, arguments
from tests.support.tower_under_test import chosen, tower_under_test

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("tower") / "run"
    with site(folder, "--config", chosen(), "--profile", "brisk", overrides={}) as here:
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
    assert {name.partition("/")[0] for name in every} == set(tower_under_test().maps)
    assert {each["owner"] for each in every.values()} == {"plc", "controller"}
    # A map with more than one fast block numbers them.
    boot_id = min(name for name in every if name.startswith("tower/fast") and name.endswith(".boot_id"))
    by_poll, address = every[boot_id]["value"], every[boot_id]["address"]
    raw = told(tower, "bus", "read", "tower", str(address))["registers"]
    assert raw == [{"address": address, "value": by_poll, "name": boot_id.removeprefix("tower/")}]
    stats = told(tower, "bus", "stats")["buses"]
    for station in (station for bus in stats for station in bus["stations"]):
        assert station["requests"] == station["answers"] > 0
        assert station["round_trip_ms"]["p50"] > 0
    assert all(0 < bus["load"] < 0.6 for bus in stats if bus["kind"] == "rtu")
    assert tower.cartower("bus", "read", "tower", "60000", code=1) == ""


def test_the_doctor_finds_a_tower_at_work_sound(tower: Site) -> None:
    report = told(tower, "doctor")
    assert report["ok"], report
    checked = {each["what"] for each in report["checks"]}
    assert {"station tower", f"station {TOP_STATION}", "journal", "durable write"} <= checked


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
