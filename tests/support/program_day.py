"""A short day of one small tower at its PLCs: an exchange cut and undone, a lost controller, an E-stop."""

from hal.plcmap.codes import Opcode
from tests.support.program_rig import Rig


def day(rig: Rig) -> None:
    """Live it, with a car at 203."""
    rig.up()
    rig.dock(203)
    rig.open_way(203)
    rig.send("shuttle", Opcode.PICK, 203)
    rig.run(0.8)
    rig.do("shuttle", Opcode.STOP)
    rig.do("shuttle", Opcode.UNDO)
    rig.close_way(203)
    rig.send("lift", Opcode.MOVE_TO, 0, 101)
    rig.run(0.3)
    rig.master.mute = True
    rig.run(3.0)
    rig.master.mute = False
    rig.run(0.5)
    rig.plant.press_e_stop()
    rig.run(0.5)
