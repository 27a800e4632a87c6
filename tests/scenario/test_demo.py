"""The demonstration, whole: three processes, real Modbus TCP and RTU, a day of the small tower."""

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sim_plc.control_client import PlantClient
from tests.support.days import hurried

pytestmark = [pytest.mark.realtime, pytest.mark.long, pytest.mark.own_tower]

DAY = hurried("A short day") + """
[[order]]
at_s = 0.0
kind = "retrieve"
car = "A1"

"""

MORE = """
[[order]]
at_s = 0.5
kind = "relocate"
car = "A2"
bay = 204

[[order]]
at_s = 1.0
kind = "store"
car = "A1"
room = 101
"""


def demo(folder: Path, *args: str, day: str = DAY) -> subprocess.Popen[str]:
    (folder / "day.toml").write_text(day, encoding="utf-8")
    # A folder of its own: nothing may depend on where the program was started.
    here = [sys.executable, "-m", "sim_plc", "demo", "--config", "small", "--scenario", str(folder / "day.toml")]
    return subprocess.Popen(
        [*here, "--run-dir", str(folder / "r"), "--picture", str(folder / "run.svg"), *args],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_short_day_ends_with_measured_moves_and_a_picture(tmp_path: Path) -> None:
    run = demo(tmp_path, "--exit", "--json", "--portrait", str(tmp_path / "tower.svg"), day=DAY + MORE)
    out, err = run.communicate(timeout=90)
    result = json.loads(out)
    assert out.count("\n") == 1, "exactly one line on standard output"
    assert [move["kind"] for move in result["moves"]] == ["RETRIEVE", "RELOCATE", "STORE"]
    assert all(move["measured_s"] > move["bound_s"] > 1.0 for move in result["moves"])
    assert result["worst_ratio"] == max(move["ratio"] for move in result["moves"])
    assert ET.parse(tmp_path / "run.svg").getroot().tag.endswith("svg")
    assert ET.parse(tmp_path / "tower.svg").getroot().tag.endswith("svg")
    assert "RETRIEVE A1" in err, "whoever watches is told of each event"
    assert json.loads((tmp_path / "r" / "plant.json").read_text("utf-8"))["clean"], "both ended in order"


def wait_for(folder: Path, text: str) -> None:
    """Wait until the daemon's log has a text."""
    log, latest_s = folder / "r" / "daemon.log", time.monotonic() + 40
    while text not in (log.read_text("utf-8", errors="replace") if log.exists() else ""):
        assert time.monotonic() < latest_s
        time.sleep(0.1)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def cmdline(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.campaign
def test_a_trip_of_the_safety_chain_fails_the_demonstration_at_once(tmp_path: Path) -> None:
    run = demo(tmp_path, "--exit", "--json")
    wait_for(tmp_path, "PICKING")
    with PlantClient(tmp_path / "r" / "plant.sock") as plant:
        plant.call("estop.press")
    out, err = run.communicate(timeout=30)
    assert (run.returncode, out) == (1, "")
    assert "the demonstration failed: retrieve A1 (job 1): the unit is ABORT" in err
    assert f"logs stay in {tmp_path / 'r'}" in err


def test_a_daemon_that_dies_fails_the_demonstration_with_its_last_words(tmp_path: Path) -> None:
    run = demo(tmp_path, "--exit", "--json")
    wait_for(tmp_path, "PICKING")
    (plant,) = [child for child in children(run.pid) if b"sim_plc\0run" in cmdline(child)]
    (daemon,) = [child for child in children(run.pid) if b"controller\0run" in cmdline(child)]
    os.kill(daemon, signal.SIGKILL)
    out, err = run.communicate(timeout=30)
    assert (run.returncode, out) == (1, "")
    assert "the demonstration failed: the daemon ended with exit code -9\n  daemon: " in err
    assert not Path(f"/proc/{plant}").exists(), "nothing is left behind"


def test_ending_it_early_clears_everything_away(tmp_path: Path) -> None:
    run = demo(tmp_path, "--exit")
    wait_for(tmp_path, "serving")
    started = children(run.pid)
    run.terminate()
    run.communicate(timeout=30)
    assert run.returncode == 143
    assert len(started) >= 2
    assert not [child for child in started if Path(f"/proc/{child}").exists()]


def test_staying_up_tells_how_to_go_on_and_ends_in_order(tmp_path: Path) -> None:
    run = demo(tmp_path, "--stay")
    assert run.stdout is not None
    lines: list[str] = []
    while not lines or "Ctrl-C ends it" not in lines[-1]:
        line = run.stdout.readline()
        assert line, run.communicate()[1]
        lines.append(line)
    assert f"  export CARTOWER_RUN_DIR={tmp_path / 'r'}\n" in lines
    status = subprocess.run(
        [sys.executable, "-m", "controller", "status", "--json", "--run-dir", str(tmp_path / "r")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(status.stdout)["unit"]["state"] == "EXECUTE"
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 0, err
