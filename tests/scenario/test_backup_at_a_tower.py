"""A journal is saved, a car is moved, the journal is lost and restored: nothing is claimed, and work goes on."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controller.cli.main import cartower
from tests.support.processes import Site, eventually, site
from tests.support.soft_tower import SUITE

pytestmark = [pytest.mark.realtime, pytest.mark.long]

EVENTS_S = 20.0

QUICK = {key: value for key, value in SUITE.items() if key.startswith("machine.")}


@pytest.fixture
def tower(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path / "run", "--config", "small", "--profile", "brisk", overrides=QUICK) as here:
        here.start_simulator("--seed", "3")
        yield here


def give(here: Site, *args: str, code: int = 0) -> Result:
    """Give a command in this process, which needs no start of its own."""
    result = CliRunner().invoke(cartower, [*args, "--run-dir", str(here.run_dir)])
    assert result.exit_code == code, result.output
    return result


def told(here: Site, *args: str) -> Any:
    return json.loads(give(here, *args, "--json").stdout)


def truth(here: Site) -> dict[str, int]:
    with here.plant() as plant:
        return {car: int(place) for place, car in plant.call("truth")["cars"].items()}


def state_inventory(here: Site) -> None:
    with here.client() as client:
        client.call("inventory.import", cars=[{"id": car, "place": place} for car, place in truth(here).items()])


def begin(here: Site, *commands: str) -> None:
    for command in commands:
        give(here, "unit", command, "--wait", "--yes")


def move_a_car(here: Site) -> tuple[str, int]:
    """Move a car to another bay; return it and where it is."""
    with here.client() as client:
        car = client.call("cars")["cars"][0]["id"]
        places = client.call("places")["places"]
        rooms = client.call("status")["tower"]["rooms"]
        bay = next(each["place"] for each in places if each["status"] == "free" and each["place"] not in rooms)
    give(here, "relocate", car, str(bay), "--wait", "--yes")
    assert truth(here)[car] == bay
    return car, bay


def states(here: Site) -> list[str]:
    with here.client() as client:
        return [station["state"] for station in client.call("status")["stations"]]


def adopted(here: Site) -> bool:
    """Adopt what stands frozen by now, as a person does until nothing is; return whether all work."""
    found = set(states(here))
    if "FROZEN" in found:
        give(here, "adopt", "--yes", "--at-tower")
    return found == {"ONLINE"}


def believed(here: Site) -> dict[str, int]:
    with here.client() as client:
        return {each["id"]: each["place"] for each in client.call("cars")["cars"]}


def test_a_lost_journal_is_restored_and_work_goes_on(tower: Site, tmp_path: Path) -> None:
    daemon = tower.start_daemon()
    tower.wait_reconciled(daemon)
    state_inventory(tower)
    begin(tower, "reset", "start")
    saved = told(tower, "backup", str(tmp_path / "saved.sqlite"))
    car, bay = move_a_car(tower)
    held = told(tower, "audit", "verify", "--holds", f"{saved['entries']}:{saved['last_hash']}")
    assert held["entries"] > saved["entries"]
    assert "is in use by process" in give(tower, "restore", saved["file"], "--yes", code=1).stderr

    daemon.terminate(10)
    (tower.run_dir / "journal.sqlite").write_text("what a failing disk left" * 99)
    assert told(tower, "restore", saved["file"], "--yes")["kept"] is not None
    daemon = tower.start_daemon()
    status = tower.wait_answering(daemon)
    assert status["counts"]["unverified"] == status["counts"]["bays"], "whatever sensors show, nothing names the cars"

    eventually(lambda: "FROZEN" in states(tower), EVENTS_S, "the stations know of commands that the journal does not")
    eventually(lambda: adopted(tower), EVENTS_S, "every station adopted", every_s=0.2)
    state_inventory(tower)
    assert believed(tower)[car] == bay
    begin(tower, "reset", "start")
    moved, to = move_a_car(tower)
    assert believed(tower)[moved] == to
    assert believed(tower) == truth(tower)

    assert "asked Restore" in give(tower, "events", "--grep", "restore").stdout
    (page,) = told(tower, "sheet", str(to), "--config", "small")["sheets"]
    assert page["believed"]["car"] == moved
    bundle = told(tower, "bundle", "--config", "small", "-o", str(tmp_path / "help.tar.gz"))
    assert bundle["missing"] == {}
    with tarfile.open(bundle["file"]) as archive:
        assert any(name.endswith("/buses.json") for name in archive.getnames())
