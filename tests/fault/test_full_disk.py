"""The disk of the running daemon is full or goes read-only, or is so when it starts: real processes, real errors.

The daemon's log lies on the same disk, as it may at a site.
"""

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from controller.api.messages import Notice, NotReachable
from controller.api.sync_client import SyncClient
from controller.domain.refusal import Refusal
from tests.support.bad_disks import BadDisk, ReadOnlyDisk, bad_disk, read_only_disk
from tests.support.kills import anything_moves, believed, driving, real, until_seen
from tests.support.managers import Keeper, listener
from tests.support.processes import Site, eventually, site
from tests.support.unit_file import UnitFile

pytestmark = [pytest.mark.realtime, pytest.mark.long, pytest.mark.own_tower]

JOURNAL_EXIT: Final = 74
STEP_S: Final = 60.0
WATCHED_S: Final = 0.5
UNIT: Final = UnitFile.packaged()


@contextmanager
def tower_on(disk: BadDisk | ReadOnlyDisk, folder: Path) -> Iterator[tuple[Site, Site]]:
    """Give a tower of software on a sound disk, and the place of its daemon on a bad one."""
    wired = {"bus.bays.device": str(folder / "plant" / "bays.tty")}
    with site(folder / "plant", "--config", "small", "--profile", "brisk", overrides=wired) as plant:
        plant.start_simulator("--seed", "5")
        run_dir = disk.folder / "run"
        run_dir.mkdir()
        here = Site(run_dir, plant.config)
        try:
            yield plant, here
        except BaseException:
            here.show_logs()
            raise
        finally:
            for child in here.children:
                if child.running:
                    child.kill()


@pytest.mark.campaign
@pytest.mark.parametrize("may_mount", [True, False], ids=["tmpfs", "limit"])
def test_a_full_disk_ends_the_daemon_at_rest_and_a_mended_one_lets_it_go_on(tmp_path: Path, *, may_mount: bool) -> None:
    with bad_disk(tmp_path / "disk", may_mount=may_mount) as disk, tower_on(disk, tmp_path) as (plant, here):
        daemon = here.start_daemon()
        here.wait_reconciled(daemon)
        with here.client() as client:
            client.call("inventory.import", cars=stock(plant))
            reset_and_start(client)
            car, free = a_car_and_a_free_bay(client)
            job = client.call("relocate", car=car, bay=free)["job"]
            until_seen(plant, driving)
            notices = client.notices(STEP_S)
            next(notices)
            disk.fill(daemon.process.pid)
            assert "JOURNAL_FAILED" in until_gone(notices)
        assert daemon.process.wait(STEP_S) == JOURNAL_EXIT
        with plant.plant() as truth:
            assert not anything_moves(truth.call("truth"))
        starts_on_a_read_only_disk(disk, here)
        disk.make_room()
        again = here.start_daemon()
        here.wait_reconciled(again)
        goes_on(plant, here, job)
        assert again.terminate(within_s=STEP_S) == 0


@pytest.mark.parametrize(
    ("may_mount", "restarts", "pause_s"),
    [
        (True, 1, 0.1),
        pytest.param(True, 6, float(UNIT.one("RestartSec")), marks=pytest.mark.campaign),
        pytest.param(False, 2, 0.1, marks=pytest.mark.campaign),
    ],
    ids=["ext4", "ext4-for-a-minute", "limit"],
)
def test_a_disk_that_goes_read_only_is_outlasted_by_restarts_until_it_is_mended(
    tmp_path: Path, *, may_mount: bool, restarts: int, pause_s: float
) -> None:
    with (
        read_only_disk(tmp_path / "disk", may_mount=may_mount) as disk,
        tower_on(disk, tmp_path) as (plant, here),
        listener(tmp_path / "notify") as manager,
    ):
        print(f"\nread-only: {disk.kind}")
        here.log_dir = tmp_path
        keeper = Keeper(UNIT, here, manager, pause_s, WATCHED_S)
        daemon = keeper.start()
        here.wait_reconciled(daemon)
        with here.client() as client, here.client() as other:
            client.call("inventory.import", cars=stock(plant))
            reset_and_start(client)
            car, free = a_car_and_a_free_bay(client)
            job = client.call("relocate", car=car, bay=free)["job"]
            until_seen(plant, driving)
            notices = client.notices(STEP_S)
            next(notices)
            waiting = next(each["id"] for each in client.call("cars")["cars"] if each["id"] != car)
            disk.spoil(daemon.process.pid)
            with pytest.raises(Refusal) as refused:
                other.call("retrieve", car=waiting)
            assert refused.value.rule == "JOURNAL_FAILED"
            manager.drain()
            told: list[str] = []
            # Taken as it comes: the kernel keeps ten messages for a manager that does not listen.
            assert "JOURNAL_FAILED" in until_gone(notices, lambda: told.extend(manager.drain()))
        keeper.after(daemon, STEP_S)
        told += manager.drain()
        assert "WATCHDOG=1" in told, "vouched for until it was at rest"
        assert told[-1] == "STOPPING=1"
        before = journal_bytes(here)
        for _ in range(restarts):
            stillborn = keeper.start()
            disk.spoil(stillborn.process.pid)
            keeper.after(stillborn, STEP_S)
        assert keeper.codes == [JOURNAL_EXIT] * (1 + restarts)
        assert manager.drain() == [], "none of them was ready"
        assert journal_bytes(here) == before
        with plant.plant() as truth:
            rests = truth.call("truth")["carriage"]
        disk.mend()
        again = keeper.start()
        assert here.wait_reconciled(again)["unit"]["state"] == "STOPPED"
        settled = [line["verdict"] for line in again.logged("intent_settled")]
        assert set(settled) <= {"OK"}, "what moved has come to its end"
        with plant.plant() as truth:
            assert truth.call("truth")["carriage"] == rests, "nothing moves before a human act"
        goes_on(plant, here, job)
        assert again.terminate(within_s=STEP_S) == 0


