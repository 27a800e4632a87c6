"""`cartower trace`: what a support engineer reads, draws and hands on, with the daemon up or down."""

import json
import tarfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from controller.cli.main import cartower
from controller.cli.offline.trace_commands import commands
from controller.cli.offline.trace_lanes import Bars, Window, lanes_of
from controller.cli.offline.trace_signals import Wanted
from controller.trace.reading import Trace
from tests.support.commands import daemon
from tests.support.sample_trace import SECRET, write_sample

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("run")
    write_sample(run_dir)
    return run_dir


def trace(here: Path, *args: str) -> Result:
    return CliRunner().invoke(cartower, ["trace", *args, "--run-dir", str(here)])


def rows(here: Path, *args: str) -> list[list[str]]:
    result = trace(here, "show", *args)
    assert result.exit_code == 0, result.output
    return [line.split("\t") for line in result.stdout.splitlines()]


def test_traces_are_listed_with_when_and_why(here: Path) -> None:
    told = json.loads(trace(here, "list", "--json").stdout)["traces"]
    assert [(each["trace"], each["kind"], each["at"]) for each in told] == [
        (1, "safety", "2027-01-15T08:02:03.100+00:00")
    ]
    headers, line = trace(here, "list").stdout.splitlines()
    assert headers.split("\t") == ["trace", "at", "kind", "span", "size", "cause"]
    assert line.split("\t")[2:4] == ["safety", "-23 to +5 s"]
    assert line.endswith("safety: E_STOP, E_STOP_LATCHED")
    assert trace(here / "none", "list").exit_code == 0


def test_a_timeline_tells_signals_commands_and_requests_on_one_axis(here: Path) -> None:
    head, *told = rows(here, "last", "--from", "all", "--to", "all")
    assert head[0] == "#"
    assert head[1].startswith("trace 1 of small, 2027-01-15T")
    times = [float(t) for t, _, _ in told]
    assert times == sorted(times)
    said = [(t, f"{kind} {text}") for t, kind, text in told]
    assert ("+0.000", "signal tower/safety -CHAIN_CLOSED +E_STOP +E_STOP_LATCHED") in said
    assert ("+0.000", "cause safety: E_STOP, E_STOP_LATCHED") in said
    planned = "command tower/lift 7 MOVE_TO 2500 203 planned: for job 1, POSITIONING"
    assert ("-3.100", f"{planned} => STOPPED_SAFETY after 3.60 s") in said
    assert ("-3.000", "signal tower/lift.flags -BRAKE_ON -HELD") in said
    assert ("+0.000", "unit unit ABORTING: safety: E_STOP, E_STOP_LATCHED") in said
    assert ("+0.500", "room room 101 RESERVED -> VACANT") in said
    assert ("+0.500", "station bays1 STALE: no answer") in said
    assert any(text.startswith("request 1000:ann asked Retrieve") for _, text in said)


def test_a_position_is_told_once_a_second_and_in_full_where_it_is_asked_for(here: Path) -> None:
    brief = [text for _, _, text in rows(here, "1")[1:] if "lift.position" in text]
    assert brief[0].endswith(" 50 mm")
    assert brief[-1].endswith(" 1580 mm")
    assert 4 <= len(brief) <= 6
    full = rows(here, "1", "--signals", "tower/lift.position")
    assert len([text for _, kind, text in full[1:] if kind == "signal"]) == 34
    assert {kind for _, kind, _ in full[1:]} == {"signal", "cause"}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("tower/safety.E_STOP", ["tower/safety +E_STOP"]),
        ("tower/fast.safety", ["tower/safety -CHAIN_CLOSED +E_STOP +E_STOP_LATCHED"]),
        ("tower/*.state", ["tower/lift.state STANDSTILL -> DISCRETE_MOTION"]),
    ],
)
def test_signals_are_named_as_for_io(here: Path, pattern: str, expected: list[str]) -> None:
    assert [text for _, kind, text in rows(here, "1", "--signals", pattern)[1:] if kind == "signal"] == expected


