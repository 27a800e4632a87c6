"""Sensors out of service, and a bay that somebody has looked into, at the command line."""

import json
from pathlib import Path

import pytest

from controller.domain.events import ConfirmPlace, SensorIn, SensorOut
from controller.domain.refusal import Refusal
from tests.support.commands import daemon

OUT = {
    "sensors": [
        {
            "name": "bay102.occupied_a",
            "place": 102,
            "why": "its cable is torn",
            "by": "eve",
            "restriction": "no car is put into the bay",
        }
    ]
}

pytestmark = pytest.mark.realtime


def test_a_sensor_is_taken_out_listed_and_taken_in(tmp_path: Path) -> None:
    with daemon(tmp_path, {"SensorOut": OUT, "sensors": OUT, "SensorIn": {"sensors": []}}) as run:
        row = "bay102.occupied_a\teve\tits cable is torn\tno car is put into the bay"
        assert run("sensor", "out", "bay102.occupied_a", "--why", "its cable is torn").stdout.splitlines()[1:] == [row]
        assert run("sensor", "list").stdout.splitlines()[1:] == [row]
        assert json.loads(run("sensor", "list", "--json").stdout) == OUT
        assert run("sensor", "in", "bay102.occupied_a").stdout.splitlines()[1:] == []
        assert run("sensor", "out", "bay102.occupied_a").exit_code == 2, "nobody says why"
        out, back = run.asked
    assert isinstance(out, SensorOut)
    assert (out.name, out.why) == ("bay102.occupied_a", "its cable is torn")
    assert isinstance(back, SensorIn)
    assert back.name == "bay102.occupied_a"


def test_a_safety_sensor_is_refused_by_name(tmp_path: Path) -> None:
    with daemon(tmp_path, {"SensorOut": Refusal("SAFETY_SENSOR", "safety.fire belongs to the safety chain")}) as run:
        result = run("sensor", "out", "safety.fire", "--why", "it rings")
    assert result.exit_code == 1
    assert "safety.fire belongs to the safety chain" in result.stderr


def test_what_stands_in_a_bay_is_said_one_way_or_the_other(tmp_path: Path) -> None:
    with daemon(tmp_path, {"ConfirmPlace": {"place": 102, "status": "occupied", "reason": ""}}) as run:
        assert run("place", "confirm", "102", "--car", "C1").stdout == "bay 102 occupied\n"
        assert run("place", "confirm", "102", "--empty").exit_code == 0
        assert run("place", "confirm", "102").exit_code == 2
        assert run("place", "confirm", "102", "--car", "C1", "--empty").exit_code == 2
        car, empty = run.asked
    assert isinstance(car, ConfirmPlace)
    assert isinstance(empty, ConfirmPlace)
    assert (car.place, car.car, empty.car) == (102, "C1", None)
