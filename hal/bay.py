"""The bays of one level: their latches and their presence sensors."""

from dataclasses import dataclass

from hal.interfaces import Mechanism, Prepared
from hal.plcmap.codes import Bay, BayStation, Opcode, Status
from hal.plcmap.shape import level_of, position_of
from hal.readings import Loaded, loaded
from hal.scan import Station


@dataclass(frozen=True, slots=True)
class Latches:
    """The latches of one level; every place named must be a bay of it.

    Raises everywhere what `hal.interfaces.Mechanism` raises, and `ValueError` for a place of another level.
    """

    mechanism: Mechanism
    station: Station
    level: int

    def unlatch(self, place: int) -> Prepared:
        """Open the latch of a bay."""
        return self.mechanism.prepare(Opcode.UNLATCH, self._position(place))

    def latch(self, place: int) -> Prepared:
        """Close the latch of a bay."""
        return self.mechanism.prepare(Opcode.LATCH, self._position(place))

    def latch_open(self, place: int) -> bool:
        """Whether the latch of a bay is proven open."""
        return self._latch(place) == Bay.LATCH_OPEN

    def latch_closed(self, place: int) -> bool:
        """Whether the latch of a bay is proven closed."""
        return self._latch(place) == Bay.LATCH_CLOSED

    def occupied(self, place: int) -> Loaded:
        """Whether a car stands in a bay, by the bay controller's own two sensors."""
        word = self._bay(place)
        return loaded(a=Bay.OCCUPIED_A in word, b=Bay.OCCUPIED_B in word)

    def contacts(self, place: int) -> tuple[bool, bool]:
        """Return what each of the bay controller's own two sensors shows of a bay, A first."""
        word = self._bay(place)
        return Bay.OCCUPIED_A in word, Bay.OCCUPIED_B in word

    def docked(self, place: int) -> bool:
        """Whether the carriage is docked at a bay, hard-wired."""
        return Bay.DOCKED in self._bay(place)

    @property
    def powered(self) -> bool:
        """Whether the newest image, however old, shows the bay controller switched on by a reset."""
        image = self.station.last_image
        return image is not None and Status.POWERED in image.status

    @property
    def carriage_held(self) -> bool:
        """Whether lift and turntable stand with their brakes on, hard-wired."""
        return BayStation.CARRIAGE_HELD in self.station.image.inputs

    def _latch(self, place: int) -> Bay:
        return self._bay(place) & (Bay.LATCH_OPEN | Bay.LATCH_CLOSED)

    def _bay(self, place: int) -> Bay:
        self._position(place)
        return self.station.image.bays[place]

    def _position(self, place: int) -> int:
        if level_of(place) != self.level:
            raise ValueError(f"place {place} is not on level {self.level}")
        return position_of(place)
