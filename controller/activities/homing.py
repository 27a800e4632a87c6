"""Resetting: energise, reference what is not referenced, and prove that the machine may take jobs."""

from collections.abc import Callable, Collection, Sequence
from functools import partial

from controller.activities.again import tried_again
from controller.activities.context import Bench
from controller.activities.primitive import Errand, Motion, StepFailed, carry_out_legs
from controller.activities.readings import cause_names
from controller.activities.situation import NEWS_S, insist, situation
from controller.domain.interlocks import Wish, WishKind
from hal.interfaces import Prepared
from hal.plcmap.codes import State, Status
from hal.plcmap.shape import level_of

RESET_S = 1.0
"""Bound of a station's RESET or CLEAR_FAULT: contactors and drives close within a second."""

ERRAND = Errand(None, "unit")

Command = Callable[[], Prepared]
"""Numbers a command anew: each try is a command of its own."""


async def clear_faults(bench: Bench) -> None:
    """Clear latched faults of every station; no drive is energised.

    Raises:
        StepFailed: a station refuses.

    """
    for control in bench.tower.station_controls.values():
        await _commit(bench, control.clear_fault, bound_s=RESET_S)


async def energise(bench: Bench) -> None:
    """Switch on the drives of every station; nothing moves.

    Raises:
        StepFailed: the safety chain is open, or a station refuses.

    """
    if not bench.tower.safety.ok:
        causes = ", ".join(cause_names(bench)) or "no cause named"
        raise StepFailed("SAFETY", f"the safety chain is open: {causes}")
    for name, control in bench.tower.station_controls.items():
        if not _energised(bench, name):
            await _commit(bench, control.reset, bound_s=RESET_S)


async def reset(bench: Bench, *, job_waits: bool, works_at: Collection[int] = ()) -> None:
    """Energise every station, and reference what is not referenced.

    With ``job_waits`` an exchange that was cut stays cut, and a way that is open stays open where the carriage stands
    if a job goes on there (``works_at``), as far as the axes know where they are: the job finishes what it began.
    Otherwise nobody would: the shuttle is homed and every way closed.

    Raises:
        StepFailed: the safety chain is open, a station refuses, or an axis could not be referenced.

    """
    await energise(bench)
    await _shut_gate_behind_arms(bench)
    if job_waits and bench.tower.shuttle.resumable:
        return
    # What no station remembers no job resumes either: arms that were moved by hand are centred for everybody.
    if bench.tower.shuttle.resumable or not bench.tower.shuttle.centred:
        await _home_shuttle(bench)
    if job_waits:
        await _close_ways_of_nobody(bench, works_at)
    else:
        await _close_ways(bench)
    await reference(bench)


async def reference(bench: Bench) -> None:
    """Home every axis that is not homed, with every way closed before they move.

    Raises:
        StepFailed: a station refuses, or an axis could not be referenced.

    """
    tower, motion = bench.tower, bench.motion
    if not tower.shuttle.homed:
        await _home_shuttle(bench)
    homes = {WishKind.HOME_LIFT: tower.lift, WishKind.HOME_TURNTABLE: tower.turntable}
    wanted = {kind: axis for kind, axis in homes.items() if not axis.homed}
    if wanted:
        await _close_ways(bench)
        height_mm = max(abs(pose.height_mm) for pose in bench.shape.poses.values())
        wishes = tuple(Wish(kind) for kind in wanted)
        homings = [axis.home for axis in wanted.values()]
        bound_s, still_s = motion.home_s(height_mm), motion.still_s()
        await _commit(bench, *homings, wishes=wishes, bound_s=bound_s, still_s=still_s)


async def _shut_gate_behind_arms(bench: Bench) -> None:
    """Close the gate of the room that the arms reach into: somebody may have left it by the release."""
    shuttle, place = bench.tower.shuttle, situation(bench).stands_at
    room = None if place is None else bench.tower.rooms.get(place)
    if room is not None and place is not None and not shuttle.centred and not room.outer_gate.is_locked:
        wishes = (Wish(WishKind.CLOSE_OUTER_GATE, place),)
        await _commit(bench, room.outer_gate.close, wishes=wishes, bound_s=bench.kinematics.gate_s())


