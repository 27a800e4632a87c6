"""What a fault strikes into: the unit's state and the step of a job, and which of these pairs there are."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controller.domain.jobs import STEPS, JobState
from controller.domain.unit import UnitState

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

NO_JOB: Final = "none"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One pair: names of `UnitState` and `JobState`; `NO_JOB` where no job is in progress."""

    unit: str
    step: str

    def __str__(self) -> str:
        return f"{self.unit}/{self.step}"


def present(world: "World") -> list[Cell]:
    """Return the pairs that are so now, one for each job in progress; none while no daemon serves."""
    daemon = world.daemon
    if daemon is None:
        return []
    unit = daemon.control.unit.state.name
    steps = {job.state.name for job in daemon.book.open_jobs() if job.state is not JobState.QUEUED}
    return [Cell(unit, step) for step in sorted(steps or {NO_JOB})]


_U, _S = UnitState, JobState

_NO_TIME_UNIT: Final = "the unit passes through it at once: no event comes between"
_NO_TIME_STEP: Final = "the job passes through it at once: no event comes between"

_PASSED_UNITS: Final = frozenset({_U.STARTING, _U.UNHOLDING, _U.UNSUSPENDING})
_PASSED_STEPS: Final = frozenset({_S.ASSIGNED, _S.CONFIRMING})

_NEVER_ASKED: Final = frozenset({_U.COMPLETING, _U.COMPLETE})

_AT_WORK: Final = STEPS - _PASSED_STEPS
"""Steps in which the carriage works, or stands with a car before a room that is in use."""

_ASIDE: Final = frozenset({_S.INTERRUPTED, _S.UNKNOWN, _S.PARKED, _S.RESUMED, _S.UNDONE})
"""States in which a job waits for the unit or for somebody."""

_HALTED: Final = frozenset({_U.HELD, _U.SUSPENDED})
_COMING_TO_REST: Final = frozenset({_U.HOLDING, _U.SUSPENDING})
_BEHIND_A_START: Final = frozenset({_U.CLEARING, _U.STOPPED, _U.RESETTING, _U.IDLE})

IN_PROGRESS: Final = STEPS | _ASIDE
"""States of a job that is neither waiting for its turn nor ended."""


def unreachable(unit: UnitState, step: JobState | None) -> str:
    """Return why no strike can meet a pair, empty if one can; ``step`` None: no job.

    A job that was at work when its daemon was killed keeps its step until the start is over.
    """
    why = ""
    if unit in _PASSED_UNITS:
        why = _NO_TIME_UNIT
    elif unit in _NEVER_ASKED:
        why = "nothing completes a tower's service: it is stopped"
    elif step in _PASSED_STEPS:
        why = _NO_TIME_STEP
    elif unit in _BEHIND_A_START and step in _AT_WORK:
        why = "a start puts the job of a killed daemon aside before the unit leaves Aborted"
    elif unit in _COMING_TO_REST and step is _S.WAITING:
        why = "a job that waits before a room is put aside at once: nothing of it has to come to an end"
    elif unit in _HALTED and step in _AT_WORK:
        why = "the unit gets there when the step has ended, and the job is put aside"
    elif unit in _HALTED and step is _S.UNKNOWN:
        why = "a job whose station is back is put aside like any other"
    elif unit in _COMING_TO_REST | {_U.EXECUTE} and step in {_S.INTERRUPTED, _S.UNKNOWN, _S.RESUMED}:
        why = "a unit that executes takes such a job up at once, and is at rest when it is put aside"
    return why


REACHABLE: Final = tuple(
    Cell(unit.name, step.name if step else NO_JOB)
    for unit in UnitState
    for step in (None, *(step for step in JobState if step in IN_PROGRESS))
    if not unreachable(unit, step)
)
"""Every pair that a strike can meet."""
