"""`cartower` run against a scripted daemon in the same process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result

from controller.api.instruments import Instruments
from controller.cli.main import cartower
from controller.domain.events import Query, Request
from tests.support.sample_status import sample_status
from tests.support.scripted_control import Answer, ControlThread, ScriptedControl, by_query


class Cartower:
    """Runs a command; remembers what the daemon was asked."""

    def __init__(self, run_dir: Path, thread: ControlThread) -> None:
        self.run_dir = run_dir
        self.thread = thread

    def __call__(self, *args: str) -> Result:
        return CliRunner().invoke(cartower, [*args, "--run-dir", str(self.run_dir)])

    @property
    def asked(self) -> list[Request]:
        """The requests that are no mere queries."""
        return [each for each in self.thread.control.asked if not isinstance(each, Query)]


@contextmanager
def daemon(
    tmp_path: Path, answers: Mapping[str, Answer] | None = None, instruments: Instruments | None = None
) -> Iterator[Cartower]:
    """Serve the sample status, and ``answers`` by query or request."""
    script = by_query({"status": sample_status(), **(answers or {})})
    with ControlThread(ScriptedControl(tmp_path / "cartower.sock", script, instruments)) as thread:
        yield Cartower(tmp_path, thread)
