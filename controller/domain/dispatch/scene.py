"""What dispatch is about: who waits for what, what the machine and its rooms look like, and what was planned.

All of it is pure: a planner, a bound, a forecast and a study take the same four values and differ in what they make of
them. Times are seconds on one clock, whichever; places are place numbers (level x 100 + position).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf

from controller.domain.jobs import JobKind

DWELL_S = 90.0
"""How long a customer needs in a room, from gate open to gate clear, until a tower has measured its own."""


@dataclass(frozen=True, slots=True)
class Request:
    """One car that somebody waits for.

    Its wait runs from ``since_s`` until it is served: a RETRIEVE when the way to its room is closed behind the car (the
    gate may open), a STORE when the way to its room is closed behind the carriage (the room is given back), a RELOCATE
    when it is done.
    """

    id: int
    """Its turn: who asked before has the smaller one."""
    kind: JobKind
    since_s: float
    source: int
    """Where its car stands; of a STORE, the room."""
    target: int | None = None
    """Where it must go; None: any free bay (STORE, RELOCATE), any room (RETRIEVE)."""
    ready_s: float = 0.0
    """Not to be begun before: the car of a STORE is accepted then, somebody is expected then."""
    weight: float = 1.0
    """What a second of its wait counts, beside that of others: above 1 for who has an appointment."""
    overtaken: int = 0
    """How many that asked later were begun before it already."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The machine as it will be when it is free next.

    ``vacant_s`` tells for each room in service from when it takes a car; one that nobody can tell of has `inf`.
    ``served_s`` is how long a room needs from the way closed behind a retrieved car until it is vacant again: gate,
    customer, gate, proof that nobody is left.
    """

    now_s: float
    carriage: int
    """The place where it stands, or will."""
    free_s: float
    """From when it can begin something."""
    vacant_s: Mapping[int, float]
    served_s: float
    free_bays: tuple[int, ...] = ()
    """The bays that take a car. One that a request names as its target is among them as long as it is empty: it is kept
    for that request."""

    @property
    def begin_s(self) -> float:
        """The earliest that anything can begin."""
        return max(self.now_s, self.free_s)


@dataclass(frozen=True, slots=True)
class Move:
    """One planned move of a car."""

    request: int
    kind: JobKind
    source: int
    target: int
    begin_s: float
    """When the carriage sets out for the source."""
    served_s: float
    """When the wait of its request ends."""
    end_s: float
    """When the carriage is free again, at the target."""
    overtakes: tuple[int, ...] = ()
    """The requests that asked before and could begin just as well: each of them is overtaken once more."""
    told: Callable[[], str] = field(default=str, compare=False, repr=False)
    """Puts into words why it comes then. Few are asked."""

    @property
    def why(self) -> str:
        """Why it comes then, in words."""
        return self.told()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a planner may do, and how long it may look for something better."""

    shift: int = 2
    """How many that asked later may be begun before a request that could begin as well; 0: first come, first served."""
    window: int = 6
    """How many requests are put in the best order together; those behind them are appended."""
    evaluations: int = 200
    """After how many tried moves the search goes into no further pass; 0: no search. A count, not a time: the same
    scene has the same plan everywhere."""
    load_ahead: bool = True
    """Whether a car may be fetched while its room is still in use."""
    overtaking_s: float = 5.0
    """What each overtaking must save at least, by the weight of who is overtaken: in a plan it counts as so much more
    waiting of theirs. What is foreseen of a cycle is not truer than a few seconds, and who is overtaken sees it."""

    def __post_init__(self) -> None:
        if not 0 <= self.shift <= 14 or self.window < 1 or min(self.evaluations, self.overtaking_s) < 0:
            raise ValueError(f"limits that nothing can be planned in: {self}")


@dataclass(frozen=True, slots=True)
class Plan:
    """Moves in the order in which they are to be made. ``cost`` is what the planner minimised.

    It is the sum of weight x wait, and of what the overtakings cost.
    """

    moves: tuple[Move, ...] = ()
    cost: float = 0.0
    unplanned: tuple[int, ...] = field(default=())
    """Requests that nothing can be done for as things are: no room in service, no free bay."""

    def served_s(self, request: int) -> float:
        """Return when a request will be served, or infinity."""
        return next((move.served_s for move in self.moves if move.request == request), inf)
