"""Recorded runs lived through again: the daemon of now does what it did then, and whatever it does else is found."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller import logs
from controller.runtime.control import Control
from hal.interfaces import Prepared
from hal.plcmap.codes import Opcode, Signal
from hal.room import RoomSignal
from sim_plc.cli import cartower_sim
from sim_plc.rehearsal.recorded.folder import Line, read
from sim_plc.rehearsal.recorded.replay import Outcome, live_through
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.recorded_session import pack, record

pytestmark = pytest.mark.own_tower

BENCH = Path(__file__).parent / "recordings" / "stop-and-go"
"""`python -m tests.support.recorded_session`: `small` at `brisk`, real processes, TCP and a pty. A car is brought down;
another is taken in, with an emergency stop on its way. Recorded anew when the daemon is meant to do something else."""

logs.set_up(now=lambda: EPOCH_S, level="critical")


BEGINNING_S = 2.0
"""In service, and on the way to the first car."""


def beginning() -> list[Line]:
    return [line for line in read(BENCH).lines if line["t"] < BEGINNING_S]


def of(lines: Iterable[Line]) -> Outcome:
    """Live through the recording of the bench with other lines."""
    return live_through(replace(read(BENCH), lines=tuple(lines)))


def test_the_recorded_session_is_lived_through_again() -> None:
    outcome = live_through(read(BENCH))
    assert outcome.difference is None, str(outcome)
    assert outcome.same == outcome.deeds > 90
    assert str(outcome).startswith("equal: 2")


def test_a_daemon_that_does_not_mind_the_safety_chain_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ignore(*_: object) -> None:
        """Take no notice."""

    monkeypatch.setattr(Control, "_safety", ignore)
    difference = live_through(read(BENCH)).difference
    assert difference is not None
    told = [line for line in read(BENCH).lines if line["is"] == "told"]
    pressed_s = next(line["t"] for line in told if line["event"].get("state") == "ABORTING")
    assert difference.channel in ("unit", "job 2")
    assert 0.0 <= difference.t - pressed_s < 1.0, str(difference)


def test_a_command_with_another_content_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def dark(self: RoomSignal, code: Signal) -> Prepared:
        return self.mechanism.prepare(Opcode.SHOW, 0 if code is Signal.TAKE_CAR else int(code))

    monkeypatch.setattr(RoomSignal, "show", dark)
    difference = of(line for line in read(BENCH).lines if line["t"] < 9.0).difference
    assert difference is not None
    assert difference.channel == "tower/room1.signal"
    assert difference.expected.endswith(f"SHOW({int(Signal.TAKE_CAR)}, 0)")
    assert difference.got.endswith("SHOW(0, 0)")


def test_a_command_more_and_one_less_are_found() -> None:
    lines = beginning()
    at = next(number for number, line in enumerate(lines) if is_lift(line))
    more = of([*lines[:at], *lines[at + 1 :]]).difference
    assert more is not None
    assert (more.channel, more.expected) == ("tower/lift", "2 MOVE_TO(2500, 202)")
    assert more.got == "1 HOME(0, 0)"
    # The same command once more, under another number: the daemon of now never writes that.
    forged = lines[at] | {"wrote": lines[at]["wrote"][:-4] + "0099"}
    less = of([*lines[: at + 1], forged, *lines[at + 1 :]]).difference
    assert less is not None
    assert (less.channel, less.expected) == ("tower/lift", "153 HOME(0, 0)")


def is_lift(line: Line) -> bool:
    lift = read(BENCH).tower.maps["tower"].mailbox("lift")
    return line["is"] == "wire" and (line["unit"], line.get("to")) == (1, lift)


def test_an_answer_and_a_belief_that_differ_are_found() -> None:
    lines = beginning()
    answer = next(line for line in lines if (line["is"], line.get("number")) == ("answered", 3))
    difference = of(line if line is not answer else {**line, "rule": "NOBODY"} for line in lines).difference
    assert difference is not None
    assert (difference.channel, difference.expected, difference.got) == ("answer 3", "refused: NOBODY", '{"job": 1}')
    believed = [102, "occupied", "X9"]
    difference = of([*lines, {"t": BEGINNING_S, "is": "end", "places": [believed], "jobs": []}]).difference
    assert difference is not None
    assert (difference.channel, difference.expected) == ("places at the end", str(believed))


def test_without_a_person_who_asked_the_daemon_does_not_do_it_of_its_own_accord() -> None:
    difference = of(line for line in beginning() if line.get("request") != "Retrieve").difference
    assert difference is not None
    assert difference.channel in ("job 1", "answer 3")
    assert difference.got == "nothing within 2 s"


def test_the_command_tells_and_exits_by_what_it_finds(tmp_path: Path) -> None:
    def told(*args: str) -> tuple[int, str]:
        result = CliRunner().invoke(cartower_sim, ["recorded", *args])
        return result.exit_code, result.output

    assert told(str(tmp_path)) == (2, f"{tmp_path}: no recording: tower.json and run.jsonl belong to it\n")
    assert told(str(BENCH), "--tower", "nowhere.toml")[0] == 5
    cut = shortened(tmp_path / "cut")
    code, text = told(str(cut))
    assert (code, text[:7]) == (0, "equal: "), text
    (cut / "run.jsonl").write_text(plain(BENCH).splitlines()[0] + "\n{not json\n")
    code, text = told(str(cut))
    assert code == 2
    assert "run.jsonl:2:" in text
    code, text = told(str(shortened(tmp_path / "other")), "--tower", "guangzhou")
    assert code == 1
    assert text.startswith("different: at 0.01 s, bays3 reads: expected none of them")


def plain(folder: Path) -> str:
    return gzip.decompress((folder / "run.jsonl.gz").read_bytes()).decode("ascii")


def shortened(folder: Path) -> Path:
    """Return the first two seconds of the bench's recording, as a daemon leaves them that is killed while it writes."""
    folder.mkdir()
    for file in BENCH.iterdir():
        if file.name != "run.jsonl.gz":
            (folder / file.name).write_bytes(file.read_bytes())
    lines = [line for line in plain(BENCH).splitlines() if json.loads(line)["t"] < 2.0]
    (folder / "run.jsonl").write_text("\n".join(lines) + '\n{"t":2.0,"is":"wi')
    return folder


@pytest.mark.realtime
@pytest.mark.campaign
@pytest.mark.parametrize("_run", range(3))
def test_a_session_of_now_is_lived_through_again(tmp_path: Path, _run: int) -> None:
    record(tmp_path / "run", tmp_path / "kept")
    pack(tmp_path / "kept")
    outcome = live_through(read(tmp_path / "kept"))
    assert outcome.difference is None, str(outcome)
    assert outcome.deeds > 90
