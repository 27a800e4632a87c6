"""A car fetched ahead of its room: whether it may be, and for how long the carriage stands with it before the door.

Who is in a room leaves when they leave. What is foreseen of that is worth a standing carriage as long as it is right,
and a bounded regret when it is not: whoever could be served meanwhile waits for it no longer than `OTHERS_S`, and the
car itself is put back after `LONGEST_S`, once. Pure; times in seconds.
"""

from dataclasses import dataclass
from typing import Final

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import Move

STANDS_S: Final = 30.0
"""A car is fetched once the carriage is foreseen to stand before its room for so long at most: who asks or drives in
meanwhile finds it free, and about as long is what people differ by in how long they stay."""

OTHERS_S: Final = 120.0
"""For how long others who could start let the carriage stand at most, as foreseen and as it comes: about what one
customer takes in a room."""

LONGEST_S: Final = 600.0
"""How long a car waits aboard at most, also if nobody else needs the carriage."""


@dataclass(frozen=True, slots=True)
class Wait:
    """What is to be seen of a wait before a room."""

    waited_s: float
    """Since the carriage stood there with the car."""
    due_s: float
    """From now until the room is foreseen to be vacant; infinity: nobody can tell."""
    lost: bool = False
    """The room serves nobody until a person has acted."""
    others_s: float | None = None
    """For how long another that could start has been waiting for the carriage; None: nobody could."""


def stands_s(cycles: Cycles, carriage: int, source: int, room: int, due_s: float) -> float:
    """Return how long the carriage would stand before a room that is vacant ``due_s`` from now; negative: not at all.

    ``carriage``: where it sets out now for a car at ``source``.

    Raises:
        KeyError: a place that the tower has not.

    """
    return due_s - cycles.go_s(carriage, source) - cycles.visit_s(source) - cycles.go_s(source, room)


def may_fetch(standing_s: float) -> bool:
    """Return whether a car may be fetched for a room that is in use, if the carriage would stand there so long."""
    return standing_s <= STANDS_S


def put_off_s(standing_s: float) -> float:
    """Return for how long a car is left where it is yet, if the carriage would stand so long with it."""
    return max(0.0, standing_s - STANDS_S)


def sets_out_s(cycles: Cycles, carriage: int, move: Move) -> float:
    """Return when the carriage sets out for a planned move from where it stands before: not as early as it could.

    Raises:
        KeyError: a place that the tower has not.

    """
    due_s = move.end_s - cycles.visit_s(move.target) - move.begin_s
    return move.begin_s + put_off_s(stands_s(cycles, carriage, move.source, move.target, due_s))


def put_back(wait: Wait) -> str:
    """Return why a car is put back into its bay, where it can stand; empty: it waits on."""
    if wait.lost:
        return "it serves nobody until somebody has acted"
    if wait.others_s is not None and wait.others_s + wait.due_s > OTHERS_S:
        return f"others could start, and wait no longer than {OTHERS_S:.0f} s for it"
    if wait.waited_s > LONGEST_S:
        return f"it was not vacant within {LONGEST_S:.0f} s"
    return ""
