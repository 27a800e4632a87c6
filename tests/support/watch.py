"""A witness that notes what moves together with what, from the plant's truth, and what is told of the rooms."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations

from controller.domain.events import Request
from sim_plc.plant.truth import Truth
from sim_plc.program.event_log import LogEntry
from sim_plc.rehearsal.world import World


class Watch:
    """Notes from its making on. Names of what moves: ``lift``, ``turntable``, ``gate 104``, ``door 101`` ..."""

    def __init__(self, world: World) -> None:
        self.moved_s: defaultdict[str, float] = defaultdict(float)
        """For how long each has moved."""
        self.together_s: defaultdict[frozenset[str], float] = defaultdict(float)
        """For how long each two have moved at the same time."""
        self._world = world
        self._since_s = world.now
        self._moving: tuple[str, ...] = ()
        self._rooms: list[tuple[float, int, str]] = []
        world.witnesses.append(self)
        self.on_plant()

    def rooms_at(self, at_s: float) -> dict[int, str]:
        """Return the state of each room at a time, as it was told; of those that changed."""
        return {room: state for t, room, state in self._rooms if t <= at_s}

    def both_s(self, one: str, other: str) -> float:
        """Return for how long two have moved at the same time."""
        return self.together_s[frozenset((one, other))]

    def on_plant(self) -> None:
        """Count the time since the last look for what moved then: between two looks nothing begins or ends."""
        truth = self._world.plant.truth()
        passed_s = truth.t - self._since_s
        for name in self._moving:
            self.moved_s[name] += passed_s
        for pair in combinations(self._moving, 2):
            self.together_s[frozenset(pair)] += passed_s
        self._since_s, self._moving = truth.t, moving(truth)

    def on_told(self, event: Mapping[str, object]) -> None:
        """Note what is told of a room."""
        if event["event"] == "room_state":
            room, state = event["room"], event["state"]
            assert isinstance(room, int)
            self._rooms.append((self._world.now, room, str(state)))

    def on_plc(self, station: str, entry: LogEntry) -> None: ...

    def on_power_up(self, station: str, *, warm: bool) -> None: ...

    def on_forgotten(self, station: str) -> None: ...

    def on_asked(self, request: Request) -> None: ...

    def on_refused(self, request: Request, rule: str) -> None: ...

    def on_died(self, why: str) -> None: ...


def moving(truth: Truth) -> tuple[str, ...]:
    """Return the names of what moves, sorted."""
    carriage = truth.carriage
    axes = {"lift": carriage.lift, "turntable": carriage.turntable, "arms": carriage.arms, "comb": carriage.comb}
    names = [name for name, axis in axes.items() if axis.moving]
    for kind, leaves in (("door", truth.doors), ("gate", truth.gates)):
        names += [f"{kind} {room}" for room, leaf in leaves.items() if leaf.velocity_mm_s]
    return tuple(sorted(names))
