"""Towers at rest with some of their rooms in service: what bounds are reckoned of, and what a planner makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.load import load_tower
from controller.domain.dispatch.bounds import makespan_s
from controller.domain.dispatch.bounds_in_line import nth_served_s
from controller.domain.dispatch.cycles import Cycles, Paces
from controller.domain.dispatch.legs import Legs
from controller.domain.dispatch.planner import plan
from controller.domain.dispatch.scene import Plan, Request, Scene
from controller.domain.dispatch.turnover import as_built
from controller.domain.jobs import JobKind
from controller.domain.rooms import RoomState
from controller.settings import kinematics_of

PROMISE_S = 600.0


@dataclass(frozen=True)
class Case:
    """A tower with so many rooms in service: all bays full, all rooms vacant, the carriage at one of them."""

    name: str
    cycles: Cycles
    legs: Legs
    bays: Sequence[int]
    """The nearest first."""
    gate_s: float
    """How long a gate takes to open."""
    served_s: float
    """How long a room needs for a customer, behind the door closed behind the car."""

    @property
    def scene(self) -> Scene:
        """Everything at rest."""
        return Scene(0.0, min(self.legs.rooms), 0.0, dict.fromkeys(self.legs.rooms, 0.0), self.served_s)

    @property
    def out_s(self) -> float:
        """No sooner are all cars out and the last room vacant."""
        return makespan_s(self.cycles, self.scene, asked(self.bays))

    @property
    def planned_out_s(self) -> float:
        """When they are, as planned."""
        return max(move.served_s for move in self.planned(self.bays).moves) + self.served_s

    def planned(self, bays: Sequence[int]) -> Plan:
        """Plan for a customer for each of these cars, all at once."""
        return plan(asked(bays), self.scene, self.cycles)

    def burst(self, bays: Sequence[int]) -> int:
        """Return how many customers at once, the cars in this order, can all have their gate open within the promise.

        At most: nothing serves more.
        """
        for count in range(1, len(bays) + 1):
            served_s = nth_served_s(self.cycles, self.scene, asked(bays[:count]))
            if served_s[-1] + self.gate_s > PROMISE_S:
                return count - 1
        return len(bays)

    def planned_burst(self, bays: Sequence[int]) -> int:
        """Return how many are, as planned."""
        for count in range(self.burst(bays), 0, -1):
            moves = self.planned(bays[:count]).moves
            if max(move.served_s for move in moves) + self.gate_s <= PROMISE_S:
                return count
        return 0


def case_of(name: str, rooms: int, paces: Paces | None = None) -> Case:
    """Return a tower with its first rooms in service, as built or at another pace.

    Gates and customers are those of the tower as built.
    """
    tower = load_tower(name)
    kinematics = kinematics_of(tower)
    cycles = Cycles(kinematics, tower.shape, paces)
    legs = Legs(cycles, tower.shape.rooms[:rooms])
    gate_s = kinematics.gate_s()
    bays = sorted(tower.shape.bays, key=legs.single_s)
    return Case(name, cycles, legs, bays, gate_s, as_built(gate_s)[RoomState.CAR_PRESENT])


def asked(bays: Sequence[int]) -> list[Request]:
    """Return one customer for each of these cars, all at once."""
    return [Request(number, JobKind.RETRIEVE, 0.0, bay) for number, bay in enumerate(bays)]
