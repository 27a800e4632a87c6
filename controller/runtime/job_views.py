"""How a job is shown: at hand, in the queue, and in full."""

from controller.domain.dispatch.cycles import Cycles
from controller.domain.jobs import Job
from controller.runtime.arrival import rest_s, step_s
from controller.runtime.yardstick import Measured

Picture = dict[str, object]


def in_full(job: Job, measured: Measured | None) -> Picture:
    """Return all of a job, with what was measured of it."""
    return {
        **_move(job),
        "left": None if job.left is None else job.left.name,
        "reason": job.reason,
        "choices": list(job.choices),
        "diverting": job.diverting,
        "ahead": job.ahead,
        "put_back": job.put_back,
        "created": job.created_at,
        "started": job.started_at,
        "finished": job.finished_at,
        "by": job.requested_by,
        "due": job.due,
        "bound_s": round(measured.bound_s, 3) if measured is not None else None,
        "steps": [step.picture() for step in measured.steps] if measured is not None else [],
    }


def at_hand(cycles: Cycles, job: Job, elapsed_s: float, now: float, stands_s: float = 0.0, held: str = "") -> Picture:
    """Return the job that has the carriage: ``elapsed_s`` into its step, at wall time ``now``.

    ``stands_s``: how long it will still stand before its room; ``held``: why nobody knows when it will be done.
    """
    takes_s = step_s(cycles, job)
    left_s = max(0.0, takes_s - elapsed_s) + stands_s + rest_s(cycles, job)
    return {
        **_move(job),
        "step_progress": min(1.0, round(elapsed_s / takes_s, 3)) if takes_s else None,
        "eta_s": None if held else round(left_s, 1),
        "held": held,
        "ahead": job.ahead,
        "stands_s": round(stands_s, 1),
        "by": job.requested_by,
        "started_s_ago": None if job.started_at is None else round(now - job.started_at, 1),
        "reason": job.reason,
    }


def in_queue(job: Job, position: int) -> Picture:
    """Return a job that waits, stands aside or is parked."""
    return {
        "id": job.id,
        "kind": job.kind.value,
        "car": job.car,
        "state": job.state.name,
        "room": job.room,
        "outside": job.waits_outside,
        "position": position,
        "by": job.requested_by,
        "reason": job.reason,
        "choices": list(job.choices),
    }


def _move(job: Job) -> Picture:
    return {
        "id": job.id,
        "kind": job.kind.value,
        "car": job.car,
        "source": job.source,
        "target": job.target,
        "room": job.room,
        "state": job.state.name,
    }
