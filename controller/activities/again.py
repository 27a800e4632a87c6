"""Which commands may be asked for again: they are over, and what ended them passes by itself."""

from typing import Final

from controller.activities.primitive import StepFailed
from hal.interfaces import Verdict

TRIES: Final = 3
"""Begun again after a stop, a void or a busy answer, a command may be tried this often before somebody has to look."""

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
