"""A campaign whose runner is killed goes on behind the last seed that had ended, and loses and repeats none."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sim_plc.rehearsal.campaign.ledger import FILE
from tests.support.processes import eventually

pytestmark = [pytest.mark.realtime, pytest.mark.campaign]

SEEDS = 12
KILLED_AT = (3, 7)
"""As soon as so many seeds have ended."""


def runner(folder: Path) -> "subprocess.Popen[str]":
    seeds = ("--seeds", f"0..{SEEDS - 1}", "--calm", "--minutes", "0.5")
    command = ("campaign", "--tower", "small", *seeds, "--jobs", "2", "--json")
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "sim_plc", *command, "--out", str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(folder: Path) -> list[Mapping[str, Any]]:
    """Return the results that are whole."""
    file = folder / FILE
    text = file.read_text() if file.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()[1:]]


def workers(session: int) -> list[str]:
    """Return the processes of a session that still run."""
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(session)], capture_output=True, text=True, check=False)
    return [line for line in listed.stdout.splitlines() if line.split()[1][0] != "Z"]


def test_a_killed_campaign_goes_on_where_it_was(tmp_path: Path) -> None:
    kept: dict[int, str] = {}
    for count in KILLED_AT:
        process = runner(tmp_path)
        eventually(lambda count=count: len(ended(tmp_path)) >= count or None, 120.0, f"{count} seeds")  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        eventually(lambda pid=process.pid: not workers(pid), 60.0, "its workers end by themselves")  # type: ignore[misc]
        found = {line["seed"]: line["trace_hash"] for line in ended(tmp_path)}
        assert len(found) == len(ended(tmp_path)), "no seed twice"
        assert kept.items() <= found.items(), "no seed lost"
        kept = found
    assert len(kept) < SEEDS
    began_s = time.monotonic()
    last = runner(tmp_path)
    out, told = last.communicate(timeout=300.0)
    assert last.returncode == 0, told
    report = json.loads(out)
    assert (report["seeds"], report["verdict"]) == (SEEDS, "good")
    found = {line["seed"]: line["trace_hash"] for line in ended(tmp_path)}
    assert sorted(found) == list(range(SEEDS))
    assert kept.items() <= found.items()
    assert f"{len(kept) + 1}/{SEEDS} seeds" in told, "it began behind them"
    print(f"killed at {KILLED_AT} of {SEEDS} seeds; the rest in {time.monotonic() - began_s:.1f} s")
