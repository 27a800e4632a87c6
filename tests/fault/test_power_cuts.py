"""The power goes at any instant of a journal's life: nothing acknowledged is lost, and no journal is corrupt.

The journal is the product's own, on the interpreter's own SQLite (`tests.support.file_layer`); each cut leaves what a
disk may leave (`tests.support.power_cuts`), and the next daemon's opening judges it: pages, chain, snapshot and tail,
and one append more.
"""

from pathlib import Path

import pytest

from controller.store.database import LOG_COMMITS
from tests.support.power_cuts_journal import Tally, Work, cut, recorded

SIZES = [
    Work(),
    Work(lives=2, appends=15, longest=60, snapshot_every=3),
    Work(lives=1, appends=2 * LOG_COMMITS, longest=400, snapshot_every=11),
]
"""Ordinary entries, tiny ones with many snapshots, and so many that the log is emptied on the way."""


def cuts_of(tmp_path: Path, seeds: range, cuts: int, synchronous: str = "FULL", failing_syncs: bool = False) -> Tally:
    """Record a journal for each seed and cut it; print the figures."""
    tally = Tally()
    for seed in seeds:
        at_work, left = tmp_path / f"{synchronous}-{seed}", tmp_path / "left"
        at_work.mkdir()
        left.mkdir(exist_ok=True)
        work = SIZES[seed % len(SIZES)]
        if failing_syncs:
            work = Work(3, 12, 1500, snapshot_every=5, failing_sync=20 + seed % 12, looked_at=seed % 2 == 0)
        events = recorded(at_work, f"{synchronous} {seed}", work, synchronous)
        cut(events, cuts, left, f"cut {seed}", tally)
    print(f"\nsynchronous={synchronous}{', one sync fails' if failing_syncs else ''}: {tally.text()}")
    return tally


@pytest.mark.parametrize(
    ("seeds", "cuts"),
    [
        (range(3), 20),
        # In four parts, which run side by side.
        *(pytest.param(range(first, first + 25), 100, marks=pytest.mark.campaign) for first in range(100, 200, 25)),
    ],
)
def test_no_cut_loses_what_was_acknowledged(tmp_path: Path, seeds: range, cuts: int) -> None:
    tally = cuts_of(tmp_path, seeds, cuts)
    assert tally.complaints == []
    assert (tally.cuts, tally.lost, tally.corrupt) == (len(seeds) * cuts, 0, 0)
    assert tally.acknowledged > 0


@pytest.mark.parametrize(
    ("seeds", "cuts"), [(range(3), 8), pytest.param(range(100, 110), 100, marks=pytest.mark.campaign)]
)
def test_the_rig_sees_what_a_sync_less_would_lose(tmp_path: Path, seeds: range, cuts: int) -> None:
    """SQLite promises that `NORMAL` loses the last commits and corrupts nothing: the rig must show both."""
    tally = cuts_of(tmp_path, seeds, cuts, "NORMAL")
    assert tally.complaints == []
    assert tally.lost > 0


@pytest.mark.parametrize(
    ("seeds", "cuts"), [(range(3), 10), pytest.param(range(3, 33), 100, marks=pytest.mark.campaign)]
)
def test_what_follows_a_failed_sync_is_as_durable_as_anything(tmp_path: Path, seeds: range, cuts: int) -> None:
    """After a sync that failed the kernel shows pages that are not on the disk, and never writes them again.

    The next daemon reads them and believes them, so it has to write them anew before anything rests on them.
    """
    tally = cuts_of(tmp_path, seeds, cuts, failing_syncs=True)
    assert tally.complaints == []
    assert (tally.lost, tally.corrupt) == (0, 0)
