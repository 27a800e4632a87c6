"""`cartower bundle`: everything that helps, and none of the secrets that were planted."""

import asyncio
import io
import json
import tarfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controller.api.instruments import Look
from controller.cli.main import cartower
from controller.cli.redact import Redactor
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import Asked, PlaceSet, to_entry
from tests.support.commands import daemon
from tests.support.journals import open_journal
from tests.support.past import write_past
from tests.support.sample_status import sample_status

KEY = "MHcCAQEEIPlantedKeyMaterialOfThisDaemon"
PLANTED = (
    KEY,
    "planted-key-path",
    "planted-password",
    "planted-token-of-the-status",
    "planted.bearer.of.a.request",
    "planted-in-a-place",
)

BUSES: dict[str, Any] = {"map_version": 1, "buses": []}


class Wires:
    """No bus."""

    async def signals(self, station: str, *, live: bool, only: Sequence[str]) -> Look:
        raise AssertionError((station, live, only))

    async def registers(self, station: str, space: str, address: int, count: int) -> Look:
        raise AssertionError((station, space, address, count))

    async def buses(self) -> Look:
        return BUSES


def plant(run_dir: Path) -> Path:
    """Put secrets wherever one could be; return the tower's file."""
    source = Path("config/towers/small.toml").read_text("utf-8")
    begin, end = (f"-----{word} EC PRIVATE KEY-----\n" for word in ("BEGIN", "END"))
    (run_dir / "planted-key-path.pem").write_text(f"{begin}{KEY}\n{end}")
    secured = 'security = "tls"\nca = "ca.pem"\ncertificate = "me.pem"\nkey = "planted-key-path.pem"\n'
    tower = run_dir / "secured.toml"
    titled = source.replace("[bus.tower]\n", f"[bus.tower]\n{secured}", 1)
    tower.write_text(titled.replace("port = 15020", "port = 802"), "utf-8")
    write_past(
        run_dir / "journal.sqlite",
        (
            (90_000.0, (Asked("an old request", "1000:ann"),)),
            (60.0, (Asked("Pay {'password': 'planted-password'}", "1000:ann"),)),
            (60.0, (Asked("Call with Bearer planted.bearer.of.a.request", "1000:ann"),)),
            (50.0, (PlaceSet(Place(102, PlaceStatus.UNVERIFIED, None, f"-----BEGIN PRIVATE KEY----- {KEY}")),)),
            (40.0, (PlaceSet(Place(103, PlaceStatus.UNVERIFIED, None, "https://me:planted-in-a-place@there")),)),
            (30.0, (PlaceSet(Place(103, PlaceStatus.FREE, None, f"said planted-password, and line {KEY}")),)),
        ),
    )
    return tower


def ask(run_dir: Path, *args: str) -> Result:
    return CliRunner().invoke(cartower, ["bundle", *args, "--run-dir", str(run_dir)])


def opened(file: Path) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(file.read_bytes()), mode="r:gz") as archive:
        found = {}
        for member in archive.getmembers():
            data = archive.extractfile(member)
            assert data is not None
            found[member.name.partition("/")[2]] = member.name.encode() + data.read()
    return found


def status() -> dict[str, Any]:
    return sample_status() | {"alarms": [], "gateway": {"token": "planted-token-of-the-status"}}


@pytest.mark.realtime
def test_no_planted_secret_leaves_and_all_else_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tower, file, bare = plant(tmp_path), tmp_path / "help.tar.gz", tmp_path / "bare.tar.gz"
    answers = {"status": status(), "jobs": {"jobs": []}, "places": {"places": []}}
    with daemon(tmp_path, answers, Wires()) as run:
        result = run("bundle", "--config", str(tower), "-o", str(file))
        assert result.exit_code == 0, result.output
        monkeypatch.setattr(Redactor, "hide", lambda _self, value: value)
        run("bundle", "--config", str(tower), "-o", str(bare))
    everything = b"".join(opened(file).values())
    assert [secret for secret in PLANTED if secret.encode() in everything or secret in result.output] == []
    without = b"".join(opened(bare).values())
    assert [secret for secret in PLANTED if secret.encode() not in without] == [], "each was where it could leave"
    assert set(opened(file)) == {
        *("MANIFEST.json", "versions.json", "configuration.json", "doctor.json", "events.jsonl"),
        *("status.json", "places.json", "jobs.json", "buses.json", "service.json"),
    }
    assert b'"security": "tls"' in everything
    assert b"1000:ann asked Pay" in everything
    assert b"an old request" not in everything, "the last day alone"
    assert file.stat().st_mode & 0o777 == 0o600


def test_without_daemon_journal_or_configuration_it_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "help.tar.gz"
    result = ask(tmp_path, "-o", str(file), "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert set(told["missing"]) == {
        *("configuration.json", "events.jsonl", "status.json", "places.json", "jobs.json", "buses.json"),
        "service.json",
    }
    manifest = opened(file)["MANIFEST.json"]
    assert b'"cartower": "' in manifest
    assert b"no --config was given" in manifest


def test_a_faulty_configuration_is_told_of_and_the_rest_goes_in(tmp_path: Path) -> None:
    tower = tmp_path / "faulty.toml"
    tower.write_text('name = "x"\ntower_id = 0\npassword = "planted-password"\n')
    file = tmp_path / "help.tar.gz"
    result = ask(tmp_path, "--config", str(tower), "-o", str(file))
    assert result.exit_code == 0, result.output
    found = opened(file)
    assert b"tower_id" in found["MANIFEST.json"]
    assert b"planted-password" not in b"".join(found.values())
    assert "planted-password" not in result.output


def test_a_bundle_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "help.tar.gz"
    file.write_text("kept")
    assert ask(tmp_path, "-o", str(file)).exit_code == 1
    assert file.read_text() == "kept"
    assert ask(tmp_path, "-o", str(tmp_path / "none" / "x.tar.gz")).exit_code == 74


def test_events_of_an_odd_journal_go_in_as_they_are(tmp_path: Path) -> None:
    with closing(open_journal(tmp_path / "journal.sqlite")) as journal:
        asyncio.run(journal.append([("Painted", {"colour": "red"}), to_entry(Asked("x", "y"))]))
    file = tmp_path / "help.tar.gz"
    ask(tmp_path, "-o", str(file), "--since", "all")
    lines = opened(file)["events.jsonl"].splitlines()
    assert len(lines) == 2
    assert b"Painted {'colour': 'red'}" in lines[0]
