"""Registers and buses as a person sees them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from controller.api.instruments import Look
from controller.domain.refusal import Refusal
from tests.support.commands import daemon

pytestmark = pytest.mark.realtime


def register(name: str, value: int | None, meaning: str | None, **more: Any) -> dict[str, Any]:
    plain = {"space": "input", "address": 40, "words": 1, "unit": "", "owner": "plc", "text": "what", "bits": {}}
    return {"name": name, "value": value, "meaning": meaning, "age_s": 0.2, **plain, **more}


class Wires:
    """Two stations, one of which was never seen."""

    def __init__(self) -> None:
        self.looks: list[tuple[Any, ...]] = []

    async def signals(self, station: str, *, live: bool, only: Sequence[str]) -> Look:
        self.looks.append((station, live))
        found = self._signals(station, live=live)
        return {"signals": [each for each in found if not only or each["name"] in only]}

    def _signals(self, station: str, *, live: bool) -> list[dict[str, Any]]:
        if station == "bays1":
            return [register("bays1/fast.bay2", None, None, age_s=None)]
        moving = [
            register("tower/fast.lift.position", 2500 + len(self.looks), "2500", unit="mm"),
            register("tower/fast.safety", 1, "CHAIN_CLOSED", bits={"CHAIN_CLOSED": True, "E_STOP": False}),
        ]
        resting = [] if live else [register("tower/slow1.lift.fault", 0, "NONE")]
        return [*moving, *resting]

    async def registers(self, station: str, space: str, address: int, count: int) -> Look:
        self.looks.append((station, space, address, count))
        if address > 100:
            raise Refusal("MODBUS_EXCEPTION", "tower: no such register")
        found = [{"address": address + i, "value": 7 + i, "name": "fast.x" if i == 0 else ""} for i in range(count)]
        return {"station": station, "unit": 1, "space": space, "registers": found}

    async def buses(self) -> Look:
        times = {"p50": 1.234, "p99": None}
        counts = dict.fromkeys(("requests", "answers", "refused", "unanswered", "unfitting", "lost", "given_up"), 3)
        waits = dict.fromkeys(("round_trip_ms", "wait_ms", "poll_jitter_ms"), times)
        station = {"name": "tower", "unit": 1, "state": "ONLINE", **counts, **waits}
        line = {"name": "line", "kind": "rtu", "address": {"device": "tty", "baud": 9600}, "connected": True}
        counted = {"reconnects": 2, "dropped": 1, "load": 0.333, "planned_load": 0.5}
        return {"map_version": 1, "buses": [line | counted | {"stations": [station]}]}


def test_io_list_is_a_line_a_register(tmp_path: Path) -> None:
    with daemon(tmp_path, instruments=Wires()) as run:
        lines = run("io", "list").stdout.splitlines()
        live = run("io", "list", "tower", "--live").stdout.splitlines()
    assert lines[0].split("\t") == ["name", "value", "unit", "owner", "age", "address", "text"]
    assert "tower/fast.safety\tCHAIN_CLOSED\t-\tplc\t0.2 s\tinput 40\twhat" in lines
    assert "tower/slow1.lift.fault\tNONE\t-\tplc\t0.2 s\tinput 40\twhat" in lines
    assert "bays1/fast.bay2\tnot read\t-\tplc\t-\tinput 40\twhat" in lines
    assert [line.split("\t")[0] for line in live[1:]] == ["tower/fast.lift.position", "tower/fast.safety"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("tower/fast.lift.position", ["tower/fast.lift.position"]),
        ("tower/lift.position", ["tower/fast.lift.position"]),
        ("tower/safety.E_STOP", ["tower/fast.safety.E_STOP"]),
        ("tower/safety.*", ["tower/fast.safety.CHAIN_CLOSED", "tower/fast.safety.E_STOP"]),
        ("*/fast.*", ["tower/fast.lift.position", "tower/fast.safety", "bays1/fast.bay2"]),
        ("tower/lift.fault", ["tower/slow1.lift.fault"]),
        ("tower/*lift*", ["tower/fast.lift.position", "tower/slow1.lift.fault"]),
    ],
)
def test_io_get_takes_names_short_names_bits_and_patterns(tmp_path: Path, name: str, found: list[str]) -> None:
    with daemon(tmp_path, instruments=Wires()) as run:
        result = run("io", "get", name, "--json")
    assert [each["name"] for each in json.loads(result.stdout)["signals"]] == found


def test_what_every_poll_brings_costs_no_request(tmp_path: Path) -> None:
    wires = Wires()
    with daemon(tmp_path, instruments=wires) as run:
        run("io", "get", "tower/lift.position")
        assert {live for _, live in wires.looks} == {True}
        run("io", "get", "tower/lift.fault")
        assert wires.looks[-1] == ("tower", False)


@pytest.mark.parametrize(
    ("name", "rule"),
    [("tower/lift.positoin", "UNKNOWN_SIGNAL"), ("towre/x", "UNKNOWN_STATION"), ("lift", "UNKNOWN_STATION")],
)
def test_a_name_that_is_none_is_refused_with_what_is_close(tmp_path: Path, name: str, rule: str) -> None:
    with daemon(tmp_path, instruments=Wires()) as run:
        result = run("io", "get", name)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"refused ({rule})")
    assert "did you mean tower/lift.position" in result.stderr or "stations: tower, bays1" in result.stderr


def test_io_watch_tells_changes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([None, None])

    def sleep(seconds: float) -> None:
        assert seconds == 0.2
        if next(looks, "end") == "end":
            raise KeyboardInterrupt

    monkeypatch.setattr("controller.cli.io.time.sleep", sleep)
    with daemon(tmp_path, instruments=Wires()) as run:
        result = run("io", "watch", "tower/*", "--every", "0.2", "--json")
    assert result.exit_code == 0, result.output
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["name"].rpartition(".")[2] for each in told] == ["position", "safety", "position", "position"]
    assert told[0].keys() >= {"at", "value", "unit", "owner", "age_s"}


def test_bus_stats_are_a_line_a_station(tmp_path: Path) -> None:
    with daemon(tmp_path, instruments=Wires()) as run:
        header, line = (line.split("\t") for line in run("bus", "stats").stdout.splitlines())
        whole = json.loads(run("bus", "stats", "--json").stdout)
    cells = dict(zip(header, line, strict=True))
    assert cells["load"] == "33%"
    assert (cells["reconnects"], cells["dropped"], cells["time-outs"], cells["lost"]) == ("2", "1", "3", "6")
    assert cells["round trip p50/p99"] == "1.2/-"
    assert whole["buses"][0]["planned_load"] == 0.5


def test_bus_read_takes_hexadecimal_and_names_what_it_reads(tmp_path: Path) -> None:
    wires = Wires()
    with daemon(tmp_path, instruments=wires) as run:
        result = run("bus", "read", "tower", "0x20", "2", "--space", "holding")
    assert result.stdout.splitlines()[1:] == ["32\t7\t0x0007\tfast.x", "33\t8\t0x0008\t-"]
    assert wires.looks == [("tower", "holding", 32, 2)]


def test_what_a_station_refuses_is_told_with_the_next_step(tmp_path: Path) -> None:
    with daemon(tmp_path, instruments=Wires()) as run:
        refused, bad = run("bus", "read", "tower", "500"), run("bus", "read", "tower", "ten")
    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[1].startswith("next: `cartower plc-map")
    assert (bad.exit_code, "no whole number" in bad.stderr) == (2, True)


def test_a_daemon_without_wires_says_that_it_knows_no_such_method(tmp_path: Path) -> None:
    with daemon(tmp_path) as run:
        result = run("bus", "stats")
    assert result.exit_code == 2
    assert "bus.stats" in result.stderr
