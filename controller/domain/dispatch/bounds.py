"""What no dispatch can beat: lower bounds of the machine time of one car, of two, of a batch, of an emptied tower.

Each is reckoned from the cars and bays as they are asked for. Cars that were brought nearer before anybody asked are
another scene. Units: seconds; places by number. `bounds_in_line` bounds the waits of those who stand in line.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from controller.domain.dispatch.assignment import assign
from controller.domain.dispatch.bounds_by_turns import turns_s
from controller.domain.dispatch.bounds_in_line import Tasks, ends_s, nth_served_s, tasks_of
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.legs import Legs
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind

_END: Final = 0
"""Where a carriage goes that has nothing more to do; no place has this number."""


def job_s(legs: Legs, bay: int) -> float:
    """Return the least time from a retrieval's begin until it is served, from whatever carriage position.

    A bound, since the carriage stands at the bay at best, and what remains is forced to be serial by the interlocks:
    visit, way to the nearest room, visit.

    Raises:
        KeyError: a place that the tower has not.

    """
    return legs.fetch_s(bay)


def job_to_gate_s(legs: Legs, bay: int) -> float:
    """Return the least time from a retrieval's begin until the customer's gate is open.

    A bound, since the gate may open only behind a closed inner door: it adds to `job_s`.

    Raises:
        KeyError: a place that the tower has not.

    """
    return job_s(legs, bay) + legs.cycles.gate_s()


def dual_s(legs: Legs, empty: int, full: int) -> float:
    """Return the least time of storing a car at ``empty`` and retrieving one from ``full``, from room to room.

    A bound, since by the triangle inequality a tour over two bays is no shorter than there and back to either, and
    none of the four visits can be left out (Han et al. 1987). `Cycles.dual_s` is the exact time.

    Raises:
        KeyError: a place that the tower has not.

    """
    visits_s = 2 * legs.room_visit_s + legs.cycles.visit_s(empty) + legs.cycles.visit_s(full)
    return 2 * max(legs.nearest_s(empty), legs.nearest_s(full)) + visits_s


@dataclass(frozen=True, slots=True)
class Batch:
    """Cars that one carriage has to bring in and out, in any order.

    Each of ``stores`` cars goes to a bay of its own among ``targets``. Targets that are free already: no store uses a
    slot that was just emptied. With the retrieved cars' own bays among the targets, stores may.
    """

    retrieves: tuple[int, ...] = ()
    targets: tuple[int, ...] = ()
    stores: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.stores <= len(set(self.targets)):
            raise ValueError(f"{self.stores} cars for {len(set(self.targets))} bays")


def to_given_bays(retrieves: Sequence[int], targets: Sequence[int]) -> Batch:
    """Return the batch that fills each of ``targets`` and retrieves from each of ``retrieves``."""
    return Batch(tuple(retrieves), tuple(targets), len(targets))


def batch_s(legs: Legs, batch: Batch) -> float:
    """Return the least machine time of a batch that begins and ends at a room.

    Legs with a car, and the cheapest assignment of the empty legs between them. A bound, since in every order each leg
    with a car is followed by one empty leg, and the assignment is free to choose among all of these, whether or not
    they make one tour. With one room, and no retrieved car's bay among the targets, it is exact: all cycles meet at
    the room. With more rooms, the empty way from one room to another is left out.

    Raises:
        KeyError: a place that the tower has not.

    """
    return _least_s(legs, batch, None)


def tour_s(legs: Legs, batch: Batch, carriage: int) -> float:
    """Return the least machine time of a batch that begins with the carriage anywhere and ends with its last car.

    A bound, and exact, where `batch_s` is.

    Raises:
        KeyError: a place that the tower has not.

    """
    return _least_s(legs, batch, carriage)


def makespan_s(cycles: Cycles, scene: Scene, requests: Collection[Request]) -> float:
    """Return the least time from the scene's begin until the carriage is free and each room is vacant again.

    The greatest of four bounds: the carriage alone (`tour_s` over the STOREs and RETRIEVEs, slots just emptied may be
    used; each RELOCATE adds its two visits, since without its ways a tour is no longer), the carriage with the times
    before which nothing can begin, the rooms (`nth_served_s`), which the last customer leaves behind the last car, and,
    of RETRIEVEs alone, the carriage among rooms that take turns (`turns_s`).
    A carriage may fetch the next car while its room is in use, and wait with it at the door.

    Raises:
        KeyError: a place that the tower has not.
        ValueError: a request that nothing can be done for as things are.

    """
    if not requests:
        return 0.0
    tasks = tasks_of(cycles, scene, requests)
    relocations = sum(each.kind is JobKind.RELOCATE for each in requests)
    visits_s = 2 * relocations * min((cycles.visit_s(bay) for bay in tasks.bays), default=0.0)
    bounds = [tour_s(tasks.legs, _batch_of(tasks), scene.carriage) + visits_s]
    bounds.append(max(ends_s(tasks.all)) - scene.begin_s)
    served_s = nth_served_s(cycles, scene, requests)
    if served_s:
        bounds.append(served_s[-1] + scene.served_s - scene.begin_s)
    if len(served_s) == len(requests):
        bounds.append(turns_s(cycles, scene, requests, tasks.legs.rooms) + scene.served_s)
    return max(bounds)


def cars_an_hour(legs: Legs, bays: Collection[int], served_s: float) -> float:
    """Return how many cars an hour can be retrieved at most over a long run in which each bay is emptied equally often.

    Here the bound is an upper one. The carriage needs a single cycle for each car, and each of B rooms is kept for the
    visit and ``served_s`` (gate, customer, gate, proof) of every B-th; one room is kept for each, so that the longer of
    both counts car by car. No order escapes either.

    Raises:
        KeyError: a place that the tower has not.
        ValueError: no bay.

    """
    kept_s = legs.room_visit_s + served_s
    if not bays:
        raise ValueError("no bay to retrieve from")
    if len(legs.rooms) == 1:
        return 3600.0 / fmean(max(legs.single_s(bay), kept_s) for bay in bays)
    return 3600.0 / max(fmean(map(legs.single_s, bays)), kept_s / len(legs.rooms))


def platform_makespan_s(legs: Legs, bays: Collection[int], served_s: float) -> float:
    """Return the least time of retrieving from all these bays if the lift's platform were the room, for comparison.

    Each customer drives off the platform: no second exchange and no inner door, but the machine stands still for
    ``served_s`` (gate, customer, gate, proof). A bound, since nothing of it can overlap: it is the sum.

    Raises:
        KeyError: a place that the tower has not.

    """
    return sum(2 * legs.nearest_s(bay) + legs.cycles.visit_s(bay) + served_s for bay in bays)


def _batch_of(tasks: Tasks) -> Batch:
    requests = [task.request for task in tasks.all]
    stores = [each for each in requests if each.kind is JobKind.STORE]
    given = [each.target for each in stores if each.target is not None]
    targets = given if len(given) == len(stores) else tasks.bays
    # The way to a car that is stored first can be none at all, which the legs of a batch do not allow.
    cars = [each.source for each in requests if each.kind is JobKind.RETRIEVE]
    retrieves = tuple(source for source in cars if source in tasks.standing)
    return Batch(retrieves, tuple(targets), len(stores))


@dataclass(frozen=True, slots=True)
class _Empty:
    """Where an empty leg begins: the carriage's place, the bay behind a stored car, or (None) a room."""

    place: int | None
    put_s: float = 0.0
    is_start: bool = False


