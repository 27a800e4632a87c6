"""Where traces go: a folder beside the journal, written apart from it, in small steps, and never waited for.

A trace disk that is full, slow or gone costs traces and nothing else: each one that cannot be kept is logged and
counted, and only one is being written at a time.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import structlog

from controller.store.writer import Executor
from controller.trace.folder import Limits, Sheet, free_number, highest_number, make_room
from controller.trace.ring import Take

log = structlog.get_logger(__name__)

STEP_LINES: Final = 50
"""Written in one go: 2 ms, seldom 4, of a thread that holds Python's lock against the polls."""

PAUSE_S: Final = 0.01
"""Between two of them."""

END_S: Final = 3.0
"""How long the daemon's end waits for a trace."""


class Shelf:
    """Writes one trace after another. ``lines`` makes a trace's lines, in the executor's thread."""

    def __init__(
        self, folder: Path, executor: Executor, limits: Limits, lines: Callable[[Take], Iterable[str]]
    ) -> None:
        """Take the folder, which need not be there yet, and look which numbers are used up."""
        self.written = 0
        self.lost = 0
        self.trouble = ""
        """What the newest trace that was lost died of; empty again once one is written."""
        self._folder = folder
        self._executor = executor
        self._limits = limits
        self._lines = lines
        self._hurry = False
        self._writing: asyncio.Task[None] | None = None
        try:
            self._number = highest_number(folder)
        except OSError as error:
            self._number = 0
            self.trouble = str(error)
            log.warning("traces_not_readable", error=str(error))

    @property
    def busy(self) -> bool:
        """Whether a trace is being written."""
        return self._writing is not None and not self._writing.done()

    def next_number(self) -> int:
        """Return the number of the next trace; it gets a higher one if the folder turns out to have this already."""
        self._number += 1
        return self._number

    def put(self, take: Take) -> None:
        """Begin to write a trace; it is lost if the one before it is still being written."""
        if self.busy:
            self._lose(take, "the one before it is still being written")
            return
        self._writing = asyncio.create_task(self._write(take), name=f"trace {take.number}")

    async def drain(self) -> None:
        """Wait until what was put is written, with no more pauses; at most `END_S`."""
        self._hurry = True
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=END_S)
            if not self._writing.done():
                log.error("trace_lost", error=f"not written within {END_S:g} s")
                self._writing.cancel()

    async def _write(self, take: Take) -> None:
        sheet: Sheet | None = None
        try:
            # A folder that could not be read at the start may hold higher numbers than it was thought to.
            number = await self._executor(partial(free_number, self._folder, take.number))
            take, self._number = replace(take, number=number), max(number, self._number)
            sheet = Sheet(self._folder, number, take.cause.kind, take.wall_s)
            await self._executor(sheet.open)
            lines = iter(self._lines(take))
            while await self._executor(partial(_step, sheet, lines)):
                if not self._hurry:
                    await asyncio.sleep(PAUSE_S)
            await self._executor(sheet.publish)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a trace is never worth a stop of the tower
            self._lose(take, f"{type(error).__name__}: {error}")
            if sheet is not None:
                await self._executor(sheet.abandon)
        else:
            self.written += 1
            self.trouble = ""
            log.info("trace_saved", trace=take.number, cause=take.cause.text, file=str(sheet.file))
            await self._make_room()

    async def _make_room(self) -> None:
        try:
            await self._executor(partial(make_room, self._folder, self._limits))
        except OSError as error:
            self.trouble = f"old traces cannot be removed: {error}"
            log.warning("traces_not_removed", error=str(error))

    def _lose(self, take: Take, why: str) -> None:
        self.lost += 1
        self.trouble = f"trace {take.number} was lost: {why}"
        log.error("trace_lost", trace=take.number, cause=take.cause.text, error=why, lost=self.lost)


def _step(sheet: Sheet, lines: Iterable[str]) -> bool:
    """Write some lines; return whether there may be more."""
    some = list(islice(lines, STEP_LINES))
    sheet.add(some)
    return len(some) == STEP_LINES
