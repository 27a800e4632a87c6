"""Resetting: energise, reference what is not referenced, and prove that the machine may take jobs."""

from controller.activities.context import Bench
from controller.activities.primitive import Errand, StepFailed, carry_out_ok
from controller.activities.readings import cause_names
from controller.domain.records import Record
from hal.interfaces import Prepared
from hal.plcmap.codes import State, Status

RESET_S = 1.0
"""Bound of a station's RESET or CLEAR_FAULT: contactors and drives close within a second."""

ERRAND = Errand(None, "unit")


async def clear_faults(bench: Bench) -> None:
    """Clear latched faults of every station; no drive is energised.

    Raises:
        StepFailed: a station refuses.

    """
    for control in bench.tower.station_controls.values():
        await _commit(bench, control.clear_fault(), bound_s=RESET_S)


async def reset(bench: Bench) -> None:
    """Energise every station and reference lift and turntable where needed.

    An exchange that was cut stays cut: its job finishes it. The lift is referenced only with the shuttle proven
    centred.

    Raises:
        StepFailed: the safety chain is open, a station refuses, or an axis could not be referenced.

    """
    if not bench.tower.safety.ok:
        causes = ", ".join(cause_names(bench)) or "no cause named"
        raise StepFailed("SAFETY", f"the safety chain is open: {causes}")
    for name, control in bench.tower.station_controls.items():
        if not _energised(bench, name):
            await _commit(bench, control.reset(), bound_s=RESET_S)
    await _reference(bench)


async def _reference(bench: Bench) -> None:
    tower, motion = bench.tower, bench.kinematics
    if not tower.shuttle.homed and not tower.shuttle.resumable:
        await _commit(bench, tower.shuttle.home(), bound_s=motion.shuttle_home_s())
    wanted: list[Prepared] = []
    if not tower.lift.homed:
        wanted.append(tower.lift.home())
    if not tower.turntable.homed:
        wanted.append(tower.turntable.home())
    if wanted:
        height_mm = max(abs(pose.height_mm) for pose in bench.shape.poses.values())
        await _commit(bench, *wanted, bound_s=motion.home_s(height_mm))


def _energised(bench: Bench, station: str) -> bool:
    image = bench.tower.stations[station].image
    return bool(image.status & Status.POWERED) and image.mechanisms["station"].state == State.READY


async def _commit(bench: Bench, *wanted: Prepared, bound_s: float) -> None:
    records: list[Record] = await carry_out_ok(bench, ERRAND, *wanted, bound_s=bound_s)
    await bench.keeper.commit(*records)
