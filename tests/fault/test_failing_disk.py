"""The disk fails at each single commit of a move: what moves comes to its end, nothing follows, and nothing is lost.

Judged from the plant: after the failed commit no station accepts another command but one that was on its wire, nothing
stands half-way because the daemon left, and every car is where the next daemon, on a mended disk, believes it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import pytest

from config.schema import Site
from controller.app import EXIT_JOURNAL, Ports, _exit_code, run
from controller.domain.events import Query, Request, Retrieve, Store, UnitCommand
from controller.domain.jobs import TERMINAL
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitEvent, UnitState
from controller.store.errors import JournalFailed
from controller.store.writer import Executor
from hal.plcmap.codes import Result
from sim_plc.plant.cars import Car
from sim_plc.program.event_log import Event
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.file_layer import FULL, IOERR_FSYNC, OK, READONLY, Act, Kind, tapped
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.world import NobodyThere, World
from tests.support.moves import moving
from tests.support.places import LOW2, ROOM, TOP2
from tests.support.samples import campaign
from tests.support.stage import QUICK, Stage
from tests.support.tower_under_test import tower_under_test

T = TypeVar("T")

CARS: Final = {LOW2: Car("A1"), TOP2: Car("B2")}
ON_ITS_WAY_S: Final = 0.1
"""A command that was written before the failure is accepted within this."""
LONGEST_S: Final = 60.0
"""No command of the tower under test takes as long."""
RETRIEVE: Final = Retrieve(car="B2", room=ROOM)
STORE: Final = Store(car="C3", room=ROOM)
RESET: Final = UnitCommand(event=UnitEvent.RESET)
"""References every axis: the first motions of all."""
SOME: Final = 12
"""The quick suite lets every so-manieth commit fail."""
MOST: Final = 200
"""More commits than any move takes."""

FAILURES: Final = {
    "fsync": (Kind.SYNC, IOERR_FSYNC),
    "disk full": (Kind.WRITE, FULL),
    "read-only": (Kind.WRITE, READONLY),
}


class BadDisk(World):
    """A world whose disk fails with the ``fails_at``-th commit from now on, and stays so until it is mended."""

    def __init__(self, failure: str, fails_at: int) -> None:
        super().__init__(tower_under_test(), fails_at, cars=CARS)
        self.failing = False
        self.failed_at = 0.0
        self.behind: list[Act] = []
        """What was tried at the disk from the failure on."""
        self.deaths: list[str] = []
        self._kind, self._code = FAILURES[failure]
        self._left = 0

    def doom(self, fails_at: int) -> None:
        self._left = fails_at

    def spare(self) -> None:
        self._left = 0

    def tap(self, act: Act) -> int:
        if self.failing and (self.behind or act.kind is self._kind):
            self.behind.append(act)
            return self._code
        return OK

    def ports(self, life: Life) -> Ports:
        ports = super().ports(life)
        return replace(ports, executor=self._counted(ports.executor))

    def died(self, life: Life, error: BaseException | None) -> None:
        super().died(life, error)
        self.deaths.append(repr(error))
        self.left_moving = moving(self.plant.truth())

    def _counted(self, execute: Executor) -> Executor:
        def counted(work: Callable[[], T], /) -> Awaitable[T]:
            if self._left:
                self._left -= 1
                if not self._left:
                    self.failing, self.failed_at = True, self.now
            return execute(work)

        return counted


@pytest.mark.parametrize(
    ("request_", "failure", "commits"),
    [
        (RETRIEVE, "fsync", range(2, MOST, SOME)),
        (STORE, "disk full", range(5, MOST, SOME)),
        (RESET, "read-only", range(1, MOST, 4)),
        *campaign([RETRIEVE, STORE, RESET], list(FAILURES), [range(1, MOST)]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Request) else str(value),
)
def test_a_move_survives_a_disk_that_fails_at_each_of_its_commits(
    request_: Request, failure: str, commits: range
) -> None:
    failures = 0
    for fails_at in commits:
        if not loop.run(one_failure(request_, failure, fails_at)):
            break
        failures += 1
    else:
        raise AssertionError(f"a move of more than {MOST} commits")
    print(f"\n{type(request_).__name__}, {failure}: {failures} commits failed, nothing lost, nothing moved behind")
    assert failures


async def one_failure(request: Request, failure: str, fails_at: int) -> bool:
    """Let a move survive one failure of the disk; tell whether the move was long enough to be hit by it."""
    world = BadDisk(failure, fails_at)
    it = Stage(world)
    with tapped(world.folder, world.tap):
        async with world.running():
            await it.start()
            await it.import_all()
            if not isinstance(request, UnitCommand):
                await it.execute()
            if isinstance(request, Store):
                world.do(lambda plant: plant.car_arrives(ROOM, Car(request.car), QUICK))
            world.doom(fails_at)
            asked = asyncio.create_task(world.ask(request))
            await it.until(lambda: world.failing or ended(it, request))
            world.spare()
            if world.failing:
                await winds_up(world, asked)
                await comes_back(it)
            assert it.belief() == it.truth()
            assert it.doubts() == set()
            assert [each for each in it.inspector.violations if each.invariant != "DIED"] == []
    return world.failing or bool(world.deaths)


async def winds_up(world: BadDisk, asked: "asyncio.Task[object]") -> None:
    """See a daemon end whose disk has failed: told, refusing, at rest."""
    assert await rule(world, Retrieve(car="A1")) == "JOURNAL_FAILED"
    assert (await world.ask(Query(what="status")))["unit"]
    while not world.down:
        assert world.now - world.failed_at < LONGEST_S, "it does not end"
        await asyncio.sleep(0.02)
    alarms = [event for event in world.events if event.get("code") == "JOURNAL_FAILED"]
    assert [alarm["active"] for alarm in alarms] == [True]
    assert "JournalFailed" in world.deaths[-1]
    assert world.left_moving == []
    late = [
        (name, line)
        for name, line in world.log
        if line.event is Event.ACCEPTED and line.t > world.failed_at + ON_ITS_WAY_S
    ]
    assert late == [], "a command whose intent cannot be durable"
    cut = [line for _, line in world.log if line.t > world.failed_at and line.result is Result.STOPPED_SILENCE]
    assert cut == [], "a motion that the daemon left behind"
    assert len(world.behind) == 1, f"tried again: {world.behind}"
    if asked.done():
        with_rule = asked.exception()
        assert with_rule is None or (isinstance(with_rule, Refusal) and with_rule.rule == "JOURNAL_FAILED")
    else:
        asked.cancel()


async def comes_back(it: Stage) -> None:
    """Start again on a mended disk and let the move end, by a person's Reset and Start."""
    world = it.world
    assert isinstance(world, BadDisk)
    await asyncio.sleep(1.0 + world.seed % 3)
    world.failing = False
    before = it.motions()
    await it.start()
    await it.until(lambda: it.unit is UnitState.STOPPED)
    await asyncio.sleep(3.0)
    assert it.motions() == before, "moved without a human act"
    world.behind.clear()
    await it.execute()
    await it.until(lambda: not it.book.open_jobs())
    assert {job.state.name for job in it.book.jobs.values()} <= {"DONE", "CANCELLED"}


async def rule(world: World, request: Request) -> str:
    try:
        answer = await world.ask(request)
    except Refusal as refusal:
        return refusal.rule
    raise NobodyThere(str(answer))


def ended(it: Stage, request: Request) -> bool:
    if isinstance(request, UnitCommand):
        return it.unit is UnitState.IDLE
    jobs = it.book.jobs.values()
    return bool(jobs) and all(job.state in TERMINAL for job in jobs)


def test_the_exit_code_says_what_failed() -> None:
    failed = JournalFailed("journal j failed: disk I/O error")
    assert _exit_code(ExceptionGroup("", [failed])) == EXIT_JOURNAL == 74


def test_a_run_directory_that_cannot_be_made_ends_with_the_journals_code(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert asyncio.run(run(tower_under_test(), Site(run_dir=tmp_path / "file" / "run"))) == EXIT_JOURNAL
