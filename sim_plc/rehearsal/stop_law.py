"""After a trip, a loss of power or silence everything stops in time, and nothing moves again by itself (I15)."""

from typing import TYPE_CHECKING, Final

from config.machine import Machine
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from sim_plc.plant.truth import CarriageTruth, Truth
from sim_plc.rehearsal.hearing import NEVER
from sim_plc.rehearsal.roll import Accuse

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

MARGIN_S: Final = 0.3
"""For brakes that set, scans, and the last request under way."""

CALM_S: Final = 10.0
"""Behind noise on the wires or a frozen daemon a STOP may still be on its way for so long."""

MOVES: Final = frozenset({"lift", "turntable", "shuttle"})


class StopLaw:
    """Follows the safety chain, the drives' power and who can be heard."""

    def __init__(self, world: "World", accuse: Accuse) -> None:
        self._world = world
        self._accuse = accuse
        self._tripped_s = NEVER
        """Since when the chain has been open; `NEVER`: it is closed."""
        self._tripped = False
        self._reset_asked = False
        self._energised = False
        self._powered_up_s = -NEVER
        self._late = False
        """What moves too long has been told already."""
        machine = world.tower.machine
        self.budget_s = stop_budget_s(machine) + MARGIN_S
        self._silence_s = machine.plc.silence_s
        self._bus = next(name for name, bus in world.tower.bus.items() if "tower" in bus.stations)

    def power_up(self) -> None:
        """Take a power-up of the tower PLC: its outputs have dropped, and it knows of nothing that still moves."""
        self._energised = False
        self._powered_up_s = self._world.now

    def asked_reset(self) -> None:
        """Take a person's Reset."""
        self._reset_asked = True

    def look(self, truth: Truth) -> None:
        """Take the chain and the axes as they are now."""
        open_ = not truth.chain_closed
        if open_ and not self._tripped:
            self._tripped, self._reset_asked, self._energised = True, False, False
        self._tripped_s = min(self._tripped_s, self._world.now) if open_ else NEVER
        if not moving(truth.carriage):
            self._late = False
            return
        for since_s, allowed_s, what in (
            (self._tripped_s, self.budget_s, "the chain opened"),
            (self._world.hearing.silent_s[self._bus], self._silence_s + self.budget_s, "nobody speaks"),
        ):
            passed_s = self._world.now - since_s
            if passed_s > allowed_s and not self._late:
                self._late = True
                self._accuse("I15", f"the carriage moves {passed_s:.2f} s after {what}: {allowed_s:.2f} s are enough")

    def aborted(self) -> None:
        """Judge a unit that calls itself aborted, where nothing keeps it from seeing every station."""
        daemon, hearing = self._world.daemon, self._world.hearing
        calm = self._world.now - max(hearing.awake_s, hearing.calm_s, self._powered_up_s) > CALM_S
        sees = daemon is not None and all(station.online for station in daemon.stations.values())
        if calm and sees and moving(self._world.plant.truth().carriage):
            self._accuse("I15", "the carriage moves though the unit is aborted")

    def begins(self, mechanism: str, content: Content) -> None:
        """Judge something that the tower PLC begins."""
        if mechanism == "station" and content.opcode == Opcode.RESET:
            self._energised = True
            if self._tripped and not self._reset_asked:
                self._accuse("I15", "drives were energised after a trip though nobody asked for a reset")
            self._tripped = False
        if mechanism in MOVES and (self._tripped or not self._energised):
            self._accuse("I15", f"{mechanism} started after a trip or power-up without a reset")


def moving(carriage: CarriageTruth) -> bool:
    """Tell whether anything of the carriage moves."""
    return carriage.lift.moving or carriage.turntable.moving or carriage.arms.moving or carriage.comb.moving


def stop_budget_s(machine: Machine) -> float:
    """Return the time that the slowest axis takes to stop from its full speed."""
    lift, turntable, shuttle = machine.lift, machine.turntable, machine.shuttle
    return max(
        lift.speed_mm_s / lift.stop_mm_s2,
        turntable.speed_mdeg_s / turntable.stop_mdeg_s2,
        shuttle.speed_mm_s / shuttle.acceleration_mm_s2,
        shuttle.comb_speed_mm_s / shuttle.comb_acceleration_mm_s2,
    )