async def _home_shuttle(bench: Bench) -> None:
    await _draw_latch_at_arms(bench)
    wishes = (Wish(WishKind.HOME_SHUTTLE),)
    await _commit(bench, bench.tower.shuttle.home, wishes=wishes, bound_s=bench.kinematics.shuttle_home_s())


async def _draw_latch_at_arms(bench: Bench) -> None:
    """Draw the latch of the bay that the arms reach into, whatever its contacts show: nothing else lets them back.

    One that lost its coil lies on them, and is neither open nor closed. Whether the carriage stands there the bay
    controller asks its own contacts: no axis needs to be homed for that.
    """
    bay = situation(bench).stands_at
    if bay in bench.shape.bays and not bench.tower.shuttle.centred:
        latches = bench.tower.latches[level_of(bay)]
        await _commit(bench, partial(latches.unlatch, bay), bound_s=bench.kinematics.latch_s())
        bench.tower.stations["tower"].kick()


async def _close_doors(bench: Bench, but: int | None = None) -> None:
    """Close every inner door that is not proven closed; ``but``: that of this place stays as it is."""
    for place, room in bench.tower.rooms.items():
        if place != but and not room.inner_door.is_locked:
            wishes = (Wish(WishKind.CLOSE_INNER_DOOR, place),)
            await _commit(bench, room.inner_door.close, wishes=wishes, bound_s=bench.kinematics.door_s())


async def _close_ways_of_nobody(bench: Bench, works_at: Collection[int]) -> None:
    """Close every way that no job has opened, since none would close it, and before it nothing moves.

    Of latches that can be the one at which the carriage stands: nothing holds another open.
    """
    stands_at = situation(bench).stands_at
    await _close_doors(bench, but=stands_at if stands_at in works_at else None)
    if stands_at in bench.shape.bays and stands_at not in works_at:
        await _latch(bench, stands_at)


async def _close_ways(bench: Bench) -> None:
    """Close every inner door and latch that is not proven closed."""
    await _close_doors(bench)
    for bay in bench.shape.bays:
        await _latch(bench, bay)


async def _latch(bench: Bench, bay: int) -> None:
    """Close the latch of a bay if it is not proven closed, and let the tower PLC see it: it asks its own contacts."""
    latches = bench.tower.latches[level_of(bay)]
    if not latches.latch_closed(bay):
        wishes = (Wish(WishKind.LATCH, bay),)
        await _commit(bench, partial(latches.latch, bay), wishes=wishes, bound_s=bench.kinematics.latch_s())
        bench.tower.stations["tower"].kick()
        await bench.news.until(lambda: bench.tower.dock.all_latches_locked, NEWS_S)


def _energised(bench: Bench, station: str) -> bool:
    image = bench.tower.stations[station].image
    return Status.POWERED in image.status and image.mechanisms["station"].state == State.READY


async def _commit(
    bench: Bench, *wanted: Command, bound_s: float, still_s: float | None = None, wishes: tuple[Wish, ...] = ()
) -> None:
    """Carry out commands together, as far as may be, and keep their outcomes; try again what is ended by what passes.

    ``wishes``: what the commands are, for whoever asks first what the PLC would miss. ``still_s`` as of `Motion`.

    Raises:
        StepFailed: the last try ended otherwise than it should.

    """
    motions = [Motion(command, bound_s, still_s) for command in wanted]
    await tried_again(lambda: _once(bench, motions, wishes))


async def _once(bench: Bench, motions: Sequence[Motion], wishes: tuple[Wish, ...]) -> None:
    await insist(bench, *wishes)
    legs = await carry_out_legs(bench, ERRAND, *motions)
    await bench.keeper.commit(*legs.records)
