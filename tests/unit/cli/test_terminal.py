"""At a real terminal: the live picture, and the question before something moves."""

import signal
from pathlib import Path

import pytest

from tests.support.commands import daemon
from tests.support.sample_status import sample_status
from tests.support.scripted_control import Answer
from tests.support.terminal import Terminal, arguments, too_wide

pytestmark = pytest.mark.realtime

CARS = [{"id": "C1", "model": "", "place": 102, "where": "bay", "status": "verified"}]


def test_the_picture_follows_the_tower_and_the_size_and_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    status = sample_status()
    with daemon(tmp_path) as run, Terminal(*arguments(tmp_path, "watch")) as terminal:
        run.thread.soon(lambda: run.thread.control.board.publish(sample_status()))
        first = terminal.until(lambda lines: any("room 1" in line for line in lines), "a picture")
        assert not too_wide(first, 80)
        assert terminal.modes_now != terminal.modes, "keys are not echoed into the picture"

        status["job"] |= {"state": "PLACING", "eta_s": 3.0}
        run.thread.soon(lambda: run.thread.control.board.publish(status))
        run.thread.soon(lambda: run.thread.control.board.tell({"event": "alarm", "code": "SAFETY", "text": "E_STOP"}))
        terminal.until(lambda lines: "[place]" in "\n".join(lines) and "alarm SAFETY" in "\n".join(lines), "news")

        terminal.resize(50, 14)
        small = terminal.until(lambda lines: len(lines) <= 14 and not too_wide(lines, 50), "as small as the terminal")
        assert any("room 1" in line for line in small)

        terminal.type("\x03")
        assert terminal.end() == 0
        assert terminal.modes_now == terminal.modes
    assert "\x1b[1m" in terminal.raw
    assert terminal.raw.endswith("\x1b[?25h\x1b[?1049l")
    assert [line for line in terminal.screen if line.strip("^C")] == []


@pytest.mark.parametrize("how", ["SIGTERM", "daemon"])
def test_however_it_ends_the_terminal_is_given_back(tmp_path: Path, how: str) -> None:
    watch = arguments(tmp_path, "watch")
    with daemon(tmp_path) as run, Terminal(*watch, env={"NO_COLOR": "1"}) as terminal:
        run.thread.soon(lambda: run.thread.control.board.publish(sample_status()))
        terminal.until(lambda lines: any("room 1" in line for line in lines), "a picture")
        if how == "SIGTERM":
            terminal.process.send_signal(signal.SIGTERM)
        else:
            run.thread.leave_after(0)
        assert terminal.end() == (3 if how == "daemon" else 0)
        assert terminal.modes_now == terminal.modes
    assert "\x1b[?25h\x1b[?1049l" in terminal.raw
    assert "\n".join(terminal.screen) == ("the daemon closed the connection\n" if how == "daemon" else "")
    assert "\x1b[1m" not in terminal.raw, "NO_COLOR is honoured"


@pytest.mark.parametrize(("answer", "code", "asked"), [("y\r", 0, 1), ("\x03", 6, 0)])
def test_a_person_confirms_what_moves(tmp_path: Path, answer: str, code: int, asked: int) -> None:
    jobs: Answer = {"jobs": [], "appointments": []}
    answers: dict[str, Answer] = {"cars": {"cars": CARS}, "jobs": jobs, "Retrieve": {"job": 5}}
    with daemon(tmp_path, answers) as run, Terminal(*arguments(tmp_path, "retrieve", "C1")) as terminal:
        said = terminal.until(lambda lines: "Go on? [y/N]" in lines[-1], "asked")
        assert any("bay 102" in line for line in said)
        terminal.rests()
        terminal.type(answer)
        assert terminal.end() == code
        assert len(run.asked) == asked
    assert terminal.screen[-2] == ("job 5" if asked else "not confirmed: the tower was not asked")