def test_a_part_of_the_axis_is_shown_as_text_and_as_json(here: Path) -> None:
    times = [float(t) for t, _, _ in rows(here, "1", "--from", "-1s", "--to", "0s")[1:]]
    assert -1.0 <= min(times) < max(times) == 0.0
    body = json.loads(trace(here, "show", "1", "--from", "-1s", "--to", "0s", "--json").stdout)
    assert body["trace"]["cause"] == "safety: E_STOP, E_STOP_LATCHED"
    assert {each["what"] for each in body["entries"]} == {"change", "cause", "record"}
    assert all(-1.0 <= each["t"] <= 0.0 for each in body["entries"])
    only = json.loads(trace(here, "show", "1", "--signals", "tower/safety.*", "--json").stdout)
    assert [each["name"] for each in only["signals"]] == ["tower/fast.safety"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("show", "7"), 1, "there is no trace 7"),
        (("show", "last", "--signals", "tower/lft.*"), 1, "no signal tower/lft.*"),
        (("show", "last", "--from", "soon"), 2, "-20s, -1m30s, 5s, or all"),
        (("plot", "last", "--from", "6s", "--to", "9s"), 2, "the trace goes from"),
        (("save", "--why", "x"), 3, "no daemon listens"),
    ],
)
def test_what_cannot_be_shown_is_said(here: Path, args: tuple[str, ...], code: int, said: str) -> None:
    result = trace(here, *args)
    assert (result.exit_code, said in result.stderr) == (code, True), result.output


def test_a_damaged_trace_is_listed_as_such_and_not_shown(tmp_path: Path) -> None:
    write_sample(tmp_path)
    (file,) = (tmp_path / "traces").iterdir()
    file.write_bytes(b"nothing")
    result = trace(tmp_path, "show", "last")
    assert (result.exit_code, result.stderr.partition(":")[0]) == (4, "damaged")
    assert "\tdamaged\t" in trace(tmp_path, "list").stdout


def drawn(here: Path, *args: str) -> ET.Element:
    result = trace(here, "plot", "last", *args)
    assert result.exit_code == 0, result.output
    return ET.fromstring(result.stdout)


def texts(svg: ET.Element) -> list[str]:
    return [each.text or "" for each in svg.iter(f"{SVG}text")]


def test_the_diagram_has_the_commands_the_curve_the_bits_and_the_cause(here: Path) -> None:
    svg = drawn(here)
    said = texts(svg)
    lanes = [each for each in said if each.startswith(("unit", "job", "tower/", "station"))]
    assert lanes[:5] == ["unit", "job 1", "station bays1", "tower/lift commands", "tower/lift.position"]
    assert lanes[5:8] == ["tower/safety.CHAIN_CLOSED", "tower/safety.E_STOP", "tower/safety.E_STOP_LATCHED"]
    assert any(each.startswith("MOVE_TO 203") for each in said)
    assert {"ABORTING", "1580 mm", "0 mm", "safety: E_STOP, E_STOP_LATCHED"} <= set(said)
    (cause,) = (each for each in svg.iter(f"{SVG}line") if each.get("class") == "cause")
    assert cause.get("x1") == cause.get("x2")
    (bar,) = (each for each in svg.iter(f"{SVG}rect") if "MOVE_TO" in (each.findtext(f"{SVG}title") or ""))
    assert bar.findtext(f"{SVG}title") == "MOVE_TO 203: STOPPED_SAFETY: -3.100 to +0.500 s"
    begin, end = float(bar.get("x", 0)), float(bar.get("x", 0)) + float(bar.get("width", 0))
    assert begin < float(cause.get("x1", 0)) < end
    style = svg.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme: dark" in style
    classes = {each.get("class") for each in svg.iter() if each.get("class")}
    assert all(f".{name}{{" in style for name in classes)


def test_a_job_that_ended_before_the_picture_is_not_in_it() -> None:
    def job(t: float, number: int, state: str) -> dict[str, Any]:
        return {"what": "record", "t": t, "kind": "JobSet", "body": {"job": {"id": number, "state": state}}}

    entries = [job(-30, 1, "DONE"), job(-20, 2, "PLACING"), job(-8, 2, "DONE"), job(-7, 3, "PICKING")]
    found = lanes_of(Trace({}, {}, entries), Wanted(), Window(-10.0, 10.0), 40)
    assert [(lane.name, [bar.text for bar in lane.bars]) for lane in found.lanes if isinstance(lane, Bars)] == [
        ("job 2", ["PLACING", "DONE"]),
        ("job 3", ["PICKING"]),
    ]


