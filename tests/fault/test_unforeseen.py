"""A request that fails in a way that nobody foresaw: what has changed nothing ends nothing, what is half done does."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from controller.domain.events import Query, Request, Retrieve
from controller.domain.jobs import JobState
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitState
from controller.notify import Manager, kept_by
from controller.runtime.admission import Admission
from controller.runtime.register import Register
from controller.runtime.slots import Slots
from controller.runtime.views import Views
from controller.store.errors import JournalFailed
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.managers import listener
from tests.support.places import LOW1, ROOM
from tests.support.scenes import stock
from tests.support.stage import stage

RETRIEVE = Retrieve(car=f"C{LOW1}", room=ROOM)


class UnforeseenError(Exception):
    """A bug."""


def broken(*_: Any) -> Any:
    raise UnforeseenError


@pytest.mark.parametrize(
    ("request_", "part", "name"),
    [(RETRIEVE, Admission, "retrieve"), (Query(what="cars"), Views, "cars")],
    ids=["command", "look"],
)
def test_a_request_that_has_changed_nothing_is_told_of_the_bug_and_ends_nothing(
    request_: Request, part: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            with monkeypatch.context() as bug:
                bug.setattr(part, name, broken)
                with pytest.raises(UnforeseenError):
                    await it.ask(request_)
            assert it.unit is UnitState.EXECUTE
            assert await it.ended(await it.order(RETRIEVE)) is JobState.DONE

    loop.run(scenario())


def test_a_request_that_may_be_half_done_ends_the_daemon_and_the_next_takes_it_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            with monkeypatch.context() as bug:
                bug.setattr(Register, "_tell", broken)
                with pytest.raises(UnforeseenError):
                    await it.ask(RETRIEVE)
                await asyncio.sleep(1.0)
            assert it.world.daemon is None
            assert [each.invariant for each in it.inspector.violations] == ["DIED"]
            it.inspector.violations.clear()
            await it.start()
            await it.execute()
            [job] = it.book.jobs
            assert await it.ended(job) is JobState.DONE

    loop.run(scenario())


@pytest.mark.parametrize(("error", "heard"), [(UnforeseenError(), UnforeseenError), (JournalFailed("full"), Refusal)])
def test_whoever_waits_for_an_answer_that_is_made_later_hears_of_what_it_fails_by(
    error: Exception, heard: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They waited until the daemon was gone."""

    def fails(*_: Any) -> Any:
        raise error

    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            monkeypatch.setattr(Slots, "require_free", fails)
            with pytest.raises(heard):
                await it.ask(Retrieve(car=f"C{LOW1}", due=int(EPOCH_S) + 3600))
            await asyncio.sleep(1.0)
            assert [each.invariant for each in it.inspector.violations] == ["DIED"]
            it.inspector.violations.clear()

    loop.run(scenario())


def test_a_control_task_that_answers_with_a_bug_is_vouched_for_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its sign of life is a look like any other."""

    async def scenario() -> None:
        async with stage(execute=False) as it:
            assert it.world.daemon is not None
            monkeypatch.setattr(Views, "status", broken)
            with listener(tmp_path / "notify") as manager:
                async with kept_by(Manager(manager.address, 4.0), it.world.daemon.inbox):
                    await asyncio.sleep(5.0)
                told = manager.drain()
            assert told == ["READY=1", *3 * ("WATCHDOG=1", "STATUS=INTERNAL_ERROR"), "STOPPING=1"]

    loop.run(scenario())
