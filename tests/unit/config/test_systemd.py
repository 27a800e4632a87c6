"""The daemon as a service: what the unit lets happen, and how little of the computer it can reach.

The parser's checks always run; systemd's own judgement where systemd is installed, else the summary says so.
"""

import re
import shlex
import shutil
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from controller.activities.primitive import HALT_S
from controller.app import EXIT_CONFIGURATION, EXIT_IN_USE, EXIT_JOURNAL, EXIT_OK
from controller.cli import exits
from controller.cli.main import cartower
from controller.cli.run import run
from controller.cli.systemd import FILES, PREFIX
from tests.support.not_run import NOT_RUN
from tests.support.unit_file import BadUnit, UnitFile

THRESHOLD: Final = 15
"""Tenths of the exposure that `systemd-analyze security` reckons: a plain unit has 96."""

UNIT: Final = UnitFile.packaged()

HARDENED: Final = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "DevicePolicy": "closed",
    "IPAddressDeny": "any",
    "ProtectProc": "invisible",
    "ProtectClock": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
    "LimitCORE": "0",
}

RULE_PART: Final = re.compile(r'[A-Z]+(\{\w+\})?(==|\+=|=)"[^"]+"')


def packaged(file: str) -> str:
    return resources.files("config").joinpath(FILES[file]).read_text("utf-8")


@pytest.mark.parametrize(
    ("code", "again"),
    [
        (EXIT_OK, True),
        (1, True),
        (exits.USAGE, False),
        (EXIT_IN_USE, True),
        (EXIT_CONFIGURATION, False),
        (exits.BAD_CONFIGURATION, False),
        (EXIT_JOURNAL, True),
        (-signal.SIGKILL, True),
        (-signal.SIGABRT, True),
    ],
)
def test_what_a_restart_may_mend_is_tried_and_what_it_cannot_is_not(code: int, *, again: bool) -> None:
    assert UNIT.restarts(code) is again


def test_it_never_gives_up_and_never_spins() -> None:
    assert UNIT.one("StartLimitIntervalSec", "Unit") == "0"
    assert int(UNIT.one("RestartSec")) >= 5
    assert not {"RestartSteps", "RestartMaxDelaySec"} & set(UNIT.settings["Service"]), "unknown before systemd 254"


def test_its_watchdog_outlasts_whatever_the_control_task_may_wait_for() -> None:
    assert UNIT.one("Type") == "notify"
    assert int(UNIT.one("WatchdogSec")) >= 4 * HALT_S


def test_its_command_is_one_that_cartower_understands() -> None:
    program, verb, *words = shlex.split(UNIT.one("ExecStart").replace("%i", "guangzhou"))
    assert (program, verb) == (f"{PREFIX}/bin/cartower", "run")
    asked = run.make_context("run", words).params
    assert asked["config_file"] == "/etc/cartower/guangzhou.toml"
    assert asked["run_dir"] == Path("/var/lib/cartower/guangzhou")
    assert UNIT.one("StateDirectory") == "cartower/%i", "where the run directory is"


def test_it_reaches_nothing_but_what_it_needs() -> None:
    service = UNIT.settings["Service"]
    assert {name: service.get(name) for name in HARDENED} == {name: (value,) for name, value in HARDENED.items()}
    assert service["DeviceAllow"] == ("char-ttyS rw", "char-ttyUSB rw", "char-ttyACM rw")
    assert set(UNIT.words("RestrictAddressFamilies")) == {"AF_UNIX", "AF_INET", "AF_INET6"}
    assert UNIT.words("SystemCallFilter")[0] == "@system-service"
    assert "0.0.0.0/0" not in UNIT.words("IPAddressAllow")
    assert {"MemoryMax", "TasksMax", "LogRateLimitBurst"} <= set(service)


def test_serial_lines_the_socket_and_the_audit_trail_work_all_the_same() -> None:
    service = UNIT.settings["Service"]
    assert UNIT.words("SupplementaryGroups") == ["dialout"]
    assert UNIT.one("Group") == "cartower"
    assert int(UNIT.one("StateDirectoryMode"), 8) & 0o050 == 0o050, "the group comes to the socket"
    assert int(UNIT.one("UMask"), 8) & 0o070 == 0o020, "and reads the journal, for backups"
    # In a user namespace each peer of the socket is nobody; a dynamic user's folder is closed to everybody else.
    assert not {"PrivateUsers", "DynamicUser", "PrivateDevices", "PrivateNetwork"} & set(service)


def test_systemd_takes_it_and_finds_little_exposure(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        request.config.stash[NOT_RUN]["systemd's own judgement of the unit: systemd-analyze is not installed"] += 1
        return
    program = tmp_path / "bin" / "cartower"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "cartower@.service"
    unit.write_text(packaged("service").replace(f"{PREFIX}/bin/", f"{tmp_path}/bin/"), "utf-8")
    verified = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    command = [analyze, "security", "--offline=true", f"--threshold={THRESHOLD}", "--no-pager", str(unit)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    print(judged.stdout.splitlines()[-1])
    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize("text", ["Type=notify", "[Service]\nnonsense", "[Service]\nType=notify\nType=simple"])
def test_a_unit_that_is_read_otherwise_than_it_is_meant_is_seen(text: str) -> None:
    with pytest.raises(BadUnit):
        UnitFile.parse(text)


@pytest.mark.parametrize("file", FILES)
def test_each_file_is_printed_for_this_environment(file: str) -> None:
    result = CliRunner().invoke(cartower, ["systemd", file])
    assert result.exit_code == 0
    assert result.output == packaged(file).replace(f"{PREFIX}/bin", f"{sys.prefix}/bin")
    assert f"`cartower systemd {file}`" in result.output


def test_the_rules_name_what_the_towers_files_name() -> None:
    lines = [line for line in packaged("udev").splitlines() if not line.startswith("#")]
    assert all(RULE_PART.fullmatch(part) for line in lines for part in line.split(", "))
    (name,) = re.findall(r'SYMLINK\+="([^"]+)"', packaged("udev"))
    assert f"/dev/{name}" in Path("config/towers/guangzhou.toml").read_text("utf-8")
