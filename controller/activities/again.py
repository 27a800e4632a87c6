"""Which commands may be asked for again: they are over, and what ended them passes by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from controller.activities.primitive import StepFailed
from hal.interfaces import Verdict

log = structlog.get_logger(__name__)

TRIES: Final = 3
"""Begun again after a stop, a void or a busy answer, a command may be tried this often before somebody has to look."""

AGAIN_S: Final = 0.5
"""How long to wait before a command is given again that was refused or cut by what passes."""

_RULES: Final = frozenset({"BUSY", "SILENT"})
"""Refusals that pass by themselves."""

_VERDICTS: Final = frozenset({Verdict.VOID, Verdict.STOPPED, Verdict.STOPPED_SILENCE, Verdict.STOPPED_RESTART})
"""The command is over and its outcome is known: it may be given again, from what the sensors show."""


def passes(error: Exception) -> bool:
    """Return whether a command ended by what passes by itself: given again, it may succeed."""
    if not isinstance(error, StepFailed):
        return False
    verdict = error.outcome.verdict if error.outcome is not None else None
    return verdict in _VERDICTS or error.rule in _RULES


async def tried_again(act: Callable[[], Awaitable[None]]) -> None:
    """Do something that commands, at most `TRIES` times, as long as it is ended by what passes by itself.

    Raises:
        StepFailed: the last try ended otherwise than it should.

    """
    for _ in range(TRIES - 1):
        try:
            await act()
        except StepFailed as failed:
            if not passes(failed):
                raise
            log.warning("commanded_again", why=str(failed))
            await asyncio.sleep(AGAIN_S)
        else:
            return
    await act()
