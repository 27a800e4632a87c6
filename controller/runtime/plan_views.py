"""The plan of the queue as people and programs are shown it: what comes next, why, and what each job is promised."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from controller.activities.context import Bench
from controller.domain.book import Book
from controller.domain.dispatch.ahead import sets_out_s
from controller.domain.dispatch.beside_bound import Beside
from controller.domain.dispatch.calibration import Primitive
from controller.domain.dispatch.eta import Eta
from controller.domain.dispatch.scene import Move, Plan
from controller.domain.jobs import Job, JobState
from controller.runtime import job_views
from controller.runtime.foresight import LIMITS
from controller.runtime.job_views import Picture

if TYPE_CHECKING:
    from controller.runtime.jobs import Jobs


def picture(bench: Bench, book: Book, jobs: "Jobs", clock_s: float, now: float) -> Picture:
    """Return the plan: ``clock_s`` is the loop's time, ``now`` wall time in seconds since the epoch.

    All times are seconds from now. While the tower stands nothing is planned: nobody knows from when on times count.
    """
    foresight, working = jobs.foresight, jobs.working
    plan = Plan() if foresight.promises.stands else jobs.queue.plan()
    seen = jobs.queue.beside(plan)
    # As they come, not as planned: a person may ask between a change and the next look.
    cars = {job.id: job.car for job in book.open_jobs()}
    planned = {move.request for move in plan.moves}
    queued = [job for job in book.open_jobs() if job.state is JobState.QUEUED]
    outside = [job for job in queued if job.waits_outside and job.id in foresight.promises.etas]
    waiting = [job for job in queued if job.id not in planned and job not in outside]
    kept = foresight.promises.forecast.kept
    return {
        "at_hand": None if working is None else _at_hand(jobs, working, now),
        "moves": [
            {
                **_move(move, begin_s, cars.get(move.request, ""), foresight.promises.etas.get(move.request), clock_s),
                "least_s": None if seen is None else _rounded(seen.job_least_s.get(move.request)),
            }
            for move, begin_s in zip(plan.moves, _begins(jobs, plan.moves), strict=True)
        ],
        "bound": None if seen is None else _bound(seen),
        "outside": [_outside(job, foresight.promises.etas[job.id], clock_s) for job in outside],
        "unplanned": [
            {**job_views.in_queue(job, position), "held": jobs.queue.hindrance(job)}
            for position, job in enumerate(waiting, start=1)
        ],
        "rooms": list(bench.shape.rooms),
        "restrictions": [str(each) for each in book.restrictions.values()],
        "rule": {"shift": LIMITS.shift, "window": LIMITS.window, "evaluations": LIMITS.evaluations},
        "promises": {
            "kept": kept.promises,
            "within_p90": round(kept.coverage, 4),
            "mean_error_s": round(kept.mean_error_s, 1),
        },
        "pace": {kind.value: asdict(foresight.learning.calibration.accuracy(kind)) for kind in Primitive},
    }


def promised(eta: Eta | None, clock_s: float) -> Picture | None:
    """Return what a waiting job is promised, in seconds from now; None: nothing is.

    ``late_s``: for how long its late time has been over.
    """
    if eta is None:
        return None
    return {
        "ahead": eta.ahead,
        "p50_s": round(max(0.0, eta.p50_s - clock_s), 1),
        "p90_s": round(max(0.0, eta.p90_s - clock_s), 1),
        "late_s": round(max(0.0, clock_s - eta.p90_s), 1),
        "because": eta.because,
    }


def _at_hand(jobs: "Jobs", job: Job, now: float) -> Picture:
    foresight, elapsed_s = jobs.foresight, jobs.step_elapsed_s()
    hand = job_views.at_hand(foresight.cycles, job, elapsed_s, now, jobs.queue.stands_s(), foresight.promises.stands)
    return {**hand, "why": jobs.foresight.why.get(job.id, "")}


def _bound(seen: Beside) -> Picture:
    """Return what was planned beside what no order can beat."""
    return {
        "done_s": round(seen.done_s, 1),
        "least_done_s": round(seen.least_done_s, 1),
        "wait_s": round(seen.wait_s, 1),
        "least_wait_s": round(seen.least_wait_s, 1),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _outside(job: Job, eta: Eta, clock_s: float) -> Picture:
    return {"id": job.id, "kind": job.kind.value, "car": job.car, "outside": True, "promise": promised(eta, clock_s)}


def _begins(jobs: "Jobs", moves: Sequence[Move]) -> list[float]:
    """Return when each of these moves begins: one for a room in use not as early as the carriage is free."""
    working, cycles = jobs.working, jobs.foresight.cycles
    here = jobs.foresight.here if working is None else working.target
    if here is None:
        return [move.begin_s for move in moves]
    stands = [here, *(move.target for move in moves)]
    return [sets_out_s(cycles, carriage, move) for carriage, move in zip(stands, moves, strict=False)]


def _move(move: Move, begin_s: float, car: str, eta: Eta | None, clock_s: float) -> Picture:
    return {
        "job": move.request,
        "kind": move.kind.value,
        "car": car,
        "source": move.source,
        "target": move.target,
        "begins_s": round(max(0.0, begin_s - clock_s), 1),
        "served_s": round(max(0.0, move.served_s - clock_s), 1),
        "ends_s": round(max(0.0, move.end_s - clock_s), 1),
        "overtakes": list(move.overtakes),
        "why": move.why,
        "promise": promised(eta, clock_s),
    }
