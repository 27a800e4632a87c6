"""What no order of the requests in line can beat: when the first, second, third is served, their mean and worst wait.

The carriage's part of a request is a block of machine time that ends with it: the empty way to its source, of which no
more counts than from the nearest place where another request can have left the carriage, and all until the carriage is
free again. Blocks never overlap, in whatever order. The empty way may be made before a car is ready, since whoever
knows what comes can stand there already; so a block may begin that much earlier than its car is ready.

Nothing but ``ready_s`` keeps a request from being begun, since a car may be brought before somebody asks for it. Who
looks back on a day of people who came unexpected says so in their ``ready_s``. A room that has a vacant time may take
cars before the one that is to be stored from it, and a free bay may be filled before it is retrieved from.

Units: seconds; clock times on the clock of the scene. Weights are not looked at.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace
from itertools import accumulate
from math import inf, isfinite
from statistics import fmean

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.legs import Legs
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind


@dataclass(frozen=True, slots=True)
class Task:
    """The block of machine time of one request, each part at its least."""

    request: Request
    starts_s: float
    """The earliest clock time at which the carriage, docked at the source, can begin, and need not wait at the door."""
    approach_s: float
    """The empty way to the source behind another request."""
    work_s: float
    """From then until the request is served."""
    behind_s: float
    """From then until the carriage is free."""

    @property
    def block_s(self) -> float:
        """Length of the block."""
        return self.approach_s + self.work_s + self.behind_s

    @property
    def released_s(self) -> float:
        """Clock time before which the block cannot begin."""
        return self.starts_s - self.approach_s


@dataclass(frozen=True, slots=True)
class Tasks:
    """The requests of a scene as blocks of machine time."""

    legs: Legs
    all: tuple[Task, ...]
    apart: Mapping[JobKind, tuple[Task, ...]]
    """Those of each kind as if nothing else were asked for."""
    opens_s: tuple[float, ...]
    """The earliest clock time at which each room in service can take a car, in ascending order."""
    bays: frozenset[int]
    """Every bay that a car can be brought to: free ones, and those that a request empties."""
    standing: frozenset[int]
    """The sources that have their one car from the beginning."""


def tasks_of(cycles: Cycles, scene: Scene, requests: Collection[Request]) -> Tasks:
    """Return the blocks of machine time of requests.

    Raises:
        KeyError: a place that the tower has not.
        ValueError: a request that nothing can be done for as things are: no time at which it is ready, no room in
            service that takes a car or, for a STORE, that has it, no bay to bring it to.

    """
    opens_s = _opens_s(cycles, scene, requests)
    emptied = {each.source for each in requests if each.kind is not JobKind.STORE}
    bays = frozenset(scene.free_bays) | emptied
    _refuse_the_impossible(scene, requests, opens_s, bays)
    legs = Legs(cycles, opens_s or None)
    of_kind = {kind: [each for each in requests if each.kind is kind] for kind in JobKind}
    standing = _standing(scene, requests)
    blocks = _Blocks(legs, scene, opens_s, bays, standing)
    apart = {kind: blocks.of(some) for kind, some in of_kind.items()}
    return Tasks(legs, blocks.of(requests), apart, tuple(sorted(opens_s.values())), bays, standing)


def nth_served_s(cycles: Cycles, scene: Scene, requests: Collection[Request]) -> tuple[float, ...]:
    """Return the clock time before which not one, not two, not three RETRIEVEs can be served, and so on to all.

    A bound, each being the greatest of what no order and no choice of rooms escapes: the ways of so many cars; so many
    of the shortest blocks behind the first car, or behind any earlier one; and the rooms, each of which is kept from
    the moment its door opens for a car until it is vacant again, while the carriage may do what it likes. With one
    room, no two cars are served closer than that (cars of equal length on parallel machines: first come, first served
    is best). Other requests are left out: without them the carriage is no later (triangle inequality).

    Raises:
        KeyError: a place that the tower has not.
        ValueError: a request that nothing can be done for as things are.

    """
    tasks = tasks_of(cycles, scene, requests)
    return _nth_served_s(tasks, tasks.legs.room_visit_s + scene.served_s)


def mean_wait_s(cycles: Cycles, scene: Scene, requests: Collection[Request]) -> float:
    """Return the least mean wait, from asked for until served; 0 without requests.

    The greater of two bounds. The carriage alone: to run what remains shortest first, and to break off for what is
    shorter, ends blocks with release times at the least mean (Schrage 1968), and every order in which nothing is
    broken off is among its choices. And each kind of request alone, RETRIEVEs with the rooms of `nth_served_s`.

    Raises:
        KeyError: a place that the tower has not.
        ValueError: a request that nothing can be done for as things are.

    """
    if not requests:
        return 0.0
    tasks = tasks_of(cycles, scene, requests)
    in_rooms_s = sum(_nth_served_s(tasks, tasks.legs.room_visit_s + scene.served_s))
    alone_s = {kind: _served_s(some) for kind, some in tasks.apart.items()}
    alone_s[JobKind.RETRIEVE] = max(alone_s[JobKind.RETRIEVE], in_rooms_s)
    return max(_served_s(tasks.all), sum(alone_s.values())) / len(requests) - fmean(each.since_s for each in requests)


def fifo_max_flow_s(cycles: Cycles, scene: Scene, requests: Collection[Request]) -> float:
    """Return the least that the longest of the waits can be; 0 without requests.

    The greater of two bounds. The carriage alone: to serve who has waited longest, and to break off for who has waited
    longer, keeps the worst wait least (Jackson's rule with release times, Horn 1974); where nobody's car is ready
    before that of somebody who asked earlier, this is first come, first served. And the rooms: the times of
    `nth_served_s`, given to the waiting in the order in which they asked.

    Raises:
        KeyError: a place that the tower has not.
        ValueError: a request that nothing can be done for as things are.

    """
    if not requests:
        return 0.0
    tasks = tasks_of(cycles, scene, requests)
    ended_s = ends_s(tasks.all, lambda task, _: _due_s(task))
    waits = [end_s - _due_s(task) for task, end_s in zip(tasks.all, ended_s, strict=True)]
    since = sorted(task.request.since_s for task in tasks.apart[JobKind.RETRIEVE])
    served_s = _nth_served_s(tasks, tasks.legs.room_visit_s + scene.served_s)
    return max(waits + [served - asked for served, asked in zip(served_s, since, strict=True)])


def ends_s(tasks: Sequence[Task], rank: Callable[[Task, float], float] = lambda _, rest_s: rest_s) -> list[float]:
    """Return when the block of each task ends if the one of the lowest rank runs, and is broken off for a lower one.

    ``rank`` is asked with a task and what remains of its block; as it is, the shortest remaining block runs.
    """
    coming = sorted(range(len(tasks)), key=lambda index: tasks[index].released_s, reverse=True)
    rest_s, ended_s = [task.block_s for task in tasks], [0.0] * len(tasks)
    line: list[tuple[float, int]] = []
    clock_s = -inf
    while coming or line:
        if not line:
            clock_s = max(clock_s, tasks[coming[-1]].released_s)
        while coming and tasks[coming[-1]].released_s <= clock_s:
            index = coming.pop()
            heappush(line, (rank(tasks[index], rest_s[index]), index))
        _, index = heappop(line)
        until_s = tasks[coming[-1]].released_s if coming else inf
        if clock_s + rest_s[index] <= until_s:
            clock_s = ended_s[index] = clock_s + rest_s[index]
            continue
        rest_s[index] -= until_s - clock_s
        clock_s = until_s
        heappush(line, (rank(tasks[index], rest_s[index]), index))
    return ended_s


def _due_s(task: Task) -> float:
    """Return when its block would end if it had waited for nothing."""
    return task.request.since_s + task.behind_s


def _served_s(tasks: Sequence[Task]) -> float:
    """Return the least sum of the times at which tasks are served, the carriage alone being looked at."""
    return sum(ends_s(tasks)) - sum(task.behind_s for task in tasks)


def _nth_served_s(tasks: Tasks, kept_s: float) -> tuple[float, ...]:
    """Return the bounds of `nth_served_s`; a room is kept ``kept_s`` for a car."""
    cars = tasks.apart[JobKind.RETRIEVE]
    if not cars:
        return ()
    visit_s, opens_s = tasks.legs.room_visit_s, list(tasks.opens_s)
    one_by_one_s = kept_s if len(opens_s) == 1 else 0.0
    steps = [max(task.approach_s + task.work_s, one_by_one_s) for task in cars]
    alone = [task.starts_s + task.work_s for task in cars]
    together_s = [0.0, *accumulate(sorted(steps))]
    led_s, sorted_alone = _led_s(steps, alone, together_s), sorted(alone)
    served: list[float] = []
    heapify(opens_s)
    for count, first_s in enumerate(sorted_alone):
        behind = (earlier + together_s[count - before] for before, earlier in enumerate(served))
        served_s = max(first_s, led_s[count], opens_s[0] + visit_s, *behind)
        heapreplace(opens_s, served_s - visit_s + kept_s)
        served.append(served_s)
    return tuple(served)


def _led_s(steps: Sequence[float], alone: Sequence[float], together_s: Sequence[float]) -> list[float]:
    """Return by how many cars follow the first one when the last of them is served, the best being first.

    ``together_s`` are the sums of so many of the shortest steps; the first car's own is not among its followers'.
    """
    order = sorted(range(len(steps)), key=steps.__getitem__)
    place = {index: rank for rank, index in enumerate(order)}
    return [
        min(
            alone[index] + (together_s[count] if place[index] >= count else together_s[count + 1] - steps[index])
            for index in order
        )
        for count in range(len(steps))
    ]


def _opens_s(cycles: Cycles, scene: Scene, requests: Iterable[Request]) -> dict[int, float]:
    """Return from when each room can take a car: when it is vacant, or when the first car in it can be stored."""
    opens_s = dict(scene.vacant_s)
    for each in requests:
        room = each.source
        if each.kind is JobKind.STORE and room in opens_s:
            there_s = scene.begin_s + cycles.go_s(scene.carriage, room)
            opens_s[room] = min(opens_s[room], max(there_s, each.ready_s) + cycles.visit_s(room))
    return {room: at_s for room, at_s in opens_s.items() if isfinite(at_s)}


def _standing(scene: Scene, requests: Iterable[Request]) -> frozenset[int]:
    """Return the sources that have their one car from the beginning, so that no other car is brought there before."""
    counts = Counter(each.source for each in requests)
    empty = {*scene.free_bays, *(room for room, since_s in scene.vacant_s.items() if isfinite(since_s))}
    return frozenset(source for source, count in counts.items() if count == 1 and source not in empty)


def _refuse_the_impossible(
    scene: Scene, requests: Collection[Request], opens_s: Mapping[int, float], bays: frozenset[int]
) -> None:
    for each in requests:
        if not isfinite(each.ready_s):
            raise ValueError(f"request {each.id}: nobody can tell when it is ready")
        rooms = {each.source} if each.kind is JobKind.STORE else _choices(each, opens_s)
        if each.kind is not JobKind.RELOCATE and opens_s.keys().isdisjoint(rooms):
            raise ValueError(f"request {each.id}: no room that its car could come through")
        if each.kind is not JobKind.RETRIEVE and bays.isdisjoint(_choices(each, bays - {each.source})):
            raise ValueError(f"request {each.id}: no bay that its car could go to")
    stores = sum(each.kind is JobKind.STORE for each in requests)
    retrieves = sum(each.kind is JobKind.RETRIEVE for each in requests)
    if stores > len(scene.free_bays) + retrieves:
        raise ValueError(f"{stores} cars to store, {len(scene.free_bays)} free bays and {retrieves} emptied")


@dataclass(frozen=True, slots=True)
class _Blocks:
    legs: Legs
    scene: Scene
    opens_s: Mapping[int, float]
    bays: frozenset[int]
    standing: frozenset[int]

    def of(self, requests: Iterable[Request]) -> tuple[Task, ...]:
        """Return the tasks of requests, as if nothing else were asked for."""
        ends = frozenset[int]().union(*map(self._ends, requests))
        return tuple(self._task(each, ends) for each in requests)

    def _ends(self, request: Request) -> Collection[int]:
        """Return where a request can leave the carriage: its target, any room, or any bay."""
        return _choices(request, self.legs.rooms if request.kind is JobKind.RETRIEVE else self.bays)

    def _task(self, request: Request, ends: frozenset[int]) -> Task:
        cycles, source = self.legs.cycles, request.source
        there_s = self.scene.begin_s + cycles.go_s(self.scene.carriage, source)
        starts_s = max(there_s, request.ready_s)
        # A car that stands at the source keeps every other car from being left there first.
        before = ends - ({source} & self.standing)
        approach_s = min((cycles.go_s(end, source) for end in before), default=0.0)
        if request.kind is JobKind.RETRIEVE:
            work_s = self.legs.fetch_s(source, request.target)
            opens_s = min(self.opens_s[room] for room in _choices(request, self.opens_s))
            starts_s = max(starts_s, opens_s + self.legs.room_visit_s - work_s)
            return Task(request, starts_s, approach_s, work_s, 0.0)
        targets = _choices(request, self.bays - {source})
        carried_s = min(cycles.go_s(source, bay) + cycles.visit_s(bay) for bay in targets)
        if request.kind is JobKind.STORE:
            return Task(request, starts_s, approach_s, cycles.visit_s(source), carried_s)
        return Task(request, starts_s, approach_s, cycles.visit_s(source) + carried_s, 0.0)


def _choices(request: Request, others: Collection[int]) -> Collection[int]:
    """Return where a request's car can go: its target, or any of ``others`` if it names none."""
    return others if request.target is None else (request.target,)
