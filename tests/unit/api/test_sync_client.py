import subprocess
import sys
import threading
from pathlib import Path

import pytest

from controller.api.messages import Notice, NotReachable
from controller.api.sync_client import SyncClient, call_once
from controller.domain.refusal import Refusal
from tests.support.scripted_control import Answer, scripted_daemon

pytestmark = pytest.mark.realtime

ANSWERS: dict[str, Answer] = {"status": {"n": 1}, "Retrieve": Refusal("TOWER_FULL", "no bay is free")}


def test_one_call(tmp_path: Path) -> None:
    with scripted_daemon(tmp_path / "s", ANSWERS):
        assert call_once(tmp_path / "s", "status") == {"n": 1}
        with pytest.raises(Refusal, match="TOWER_FULL"):
            call_once(tmp_path / "s", "retrieve", car="A")


def test_nobody_listening_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(NotReachable, match="no daemon listens"):
        call_once(tmp_path / "s", "status")


def test_notices_come_between_calls_and_silence_is_told(tmp_path: Path) -> None:
    with scripted_daemon(tmp_path / "s", ANSWERS) as daemon, SyncClient(tmp_path / "s") as client:
        notices = client.notices(patience_s=0.05)
        assert next(notices) == Notice("status", {})
        assert next(notices) is None
        told = threading.Event()
        daemon.soon(lambda: daemon.control.board.tell({"event": "x"}))
        daemon.soon(told.set)
        assert told.wait(2)
        assert client.call("status") == {"n": 1}
        assert next(notice for notice in notices if notice) == Notice("event", {"id": 1, "event": "x"})


def test_a_daemon_that_goes_is_noticed(tmp_path: Path) -> None:
    with scripted_daemon(tmp_path / "s", ANSWERS):
        client = SyncClient(tmp_path / "s")
    with pytest.raises(NotReachable):
        client.call("status")
    client.close()


def test_it_is_quick_to_import() -> None:
    code = "import sys, controller.api.sync_client; print('asyncio' in sys.modules, 'pydantic' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert answer.stdout.split() == ["False", "False"]
