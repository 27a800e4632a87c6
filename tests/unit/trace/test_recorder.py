"""What begins a trace, what is one and the same, and a disk that is no hindrance."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from controller.domain.alarms import AlarmEvent
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.records import Asked, JobSet, Settled, UnitSet
from controller.domain.refusal import Refusal
from controller.trace import shelf
from controller.trace.folder import Limits, Sheet, kept
from controller.trace.reading import Trace, read
from controller.trace.recorder import MOST, MOST_S, Recorder, Span
from controller.trace.ring import Cause, Note, Take
from controller.trace.shelf import END_S, Shelf
from hal.plcmap.codes import Safety
from sim_plc.rehearsal import loop
from tests.support.journals import at_once

T = TypeVar("T")

NAMES = ("tower", "bays1")
SPAN = Span(before_s=60.0, after_s=10.0)
PARKED = Job(3, JobKind.RETRIEVE, "A1", 203, 101, 101, JobState.PARKED, reason="the latch sticks")
DOUBT = replace(PARKED, state=JobState.UNKNOWN)
TRIP = UnitSet("ABORTING", "safety: E_STOP")


def few_lines(take: Take) -> Iterator[str]:
    told = [entry.told for entry in take.excerpt.entries if isinstance(entry, Note)]
    causes = ",".join(f'"{each.kind}"' for each in told if isinstance(each, Cause))
    yield f'{{"what":"trace","version":1,"kind":"{take.cause.kind}","causes":[{causes}]}}'
    yield '{"what":"end","lines":1}'


def few_lines_of_old() -> list[str]:
    return ['{"what":"trace","version":1,"kind":"station"}', '{"what":"end","lines":1}']


class Rig:
    """A recorder in virtual time, and the folder it writes to."""

    def __init__(self, folder: Path, executor: Callable[[Callable[[], Any]], Awaitable[Any]] = at_once) -> None:
        self.folder = folder
        self.clock = asyncio.get_running_loop().time
        self.shelf = Shelf(folder, executor, Limits(50, 1 << 20), few_lines)
        self.recorder = Recorder(NAMES, SPAN, lambda: 1_800_000_000.0 + self.clock(), self.shelf)

    def tower(self, *safety: int) -> None:
        for word in safety:
            self.recorder.image(0, [(1, 1, 1, 0, 1, 9, word, 8, 1)])

    def station(self, *states: str) -> None:
        for state in states:
            self.recorder.standing(1, state, "silent")

    async def written(self) -> list[str]:
        """The kinds of the traces in the folder once the open one is there."""
        await asyncio.sleep(SPAN.after_s + 1.0)
        return [self.trace(each.number).heading["kind"] for each in kept(self.folder)]

    def trace(self, number: int) -> Trace:
        return read(next(each for each in kept(self.folder) if each.number == number).file)


def alarm(priority: str, *, active: bool = True) -> dict[str, object]:
    about = {"code": "FIRE", "number": "110", "text": "the chain is open", "priority": priority}
    return {"id": 1, "event": "alarm", "active": active, "first_out": True, "state": AlarmEvent.ALARM.value, **about}


CLOSED = int(Safety.CHAIN_CLOSED)

CAUSES: list[tuple[str, Callable[[Rig], object], str]] = [
    ("the chain opens", lambda it: it.tower(CLOSED, int(Safety.E_STOP)), "safety"),
    ("an abort", lambda it: it.recorder.record(TRIP), "unit"),
    ("a hold", lambda it: it.recorder.record(UnitSet("HOLDING", "job 3 is parked")), "unit"),
    ("a parked job", lambda it: it.recorder.record(JobSet(PARKED)), "parked"),
    ("a job in doubt", lambda it: it.recorder.record(JobSet(DOUBT)),
     "unknown"),
    ("a command in doubt", lambda it: it.recorder.record(Settled("tower/lift", 7, "UNKNOWN")), "unknown"),
    ("a lost station", lambda it: it.station("ONLINE", "STALE"), "station"),
    ("a high alarm", lambda it: it.recorder.event(alarm("high")), "alarm"),
    ("a medium alarm", lambda it: it.recorder.event(alarm("medium")), "alarm"),
    ("the end in motion", lambda it: it.recorder.ending(["tower/lift"]), "ended"),
    ("a person", lambda it: it.recorder.save("it jerks"), "hand"),
]  # fmt: skip

NO_CAUSES: list[tuple[str, Callable[[Rig], object]]] = [
    ("the first image of an open chain", lambda it: it.tower(int(Safety.E_STOP))),
    ("a chain that closes", lambda it: it.tower(0, CLOSED)),
    ("an abort that was asked for", lambda it: it.recorder.record(UnitSet("ABORTING", "asked for"))),
    ("another state", lambda it: it.recorder.record(UnitSet("EXECUTE", "safety"))),
    ("a stop", lambda it: it.recorder.record(Settled("tower/lift", 7, "STOPPED"))),
    ("a station that comes", lambda it: it.station("OFFLINE", "ONLINE")),
    ("a low alarm", lambda it: it.recorder.event(alarm("low"))),
    ("an alarm that goes", lambda it: it.recorder.event(alarm("high", active=False))),
    ("the end at rest", lambda it: it.recorder.ending([])),
    ("a request", lambda it: it.recorder.record(Asked("Retrieve", "1000:ann"))),
]  # fmt: skip


def test_each_cause_begins_a_trace_and_nothing_else_does(tmp_path: Path) -> None:
    async def body() -> None:
        for number, (name, act, kind) in enumerate(CAUSES):
            it = Rig(tmp_path / str(number))
            act(it)
            assert await it.written() == [kind], name
        for number, (name, quiet) in enumerate(NO_CAUSES):
            it = Rig(tmp_path / f"quiet{number}")
            quiet(it)
            assert await it.written() == [], name

    loop.run(body())


def test_causes_within_one_span_are_one_trace_and_the_first_names_it(tmp_path: Path) -> None:
    async def body() -> None:
        it = Rig(tmp_path)
        it.tower(CLOSED, int(Safety.FIRE))
        it.recorder.record(TRIP)
        await asyncio.sleep(SPAN.after_s - 0.1)
        answer = it.recorder.save("look")
        assert answer == {"trace": 1, "ready_in_s": 0.1}
        assert await it.written() == ["safety"]
        assert it.trace(1).heading["causes"] == ["safety", "unit", "hand"]
        it.recorder.record(TRIP)
        assert await it.written() == ["safety", "unit"]

    loop.run(body())


def test_a_contact_that_chatters_does_not_push_out_its_first_trace(tmp_path: Path) -> None:
    async def body() -> None:
        it = Rig(tmp_path)
        for _ in range(3 * MOST):
            it.recorder.record(TRIP)
            await asyncio.sleep(SPAN.after_s + 1.0)
        assert len(kept(tmp_path)) == MOST
        assert it.recorder.picture()["left_out"] == 2 * MOST
        it.recorder.save("a person is always heard")
        assert (await it.written())[-1] == "hand"
        await asyncio.sleep(MOST_S)
        it.recorder.record(TRIP)
        assert (await it.written())[-1] == "unit"

    loop.run(body())


def test_a_disk_that_fails_costs_traces_and_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "traces"

    async def body() -> None:
        folder.write_text("no folder")
        it = Rig(folder)
        it.recorder.record(TRIP)
        await asyncio.sleep(SPAN.after_s + 1.0)
        told = it.recorder.picture()
        assert (told["written"], told["lost"]) == (0, 1)
        assert "trace 1 was lost: " in str(told["trouble"])
        folder.unlink()
        # Of before the disk failed: at the start nobody could see it.
        older = Sheet(folder, 7, "station", 0.0)
        older.open()
        older.add(few_lines_of_old())
        older.publish()
        for _ in range(2):
            it.recorder.record(TRIP)
            assert (await it.written())[-1] == "unit"
        assert it.recorder.picture()["trouble"] == ""
        assert [each.number for each in kept(folder)] == [7, 8, 9]

    loop.run(body())


@pytest.mark.parametrize("step", ["open", "add", "publish"])
def test_a_disk_that_is_full_at_any_step_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def body() -> None:
        it = Rig(tmp_path)
        with monkeypatch.context() as broken:
            broken.setattr(Sheet, step, full)
            it.recorder.record(TRIP)
            assert await it.written() == []
        assert "No space left" in str(it.recorder.picture()["trouble"])

    loop.run(body())
    assert [*tmp_path.iterdir()] == []


def test_old_traces_that_cannot_go_are_told_and_the_new_one_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(*_: object) -> None:
        raise PermissionError("not permitted")

    async def body() -> None:
        it = Rig(tmp_path)
        monkeypatch.setattr(shelf, "make_room", stuck)
        it.recorder.record(TRIP)
        assert await it.written() == ["unit"]
        told = it.recorder.picture()
        assert (told["written"], told["lost"]) == (1, 0)
        assert told["trouble"] == "old traces cannot be removed: not permitted"

    loop.run(body())


def test_a_disk_that_hangs_is_waited_for_by_nobody(tmp_path: Path) -> None:
    async def body() -> None:
        it = Rig(tmp_path, lambda _work: asyncio.get_running_loop().create_future())
        it.recorder.record(TRIP)
        await asyncio.sleep(SPAN.after_s + 1.0)
        began = it.clock()
        it.recorder.record(TRIP)
        assert it.clock() == began
        await asyncio.sleep(SPAN.after_s + 1.0)
        assert it.recorder.picture()["lost"] == 1, "one is being written, and no second one waits for it"
        it.recorder.record(TRIP)
        began = it.clock()
        await it.recorder.close()
        assert it.clock() - began == pytest.approx(END_S)

    loop.run(body())


def test_the_end_writes_the_open_trace_at_once(tmp_path: Path) -> None:
    async def body() -> None:
        it = Rig(tmp_path)
        it.recorder.record(TRIP)
        await asyncio.sleep(2.0)
        began = it.clock()
        await it.recorder.close()
        assert it.clock() == began
        assert len(kept(tmp_path)) == 1
        await asyncio.sleep(2 * SPAN.after_s)
        assert len(kept(tmp_path)) == 1

    loop.run(body())


def test_the_end_writes_the_open_trace_behind_one_that_is_being_written(tmp_path: Path) -> None:
    async def slow(work: Callable[[], T]) -> T:
        await asyncio.sleep(0.2)
        return work()

    async def body() -> None:
        it = Rig(tmp_path, slow)
        it.recorder.record(TRIP)
        await asyncio.sleep(SPAN.after_s + 0.1)
        it.recorder.ending(["tower/lift"])
        await it.recorder.close()
        assert [it.trace(each.number).heading["kind"] for each in kept(tmp_path)] == ["unit", "ended"]
        assert it.recorder.picture()["lost"] == 0

    loop.run(body())


def test_numbers_go_on_behind_those_that_are_there(tmp_path: Path) -> None:
    async def body() -> None:
        for number in (1, 2):
            it = Rig(tmp_path)
            assert it.recorder.save("x")["trace"] == number
            await it.recorder.close()

    loop.run(body())


def test_where_nothing_is_recorded_a_save_is_refused(tmp_path: Path) -> None:
    async def body() -> None:
        recorder = Recorder(NAMES, Span(0.0, 30.0), lambda: 0.0, None)
        recorder.record(TRIP)
        with pytest.raises(Refusal, match="TRACE_OFF"):
            recorder.save("x")
        assert recorder.picture()["on"] is False
        await recorder.close()

    loop.run(body())
    assert [*tmp_path.iterdir()] == []