def journal_bytes(here: Site) -> list[bytes]:
    return [(here.run_dir / name).read_bytes() for name in ("journal.sqlite", "journal.sqlite-wal")]


def goes_on(plant: Site, here: Site, job: int) -> None:
    """Reset and start as a person does: the job ends, nothing was lost, and belief is the plant's truth."""
    assert json.loads(here.cartower("audit", "verify", "--json"))["ok"]
    with here.client() as client:
        reset_and_start(client)
        jobs = eventually(lambda: ended(client), STEP_S, "the job ends", every_s=0.1)
        assert {each["id"]: each["state"] for each in jobs} == {job: "DONE"}
        cars = client.call("cars")["cars"]
    with plant.plant() as truth:
        shown = truth.call("truth")
    assert believed(cars) == real(shown)
    assert shown["crimes"] == []


def starts_on_a_read_only_disk(disk: BadDisk, here: Site) -> None:
    """A start on a disk that takes nothing ends with the same code, and harms nothing."""
    before = (here.run_dir / "journal.sqlite").read_bytes()
    refused = disk.run_on_read_only(
        sys.executable, "-P", "-m", "controller", "run", *here.config, "--run-dir", str(here.run_dir)
    )
    assert refused.returncode == JOURNAL_EXIT, refused.stderr
    assert '"event": "journal"' in refused.stderr
    assert (here.run_dir / "journal.sqlite").read_bytes() == before


def until_gone(notices: Iterator[Notice | None], meanwhile: Callable[[], None] = lambda: None) -> list[object]:
    """Return the codes of what the daemon tells until it is gone."""
    codes: list[object] = []
    try:
        for notice in notices:
            assert notice is not None, codes
            codes.append(notice.params.get("code"))
            meanwhile()
    except NotReachable:
        pass
    return codes


def reset_and_start(client: SyncClient) -> None:
    for command, there in (("reset", "IDLE"), ("start", "EXECUTE")):
        client.call("unit", command=command)
        eventually(partial(in_state, client, there), STEP_S, command)


def in_state(client: SyncClient, state: str) -> bool:
    return bool(client.call("status")["unit"]["state"] == state)


def a_car_and_a_free_bay(client: SyncClient) -> tuple[str, int]:
    status = client.call("status")
    bays = [each for each in status["places"].values() if each["place"] not in status["tower"]["rooms"]]
    car = next(each["car"] for each in bays if each["status"] == "occupied")
    return car, max(each["place"] for each in bays if each["status"] == "free")


def ended(client: SyncClient) -> list[Mapping[str, Any]] | None:
    jobs: list[Mapping[str, Any]] = client.call("jobs", all=True)["jobs"]
    return jobs if all(job["state"] in ("DONE", "PARKED", "CANCELLED") for job in jobs) else None


def stock(plant: Site) -> list[Mapping[str, object]]:
    with plant.plant() as side:
        rows = csv.DictReader(side.call("stock")["csv"].splitlines())
    return [{"id": row["car"], "place": int(row["place"]), "model": row["model"]} for row in rows]
