"""When a job will be done: the bounds of the step at hand and of those behind it."""

from dataclasses import replace

from controller.activities.context import Bench
from controller.domain.jobs import Job, JobState
from controller.runtime.steps import STRAIGHT


def step_bound_s(bench: Bench, job: Job) -> float:
    """Return the bound of a job's step, 0 where it has none."""
    motion = bench.motion
    match job.state:
        case JobState.PICKING | JobState.PLACING:
            return motion.exchange_s()
        case JobState.OPENING | JobState.CLOSING if job.source is not None:
            return motion.way_s(job.source, bench.shape)
        case JobState.OPENING_TO | JobState.CLOSING_TO if job.target is not None:
            return motion.way_s(job.target, bench.shape)
        case JobState.POSITIONING_TO if job.source is not None and job.target is not None:
            poses = bench.shape.poses
            return motion.carriage_s(poses[job.source], poses[job.target])
        case JobState.POSITIONING:
            # Where the move began is not kept; a quarter turn and half the height is a fair middle.
            heights = [pose.height_mm for pose in bench.shape.poses.values()]
            return motion.both_s(motion.lift_s(0, max(heights) // 2), motion.turntable_s(0, 90_000))
        case _:
            return 0.0


def rest_s(bench: Bench, job: Job) -> float:
    """Return the bound of the steps behind the one at hand; how long a car waits for its room is not in it."""
    order = list(STRAIGHT)
    if job.state is JobState.WAITING:
        job = replace(job, state=JobState.POSITIONING_TO)
    if job.state not in order or job.source is None or job.target is None:
        return 0.0
    behind = order[order.index(job.state) + 1 :]
    return sum(step_bound_s(bench, replace(job, state=step)) for step in behind)


def at_target_s(bench: Bench, job: Job) -> float:
    """Return the bound of what a job does at its target, once the carriage is docked there."""
    return rest_s(bench, replace(job, state=JobState.POSITIONING_TO))
