"""Log lines: JSON for machines, text for people, time from the injected clock."""

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from controller import logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_each_line_is_one_json_object() -> None:
    stream = io.StringIO()
    logs.set_up(now=lambda: 0.25, stream=stream)
    log = structlog.get_logger("controller.test")
    log.info(logs.UNIT_STATE, state="IDLE", car="粤A", odd={1})
    try:
        Path("/nowhere/at/all").read_bytes()
    except OSError:
        log.exception(logs.ALARM, code="JOURNAL_FAILED")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first == {
        "event": "unit_state",
        "state": "IDLE",
        "car": "粤A",
        "odd": "{1}",
        "level": "info",
        "at": "1970-01-01T00:00:00.250+00:00",
    }
    assert second["exception"][0]["exc_type"] == "FileNotFoundError"


def test_on_a_terminal_it_is_for_the_eye() -> None:
    stream = Terminal()
    logs.set_up(now=lambda: 0.0, stream=stream)
    structlog.get_logger().warning(logs.ALARM, code="E_STOP")
    assert "alarm" in stream.getvalue()
    assert "E_STOP" in stream.getvalue()
    assert "\x1b[" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_lines_below_the_level_are_left_out() -> None:
    stream = io.StringIO()
    logs.set_up(now=lambda: 0.0, level="warning", stream=stream)
    structlog.get_logger().info("quiet")
    structlog.get_logger().error("loud")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="'loudly'"):
        logs.set_up(now=lambda: 0.0, level="loudly")


def test_a_logger_made_before_the_set_up_follows_it() -> None:
    log = structlog.get_logger("made.early")
    stream = io.StringIO()
    logs.set_up(now=lambda: 0.0, stream=stream)
    log.info("later")
    assert json.loads(stream.getvalue())["event"] == "later"


def test_a_full_disk_loses_lines_and_stops_nobody(tmp_path: Path) -> None:
    """`/dev/full` answers every write with ENOSPC; what was lost is told once lines are taken again."""
    file = tmp_path / "log"
    file.symlink_to("/dev/full")
    with file.open("a") as stream:
        logs.set_up(now=lambda: 0.0, stream=stream)
        log = structlog.get_logger()
        log.info("first")
        log.info("second")
        with (tmp_path / "roomy").open("a") as roomy:
            os.dup2(roomy.fileno(), stream.fileno())
            log.info("third")
    lines = [json.loads(line) for line in (tmp_path / "roomy").read_text().splitlines()]
    assert [(line["event"], line.get("lines")) for line in lines] == [("log_lines_lost", 2), ("third", None)]
