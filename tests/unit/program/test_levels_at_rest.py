"""Every level hears by wire how the carriage stands; where it is not docked that is shown, and nothing follows."""

from hal.plcmap.codes import BayStation, Opcode
from tests.support.program_rig import Rig


def whole_scans(rig: Rig, level: int) -> list[bool]:
    """Return what gets longer with each scan of a level that does more than look."""
    program, scans = rig.bays[level], list[bool]()
    begin = program.begin_scan

    def noted(*, first: bool) -> None:
        scans.append(first)
        begin(first=first)

    program.begin_scan = noted  # type: ignore[method-assign]
    return scans


def test_a_carriage_that_sets_out_elsewhere_is_shown_without_a_whole_scan() -> None:
    rig = Rig()
    rig.up()
    rig.dock(203)
    below, there = whole_scans(rig, 1), whole_scans(rig, 2)
    masters = rig.bay_master
    assert all(master.image().inputs is BayStation.CARRIAGE_HELD for master in masters.values())
    pose = rig.config.shape.poses[204]
    rig.send("turntable", Opcode.MOVE_TO, pose.angle_mdeg, 204)
    rig.run(1.0)
    assert [master.image().inputs for master in masters.values()] == [BayStation(0)] * 2
    assert not below
    assert there
