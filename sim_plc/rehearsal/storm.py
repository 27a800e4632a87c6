"""What strikes the wires of a rehearsed tower and what its stations show, for as long as somebody lets it."""

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from sim_plc.rehearsal.bent_unit import Bend
from sim_plc.rehearsal.memory_link import Fault, Shut

T = TypeVar("T")

Decide = Callable[[str, int, int], Fault]
"""Names the fault of one request by bus, function code and unit."""

End = Callable[[], None]
"""Ends what was begun; called once."""


class Storm:
    """Faults of requests, bent answers and shut doors; several may go on at a time."""

    def __init__(self, beat: Callable[[], None]) -> None:
        """Take what lets every station be polled: something may look different now."""
        self._beat = beat
        self._deciders: list[Decide] = []
        self._others: list[str] = []
        self._bends: dict[str, list[Bend]] = defaultdict(list)
        self._shut: dict[str, list[Shut]] = defaultdict(list)

    @property
    def calm(self) -> bool:
        """Whether every request arrives and shows what is so, and PLCs do what they do in their time."""
        quiet = not self._deciders and not self._others
        return quiet and not any(self._bends.values()) and not any(self._shut.values())

    def decide(self, bus: str, function: int, unit: int) -> Fault:
        """Return the fault of a request: of several strikes the youngest that befalls it has its way."""
        fates = (decide(bus, function, unit) for decide in reversed(self._deciders))
        return next((fault for fault in fates if fault is not Fault.NONE), Fault.NONE)

    def shut(self, bus: str) -> Shut | None:
        """Return why no connection of a bus comes about, None if one does."""
        return self._shut[bus][-1] if self._shut[bus] else None

    def bends(self, station: str) -> list[Bend]:
        """Return what bends a station; the list stays the present one."""
        return self._bends[station]

    def befall(self, decide: Decide) -> End:
        """Let something befall requests."""
        return self._begin(self._deciders, decide)

    def bend(self, station: str, bend: Bend) -> End:
        """Let a station show and take something else."""
        return self._begin(self._bends[station], bend)

    def close(self, bus: str, why: Shut) -> End:
        """Let no connection of a bus come about."""
        return self._begin(self._shut[bus], why)

    def trouble(self, what: str) -> End:
        """Let something else go on of which nobody may expect that all is as it should be."""
        return self._begin(self._others, what)

    def _begin(self, going_on: list[T], what: T) -> End:
        going_on.append(what)
        self._beat()

        def end() -> None:
            going_on.remove(what)
            self._beat()

        return end
