"""What a rehearsal asks of a daemon's link beside its work, whatever carries it."""

from collections import Counter
from typing import Protocol

from hal.link import Link
from sim_plc.rehearsal.memory_link import Fault
from sim_plc.unit import Unit


class Wired(Link, Protocol):
    """A link that a world can strike and look at."""

    units: dict[int, Unit]
    """By unit id: whom it leads to."""
    reachable: bool
    """Cleared: nothing answers and no connection comes about, as with the cable out."""
    befallen: Counter[Fault]
    """How often each fault befell a request."""
    failed: Counter[str]
    """How often a request, or an attempt to connect, ended in each error, by the error's name."""

    @property
    def sound(self) -> bool:
        """Whether the cable is in, somebody is at the other end, and the newest request was answered."""
        ...

    def cut(self) -> None:
        """Break the connection now."""
        ...

    def fall_mute(self) -> None:
        """Let the connection stand with nobody at its other end: it stays so until this side closes it."""
        ...
