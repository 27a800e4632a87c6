"""Programs that do not scan as they should: one that stands, one whose scans come late."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from sim_plc.program.station_program import StationProgram


class StandingProgram:
    """`sim_plc.stepper.SteppedProgram` of a PLC in STOP: its outputs are off, its registers show what they showed.

    ``shown`` ran before. ``fresh`` has powered up, which took its outputs off, and waits for its first scan: it runs
    once `sim_plc.rehearsal.cabinets.Cabinets.stop` lets it. What is written meanwhile is lost with the start.
    """

    def __init__(self, shown: StationProgram[Any], fresh: StationProgram[Any]) -> None:
        self.shown = shown
        self.fresh = fresh

    @property
    def unit(self) -> int:
        """Modbus unit id."""
        return self.fresh.unit

    @property
    def input_changes(self) -> int:
        """How often the plant has changed its inputs."""
        return self.fresh.input_changes

    def scan(self, t: float, *, inputs_changed: bool = True) -> None:
        """Do nothing."""

    def only_hears(self, t: float) -> bool:
        """Return True: it does not even that."""
        del t
        return True

    def hear(self, t: float) -> bool:
        """Return False: nothing follows."""
        del t
        return False

    def refresh(self, t: float) -> None:
        """Do nothing: heartbeat and encoders stand."""

    @property
    def due(self) -> float:
        """Infinity: nothing is ever due."""
        return math.inf

    def read_input(self, address: int, count: int) -> Sequence[int]:
        """Return input registers as they stood."""
        return self.shown.read_input(address, count)

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        """Return holding registers as they stood."""
        return self.shown.read_holding(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take registers that nobody looks at."""
        self.shown.write(address, words)


class LateProgram:
    """`sim_plc.stepper.SteppedProgram` whose scans come ``late_s`` behind one another; `catch_up` ends that."""

    def __init__(self, program: StationProgram[Any], late_s: Callable[[], float]) -> None:
        self.program = program
        self._late_s = late_s
        self._until = -math.inf
        self._missed_inputs = False

    @property
    def unit(self) -> int:
        """Modbus unit id."""
        return self.program.unit

    @property
    def input_changes(self) -> int:
        """How often the plant has changed its inputs."""
        return self.program.input_changes

    def only_hears(self, t: float) -> bool:
        """Return False: every scan is a whole one."""
        del t
        return False

    def hear(self, t: float) -> bool:
        """Hear nothing outside a scan; return that one has to follow."""
        del t
        return True

    def catch_up(self) -> None:
        """Scan in time from now on."""
        self._late_s, self._until = (lambda: 0.0), -math.inf

    def scan(self, t: float, *, inputs_changed: bool = True) -> None:
        """Run a scan, unless the one before still lasts."""
        inputs_changed |= self._missed_inputs
        self._missed_inputs = inputs_changed and t < self._until
        if t >= self._until:
            self.program.scan(t, inputs_changed=inputs_changed)
            self._until = t + self._late_s()

    def refresh(self, t: float) -> None:
        """Let heartbeat and encoders be those of ``t``, unless a scan still lasts."""
        if t >= self._until:
            self.program.refresh(t)

    @property
    def due(self) -> float:
        """When a scan is due."""
        return max(-math.inf if self._missed_inputs else self.program.due, self._until)

    def read_input(self, address: int, count: int) -> Sequence[int]:
        """Return input registers."""
        return self.program.read_input(address, count)

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        """Return holding registers."""
        return self.program.read_holding(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Write registers."""
        self.program.write(address, words)
