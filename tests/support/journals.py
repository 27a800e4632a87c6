"""Journals for tests: opened with a fixed clock, and an executor that works at once."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, TypeVar

from controller.store.journal import Journal
from controller.store.writer import Executor

T = TypeVar("T")


def at_once(work: Callable[[], T], /) -> Awaitable[T]:
    """Run the work in the caller's thread, as a loop with inline executors does."""
    done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    try:
        done.set_result(work())
    except Exception as error:  # noqa: BLE001 - handed on to whoever awaits
        done.set_exception(error)
    return done


def open_journal(
    path: Path | Literal[":memory:"], executor: Executor = at_once, now: Callable[[], float] = lambda: 1234.5
) -> Journal:
    return Journal.open(path, now=now, executor=executor)
