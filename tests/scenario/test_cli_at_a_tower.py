"""The command line at a whole tower: a technician looks around, a person brings a car down and watches."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.places import TOP_STATION
from tests.support.processes import Site, eventually, site
from tests.support.terminal import Terminal, arguments
from tests.support.tower_under_test import chosen, tower_under_test

pytestmark = [pytest.mark.realtime, pytest.mark.long]


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("tower") / "run"
    with site(folder, "--config", chosen(), "--profile", "brisk", overrides={"trace.after_s": "1"}) as here:
        here.start_simulator("--seed", "3")
        here.wait_reconciled(here.start_daemon())
        with here.plant() as plant, here.client() as client:
            cars = [{"id": car, "place": int(place)} for place, car in plant.call("truth")["cars"].items()]
            client.call("inventory.import", cars=cars)
        yield here


END_S = 10.0


LOAD_S = 25.0
"""Longer than the span over which the load of a line is taken, twice."""


def bears_it(tower: Site) -> bool:
    """Return whether every line is under way for less than is planned at most."""
    buses = told(tower, "bus", "stats")["buses"]
    return all(0 < bus["load"] < 0.6 for bus in buses if bus["kind"] == "rtu")


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
    # A start asks more of a line than an idle tower does.
    eventually(lambda: bears_it(tower), LOAD_S, "lines that bear their polls", every_s=0.5)
    assert tower.cartower("bus", "read", "tower", "60000", code=1) == ""


def test_a_trace_of_now_is_kept_and_the_doctor_finds_a_tower_at_work_sound(tower: Site) -> None:
    tower.cartower("trace", "save", "--why", "a look", "--wait")
    kept = told(tower, "trace", "show", "last")
    assert kept["trace"]["cause"] == "a look"
    boot_ids = {each["name"]: each["value"] for each in kept["signals"] if each["name"].endswith(".boot_id")}
    assert {name.partition("/")[0] for name in boot_ids} == set(tower_under_test().maps)
    assert any("a look" in each["body"]["request"] for each in kept["entries"] if each.get("kind") == "Asked")
    report = told(tower, "doctor")
    assert report["ok"], report
    assert ("traces", "1 kept, 0.0 MiB") in [(each["what"], each["seen"]) for each in report["checks"]]
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


@pytest.fixture
def manual(tower: Site) -> Iterator[Site]:
    """The tower in mode manual, drives on; in production again afterwards."""
    with tower.client() as client:
        if client.call("status")["unit"]["state"] == "EXECUTE":
            tower.cartower("unit", "stop", "--wait")
    tower.cartower("unit", "mode", "manual")
    if told(tower, "status")["unit"]["state"] == "STOPPED":
        tower.cartower("unit", "reset", "--wait", "--yes")
    yield tower
    # An axis that was let go stands before its outcome is read, and until then nobody changes the mode.
    eventually(lambda: ended_jog(tower) or None, END_S, "the last jog ends")
    tower.cartower("unit", "mode", "production")


def ended_jog(tower: Site) -> bool:
    with tower.client() as client:
        jog = client.call("status")["jog"]
    return jog is None or jog["outcome"] is not None


def turns(tower: Site) -> bool:
    with tower.plant() as plant:
        return bool(plant.call("truth")["carriage"]["turntable"]["moving"])


def waited(question: Callable[[], bool], limit_s: float) -> float:
    """Return how long something took to be so, in seconds."""
    began = time.monotonic()
    while not question():
        assert time.monotonic() - began < limit_s
        time.sleep(0.005)
    return time.monotonic() - began


def test_an_axis_turns_as_long_as_a_key_is_held(manual: Site) -> None:
    assert "NOT MET" not in manual.cartower("interlocks", "turntable")
    with Terminal(*arguments(manual.run_dir, "jog", "turntable", "ahead")) as person:
        person.until(lambda lines: any("Hold any key" in line for line in lines), "ready")
        person.type(" ")
        time.sleep(0.3)
        assert not turns(manual), "a key that was only touched"
        until_s = time.monotonic() + 1.0
        turned = False
        while time.monotonic() < until_s:
            person.type(" ")
            time.sleep(0.02)
            turned = turned or turns(manual)
        assert turned
        waited(lambda: not turns(manual), 5.0)
        person.until(lambda lines: any("turntable ahead: stands at" in line for line in lines), "told")
        person.type("q")
        assert person.end() == 0, person.screen
        assert person.modes_now == person.modes


def test_an_axis_stands_when_the_command_that_holds_it_is_killed(manual: Site) -> None:
    with Terminal(*arguments(manual.run_dir, "jog", "turntable", "back", "--for", "60", "--yes")) as person:
        waited(lambda: turns(manual), 20.0)
        person.process.kill()
        waited(lambda: not turns(manual), 5.0)
    with manual.client() as client:
        assert client.call("status")["unit"]["state"] == "IDLE"
