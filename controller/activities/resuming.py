"""With which step a job goes on that was put aside: what the sensors prove, not what it did last."""

from collections.abc import Callable

from controller.activities import readings, transfer
from controller.activities.context import Bench
from controller.domain.jobs import Job, JobState


def step_to_return_to(bench: Bench, job: Job) -> JobState:
    """Return the step of a job that was put aside.

    Raises:
        NotOnline: a station's image may not be trusted.

    """
    match job.left:
        case JobState.OPENING | JobState.PICKING if job.source is not None:
            steps = (JobState.POSITIONING, JobState.OPENING, JobState.PICKING)
            return _at(bench, job, job.source, steps, transfer.is_picked)
        case JobState.OPENING_TO | JobState.PLACING if job.target is not None:
            steps = (JobState.POSITIONING_TO, JobState.OPENING_TO, JobState.PLACING)
            return _at(bench, job, job.target, steps, transfer.is_placed)
        case _:
            return job.left or JobState.POSITIONING


def _at(
    bench: Bench,
    job: Job,
    place: int,
    steps: tuple[JobState, JobState, JobState],
    is_done: Callable[[Bench, int], bool],
) -> JobState:
    """Return which of the steps to an exchange comes next: to dock, to open the way, or the exchange."""
    docking, opening, exchange = steps
    if not bench.tower.shuttle.resumable and is_done(bench, place):
        return exchange
    if readings.docked_place(bench) != place:
        return docking
    # A latch that shows open may be held by nothing: but for a cut exchange, which draws it itself, it is drawn again.
    as_it_is = place in bench.shape.rooms or bench.tower.shuttle.resumable
    return exchange if job.left is exchange and as_it_is and readings.way_open(bench, place) else opening
