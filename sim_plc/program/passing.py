"""What a station shows in passing: it says something of itself again as soon as whatever moves has come to rest.

An axis drives by contacts, and what the carriage sees of a place is another at each of them; an exchange runs through
sub-steps and brakes; every level hears by wire that the carriage is held at one of them. A controller that reads the
end of the motion, with what stands there then, has missed nothing that it could have acted on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hal.plcmap.codes import Bay, Carriage, State
from hal.plcmap.registers import Block, StationMap

MOVING: Final = frozenset({State.HOMING, State.DISCRETE_MOTION, State.STOPPING})

Words = Sequence[list[int]]
"""The words of each of the fast blocks."""

Spot = tuple[int, int]
"""A register: index of the block, offset in it."""

_WHOLE: Final = 0xFFFF
_DOCKED, _ALL_LOCKED = int(Bay.DOCKED), int(Carriage.ALL_LATCHES_LOCKED)


@dataclass(frozen=True, slots=True)
class Passing:
    """Registers, each with the bits that are no news as things are."""

    encoders: tuple[Spot, ...]
    carriage: Spot | None
    axes: tuple[Spot, ...]
    """States of lift and turntable, by which the carriage passes places."""
    shuttle: tuple[Spot, ...]
    """State and flags of the shuttle, of which only the state says something in motion."""
    level: Spot | None
    bays: tuple[Spot, ...]

    def leave_out(self, words: Words) -> None:
        """Set to 0 what is shown in passing."""
        for block, offset in self.encoders:
            words[block][offset] = 0
        if self.carriage is not None and any(_moves(words, axis) for axis in self.axes):
            _keep(words, self.carriage, _ALL_LOCKED)
        if self.shuttle and _moves(words, self.shuttle[0]):
            state, flags = self.shuttle
            _keep(words, state, _WHOLE & ~0xFF)
            _keep(words, flags, 0)
        if self.level is not None and not any(words[block][offset] & _DOCKED for block, offset in self.bays):
            _keep(words, self.level, 0)


def passing(station: StationMap) -> Passing:
    """Return what a station shows in passing."""
    spots = {field.name: (at, field.offset) for at, block in enumerate(station.fast) for field in block.fields}
    return Passing(
        encoders=tuple(spot for at, block in enumerate(station.fast) for spot in _encoders(at, block)),
        carriage=spots.get("carriage"),
        axes=tuple(spots[name] for name in ("lift.state", "turntable.state") if name in spots),
        shuttle=tuple(spots[name] for name in ("shuttle.state", "shuttle.flags") if name in spots),
        level=spots.get("inputs"),
        bays=tuple(spot for name, spot in spots.items() if name.startswith("bay")),
    )


def _encoders(at: int, block: Block) -> list[Spot]:
    """Return the registers that an axis changes as it turns."""
    return [
        (at, field.offset + word) for field in block.fields if field.name.endswith(".position") for word in range(2)
    ]


def _moves(words: Words, axis: Spot) -> bool:
    block, offset = axis
    return words[block][offset] >> 8 in MOVING


def _keep(words: Words, spot: Spot, bits: int) -> None:
    block, offset = spot
    words[block][offset] &= bits
