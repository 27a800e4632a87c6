"""The daemon dies by SIGKILL in each step of a move, and nothing is lost: real processes, sockets, pty and files.

The exchange is slowed to five and a half seconds, so that the PLC's silence of 1.5 s cuts it in each of its three
sub-steps: a daemon that is back sooner finds the command still running, one that stays away finds it cut.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from controller.api.sync_client import SyncClient
from controller.domain.jobs import JobState as S
from tests.support.kills import (
    SUB_STEPS,
    Kill,
    Ordeal,
    Row,
    anything_moves,
    autopsy,
    cut_sub_steps,
    driving,
    exchanging,
    extending,
    retracting,
    transferring,
    until_seen,
    watching,
    way_moving,
    write,
)
from tests.support.processes import START_S, Site, site

pytestmark = [pytest.mark.realtime, pytest.mark.long, pytest.mark.own_tower]

SLOWED = {
    "machine.lift.speed_mm_s": "4000",
    "machine.shuttle.speed_mm_s": "1400",
    "machine.shuttle.comb_speed_mm_s": "130",
    # Long enough to be seen on its way, also when the machine that tests is busy.
    "machine.latch.travel_s": "0.6",
    "timing.gate_delay_s": "0.2",
}

RETRIEVE_BACK_SOON = (
    Kill(S.ASSIGNED),
    Kill(S.OPENING, way_moving),
    Kill(S.PICKING, transferring, stillborn=1),
    Kill(S.CLOSING, way_moving),
    Kill(S.POSITIONING_TO, driving),
    Kill(S.OPENING_TO),
    Kill(S.PLACING, retracting),
    Kill(S.CLOSING_TO),
    Kill(S.CONFIRMING),
)
STORE_BACK_SOON = (
    Kill(S.POSITIONING),
    Kill(S.OPENING),
    Kill(S.PICKING, retracting),
    Kill(S.CLOSING),
    Kill(S.POSITIONING_TO),
    Kill(S.OPENING_TO, way_moving),
    Kill(S.PLACING, extending, stillborn=2),
    Kill(S.CLOSING_TO, way_moving),
    Kill(S.CONFIRMING),
)
"""Each step once: around the instant at which its command is planned, written and accepted, or while it runs."""

BACK_LATE = (
    Kill(S.POSITIONING, driving, back_late=True),
    Kill(S.PICKING, exchanging, back_late=True),
    Kill(S.PICKING, exchanging, back_late=True),
    Kill(S.PICKING, exchanging, back_late=True),
    Kill(S.PICKING, exchanging, back_late=True, spare=True),
    Kill(S.POSITIONING_TO, driving, back_late=True),
    Kill(S.OPENING_TO, way_moving, back_late=True),
    Kill(S.PLACING, exchanging, back_late=True),
    Kill(S.PLACING, exchanging, back_late=True),
    Kill(S.PLACING, exchanging, back_late=True),
    Kill(S.PLACING, exchanging, back_late=True, spare=True),
)
"""The PLC stops by itself: an exchange in each of its sub-steps, one after another."""


@contextmanager
def at_work(folder: Path, slowed: Mapping[str, str] = SLOWED) -> Iterator[Ordeal]:
    """Give a tower with 38 cars that executes, and its daemon."""
    with site(folder, "--config", "guangzhou", "--profile", "brisk", overrides=slowed) as here:
        here.start_simulator("--seed", "5", "--scenario", "first-day")
        daemon = here.start_daemon()
        here.wait_reconciled(daemon)
        with watching(here) as watch:
            watch.client.call("inventory.import", cars=stock(here))
            watch.reset_and_start()
        yield Ordeal(here, daemon)


@pytest.mark.parametrize("kills", [RETRIEVE_BACK_SOON, BACK_LATE], ids=["back soon", "back late"])
def test_retrieve(kills: Sequence[Kill], tmp_path: Path) -> None:
    with at_work(tmp_path / "run") as ordeal:
        try:
            ordeal.endure("RETRIEVE", partial(order, "retrieve", "C036", 107), kills)
        finally:
            write(tmp_path / "sigkill-retrieve.txt", ordeal.rows)
    each_sub_step_was_cut(ordeal.rows)


@pytest.mark.parametrize("kills", [STORE_BACK_SOON, BACK_LATE], ids=["back soon", "back late"])
def test_store(kills: Sequence[Kill], tmp_path: Path) -> None:
    with at_work(tmp_path / "run") as ordeal:
        # The carriage stands at 101 to begin with: it has to travel to this room.
        with ordeal.site.plant() as plant:
            plant.call("car.arrive", room=104, car="N1")
        try:
            ordeal.endure("STORE", partial(order, "store", "N1", 104), kills)
        finally:
            write(tmp_path / "sigkill-store.txt", ordeal.rows)
    each_sub_step_was_cut(ordeal.rows)


def test_one_daemon_a_tower_and_its_end_on_request(tmp_path: Path) -> None:
    with at_work(tmp_path / "run", slowed={}) as ordeal:
        here = ordeal.site
        second = here.start_daemon()
        assert second.process.wait(START_S) == 3
        with watching(here) as watch:
            job = order("retrieve", "C036", 104, watch.client)
            left = ""
            for step, moment in ((S.POSITIONING, driving), (S.PICKING, exchanging), (S.OPENING_TO, way_moving)):
                watch.until_step(job, step, goes_on=step.value == left)
                until_seen(here, moment)
                assert ordeal.daemon.terminate(within_s=5.0) == 0
                with here.plant() as plant:
                    assert not anything_moves(plant.call("truth")), step
                left = autopsy(here)().jobs[job].left or ""
                ordeal.daemon = here.start_daemon()
                here.wait_reconciled(ordeal.daemon)
                watch.anew()
                watch.reset_and_start()
            assert watch.until_ended(job)["state"] == "DONE"
        ordeal.everything_is_known()


def each_sub_step_was_cut(rows: Sequence[Row]) -> None:
    """Hold the table against what it is for: the silence of a dead daemon cut each exchange three times."""
    for step in {row.kill.step for row in rows if row.kill.back_late and row.kill.moment is exchanging}:
        assert len(cut_sub_steps(rows, step)) == SUB_STEPS, [row.stands for row in rows if row.kill.step is step]


def stock(here: Site) -> Sequence[Mapping[str, object]]:
    """Return which car stands in which bay, as the daemon is told of it."""
    with here.plant() as plant:
        rows = csv.DictReader(plant.call("stock")["csv"].splitlines())
    return [{"id": row["car"], "place": int(row["place"]), "model": row["model"]} for row in rows]


def order(kind: str, car: str, room: int, client: SyncClient) -> int:
    return int(client.call(kind, car=car, room=room)["job"])
