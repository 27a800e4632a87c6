"""The turntable: the endless rotation axis of the carriage. It takes the shorter way and does not level."""

from collections.abc import Callable

from config.schema import Tower
from sim_plc.image import TowerImage
from sim_plc.program.axis import DriveWires
from sim_plc.program.positioning import Kinematics, Positioner, Span

TURN_MDEG = 360_000


def turntable(tower: Tower, image: TowerImage, *, dead_man: Callable[[], bool]) -> Positioner:
    """Build the turntable's program; its contact at a place is the dock contact of the position."""
    machine, shape = tower.machine.turntable, tower.shape
    kinematics = Kinematics(
        machine.speed_mdeg_s,
        machine.acceleration_mdeg_s2,
        machine.stop_mdeg_s2,
        machine.home_speed_mdeg_s,
        machine.brake_s,
    )
    return Positioner(
        kinematics,
        Span(0, TURN_MDEG - 1, shape.angle_tolerance_mdeg, TURN_MDEG),
        DriveWires(image.turntable_in, image.turntable_out),
        targets={place: pose.angle_mdeg for place, pose in shape.poses.items()},
        contact=lambda: image.carriage.dock_position,
        dead_man=dead_man,
    )
