"""Traces of a rehearsed tower: an emergency stop in mid-move, told to the last register; and disks that fail."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.schema import Tower
from controller.domain.events import Retrieve, SaveTrace
from controller.domain.jobs import JobState
from controller.domain.unit import UnitState
from controller.trace.folder import kept
from controller.trace.reading import Trace, read
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.moves import caught
from tests.support.places import ROOM, TOP2
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test
from tests.support.traces import Seen, compared, newest

CARS = {TOP2: Car("B2")}

INTO_S = 0.5
"""From the first motion of a way to somewhere on it."""


@dataclass(frozen=True)
class Fault:
    """The trace of an emergency stop, and all that its stations have shown."""

    trace: Trace
    seen: Seen
    tower: Tower
    pressed_s: float
    """By the world's clock."""


@pytest.fixture(scope="module")
def fault(tmp_path_factory: pytest.TempPathFactory) -> Fault:
    run_dir = tmp_path_factory.mktemp("fault")

    async def body() -> Fault:
        tower = tower_under_test(trace__before_s="20", trace__after_s="5")
        async with stage(tower, cars=CARS, traced=True, coalesced=False) as it:
            daemon = it.world.daemon
            assert daemon is not None
            seen = Seen(lambda: it.world.now)
            for station in daemon.stations.values():
                seen.watch(station)
            await asyncio.sleep(20.0)
            number = await it.order(Retrieve("1000:ann", car="B2", room=ROOM))
            await caught(it, number, JobState.POSITIONING_TO)
            await asyncio.sleep(INTO_S)
            it.world.do(lambda plant: plant.press_e_stop())
            pressed_s = it.world.now
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await asyncio.sleep(10.0)
            shutil.copytree(it.world.folder / "traces", run_dir / "traces")
            return Fault(newest(run_dir), seen, it.world.tower, pressed_s)

    return loop.run(body())


def positions(trace: Trace, axis: str) -> list[tuple[float, int]]:
    """Every reading of an axis that was another than the one before."""
    names = {name for name in trace.signals if name.startswith("tower/fast") and name.endswith(f".{axis}.position")}
    return [(each["t"], each["value"]) for each in trace.entries if each["what"] == "change" and each["name"] in names]


def records(trace: Trace, kind: str) -> list[tuple[float, Mapping[str, object]]]:
    found = [each for each in trace.entries if each["what"] == "record" and each["kind"] == kind]
    return [(each["t"], each["body"]) for each in found]


def test_the_trace_begins_with_what_tripped_at_the_poll_that_showed_it(fault: Fault) -> None:
    head, tower = fault.trace.heading, fault.tower
    assert (head["kind"], head["number"], head["tower"]) == ("safety", 1, tower.name)
    assert head["cause"].startswith("safety: E_STOP")
    assert 0 < head["monotonic_s"] - fault.pressed_s <= tower.timing.poll_s + 0.05
    assert head["wall_s"] == pytest.approx(EPOCH_S + head["monotonic_s"], abs=1e-3)
    assert (head["begin"], head["end"], head["clock_set_s"]) == (-20.0, 5.0, 0.0)
    changes = [each for each in fault.trace.entries if each["what"] == "change" and each["name"].endswith(".safety")]
    opened = next(each for each in changes if "CHAIN_CLOSED" not in each["shown"])
    assert opened["t"] == 0.0
    assert "E_STOP" in opened["shown"].split()
    causes = [(each["t"], each["kind"]) for each in fault.trace.entries if each["what"] == "cause"]
    assert causes[0] == (0.0, "safety")
    assert "unit" in [kind for _, kind in causes[1:]], "what follows from it is in the same trace"


