"""Each check of `cartower doctor` can say ok, warn and fail, and says what to do."""

import asyncio
import errno
import json
import os
import pty
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from controller.api.instruments import Look
from controller.cli.checks.clock import TIME_ERROR, check_clock, kernel_clock
from controller.cli.checks.finding import Finding, Level
from controller.cli.checks.owners import group_name, user_name
from controller.cli.checks.stations import check_stations
from controller.cli.checks.storage import MIB, check_run_dir, check_socket, free_space, write_time
from controller.cli.checks.versions import check_packages, check_versions, fits
from controller.cli.checks.wires import Address, Line, check_address, check_line
from controller.cli.main import cartower
from controller.cli.offline import check_journal
from controller.store.journal import Journal
from tests.support.commands import daemon
from tests.support.journals import open_journal
from tests.support.sample_status import sample_status


def levels(findings: Iterable[Finding]) -> list[str]:
    found = list(findings)
    assert all(bool(each.todo) == (each.level is not Level.OK) for each in found), "only trouble asks for something"
    return [each.level.value for each in found]


@pytest.mark.parametrize(
    ("version", "ranges", "fit"),
    [
        ("3.16.1", "==3.16.1", True),
        ("3.16.2", "==3.16.1", False),
        ("3.16.10", "==3.16.1", False),
        ("2.12", ">=2.12,<3", True),
        ("2.12.0", "<3,>=2.12", True),
        ("3.0.0", "<3,>=2.12", False),
        ("8.10", ">=8.2", True),
        ("3.5.post1", "==3.5", True),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, ranges: str, fit: bool) -> None:
    assert fits(version, ranges) == fit


def test_a_package_that_is_missing_or_another_is_named() -> None:
    asked = ["click>=8.2", "pymodbus==3.16.1", "pyserial==3.5", "pytest==9; extra == 'dev'"]
    has = {"click": "8.5", "pymodbus": "3.9"}
    finding = check_packages(asked, has.get)
    assert finding.level is Level.FAIL
    assert finding.seen == "pymodbus is 3.9, not ==3.16.1; pyserial is not there, not ==3.5"
    assert levels(check_versions()) == ["ok", "ok"], "this very environment"


def unasked() -> int:
    raise OSError(1, "not permitted")


@pytest.mark.parametrize(
    ("ask", "year", "level"),
    [(lambda: 0, 2027, "ok"), (lambda: TIME_ERROR, 2027, "warn"), (unasked, 2027, "warn"), (lambda: 0, 1970, "warn")],
)
def test_the_clock_is_asked_and_looked_at(ask: Callable[[], int], year: int, level: str) -> None:
    assert levels(check_clock(ask, datetime(year, 1, 2, tzinfo=UTC))) == [level]


def test_the_kernel_tells_of_its_clock() -> None:
    assert 0 <= kernel_clock() <= TIME_ERROR


def test_disk_and_writes_are_judged() -> None:
    assert levels(map(free_space, (10 * MIB, 500 * MIB, 5000 * MIB))) == ["fail", "warn", "ok"]
    assert levels(map(write_time, ([0.9, 0.9, 0.1], [0.05, 0.04, 0.04], [0.9, 0.002, 0.003]))) == ["fail", "warn", "ok"]


def test_a_run_directory_is_written_to_and_left_as_it_was(tmp_path: Path) -> None:
    found = list(check_run_dir(tmp_path))
    assert [each.what for each in found] == ["run directory", "disk", "durable write"]
    assert list(tmp_path.iterdir()) == []
    assert levels(check_run_dir(tmp_path / "none")) == ["warn"]


def test_an_id_without_a_name_is_told_by_its_number() -> None:
    """In a container few have one; a user without leave for a device was told a traceback."""
    nobody = 2**31 - 2
    assert (user_name(nobody), group_name(nobody)) == (str(nobody), str(nobody))
    assert (user_name(0), group_name(0)) == ("root", "root")


def test_on_a_full_disk_the_doctor_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("controller.cli.checks.storage.os.fsync", full)
    found = list(check_run_dir(tmp_path))[-1]
    assert (found.what, found.level) == ("durable write", "fail")
    assert "No space left" in found.seen


@pytest.mark.realtime
def test_the_socket_is_there_with_its_mode_and_somebody_listens(tmp_path: Path) -> None:
    path = tmp_path / "cartower.sock"
    assert levels(check_socket(path)) == ["warn"]
    with daemon(tmp_path):
        assert levels(check_socket(path)) == ["ok"]
        path.chmod(0o666)
        assert levels(check_socket(path)) == ["warn", "ok"]
    path.write_text("")
    assert levels(check_socket(path)) == ["fail"]
    assert levels(check_socket(tmp_path / ("long" * 30))) == ["fail"]


async def _fill(journal: Journal) -> None:
    for number in range(5):
        await journal.append([("note", {"number": number})])


def test_a_journal_is_walked_and_an_edit_found(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    assert levels(check_journal(file)) == ["warn"]
    with closing(open_journal(file)) as journal:
        asyncio.run(_fill(journal))
        assert levels(check_journal(file)) == ["ok"], "while it is in use"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TRIGGER entry_is_never_changed")
        connection.execute("UPDATE entry SET body = '{}' WHERE id = 3")
        connection.commit()
    (finding,) = check_journal(file)
    assert finding.level is Level.FAIL
    assert "entry 3 was changed" in finding.seen
    file.write_text("no journal")
    assert levels(check_journal(file)) == ["fail"]
    file.write_text("")
    assert levels(check_journal(file)) == ["fail"]


def test_a_serial_device_is_there_and_may_be_used(tmp_path: Path) -> None:
    assert levels(check_line(Line("bays", tmp_path / "none"))) == ["fail"]
    (tmp_path / "file").write_text("")
    assert levels(check_line(Line("bays", tmp_path / "file"))) == ["fail"]
    own, theirs = pty.openpty()
    try:
        assert levels(check_line(Line("bays", Path(os.ttyname(theirs))))) == ["ok"]
    finally:
        os.close(own)
        os.close(theirs)


def test_a_device_that_may_not_be_used_names_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.cli.checks.wires.os.access", lambda *_: False)
    (finding,) = check_line(Line("bays", Path("/dev/null")))
    assert finding.level is Level.FAIL
    assert finding.todo.startswith("sudo usermod -aG ")


@pytest.mark.parametrize(("timer", "level"), [("16\n", "warn"), ("1\n", "ok"), (None, None)])
def test_the_latency_of_an_adapter_is_read(tmp_path: Path, timer: str | None, level: str | None) -> None:
    if timer is not None:
        (tmp_path / "null").mkdir()
        (tmp_path / "null" / "latency_timer").write_text(timer)
    assert levels(check_line(Line("bays", Path("/dev/null")), tmp_path)) == ["ok", *([level] if level else [])]


@pytest.mark.realtime
def test_an_address_is_looked_up_and_knocked_at() -> None:
    assert levels(check_address(Address("tower", "127.0.0.1", 1), connect=True)) == ["fail"]
    assert levels(check_address(Address("tower", "127.0.0.1", 1), connect=False)) == ["ok"]
    assert levels(check_address(Address("tower", "no.such.host.invalid", 1), connect=False)) == ["fail"]
    assert levels(check_address(Address("tower", "no..such.host", 1), connect=False)) == ["fail"]


def buses(**more: Any) -> dict[str, Any]:
    station = {"name": "tower", "requests": 10_000, "unanswered": 0, "unfitting": 0, "map_version": 1}
    bus = {"name": "main", "reconnects": 0, "load": 0.2, "address": {"host": "127.0.0.1", "port": 1}}
    return {"map_version": 1, "buses": [bus | {"stations": [station | more]}]}


def test_stations_and_buses_are_judged_by_what_the_daemon_tells() -> None:
    status = sample_status() | {"alarms": []}
    assert levels(check_stations(status, buses())) == ["ok", "ok"]
    assert levels(check_stations(status, buses(map_version=2))) == ["ok", "fail"]
    assert levels(check_stations(status, buses(unanswered=50))) == ["warn", "ok"]
    assert levels(check_stations(status, buses(name="bays1"))) == ["ok", "fail"], "it is offline"
    frozen = sample_status() | {"alarms": []}
    frozen["stations"][0] |= {"state": "FROZEN", "detail": "epoch 7 is in force"}
    assert "cartower adopt" in list(check_stations(frozen, buses()))[1].todo
    busy = buses()
    busy["buses"][0]["load"] = 0.8
    assert levels(check_stations(status, busy)) == ["ok", "warn", "ok"]
    parked = sample_status() | {"alarms": [{"code": "JOB_PARKED", "text": "job 3"}]}
    assert levels(check_stations(parked, buses())) == ["ok", "ok", "warn"]


class Wires:
    """One bus."""

    async def signals(self, station: str, *, live: bool, only: Sequence[str]) -> Look:
        raise AssertionError((station, live, only))

    async def registers(self, station: str, space: str, address: int, count: int) -> Look:
        raise AssertionError((station, space, address, count))

    async def buses(self) -> Look:
        return buses()


@pytest.mark.realtime
def test_doctor_works_with_the_daemon_up_and_down_and_exits_by_its_worst_finding(tmp_path: Path) -> None:
    status = sample_status() | {"alarms": []}
    with daemon(tmp_path, {"status": status}, Wires()) as run:
        up = json.loads(run("doctor", "--json").stdout)
        plain = run("doctor")
    assert up["ok"] is True
    assert {"python", "clock", "journal", "network main", "bus main", "station tower"} <= {
        each["what"] for each in up["checks"]
    }
    assert all(line.split("\t")[0] in ("ok", "warn") for line in plain.stdout.splitlines())
    assert plain.exit_code == 0
    down = CliRunner().invoke(cartower, ["doctor", "--run-dir", str(tmp_path), "--config", "small"])
    assert down.exit_code == 4
    assert "fail\tserial " in down.stdout


def test_a_faulty_configuration_is_told_as_such(tmp_path: Path) -> None:
    result = CliRunner().invoke(cartower, ["doctor", "--config", str(tmp_path / "none.toml")])
    assert result.exit_code == 5
