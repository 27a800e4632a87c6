"""The lift: the height axis of the carriage. It levels at every place."""

from collections.abc import Callable

from config.schema import Tower
from sim_plc.image import TowerImage
from sim_plc.program.axis import DriveWires
from sim_plc.program.positioning import Kinematics, Positioner, Span


def lift(tower: Tower, image: TowerImage, *, dead_man: Callable[[], bool]) -> Positioner:
    """Build the lift's program; its contact at a place is the dock contact of the level."""
    machine, shape = tower.machine.lift, tower.shape
    heights = {place: pose.height_mm for place, pose in shape.poses.items()}
    kinematics = Kinematics(
        machine.speed_mm_s,
        machine.acceleration_mm_s2,
        machine.stop_mm_s2,
        machine.home_speed_mm_s,
        machine.brake_s,
        machine.levelling_s,
    )
    span = Span(tower.travel.lowest_mm, tower.travel.highest_mm, shape.height_tolerance_mm)
    return Positioner(
        kinematics,
        span,
        DriveWires(image.lift_in, image.lift_out),
        targets=heights,
        contact=lambda: image.carriage.dock_level,
        dead_man=dead_man,
    )
