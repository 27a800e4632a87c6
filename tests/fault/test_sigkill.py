"""The daemon dies by SIGKILL in each step of a move, and nothing is lost: real processes, sockets, pty and files.

The exchange is slowed to five and a half seconds, so that the PLC's silence of 1.5 s cuts it in each of its three
sub-steps: a daemon that is back sooner finds the command still running, one that stays away finds it cut.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
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

SPARES = 3


def exchanged(step: S) -> tuple[Kill, ...]:
    """Cut an exchange in its three sub-steps, one after another; what misses one has spares."""
    aimed = Kill(step, exchanging, back_late=True)
    return (aimed,) * SUB_STEPS + (replace(aimed, spare=True),) * SPARES


BACK_LATE = (
    Kill(S.POSITIONING, driving, back_late=True),
    *exchanged(S.PICKING),
    Kill(S.POSITIONING_TO, driving, back_late=True),
    Kill(S.OPENING_TO, way_moving, back_late=True),
    *exchanged(S.PLACING),
)
"""The PLC stops by itself: an exchange in each of its sub-steps."""

ONCE_MORE = tuple(replace(kill, spare=True) for kill in BACK_LATE if kill.moment is exchanging)
"""For the next move, if the exchange of one went past a sub-step before a busy machine could cut it."""

Kills = tuple[Kill, ...]

OF_A_KIND = (S.OPENING, S.PICKING, S.POSITIONING_TO, S.PLACING, S.CONFIRMING)
"""A way, a travel, an exchange each way, and a commit: what every run kills a daemon in."""

SOON, LATE, SAMPLE = "back soon", "back late", "back soon, a step of each kind"
OTHERS = [("retrieve", SOON), ("retrieve", LATE), ("store", SOON), ("store", LATE)]
"""Than the case of every run."""
KILLS: dict[tuple[str, str], Kills] = {
    ("retrieve", SAMPLE): tuple(kill for kill in RETRIEVE_BACK_SOON if kill.step in OF_A_KIND),
    ("retrieve", SOON): RETRIEVE_BACK_SOON,
    ("store", SOON): STORE_BACK_SOON,
    ("retrieve", LATE): BACK_LATE,
    ("store", LATE): BACK_LATE,
}
MOVES = {
    "retrieve": (("C036", 107), ("C035", 101), ("C034", 104)),
    # The carriage stands at 101 to begin with: it has to travel to this room.
    "store": (("N1", 104), ("N2", 101), ("N3", 107)),
}
"""Cars and rooms: the first one, and as many as are needed to cut each sub-step."""


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


@pytest.mark.parametrize(
    ("kind", "back"), [("retrieve", SAMPLE), *(pytest.param(*case, marks=pytest.mark.campaign) for case in OTHERS)]
)
def test_a_move_ends_well_over_a_death_in_each_step(kind: str, back: str, tmp_path: Path) -> None:
    with at_work(tmp_path / "run") as ordeal:
        kills = KILLS[kind, back]
        try:
            for car, room in MOVES[kind]:
                if kind == "store":
                    with ordeal.site.plant() as plant:
                        plant.call("car.arrive", room=room, car=car)
                ordeal.endure(kind.upper(), partial(order, kind, car, room), kills)
                if not missed(ordeal.rows):
                    break
                kills = ONCE_MORE
        finally:
            write(tmp_path / f"sigkill-{kind}.txt", ordeal.rows)
    assert not missed(ordeal.rows), [row.stands for row in ordeal.rows]


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


def missed(rows: Sequence[Row]) -> set[S]:
    """Return the steps whose exchange the silence of a dead daemon has not yet cut in each of its sub-steps."""
    steps = {row.kill.step for row in rows if row.kill.back_late and row.kill.moment is exchanging}
    return {step for step in steps if len(cut_sub_steps(rows, step)) < SUB_STEPS}


def stock(here: Site) -> Sequence[Mapping[str, object]]:
    """Return which car stands in which bay, as the daemon is told of it."""
    with here.plant() as plant:
        rows = csv.DictReader(plant.call("stock")["csv"].splitlines())
    return [{"id": row["car"], "place": int(row["place"]), "model": row["model"]} for row in rows]


def order(kind: str, car: str, room: int, client: SyncClient) -> int:
    return int(client.call(kind, car=car, room=room)["job"])
