"""Latches that fall by themselves: a bay controller that loses its power lets its coils go, whatever it held.

The contacts in series that keep a controller from letting go are inputs of its program; the coil is its output, which
no program holds through a power-up. The spring then rests on arms that reach through until they are gone.

Arms that set out just then are still inside. The tower PLC sees the latch leave its end a filter and a scan later, so
they come a few millimetres out and stand. Where its contact goes on telling "open" meanwhile, which is a second fault
beside the lost power, nothing at the carriage tells a falling latch from an open one: the daemon's STOP ends it, or
its silence. Arms that set out later than the latch fell have no such excuse, whatever the contact tells.
"""

from typing import TYPE_CHECKING, Final

from hal.plcmap.registers import latches_station
from sim_plc.plant.contacts import Wire
from sim_plc.plant.crimes import Crime, CrimeCode
from sim_plc.plant.truth import Truth
from sim_plc.rehearsal.roll import Accuse

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

SET_OUT_S: Final = 0.2
"""A contact's bounce and filter, two scans, and what slow arms need to leave the centre; then again to see and stop."""

STOPPED_S: Final = 3.0
"""A daemon sees within 1.0 s that a station is lost, a PLC within 1.5 s that the daemon is; then to see and stop."""

_LATCH_OPEN: Final[Wire] = ("carriage", "latch_open")


class LatchLaw:
    """Tells whose fault it is that a latch and the arms met."""

    def __init__(self, world: "World", accuse: Accuse) -> None:
        self._world = world
        self._accuse = accuse
        self._dropped_s: dict[str, float] = {}
        """When bay controllers lost their power that have begun nothing at their latches since: no coil is theirs."""
        self._undecided: dict[Crime, float] = {}
        """By when the arms must stand, for each that set out as its latch fell."""
        self._lied = False
        """Whether the carriage's contact told at the last look that the latch is open."""

    def power_up(self, station: str) -> None:
        """Take a power-up of a station."""
        self._dropped_s[station] = self._world.now

    def begins(self, station: str) -> None:
        """Take a command that begins at a station's latches."""
        self._dropped_s.pop(station, None)

    def bears(self, crime: Crime) -> bool:
        """Tell whether nobody is to be accused of a crime, or only if the arms do not stand in time."""
        docked = self._world.plant.truth().carriage.docked
        dropped_s = None if docked is None else self._dropped_s.get(latches_station(docked))
        if dropped_s is None:
            return False
        if crime.code is CrimeCode.ARMS_INTO_WAY and crime.t - dropped_s < SET_OUT_S:
            self._undecided[crime] = crime.t + SET_OUT_S
            return True
        return crime.code is CrimeCode.LATCH_ON_ARMS

    def look(self, truth: Truth) -> None:
        """Accuse where arms go on that set out as their latch fell, once what stops them has had its time."""
        lies = bool(self._world.plant.shows(_LATCH_OPEN))
        for crime in tuple(self._undecided):
            if lies or self._lied:
                self._undecided[crime] = min(self._world.now + SET_OUT_S, crime.t + STOPPED_S)
            is_late = self._world.now >= self._undecided[crime]
            if is_late:
                self._accuse("I3", f"{crime.text} ({crime.t:.3f} s), and not stopped in time")
            if is_late or not truth.carriage.arms.moving:
                del self._undecided[crime]
        self._lied = lies
