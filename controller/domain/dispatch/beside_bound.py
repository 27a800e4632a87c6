"""A plan beside what no order of the same jobs can beat."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from controller.domain.dispatch.bounds import job_s, makespan_s
from controller.domain.dispatch.bounds_in_line import mean_wait_s
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.legs import Legs
from controller.domain.dispatch.scene import Move, Request, Scene
from controller.domain.jobs import JobKind

MOST: Final = 40
"""Of more jobs at once nothing is reckoned: the bound takes time that grows with their cube, a person waits for it."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is planned and what is possible at best, in seconds."""

    done_s: float
    """From now until the last car is moved and the last customer gone, as planned."""
    least_done_s: float
    wait_s: float
    """The mean wait from asking until served, as planned."""
    least_wait_s: float
    job_least_s: dict[int, float]
    """By request of a RETRIEVE: what it takes from its begin at least, wherever the carriage stands."""


def beside(cycles: Cycles, scene: Scene, requests: Collection[Request], moves: Sequence[Move]) -> Beside | None:
    """Return how a plan compares with the bounds of what it plans; None: it plans nothing, or more than `MOST`.

    Raises:
        KeyError: a place that the tower has not.

    """
    planned = {move.request: move for move in moves}
    some = [each for each in requests if each.id in planned]
    if not some or len(some) > MOST:
        return None
    served_s = max((move.served_s + scene.served_s for move in moves if move.kind is JobKind.RETRIEVE), default=0.0)
    done_s = max(served_s, *(move.end_s for move in moves))
    behind_s = scene.begin_s - scene.now_s
    legs = Legs(cycles)
    return Beside(
        done_s=done_s - scene.now_s,
        least_done_s=makespan_s(cycles, scene, some) + behind_s,
        wait_s=fmean(planned[each.id].served_s - each.since_s for each in some),
        least_wait_s=mean_wait_s(cycles, scene, some),
        job_least_s={each.id: job_s(legs, each.source) for each in some if each.kind is JobKind.RETRIEVE},
    )
