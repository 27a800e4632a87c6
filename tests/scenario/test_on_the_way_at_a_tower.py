"""A booked car brought ahead by a real daemon: real processes, sockets, lines and clocks.

In virtual time reading a clock takes none, and the one fault that kept every real daemon from it was not to be seen.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Site, eventually, site

pytestmark = [pytest.mark.realtime, pytest.mark.long, pytest.mark.own_tower]

ROOMS = {"ring.rooms": "[101, 103]"}
MOVE_S = 40.0
"""Longer than one move of the small tower takes at `brisk`."""


@pytest.fixture
def tower(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path / "run", "--config", "small", "--profile", "brisk", overrides=ROOMS) as here:
        here.start_simulator("--seed", "3")
        here.wait_reconciled(here.start_daemon())
        with here.plant() as plant, here.client() as client:
            cars = [{"id": car, "place": int(place)} for place, car in plant.call("truth")["cars"].items()]
            client.call("inventory.import", cars=cars)
        here.cartower("unit", "reset", "--wait", "--yes")
        here.cartower("unit", "start", "--yes")
        yield here


def room_of(tower: Site, car: str) -> dict[str, Any] | None:
    """Return how the room looks in which a car stands, no job being under way any more."""
    status = json.loads(tower.cartower("status", "--json"))
    busy = json.loads(tower.cartower("jobs", "--json"))["jobs"]
    where = next(each["place"] for each in tower.ask("cars") if each["id"] == car)
    found = next((room for room in status["rooms"] if room["place"] == where), None)
    return None if busy else found


def test_who_says_that_they_are_on_the_way_finds_the_car_behind_its_gate(tower: Site) -> None:
    car = next(each["id"] for each in tower.ask("cars"))
    at = (datetime.now().astimezone() + timedelta(hours=2)).isoformat(timespec="seconds")
    tower.cartower("retrieve", car, "--at", at)
    assert room_of(tower, car) is None

    tower.cartower("on-the-way", car, "--in", "0.5")
    room = eventually(lambda: room_of(tower, car), MOVE_S, "the car stands in a room")
    assert room["state"] == "CAR_PRESENT"
    place = str(room["place"])
    truth = tower.truth()
    assert truth["cars"][place] == car
    assert truth["gates"][place]["locked"], "nobody gets at it before its customer has come"

    said = tower.cartower("arrive", car, "--yes")
    assert f"{car} stands in room {room['number']} ({place}), its gate opens" in said
    eventually(lambda: tower.truth()["gates"][place]["opened"], MOVE_S, "the gate opens")
    assert json.loads(tower.cartower("status", "--json"))["appointments"] == []
