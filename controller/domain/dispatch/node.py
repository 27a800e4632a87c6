"""What a search of plans knows behind a sequence of moves, and of one more move that was tried."""

from dataclasses import dataclass

from controller.domain.dispatch.slots import Bays


@dataclass(slots=True)
class Node:
    """The tower behind a sequence of moves.

    The bay of a car to be stored is chosen when it is known where the carriage is wanted next: until then ``open`` is
    the index of its request, and the carriage stands at the source, with the car.
    """

    done: int
    """The requests of the sequence, as bits."""
    counts: int
    """How often each was overtaken, `BITS` for each."""
    at: int
    free_s: float
    opens_s: tuple[float, ...]
    """From when each room takes a car, by index; infinity as long as one waits in it to be stored."""
    cost: float
    rest: float
    """The weight of all that are not in the sequence."""
    bays: Bays
    open: int = -1
    index: int = -1
    """The request of the last move."""
    target: int = 0
    before: "Node | None" = None


Choice = tuple[int, int, bool, float]
"""The index of who may be next, the counts of overtakings behind him, whether his car is fetched ahead, and the weight
of all whom he overtakes."""

Stand = tuple[int, float, float]
"""Where the carriage begins the next move, from when, and what was waited: an open car is in its bay."""

Try = tuple[float, int, Choice, int, float, float, float, Node, Stand]
"""One more move, not yet made into a node: most of them never are. They sort by their worth, what is waited behind it
and by all others until the carriage is free; then by their number. Then come who was chosen, the target (0: a bay,
open), when it is served and when the carriage is free, what was waited, and what it is behind."""
