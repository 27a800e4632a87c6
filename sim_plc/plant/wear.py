"""What is wrong with one axis: its drive, its encoder, its brake."""

from dataclasses import dataclass


@dataclass(slots=True)
class Wear:
    """Nothing is, as long as all is as here. Units are the axis's own (mm or mdeg)."""

    tripped: bool = False
    """The drive has switched itself off, and shows its fault until somebody resets it."""
    seized: bool = False
    """It does not set out, whatever it is asked for."""
    drift: float = 0.0
    """The encoder shows so much more than is so; referencing takes it out."""
    slip: float = 0.0
    """By so much the encoder slips on the next MOVE."""
    overrun: float = 0.0
    """By so much the next MOVE ends beyond its target."""
    speed: float = 1.0
    """The share of the speed that it is asked for at which a MOVE runs: the drive limits itself."""
    brake_late_s: float = 0.0
    """So much longer the brake takes to set."""

    def slips(self) -> None:
        """Let the encoder slip as the axis sets out."""
        self.drift, self.slip = self.drift + self.slip, 0.0

    def overruns(self, way: float) -> float:
        """Return by how much a MOVE over a signed way misses its target, once."""
        missed, self.overrun = self.overrun, 0.0
        return missed if way > 0 else -missed