def test_the_motion_before_and_the_stop_behind_are_there(fault: Fault) -> None:
    moves = sorted(positions(fault.trace, "lift") + positions(fault.trace, "turntable"))
    before, after = [t for t, _ in moves if t < 0], [t for t, _ in moves if t > 0]
    assert len(before) > 10
    assert after, "the ramp"
    assert max(after) < 3.0, "and then it stands"
    planned = [(t, body["mechanism"]) for t, body in records(fault.trace, "Planned")]
    assert any(-5 < t < 0 and name in ("tower/lift", "tower/turntable") for t, name in planned)
    axis = [(each["t"], each["shown"]) for each in fault.trace.entries if each.get("name", "").endswith("lift.state")]
    assert {state for t, state in axis if t >= 0} >= {"DISABLED"}
    states = [(t > 0 or t == 0, body["state"]) for t, body in records(fault.trace, "UnitSet")]
    assert [state for late, state in states if late] == ["ABORTING", "ABORTED"]
    asked = [body for _, body in records(fault.trace, "Asked")]
    assert any(body["by"] == "1000:ann" and "B2" in str(body["request"]) for body in asked)
    times = [each["t"] for each in fault.trace.entries]
    assert times == sorted(times)


def test_beginning_and_changes_give_every_register_of_every_image(fault: Fault) -> None:
    assert compared(fault.trace, fault.seen, fault.tower.maps) > 100


async def waited(it: Stage) -> None:
    """Let the seconds behind a fault pass, and the trace be written."""
    await asyncio.sleep(it.world.tower.trace.after_s + 2.0)


def test_a_trace_disk_that_fails_stops_nothing() -> None:
    async def body() -> None:
        async with stage(cars=CARS, traced=True) as it:
            daemon = it.world.daemon
            assert daemon is not None
            (it.world.folder / "traces").write_text("in the way")
            answer = await it.ask(SaveTrace("1000:ann", why="the lift jerks"))
            assert answer == {"trace": 1, "ready_in_s": 30.0}
            number = await it.order(Retrieve(car="B2", room=ROOM))
            await waited(it)
            assert daemon.recorder.picture()["lost"] == 1
            assert it.unit is UnitState.EXECUTE
            (it.world.folder / "traces").unlink()
            assert await it.ended(number) is JobState.DONE
            await it.ask(SaveTrace("1000:ann", why="again"))
            await waited(it)
            assert [each.number for each in kept(it.world.folder / "traces")] == [2]

    loop.run(body())


@pytest.mark.parametrize("moving", [True, False])
def test_an_end_in_order_keeps_what_moved_and_how_it_came_to_rest(tmp_path: Path, moving: bool) -> None:
    async def body() -> None:
        async with stage(cars=CARS, traced=True) as it:
            number = await it.order(Retrieve(car="B2", room=ROOM))
            if moving:
                await caught(it, number, JobState.POSITIONING_TO)
                await asyncio.sleep(INTO_S)
            else:
                await it.ended(number)
                await asyncio.sleep(30.0)
            await it.world.stop_daemon()
            folder = it.world.folder / "traces"
            if folder.exists():
                shutil.copytree(folder, tmp_path / "traces")

    loop.run(body())
    if not moving:
        assert kept(tmp_path / "traces") == []
        return
    (trace,) = (read(each.file) for each in kept(tmp_path / "traces"))
    assert trace.heading["kind"] == "ended"
    assert trace.heading["cause"].startswith("the daemon ends while something moves: tower/")
    flags = [each for each in trace.entries if each["what"] == "change" and each["name"].endswith("lift.flags")]
    assert "HELD" in flags[-1]["shown"].split(), "to standstill"


class FullDisk:
    """A journal that keeps nothing."""

    async def append(self, records: Sequence[tuple[str, Mapping[str, object]]]) -> float:
        raise OSError(f"no space left on device for {len(records)} records")


def test_a_daemon_whose_journal_fails_leaves_a_trace() -> None:
    async def body() -> None:
        async with stage(cars=CARS, traced=True) as it:
            life = it.world.daemon
            assert life is not None
            number = await it.order(Retrieve(car="B2", room=ROOM))
            await caught(it, number, JobState.POSITIONING)
            life.control._ledger._log = FullDisk()
            await it.until(lambda: it.world.down)
            (trace,) = (read(each.file) for each in kept(it.world.folder / "traces"))
            assert "JOURNAL_FAILED" in trace.heading["cause"]
            assert trace.heading["end"] < 30.0, "its end was written when the daemon ended"
            assert {each.invariant for each in it.inspector.violations} == {"DIED"}
            it.inspector.violations.clear()

    loop.run(body())
