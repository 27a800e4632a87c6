"""The daemon dies by SIGKILL in each step of a move, and nothing is lost: real processes, sockets, pty and files.

The exchange is slowed to five seconds, so that the PLC's silence of 1.5 s cuts it in each of its three sub-steps:
a daemon that is back sooner finds the command still running, one that stays away finds it cut.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from controller.api.sync_client import SyncClient
from controller.domain.jobs import JobState as S
from tests.support.kills import (
    Kill,
    Ordeal,
    anything_moves,
    autopsy,
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
from tests.support.processes import site

pytestmark = pytest.mark.realtime

SLOWED = {
    "machine.lift.speed_mm_s": "4000",
    "machine.shuttle.speed_mm_s": "1600",
    "machine.shuttle.comb_speed_mm_s": "130",
    "timing.gate_delay_s": "0.2",
}

SILENCE_S = 1.8
"""Longer than the silence after which a PLC stops."""

BACK_SOON = (
    Kill(S.POSITIONING, driving),
    Kill(S.OPENING, way_moving),
    Kill(S.PICKING, transferring, stillborn=1),
    Kill(S.CLOSING, way_moving),
    Kill(S.POSITIONING_TO, driving),
    Kill(S.OPENING_TO, way_moving),
    Kill(S.PLACING, extending),
    Kill(S.CLOSING_TO, way_moving),
    Kill(S.CONFIRMING),
)
"""Each step once, while what it asked for is under way."""

BEFORE_OR_AFTER = (
    Kill(S.ASSIGNED),
    Kill(S.OPENING),
    Kill(S.PICKING, retracting),
    Kill(S.POSITIONING_TO),
    Kill(S.OPENING_TO),
    Kill(S.PLACING, stillborn=2),
    Kill(S.CLOSING_TO),
)
"""Around the instant at which a command is planned, written and accepted."""

SILENT = (
    Kill(S.POSITIONING, driving, SILENCE_S),
    Kill(S.PICKING, exchanging, SILENCE_S),
    Kill(S.PICKING, exchanging, SILENCE_S),
    Kill(S.PICKING, exchanging, SILENCE_S),
    Kill(S.POSITIONING_TO, driving, SILENCE_S),
    Kill(S.OPENING_TO, way_moving, SILENCE_S),
    Kill(S.PLACING, exchanging, SILENCE_S),
    Kill(S.PLACING, exchanging, SILENCE_S),
    Kill(S.PLACING, exchanging, SILENCE_S),
)
"""The PLC stops by itself: an exchange in each of its sub-steps, one after another."""

PLANS = (BACK_SOON, BEFORE_OR_AFTER, SILENT)


@contextmanager
def at_work(folder: Path) -> Iterator[Ordeal]:
    """Give a tower with 38 cars that executes, and its daemon."""
    with site(folder, "--config", "guangzhou", "--profile", "brisk", overrides=SLOWED) as here:
        here.start_simulator("--seed", "5", "--scenario", "first-day")
        daemon = here.start_daemon()
        here.wait_reconciled(daemon)
        stock = here.run_dir / "stock.csv"
        stock.write_text(here.cartower_sim("stock"), "utf-8")
        here.cartower("inventory", "import", str(stock))
        here.cartower("unit", "reset", "--wait")
        here.cartower("unit", "start", "--wait")
        yield Ordeal(here, daemon)


def test_retrieve(tmp_path: Path) -> None:
    with at_work(tmp_path / "run") as ordeal:
        try:
            for room, car, kills in zip((101, 104, 107), ("C007", "C014", "C036"), PLANS, strict=True):
                ordeal.endure("RETRIEVE", partial(order, "retrieve", car, room), kills)
        finally:
            write(tmp_path / "sigkill-retrieve.txt", ordeal.rows)


def test_store(tmp_path: Path) -> None:
    with at_work(tmp_path / "run") as ordeal:
        try:
            # The carriage stands at 101 to begin with: it has to travel to each of these.
            for room, car, kills in zip((104, 107, 101), ("N1", "N2", "N3"), PLANS, strict=True):
                ordeal.site.cartower_sim("car", "arrive", "--room", str(room), "--car", car)
                ordeal.endure("STORE", partial(order, "store", car, room), kills)
        finally:
            write(tmp_path / "sigkill-store.txt", ordeal.rows)


def test_an_end_on_request_brings_the_machine_to_rest(tmp_path: Path) -> None:
    with at_work(tmp_path / "run") as ordeal:
        here = ordeal.site
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


def test_a_second_daemon_is_turned_away(tmp_path: Path) -> None:
    with at_work(tmp_path / "run") as ordeal:
        second = ordeal.site.start_daemon()
        assert second.process.wait(5.0) == 3
        with watching(ordeal.site) as watch:
            job = order("retrieve", "C007", 101, watch.client)
            assert watch.until_ended(job)["state"] == "DONE"
        assert ordeal.daemon.running


def order(kind: str, car: str, room: int, client: SyncClient) -> int:
    return int(client.call(kind, car=car, room=room)["job"])
