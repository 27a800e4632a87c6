"""When a job will be done: what the step at hand and those behind it take, at the pace that the machine has."""

from dataclasses import replace

from controller.domain.dispatch.cycles import Cycles
from controller.domain.jobs import Job, JobState
from controller.runtime.steps import STRAIGHT


def step_s(cycles: Cycles, job: Job) -> float:
    """Return what a job's step takes, 0 where nobody knows."""
    match job.state:
        case JobState.PICKING | JobState.PLACING:
            return cycles.exchange_s()
        case JobState.OPENING | JobState.CLOSING if job.source is not None:
            return cycles.way_s(job.source)
        case JobState.OPENING_TO | JobState.CLOSING_TO if job.target is not None:
            return cycles.way_s(job.target)
        case JobState.POSITIONING_TO if job.source is not None and job.target is not None:
            return cycles.go_s(job.source, job.target)
        case JobState.POSITIONING:
            # Where the move began is not kept.
            return cycles.middling_s()
        case _:
            return 0.0


def rest_s(cycles: Cycles, job: Job) -> float:
    """Return what the steps behind the one at hand take; how long a car waits for its room is not in it."""
    order = list(STRAIGHT)
    if job.state is JobState.WAITING:
        job = replace(job, state=JobState.POSITIONING_TO)
    if job.state not in order or job.source is None or job.target is None:
        return 0.0
    behind = order[order.index(job.state) + 1 :]
    return sum(step_s(cycles, replace(job, state=step)) for step in behind)


def at_target_s(cycles: Cycles, job: Job) -> float:
    """Return what a job does at its target takes, once the carriage is docked there."""
    return rest_s(cycles, replace(job, state=JobState.POSITIONING_TO))
