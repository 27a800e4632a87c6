"""Who sees everything that happens to a world: judges, probes, chroniclers."""

from collections.abc import Mapping
from typing import Protocol

from controller.domain.events import Request
from sim_plc.program.event_log import LogEntry


class Witness(Protocol):
    """Sees everything that happens to a world, at the instant at which it happens."""

    def on_plc(self, station: str, entry: LogEntry) -> None:
        """Take a line of a station's log; the plant stands at its instant."""
        ...

    def on_power_up(self, station: str, *, warm: bool) -> None:
        """Take the power-up of a station's PLC; ``warm``: with its memory."""
        ...

    def on_forgotten(self, station: str) -> None:
        """Take a person's reset of a station that had lost its memory: its numbers start anew."""
        ...

    def on_asked(self, request: Request) -> None:
        """Take what a person asks the daemon for."""
        ...

    def on_refused(self, request: Request, rule: str) -> None:
        """Take the rule by which the daemon has refused what a person asked for."""
        ...

    def on_plant(self) -> None:
        """Take news of the plant."""
        ...

    def on_told(self, event: Mapping[str, object]) -> None:
        """Take what the daemon tells."""
        ...

    def on_died(self, why: str) -> None:
        """Take the end of a daemon that nobody ended."""
        ...
