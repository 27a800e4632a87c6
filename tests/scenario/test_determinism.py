"""Fifty seeds of a quarter of an hour: run twice, in two orders, and in another process under another hash seed.

`make campaign-determinism` runs it; `test_seeds.py` has a sample of two minutes.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from config.load import load_tower
from controller import logs
from sim_plc.rehearsal.chronicle import replay
from sim_plc.rehearsal.run import Options
from sim_plc.rehearsal.world import EPOCH_S

pytestmark = [pytest.mark.own_tower, pytest.mark.campaign]

SEEDS = 50
CHUNK = 5
MINUTES = 15

logs.set_up(now=lambda: EPOCH_S, level="critical")

Marks = dict[int, tuple[str, str]]


def marks(seeds: Iterable[int]) -> Marks:
    """Return by seed the hash of its trace, and a digest of all that its log says."""
    tower, found = load_tower("small"), Marks()
    for seed in seeds:
        report, chronicle = replay(tower, seed, MINUTES, Options())
        found[seed] = report.trace_hash, hashlib.sha256(chronicle.text().encode()).hexdigest()
    return found


def elsewhere(*args: str, hash_seed: str) -> str:
    """Return what another interpreter prints, whose hashes of texts are others."""
    done = subprocess.run(
        [sys.executable, *args],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join([".", *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 127, 128, 129), done.stderr
    return done.stdout


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_seed_is_the_same_run_in_any_order_in_any_process(first: int, tmp_path: Path) -> None:
    seeds = range(first, first + CHUNK)
    once = marks(seeds)
    assert len({trace for trace, _ in once.values()}) == CHUNK, "a hash that says nothing"
    assert marks(reversed(seeds)) == once
    code = f"import json; from tests.scenario.test_determinism import marks; print(json.dumps(marks({list(seeds)})))"
    other = json.loads(elsewhere("-c", code, hash_seed="4711"))
    assert {int(seed): tuple(pair) for seed, pair in other.items()} == once
    log = tmp_path / "log"
    command = ("-m", "sim_plc", "replay", str(first), "--tower", "small", "--minutes", str(MINUTES), "--log", str(log))
    told = elsewhere(*command, hash_seed="1")
    trace, digest = once[first]
    assert told.splitlines()[-1] == trace
    assert hashlib.sha256(log.read_bytes()).hexdigest() == digest
    print(f"seeds {first} to {seeds[-1]}: {CHUNK} of {CHUNK} equal, three times and once by the command")
