"""Tab: what a shell is offered, with a daemon and without one."""

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from controller.api.instruments import Look
from controller.cli.main import COMMANDS, cartower
from tests.support.commands import daemon

CARS = [
    {"id": "C1", "model": "brisa", "place": 102, "where": "bay", "status": "verified"},
    {"id": "X9", "model": "", "place": None, "where": "carriage", "status": "verified"},
]
JOBS = [{"id": 12, "kind": "RETRIEVE", "car": "C1", "state": "PARKED", "choices": ["continue", "by-hand"]}]


class Wires:
    """One register."""

    async def signals(self, station: str, *, live: bool, only: Sequence[str]) -> Look:
        assert not live
        assert not only
        return {"signals": [{"name": f"{station}/fast.lift.position", "text": "position"}]}

    async def registers(self, station: str, space: str, address: int, count: int) -> Look:
        raise AssertionError((station, space, address, count))

    async def buses(self) -> Look:
        raise AssertionError


def offered(*words: str) -> dict[str, str]:
    shell = ShellComplete(cartower, {}, "cartower", "_CARTOWER_COMPLETE")
    return {each.value: each.help or "" for each in shell.get_completions(list(words[:-1]), words[-1])}


def test_commands_are_offered_with_what_they_do() -> None:
    assert list(offered("")) == list(COMMANDS)
    assert offered("re") == {name: COMMANDS[name][1] for name in ("retrieve", "relocate", "resolve", "restore")}
    assert set(offered("unit", "")) >= {"reset", "start", "stop"}
    assert {"list", "get", "watch"} == set(offered("io", ""))
    assert "--room" in offered("retrieve", "--")


def test_no_command_is_imported_to_offer_its_name() -> None:
    code = (
        "import sys\nfrom click.shell_completion import ShellComplete\nfrom controller.cli.main import cartower\n"
        "ShellComplete(cartower, {}, 'cartower', 'X').get_completions([], 're')\n"
        "assert 'controller.cli.moves' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.realtime
def test_what_is_in_the_tower_is_offered(tmp_path: Path) -> None:
    here = ("--run-dir", str(tmp_path))
    with daemon(tmp_path, {"cars": {"cars": CARS}, "jobs": {"jobs": JOBS}}, Wires()):
        assert offered("retrieve", *here, "") == {"C1": "bay 102 brisa", "X9": "carriage"}
        assert offered("retrieve", *here, "C") == {"C1": "bay 102 brisa"}
        assert offered("retrieve", *here, "C1", "--room", "") == {"1": "101 RESERVED"}
        assert offered("cancel", *here, "") == {"12": "RETRIEVE C1 PARKED"}
        assert offered("resolve", *here, "12", "--choice", "c") == {"continue": "job 12"}
        assert offered("relocate", *here, "C1", "") == {"103": "bay 103", "104": "bay 104", "202": "bay 202"}
        assert offered("bus", "read", *here, "") == {"tower": "ONLINE", "bays1": "OFFLINE"}
        assert offered("io", "get", *here, "t") == {"tower/": "ONLINE"}
        assert offered("io", "get", *here, "tower/") == {"tower/fast.lift.position": "position"}


def test_without_a_daemon_nothing_is_offered_at_once_and_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    for words in (("retrieve",), ("cancel",), ("relocate", "C1"), ("io", "get"), ("retrieve", "C", "--room")):
        assert offered(*words[:1], *words[1:], "--run-dir", str(tmp_path), "") == {}
    assert time.monotonic() - began < 5
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_the_variable_that_click_answers(shell: str) -> None:
    result = CliRunner().invoke(cartower, ["completion", shell])
    assert result.exit_code == 0
    assert f"_CARTOWER_COMPLETE={shell}_complete" in result.stdout


def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None, "the checks of this repository need bash anyway"
    command = tmp_path / "cartower"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m controller "$@"\n')
    command.chmod(0o755)
    script = CliRunner().invoke(cartower, ["completion", "bash"]).stdout
    ask = 'COMP_WORDS=(cartower ret); COMP_CWORD=1; _cartower_completion cartower; echo "${COMPREPLY[@]}"'
    done = subprocess.run(
        [bash, "--norc", "-c", f'PATH="{tmp_path}:$PATH"; shopt -s progcomp; {script}\n{ask}'],
        capture_output=True, text=True, check=False,
    )
    assert done.stdout.split() == ["retrieve"], done.stderr
