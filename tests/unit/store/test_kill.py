"""A killed writer: whatever it was told is durable is there, and the chain holds."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.journals import open_journal

ROOT = Path(__file__).parents[3]


def kill_while_writing(path: Path, first: int, seconds: float) -> int:
    """Let a process write for a while, SIGKILL it, and return the last entry that it saw acknowledged."""
    command = [sys.executable, "-P", "-m", "tests.support.journal_writer", str(path), str(first)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT) as child:
        assert child.stdout is not None
        said = child.stdout.readline()
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        said += child.stdout.read()
    assert child.returncode == -signal.SIGKILL
    lines = [int(line) for line in said.split(b"\n")[:-1]]
    assert lines == list(range(first + 1, lines[-1] + 1, 2))
    return lines[-1]


@pytest.mark.realtime
@pytest.mark.long
@pytest.mark.parametrize("kills", [7, pytest.param(40, marks=pytest.mark.campaign)])
def test_kills_lose_nothing_that_was_acknowledged(kills: int, tmp_path: Path) -> None:
    chance = random.Random(20)
    path, written = tmp_path / "j", 0
    for _ in range(kills):
        acknowledged = kill_while_writing(path, written + 1, chance.uniform(0.0, 0.04))
        journal = open_journal(path)
        assert journal.verify().damage == ()
        entries = list(journal.read(after=0))
        snapshot, tail = journal.load()
        journal.close()
        numbers = [entry.body["n"] for entry in entries]
        assert numbers == list(range(1, len(entries) + 1)), "each append whole, in order, once"
        assert len(entries) % 2 == 0, "both entries of an append or none"
        assert acknowledged <= len(entries) <= acknowledged + 2, "at most the append under way is more"
        total = 0 if snapshot is None else snapshot.body["sum"]
        assert isinstance(total, int)
        assert total + sum(int(str(entry.body["n"])) for entry in tail) == sum(range(1, len(entries) + 1))
        written = len(entries)
    assert written > 2 * kills
