"""The contract's table of unknown outcomes: rows tried in this order. Pure: no clock, no link."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hal.plcmap import codes
from hal.plcmap.codec import PastOutcome, Status
from hal.plcmap.codes import serial_ahead
from hal.plcmap.registers import OUTCOMES_KEPT

STOPS_OPEN: Final = 2
"""STOPs that may be open behind a command (rule 6)."""

POWER_UPS: Final = 64
"""By how much a boot id may have risen and still be taken for the same memory."""


class Row(Enum):
    """A row of the table, in its order; the last two are what no row covers."""

    FOREIGN = "another master"
    FINISHED = "finished"
    JUMPED = "never ran: jumped over by a STOP"
    MEMORY_LOST = "the station lost its memory"
    RESTARTED = "not executed: the station restarted before"
    RUNNING = "running"
    UNDELIVERED = "not delivered"
    LINK_DOWN = "link down"
    ALIEN = "accepted with a check word that was never ours"
    FORGOTTEN = "accepted before what the station remembers"


@dataclass(frozen=True, slots=True)
class Intent:
    """What the controller knows of an open sequence.

    ``boot_ids``: those which its frames were meant for, empty where that was not kept. ``newest_epoch``: of its
    newest frame; 0 when all were written by an earlier daemon start. ``lost``: the station was seen to lose its
    memory since.
    """

    sequence: int
    is_stop: bool
    checks: frozenset[int]
    boot_ids: frozenset[int]
    newest_epoch: int
    lost: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What the station shows of the mechanism, beside what the controller holds of the station.

    ``history`` is needed only where `wants_history` says so. ``highest`` is the newest sequence ever written.
    """

    own_epoch: int
    epoch_in_force: int
    boot_id: int
    memory_lost: bool
    status: Status
    highest: int
    history: Sequence[PastOutcome] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """The row that applies, and the outcome where it is FINISHED."""

    row: Row
    result: int = codes.Result.NONE
    reason: int = 0
    fenced: bool = False
    """UNDELIVERED, and no frame of it can be accepted any more: a higher epoch is in force."""


def ahead(sequence: int, reference: int) -> int:
    """Return by how many steps ``sequence`` is ahead of ``reference``; 0 stands before everything."""
    if sequence == 0:
        return 0 if reference == 0 else -1
    return serial_ahead(sequence, reference)


def wants_history(intent: Intent, status: Status) -> bool:
    """Tell whether the fast block alone cannot show the intent's outcome.

    Something was accepted after it; or it was refused as BUSY, and what ran has had its outcome since.
    """
    lead = ahead(status.accepted, intent.sequence)
    if status.executing == intent.sequence:
        return False
    return lead > 0 or (lead == 0 and not intent.is_stop and status.outcome_sequence != intent.sequence)


def judge(intent: Intent, view: View | None) -> Finding:
    """Return the first row that applies. ``view`` is None while the link is down."""
    if view is None:
        return Finding(Row.LINK_DOWN)
    for row in _ROWS:
        finding = row(intent, view)
        if finding is not None:
            return finding
    passed = ahead(view.status.accepted, intent.sequence) > 0
    kept = any(past.sequence == intent.sequence for past in view.history)
    return Finding(Row.FORGOTTEN if passed and not kept else Row.ALIEN)


def _foreign(_intent: Intent, view: View) -> Finding | None:
    above = view.epoch_in_force > view.own_epoch
    return Finding(Row.FOREIGN) if above or ahead(view.status.accepted, view.highest) > 0 else None


def _finished(intent: Intent, view: View) -> Finding | None:
    """Take an outcome of the sequence if the frame that got it was ours."""
    status = view.status
    shown = PastOutcome(status.outcome_sequence, status.accepted_check, status.result, status.reason)
    past_outcomes = [*view.history]
    if status.accepted == status.outcome_sequence:
        past_outcomes.append(shown)
    for past in past_outcomes:
        if past.sequence == intent.sequence and past.check in intent.checks:
            return Finding(Row.FINISHED, past.result, past.reason)
    return None


def _jumped(intent: Intent, view: View) -> Finding | None:
    """Take a sequence as void that lies without an outcome behind an accepted one with an outcome.

    Every accepted sequence gets an outcome, so it was never accepted, and a late write of it is outdated. Two
    things must hold for that proof: the kept outcomes reach back far enough, and the station's memory does. What
    was refused as BUSY may have been pushed out by the outcome of what ran before it: that never ran either.
    """
    status, kept = view.status, view.history
    if ahead(status.accepted, intent.sequence) <= 0 or status.executing == intent.sequence:
        return None
    if _loss_seen(intent, view) or not any(past.sequence == status.accepted for past in kept):
        return None
    if any(past.sequence == intent.sequence for past in kept):
        return None
    reaches_back = len(kept) < OUTCOMES_KEPT or any(ahead(past.sequence, intent.sequence) < 0 for past in kept)
    return Finding(Row.JUMPED) if reaches_back else None


def _memory_lost(intent: Intent, view: View) -> Finding | None:
    """Take what a station cannot remember as unknown, even if a person reset its flag since.

    Two things tell of a loss that the flag does not show any more. A command is written only when its predecessor
    was accepted, a STOP at most two sequences later: a station farther behind has forgotten. And a lost memory
    draws its boot id at random, where one that was kept raises it by one.
    """
    reach = 1 + STOPS_OPEN if intent.is_stop else 1
    behind = ahead(intent.sequence, view.status.accepted) > reach
    strange = bool(intent.boot_ids) and not _rose_from(intent.boot_ids, view.boot_id)
    return Finding(Row.MEMORY_LOST) if _loss_seen(intent, view) or behind or strange else None


def _loss_seen(intent: Intent, view: View) -> bool:
    """Tell whether the memory was seen to be lost after a frame was written.

    A loss changes the boot id: what was written for that of now alone was written behind the loss, and the station
    answers it.
    """
    return intent.lost or (view.memory_lost and intent.boot_ids != {view.boot_id})


def _rose_from(boot_ids: frozenset[int], boot_id: int) -> bool:
    return any((boot_id - before) % 0xFFFF <= POWER_UPS for before in boot_ids)


def _restarted(intent: Intent, view: View) -> Finding | None:
    behind = ahead(intent.sequence, view.status.accepted) > 0
    changed = bool(intent.boot_ids) and view.boot_id not in intent.boot_ids
    return Finding(Row.RESTARTED) if behind and changed else None


def _running(intent: Intent, view: View) -> Finding | None:
    """Wait for what runs, also while it or the STOP behind it has no outcome yet."""
    status = view.status
    lead = ahead(status.accepted, intent.sequence)
    if lead > 0:
        ending = not any(past.sequence == status.accepted for past in view.history)
        return Finding(Row.RUNNING) if status.executing == intent.sequence or ending else None
    return Finding(Row.RUNNING) if lead == 0 and status.accepted_check in intent.checks else None


def _undelivered(intent: Intent, view: View) -> Finding | None:
    if ahead(intent.sequence, view.status.accepted) <= 0:
        return None
    return Finding(Row.UNDELIVERED, fenced=intent.newest_epoch < view.own_epoch)


_ROWS: Final[tuple[Callable[[Intent, View], Finding | None], ...]] = (
    _foreign,
    _finished,
    _jumped,
    _memory_lost,
    _restarted,
    _running,
    _undelivered,
)
