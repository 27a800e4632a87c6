"""One letter of the fault alphabet, and one strike of it in a script."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sim_plc.rehearsal.cells import NO_JOB, Cell

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World


LOOK_S: Final = 0.5
"""How often a fault that waits for its moment looks."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A kind of fault that can strike."""

    name: str
    text: str
    """What happens, for people."""
    hold_s: tuple[float, float] = (0.0, 0.0)
    """How long one that lasts may last; (0, 0): it has no length, or its length is the world's."""
    of_bytes: bool = False
    """Whether it strikes only wires that carry bytes."""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Aim:
    """What a strike waits for: the first moment, or ``linger_s`` behind it, at which a pair is so, but no longer."""

    cell: Cell
    until_s: float
    """If it has not come by then the strike is left out."""
    linger_s: float = 0.0
    place: int | None = None
    """In the queue of those that wait for this pair one behind the other: each time it comes one place goes, the least.

    None: it does not wait for others.
    """

    def __str__(self) -> str:
        job = "no job is in progress" if self.cell.step == NO_JOB else f"a job {self.cell.step}"
        return f"for a moment, by {self.until_s:.2f} s, when the unit is {self.cell.unit} and {job}"


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault: when, what, for how long, and where (a station, bus or room by its number in the list).

    One with an aim strikes at ``at_s`` or later: see `Aim`.
    """

    at_s: float
    kind: Letter
    hold_s: float
    where: int
    when: Aim | None = None

    def __str__(self) -> str:
        lasts = f" for {self.hold_s:.2f} s" if self.hold_s else ""
        return f"{self.at_s:7.2f} s {self.kind.name}{lasts}{f', waits {self.when}' if self.when else ''}"


Act = Callable[[Strike], Awaitable[None]]
"""Plays one strike; returns when it is over and healed."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the acts of every class play on."""

    world: "World"
    rng: random.Random
    did: Counter[str]
    """Counts what really happened, for probes beyond the letters themselves."""

    async def when(self, so: Callable[[], bool], within_s: float) -> bool:
        """Wait until something is so, for as long as ``within_s``; tell whether it is."""
        until_s = self.world.now + within_s
        while not so():
            if self.world.now >= until_s:
                return False
            await asyncio.sleep(LOOK_S)
        return True

    def dice(self) -> random.Random:
        """Return dice of one strike's own: however often they are thrown, every other strike stays as it is."""
        return random.Random(self.rng.random())

    def room(self, strike: Strike) -> int:
        """Return the number of the room that is struck."""
        rooms = self.world.tower.shape.rooms
        return rooms[strike.where % len(rooms)]

    def bay(self, strike: Strike) -> int:
        """Return the bay that is struck: half of the time the one in front of the carriage."""
        bays, docked = self.world.tower.shape.bays, self.world.plant.truth().carriage.docked
        if docked in bays and strike.where // len(bays) % 2:
            return docked
        return bays[strike.where % len(bays)]

    def bus(self, strike: Strike, kind: str = "") -> str:
        """Return the name of the bus that is struck; of those of a ``kind``, if the tower has one."""
        buses = self.world.tower.bus
        names = sorted(name for name, bus in buses.items() if bus.kind == kind) or sorted(buses)
        return names[strike.where % len(names)]

    def station(self, strike: Strike) -> str:
        """Return the name of the station that is struck: as often the tower PLC as any bay controller."""
        bays = [program.name for program in self.world.programs if program.name != "tower"]
        return "tower" if strike.where // 7 % 2 else bays[strike.where % len(bays)]


class Faults(Protocol):
    """The faults of one class, bound to a scene."""

    @property
    def acts(self) -> Mapping[Letter, Act]:
        """What plays each of its letters."""
        ...
