"""The end of a daemon whose journal keeps nothing any more: told, brought to rest, and left to the next start.

What moves comes to the end of its command: nothing new can be written, since no intent can be durable, and a stop
half-way would only leave more to find out. Nobody is asked to try the disk again: after a failed sync a second one may
succeed without the data (LSFMM 2018, "PostgreSQL's fsync() surprise").
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from controller.activities.context import Bench
from controller.activities.rest import running
from controller.domain.events import Query
from controller.domain.refusal import Refusal
from controller.runtime.inbox import Answer, Asked, Inbox, reject
from controller.runtime.signals import Signal
from hal.errors import HalError

log = structlog.get_logger(__name__)

RULE: Final = "JOURNAL_FAILED"
"""Of refusals; the alarm has the same name."""

QUIET_S: Final = 0.5
"""For so long nothing may have moved: a command that was just written shows within two polls. Who listens hears why."""

LIMIT_S: Final = 300.0
"""Longer than any command takes: each has a deadline of its own, behind which it is stopped."""


async def wind_up(error: OSError, bench: Bench, inbox: Inbox[Signal], look: Callable[[Query], Answer]) -> None:
    """Log it, refuse what people ask for but looks (``look`` answers these), and return once nothing moves."""
    log.critical("journal_failed", error=str(error))
    refusing = asyncio.create_task(_refuse(inbox, look))
    try:
        await _rest(bench)
    finally:
        refusing.cancel()
        await asyncio.gather(refusing, return_exceptions=True)


def in_doubt(error: OSError) -> Refusal:
    """Return the answer to the request whose own record failed: alone of all refusals it may have been kept."""
    return Refusal(RULE, f"{error}: whether this was kept is known when the daemon is back")


async def _refuse(inbox: Inbox[Signal], look: Callable[[Query], Answer]) -> None:
    """Answer requests; what the machine tells leads to nothing any more."""
    while True:
        event = await inbox.get()
        if not isinstance(event, Asked):
            continue
        if not isinstance(event.request, Query):
            reject(event, Refusal(RULE, "the journal keeps nothing any more: the daemon ends as soon as nothing moves"))
            continue
        try:
            answer = look(event.request)
        except Refusal as refusal:
            reject(event, refusal)
        except HalError as gone:
            reject(event, Refusal("NOT_ONLINE", str(gone)))
        else:
            if not event.answer.done():
                event.answer.set_result(answer)


async def _rest(bench: Bench) -> None:
    """Wait until nothing has executed a command for a while."""
    loop = asyncio.get_running_loop()
    limit_s = loop.time() + LIMIT_S
    while loop.time() < limit_s:
        await bench.news.until(lambda: not running(bench.tower), limit_s - loop.time())
        if not await bench.news.until(lambda: bool(running(bench.tower)), QUIET_S):
            return
    log.critical("rest_not_proven", after_s=LIMIT_S)
