"""Latch of a bay: a magnet opens it, a spring brings it home."""

from sim_plc.plant.slide import Slide


class Latch:
    """Starts home."""

    def __init__(self, travel_s: float) -> None:
        self._slide = Slide(travel_s)
        self.stuck = False
        """It stays where it is, whatever magnet and spring do."""

    @property
    def next_s(self) -> float:
        """When it arrives; infinity if it stands."""
        return self._slide.next_s

    @property
    def open(self) -> bool:
        """Fully open."""
        return self._slide.stands_at(1.0)

    @property
    def closed(self) -> bool:
        """Home."""
        return self._slide.stands_at(0.0)

    def at(self, t: float) -> float:
        """Return the position: 0 home, 1 open."""
        return self._slide.at(t)

    def command(self, t: float, *, energised: bool, blocked: bool) -> None:
        """Take magnet and spring; ``blocked``: the arms reach through, so it rests on them instead of falling."""
        if self.stuck:
            self._slide.halt(t)
        elif energised:
            self._slide.go(t, 1.0)
        elif blocked:
            self._slide.halt(t)
        else:
            self._slide.go(t, 0.0)

    def advance(self, t: float) -> None:
        """Arrive if due."""
        self._slide.advance(t)