def _least_s(legs: Legs, batch: Batch, carriage: int | None) -> float:
    cars = len(batch.retrieves)
    if not cars and not batch.stores:
        return 0.0
    targets = sorted(set(batch.targets)) if batch.stores else []
    begins = [_Empty(bay, legs.put_s(bay)) for bay in targets]
    begins += [_Empty(None)] * max(0, cars - batch.stores)
    goals: list[int | None] = [*batch.retrieves, *[None] * max(0, batch.stores - cars)]
    if carriage is not None:
        begins.append(_Empty(carriage, is_start=True))
        goals.append(_END)
    return sum(legs.fetch_s(bay) for bay in batch.retrieves) + _cheapest_s(legs, begins, goals)


def _cheapest_s(legs: Legs, begins: Sequence[_Empty], goals: Sequence[int | None]) -> float:
    """Return the cost of the best empty legs. Bays may be left over, the carriage's own place may not."""
    costs = [[_cost_s(legs, begin, goal) for begin in begins] for goal in goals]
    forced_s = 1.0 + max(cost for row in costs for cost in row)
    for row in costs:
        for column, begin in enumerate(begins):
            if begin.is_start:
                row[column] -= forced_s
    columns = assign(costs)
    pairs = zip(goals, columns, strict=True)
    return sum(_cost_s(legs, begins[column], goal) for goal, column in pairs)


def _cost_s(legs: Legs, begin: _Empty, goal: int | None) -> float:
    return begin.put_s + _way_s(legs, begin, goal)


def _way_s(legs: Legs, begin: _Empty, goal: int | None) -> float:
    place = begin.place
    if goal == _END and not begin.is_start:
        return 0.0
    if place is None or goal is None or goal == _END or (place == goal and not begin.is_start):
        # By a room: so is a tour's begin behind its end, and so is a store into the bay that is emptied behind it.
        return sum(legs.nearest_s(each) for each in (place, goal) if each is not None and each != _END)
    return legs.cycles.go_s(place, goal)
