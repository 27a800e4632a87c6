"""A recording of a run: what it takes down, and that nothing which goes wrong with it harms the run."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from config.load import load_tower
from controller import recording as module
from controller.domain.events import Query, Retrieve
from controller.domain.refusal import Refusal
from controller.recording import Recording
from controller.runtime.inbox import Asked, Board, Inbox, grant, reject
from hal.errors import LinkDown
from hal.plcmap.registers import OWNED_BASE
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.memory_link import MemoryLink
from sim_plc.rehearsal.recorded.wire import outages_of

T = TypeVar("T")


class Registers:
    """`sim_plc.unit.Unit`: input registers that count from their address."""

    def read_input(self, address: int, count: int) -> list[int]:
        return list(range(address, address + count))

    read_holding = read_input

    def write(self, address: int, words: object) -> None:
        del address, words


class Kept(io.StringIO):
    """A text that can still be read when it is closed."""

    def close(self) -> None:
        """Take no notice."""


def taken_down(scene: Callable[[Recording], Any], limit_bytes: int = 10_000) -> list[dict[str, Any]]:
    text = Kept()

    async def run() -> None:
        await scene(Recording(text, owner=7, wall_s=1_800_000_000.0, limit_bytes=limit_bytes))

    loop.run(run())
    return [json.loads(line) for line in text.getvalue().splitlines()]


def test_every_request_over_a_link_is_taken_down_with_what_came_of_it() -> None:
    async def scene(recording: Recording) -> None:
        wire = MemoryLink({1: Registers()}, latency_s=0.5)
        link = recording.tap("tower", wire)
        await link.connect()
        await link.connect()
        assert (link.connected, link.generation) == (True, 1)
        assert await link.read_input(1, 32, 2) == (32, 33)
        assert await link.read_holding(1, 40, 1) == (40,)
        await link.write(1, OWNED_BASE, [1, 0xFFFF])
        assert await link.read_write(1, 32, 1, OWNED_BASE, [2]) == (32,)
        asked = asyncio.create_task(link.read_input(1, 32, 1))
        await asyncio.sleep(0.1)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        wire.reachable = False
        wire.cut()
        with pytest.raises(LinkDown):
            await link.read_input(1, 32, 2)
        with pytest.raises(LinkDown):
            await link.connect()
        await link.close()

    head, *lines = taken_down(scene)
    assert (head["is"], head["format"], head["owner"], head["wall_s"]) == ("begin", 1, 7, 1_800_000_000.0)
    assert lines[:5] == [
        {"t": 0.5, "is": "link", "bus": "tower"},
        {"t": 1.0, "is": "wire", "bus": "tower", "since": 0.5, "unit": 1, "fc": 4, "at": 32, "n": 2,
         "read": "00200021"},
        {"t": 1.5, "is": "wire", "bus": "tower", "since": 1.0, "unit": 1, "fc": 3, "at": 40, "n": 1, "read": "0028"},
        {"t": 2.0, "is": "wire", "bus": "tower", "since": 1.5, "unit": 1, "fc": 16, "to": 768, "wrote": "0001ffff"},
        {"t": 2.5, "is": "wire", "bus": "tower", "since": 2.0, "unit": 1, "fc": 23, "at": 32, "n": 1, "to": 768,
         "wrote": "0002", "read": "0020"},
    ]  # fmt: skip
    assert [line.get("error") for line in lines[5:]] == ["CancelledError", "LinkDown", "LinkDown"]


def test_a_connection_that_all_stations_of_a_bus_waited_for_is_one() -> None:
    """A second line of it told whoever runs the recording again that the first connection had broken."""

    async def scene(recording: Recording) -> None:
        wire = MemoryLink({1: Registers()}, latency_s=0.5)
        link = recording.tap("level", wire)
        for _ in range(2):
            await asyncio.gather(*(link.connect() for _ in range(4)))
            wire.cut()

    _, *lines = taken_down(scene)
    assert lines == [{"t": 0.5, "is": "link", "bus": "level"}, {"t": 1.0, "is": "link", "bus": "level"}]
    assert len(outages_of(lines)) == 1


def test_requests_their_answers_and_what_is_told_are_taken_down_and_looks_are_not() -> None:
    told: list[object] = []

    async def scene(recording: Recording) -> None:
        inbox, board = Inbox[Any](), Board()
        board.on_event = told.append
        recording.follow(inbox, board)
        requests = (Retrieve("eve", car="C1"), Query("eve", what="jobs"))
        asked = [asyncio.create_task(inbox.ask(each)) for each in requests]
        granted = await inbox.get()
        assert isinstance(granted, Asked)
        grant(granted, {"job": 3})
        refused = asyncio.create_task(inbox.ask(Retrieve("eve", car="X")))
        await inbox.get()
        found = await inbox.get()
        assert isinstance(found, Asked)
        reject(found, Refusal("UNKNOWN_CAR", "no car X"))
        await asyncio.gather(refused, return_exceptions=True)
        board.tell({"event": "unit_state"})
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        recording.close()
        board.tell({"event": "unit_state"})

    lines = taken_down(scene)
    assert [(line["is"], line.get("number"), line.get("answer"), line.get("rule")) for line in lines[1:]] == [
        ("asked", 1, None, None),
        ("answered", 1, {"job": 3}, None),
        ("asked", 2, None, None),
        ("answered", 2, None, "UNKNOWN_CAR"),
        ("told", None, None, None),
    ]
    assert (lines[1]["request"], lines[1]["car"]) == ("Retrieve", "C1")
    assert len(told) == 2, "who listened before goes on listening"


def test_how_long_blocking_work_takes_is_taken_down_and_what_comes_of_it_is_handed_on() -> None:
    def slow(work: Callable[[], T], /) -> Awaitable[T]:
        async def later() -> T:
            await asyncio.sleep(0.25)
            return work()

        return asyncio.ensure_future(later())

    def fail() -> int:
        raise OSError(5, "the disk")

    async def scene(recording: Recording) -> None:
        execute = recording.timed(slow)
        assert await execute(lambda: 7) == 7
        with pytest.raises(OSError, match="the disk"):
            await execute(fail)
        await asyncio.sleep(0)

    assert [(line["is"], line["took"]) for line in taken_down(scene)[1:]] == [("work", 0.25), ("work", 0.25)]


def test_a_full_disk_and_a_forgotten_recording_end_it_and_nothing_else() -> None:
    class Full(io.StringIO):
        def write(self, text: str, /) -> int:
            raise OSError(28, f"no space left for {len(text)}")

    async def on_a_full_disk() -> None:
        board = Board()
        recording = Recording(Full(), 1, 0.0)
        recording.follow(Inbox[Any](), board)
        board.tell({"event": "unit_state"})
        recording.close()

    loop.run(on_a_full_disk())

    async def long(recording: Recording) -> None:
        board = Board()
        recording.follow(Inbox[Any](), board)
        for _ in range(20):
            board.tell({"event": "unit_state"})

    assert 2 < len(taken_down(long, limit_bytes=300)) < 8


def test_a_recording_begins_in_a_new_folder_with_the_tower_and_the_journal_as_it_was(tmp_path: Path) -> None:
    tower = load_tower("small")

    async def begin() -> None:
        recording = Recording.begin(tmp_path / "new", tower, tmp_path / "journal.sqlite", 1, 0.0)
        kept = (tmp_path / "new" / module.RUN).read_text()
        assert kept.startswith('{"t":0.0,"is":"begin"'), "killed now, the daemon would leave it"
        recording.close()
        with pytest.raises(FileExistsError):
            Recording.begin(tmp_path / "new", tower, tmp_path / "journal.sqlite", 1, 0.0)

    loop.run(begin())
    assert (tmp_path / "new").stat().st_mode & 0o027 == 0, "closed to others"
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == [module.RUN, module.TOWER]
    assert type(tower).model_validate_json((tmp_path / "new" / module.TOWER).read_text()) == tower
