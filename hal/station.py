"""The commands that a station itself knows."""

from dataclasses import dataclass

from hal.interfaces import Mechanism, Prepared
from hal.plcmap.codes import Mode, Opcode, Status
from hal.scan import Station


@dataclass(frozen=True, slots=True)
class StationControl:
    """The mailbox of a station."""

    mechanism: Mechanism
    station: Station

    def reset(self) -> Prepared:
        """Acknowledge trips and enable the drives; it never undoes an E-stop latch."""
        return self.mechanism.prepare(Opcode.RESET)

    def clear_fault(self) -> Prepared:
        """Clear the faults of the mechanisms."""
        return self.mechanism.prepare(Opcode.CLEAR_FAULT)

    def set_mode(self, mode: Mode) -> Prepared:
        """Change the mode."""
        return self.mechanism.prepare(Opcode.MODE, int(mode))

    @property
    def status(self) -> Status:
        """The status word.

        Raises:
            NotOnline: there is no fresh image.

        """
        return self.station.image.status
