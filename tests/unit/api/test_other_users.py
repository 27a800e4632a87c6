"""Another user of this host at the real socket: the kernel's word, end to end.

Root becomes that other user in a child process. Who is not root cannot, and meets the same code as itself, under a
name that the daemon does not take for its own; the test says which of the two it has tried.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.api.visitors import Visitors
from controller.domain.access import Access, Holders
from controller.domain.roles import Role
from tests.support.scripted_control import ControlThread, ScriptedControl, by_query

pytestmark = pytest.mark.realtime

ROOT = os.geteuid() == 0
UID, SOCKET_GID, FITTERS, STRANGERS = (4242, 4250, 4251, 4252) if ROOT else (os.geteuid(), os.getegid(), -2, -3)

ASK = """
import os, socket, sys
uid, *groups = map(int, sys.argv[2].split(","))
if os.geteuid() == 0 != uid:
    os.setgroups(groups)
    os.setgid(uid)
    os.setuid(uid)
asked = socket.socket(socket.AF_UNIX)
try:
    asked.connect(sys.argv[1])
except PermissionError:
    sys.exit("kept out")
asked.sendall(b'{"jsonrpc":"2.0","id":1,"method":"whoami"}\\n{"jsonrpc":"2.0","id":2,"method":"status"}\\n')
answers = asked.makefile()
print(answers.readline(), answers.readline(), sep="")
"""


class Names:
    """A directory with one group, and one that has the socket."""

    def __init__(self, fitters: int) -> None:
        self._fitters = fitters

    def user_name(self, uid: int) -> str | None:
        return {UID: "kim", 0: "root"}.get(uid)

    def user_id(self, name: str) -> int | None:
        raise AssertionError(name)

    def group_id(self, name: str) -> int | None:
        return self._fitters if name == "fitters" else None


ACCESS = Access({Role.TECHNICIAN: Holders(groups=("fitters",))})


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that every user may enter; pytest's own are their maker's alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def visit(folder: Path, visitors: Visitors, *groups: int, uid: int = UID) -> tuple[dict[str, Any], str]:
    """Ask as a user with supplementary groups; return who the daemon takes it for, and the control task's word."""
    path = folder / "s.sock"
    with ControlThread(ScriptedControl(path, by_query({"status": {}}), visitors=visitors)) as thread:
        os.chown(path, -1, SOCKET_GID)
        who = ",".join(map(str, (uid, *groups)))
        child = [sys.executable, "-I", "-S", "-c", ASK, str(path), who]
        done = subprocess.run(child, check=False, capture_output=True, text=True, timeout=10)
        if done.returncode:
            return {}, done.stderr.strip()
        (asked,) = thread.control.asked
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[0])["result"]
        return told, f"{asked.by} {asked.role.word}"


def test_a_group_makes_a_technician_and_without_it_the_same_user_is_none(folder: Path) -> None:
    print("\nas root: another user is tried" if ROOT else "\nnot root: this user is tried in another's place")
    mine = FITTERS if ROOT else os.getegid()
    told, asked = visit(folder, Visitors(ACCESS, Names(mine), own_uid=1), SOCKET_GID, *((FITTERS,) if ROOT else ()))
    assert (told["by"], told["role"], told["why"]) == (f"{UID}:kim", "technician", "group fitters")
    assert asked == f"{UID}:kim technician", "the control task hears the same"
    told, asked = visit(folder, Visitors(ACCESS, Names(STRANGERS), own_uid=1), SOCKET_GID)
    assert (told["role"], told["why"]) == ("operator", "not named in [access]")
    assert asked == f"{UID}:kim operator"


def test_whoever_runs_the_daemon_is_an_engineer(folder: Path) -> None:
    told, asked = visit(folder, Visitors(Access(others=Role.VIEWER)), uid=os.geteuid())
    assert (told["role"], told["why"]) == ("engineer", "root" if ROOT else "the daemon's own user")
    assert asked.endswith(" engineer")


def test_without_the_sockets_group_nobody_gets_as_far_as_a_role(folder: Path) -> None:
    if ROOT:
        assert visit(folder, Visitors(ACCESS, Names(FITTERS)), FITTERS) == ({}, "kept out")
    else:
        # The kernel keeps others out by the socket's mode alone, which this process can look at.
        with ControlThread(ScriptedControl(folder / "s.sock", by_query({}))):
            assert (folder / "s.sock").stat().st_mode & 0o007 == 0
