"""The unit as PackML sees it: states, events and modes (ISA-TR88.00.02; numbers of OPC 30050)."""

from enum import StrEnum
from typing import Final

ASKED_FOR: Final = "asked for"
"""The unit's cause after a person's own command."""


class UnitState(StrEnum):
    """What the whole tower does."""

    CLEARING = "CLEARING"
    STOPPED = "STOPPED"
    STARTING = "STARTING"
    IDLE = "IDLE"
    SUSPENDED = "SUSPENDED"
    EXECUTE = "EXECUTE"
    STOPPING = "STOPPING"
    ABORTING = "ABORTING"
    ABORTED = "ABORTED"
    HOLDING = "HOLDING"
    HELD = "HELD"
    UNHOLDING = "UNHOLDING"
    SUSPENDING = "SUSPENDING"
    UNSUSPENDING = "UNSUSPENDING"
    RESETTING = "RESETTING"
    COMPLETING = "COMPLETING"
    COMPLETE = "COMPLETE"


class UnitEvent(StrEnum):
    """The nine commands, and DONE: the acting state's work is complete."""

    RESET = "RESET"
    START = "START"
    STOP = "STOP"
    HOLD = "HOLD"
    UNHOLD = "UNHOLD"
    SUSPEND = "SUSPEND"
    UNSUSPEND = "UNSUSPEND"
    ABORT = "ABORT"
    CLEAR = "CLEAR"
    DONE = "DONE"


class UnitMode(StrEnum):
    """Mode of the unit; changed only in one of `MODE_CHANGE_STATES`."""

    PRODUCTION = "PRODUCTION"
    MAINTENANCE = "MAINTENANCE"
    MANUAL = "MANUAL"


MODE_CHANGE_STATES = frozenset({UnitState.STOPPED, UnitState.IDLE, UnitState.ABORTED})

ACTING = frozenset(
    {
        UnitState.CLEARING,
        UnitState.RESETTING,
        UnitState.STARTING,
        UnitState.EXECUTE,
        UnitState.HOLDING,
        UnitState.UNHOLDING,
        UnitState.SUSPENDING,
        UnitState.UNSUSPENDING,
        UnitState.COMPLETING,
        UnitState.STOPPING,
        UnitState.ABORTING,
    }
)
"""States that end by themselves with DONE (Execute is dual: it acts and waits)."""

AFTER_POWER_UP = frozenset({UnitState.ABORTED, UnitState.STOPPED})
"""Where a start of the daemon may stand; never Idle."""

_STANDS: Final = {
    **dict.fromkeys((UnitState.STOPPING, UnitState.STOPPED), "the tower is stopped"),
    **dict.fromkeys((UnitState.HOLDING, UnitState.HELD, UnitState.UNHOLDING), "the tower is held"),
    **dict.fromkeys((UnitState.SUSPENDING, UnitState.SUSPENDED, UnitState.UNSUSPENDING), "the tower is suspended"),
    **dict.fromkeys((UnitState.ABORTING, UnitState.ABORTED, UnitState.CLEARING), "the tower is aborted"),
    **dict.fromkeys((UnitState.RESETTING, UnitState.IDLE, UnitState.STARTING), "the tower is not started"),
    **dict.fromkeys((UnitState.COMPLETING, UnitState.COMPLETE), "the tower has completed its work"),
}


def stands(state: UnitState, cause: str) -> str:
    """Return why the tower takes up no job, for whoever waits; empty: it executes."""
    if state is UnitState.EXECUTE:
        return ""
    return _STANDS[state] + (f": {cause}" if cause and cause != ASKED_FOR else "")
