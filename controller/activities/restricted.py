"""What people keep the tower from, asked of one place or job."""

from controller.activities.context import Bench
from controller.domain.jobs import Job, JobKind
from controller.domain.restrictions import Restricted, Restriction
from hal.plcmap.shape import level_of


def standby_bar(bench: Bench, kind: JobKind) -> Restriction | None:
    """Return what keeps jobs of a kind from being taken on; None: nothing does, or the generator's list has them."""
    if kind in bench.standby.jobs:
        return None
    return bench.restrictions.get((Restricted.GENERATOR, 0))


def held_back(bench: Bench, job: Job) -> Restriction | None:
    """Return what keeps a job that was granted from being begun; None: nothing does.

    A storing that was granted is finished: its driver stands at the gate, or its car in the way of whoever wants out.
    """
    return None if job.kind is JobKind.STORE else standby_bar(bench, job.kind)


def level_block(bench: Bench, place: int) -> Restriction | None:
    """Return what keeps cars from being put into a bay and taken out of it; None: its level is in use, or a room."""
    if place in bench.shape.rooms:
        return None
    return bench.restrictions.get((Restricted.LEVEL, level_of(place)))


def room_block(bench: Bench, place: int) -> Restriction | None:
    """Return what keeps a room from taking whoever comes next; None: nothing does, or it is no room."""
    return bench.restrictions.get((Restricted.ROOM, place))
