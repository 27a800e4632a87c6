"""Makes a recording: processes, sockets and a pty, a car brought down, an emergency stop, and one taken in.

    python -m tests.support.recorded_session tests/scenario/recordings/stop-and-go

The folder must be new. What is kept is packed with gzip.
"""

import gzip
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from controller.api.sync_client import SyncClient
from tests.support.days import hurried
from tests.support.kills import driving, until_seen
from tests.support.processes import Site, eventually, site

STEP_S: Final = 40.0
DAY: Final = hurried("People who hurry")
ROOM: Final = 101


def record(run_dir: Path, folder: Path) -> None:
    """Run the session in ``run_dir``; its recording stands in the new folder ``folder``."""
    config = ("--config", "small", "--profile", "brisk")
    with site(run_dir, *config, overrides={"trace.before_s": "0"}) as here:
        (run_dir / "day.toml").write_text(DAY, encoding="utf-8")
        here.start_simulator("--seed", "5", "--scenario", str(run_dir / "day.toml"))
        # The journal of a tower that has been at work, so that the recording begins with one.
        first = here.start_daemon()
        here.wait_reconciled(first)
        with here.plant() as plant, here.client() as client:
            cars = [{"id": car, "place": int(place)} for place, car in plant.call("truth")["cars"].items()]
            client.call("inventory.import", cars=cars)
            plant.call("customer.auto", on=True)
        assert first.terminate(10.0) == 0
        daemon = here.start_daemon(more=("--record", str(folder)))
        here.wait_reconciled(daemon)
        with here.client() as client:
            _session(here, client)
        assert daemon.terminate(10.0) == 0


def _session(here: Site, client: SyncClient) -> None:
    _start(client)
    _until_done(client, client.call("retrieve", car="A1")["job"])
    _until(lambda: client.call("status")["rooms"][0]["state"] == "VACANT", "the customer has left")
    with here.plant() as plant:
        plant.call("car.arrive", room=ROOM, car="A1")
        job = client.call("store", car="A1", room=ROOM)["job"]
        _until(lambda: _job(client, job)["state"] == "POSITIONING_TO", "a move")
        until_seen(here, driving)
        plant.call("estop.press")
        _until(lambda: _state(client) == "ABORTED", "the stop")
        plant.call("estop.release")
        plant.call("device.reset")
    client.call("unit", command="clear", on_site=True)
    _until(lambda: _state(client) == "STOPPED", "cleared")
    _start(client)
    _until_done(client, job)


def _start(client: SyncClient) -> None:
    client.call("unit", command="reset", on_site=True)
    _until(lambda: _state(client) == "IDLE", "reset")
    client.call("unit", command="start")
    _until(lambda: _state(client) == "EXECUTE", "started")


def _until_done(client: SyncClient, job: int) -> None:
    _until(lambda: _job(client, job)["state"] == "DONE", f"job {job}")


def _until(look: Callable[[], bool], what: str) -> None:
    eventually(look, STEP_S, what, every_s=0.1)


def _state(client: SyncClient) -> str:
    return str(client.call("status")["unit"]["state"])


def _job(client: SyncClient, number: int) -> Mapping[str, Any]:
    jobs = client.call("jobs", all=True)["jobs"]
    found: Mapping[str, Any] = next(job for job in jobs if job["id"] == number)
    return found


def pack(folder: Path) -> None:
    """Pack every file of a recording, the same bytes for the same content."""
    for file in folder.iterdir():
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
        file.unlink()


if __name__ == "__main__":
    kept = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        record(Path(scratch) / "run", kept.absolute())
    pack(kept)