def test_a_command_that_a_stop_ended_ends_where_the_station_ran_it_no_more() -> None:
    def lift(t: float, register: str, value: int, shown: str | None = None) -> dict[str, Any]:
        line = {"what": "change", "t": t, "name": f"tower/fast.lift.{register}", "value": value}
        return line if shown is None else line | {"shown": shown}

    def planned(t: float, kind: str, sequence: int) -> dict[str, Any]:
        body = {"mechanism": "tower/lift", "sequence": sequence, "opcode": 3, "argument1": 2500, "argument2": 203}
        return {"what": "record", "t": t, "kind": kind, "body": body}

    signals = {
        f"tower/fast.lift.{register}": {"name": register, "value": value, "shown": shown}
        for register, value, shown in (("executing", 0, "0"), ("outcome_sequence", 4, "4"), ("outcome", 256, "OK"))
    }
    entries = [
        planned(-5.0, "Planned", 5), lift(-4.9, "executing", 5), planned(0.1, "Stopping", 6),
        lift(1.0, "executing", 0), lift(1.0, "outcome_sequence", 6),
        planned(2.0, "Planned", 7), lift(2.1, "outcome_sequence", 7), lift(2.1, "outcome", 1819, "REFUSED NOT_DOCKED"),
        planned(3.0, "Planned", 8),
    ]  # fmt: skip
    found = commands(Trace({}, signals, entries))
    assert [(each.key[1], each.text, each.end_s, each.verdict) for each in found] == [
        (5, "MOVE_TO 203", 1.0, "ENDED"),
        (6, "STOP", 1.0, "OK"),
        (7, "MOVE_TO 203", 2.1, "REFUSED"),
        (8, "MOVE_TO 203", None, ""),
    ]


def test_a_diagram_of_named_signals_or_few_lanes_tells_what_it_leaves_out(here: Path) -> None:
    said = texts(drawn(here, "--signals", "tower/lift.*"))
    assert not any("safety." in each for each in said)
    assert "tower/lift.executing" in said, "what is named is shown"
    said = texts(drawn(here, "--lanes", "2"))
    assert any(each.startswith("changed, too, farther from the cause: ") for each in said)


def test_numbers_are_offered_with_no_daemon(here: Path, tmp_path: Path) -> None:
    shell = ShellComplete(cartower, {}, "cartower", "_CARTOWER_COMPLETE")

    def offered(run_dir: Path, begun: str) -> dict[str, str | None]:
        found = shell.get_completions(["trace", "show", "--run-dir", str(run_dir)], begun)
        return {each.value: each.help for each in found}

    assert offered(here, "") == {"1": "safety 20270115T080203Z", "last": "the newest"}
    assert list(offered(here, "l")) == ["last"]
    assert offered(tmp_path, "") == {}


@pytest.mark.realtime
def test_a_trace_is_saved_by_hand(tmp_path: Path) -> None:
    answers: dict[str, Any] = {
        "SaveTrace": {"trace": 4, "ready_in_s": 30.0},
        "traces": {"open": None, "writing": False, "trouble": ""},
    }
    with daemon(tmp_path, answers) as run:
        assert run("trace", "save", "--why", "it jerks").stdout == "trace 4 is there in 30 s: cartower trace show 4\n"
        assert run("trace", "save", "--why", "it jerks", "--wait").stdout == "trace 4 is written\n"
        assert json.loads(run("trace", "save", "--why", "it jerks", "--json").stdout)["trace"] == 4
        assert {request.why for request in run.asked} == {"it jerks"}  # type: ignore[attr-defined]
    answers["traces"] |= {"trouble": "trace 4 was lost: no space left"}
    (tmp_path / "full").mkdir()
    with daemon(tmp_path / "full", answers) as run:
        result = run("trace", "save", "--why", "it jerks", "--wait")
        assert (result.exit_code, result.stderr) == (4, "trace 4 was lost: no space left\n")
        assert "warn\ttraces\ttrace 4 was lost: no space left" in run("doctor").stdout


def test_the_bundle_takes_the_newest_traces_along_without_their_secrets(here: Path, tmp_path: Path) -> None:
    file = tmp_path / "help.tar.gz"
    result = CliRunner().invoke(cartower, ["bundle", "-o", str(file), "--run-dir", str(here)])
    assert result.exit_code == 0, result.output
    with tarfile.open(file) as archive:
        (name,) = (each for each in archive.getnames() if "/traces/" in each)
        data = archive.extractfile(name)
        assert data is not None
        lines = data.read().decode().splitlines()
    assert name == "help/traces/000001-20270115T080203Z-safety.jsonl"
    assert json.loads(lines[0])["cause"] == "safety: E_STOP, E_STOP_LATCHED"
    assert json.loads(lines[-1]) == {"what": "end", "lines": len(lines) - 1}
    assert SECRET not in "\n".join(lines)
    assert "ann asked" not in result.output
