"""What must go on at the same time, and in which order jobs are taken."""

import asyncio
from collections.abc import Mapping
from functools import partial
from itertools import pairwise

from config.load import load_tower
from controller.domain.events import Relocate, Request, Retrieve, Store
from controller.domain.jobs import JobState as S
from controller.domain.rooms import RoomState
from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from sim_plc.plant.plant import Plant
from sim_plc.program.event_log import Event
from sim_plc.rehearsal import loop
from tests.support.stage import Stage, stage

WALK = Habits(notice_s=0.5, step_s=0.5, drive_s=2.0, leave_s=2.0, dwell_s=3.0)
FIRST, SECOND, THIRD = load_tower("guangzhou").shape.rooms


def spans(it: Stage, mechanism: str) -> list[tuple[float, float]]:
    """Return from when to when each command of a mechanism of the tower ran, in seconds."""
    begun: dict[int, float] = {}
    found = []
    for station, entry in it.world.log:
        if (station, entry.mechanism) == ("tower", mechanism):
            if entry.event is Event.STARTED:
                begun[entry.sequence] = entry.t
            elif entry.event is Event.OUTCOME and entry.sequence in begun:
                found.append((begun.pop(entry.sequence), entry.t))
    return found


def together_s(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> float:
    """Return for how many seconds two mechanisms ran at once."""
    return sum(max(0.0, min(end, stop) - max(begin, start)) for begin, end in one for start, stop in other)


def test_lift_and_turntable_move_together() -> None:
    async def scenario() -> None:
        async with stage(load_tower("guangzhou"), cars={302: Car("A")}) as it:
            assert await it.ended(await it.order(Relocate(car="A", bay=506)), 300.0) is S.DONE
            lift, turntable = spans(it, "lift"), spans(it, "turntable")
            assert len(lift) == len(turntable)
            for (begin, end), (start, stop) in zip(lift, turntable, strict=True):
                assert abs(begin - start) < 0.05
                assert together_s([(begin, end)], [(start, stop)]) > 0.9 * min(end - begin, stop - start)

    loop.run(scenario())


def test_the_gate_of_another_room_opens_and_closes_while_the_carriage_travels() -> None:
    async def scenario() -> None:
        tower = load_tower("guangzhou", overrides={"machine.lift.speed_mm_s": "300"})
        async with stage(tower, cars={502: Car("A"), 504: Car("B"), 405: Car("C")}) as it:
            first = await it.order(Retrieve(car="A", room=FIRST))
            second = await it.order(Retrieve(car="B", room=SECOND))
            assert await it.ended(first, 300.0) is S.DONE
            it.world.do(lambda plant: plant.customer_collects(FIRST, WALK))
            await it.until(lambda: it.room(FIRST) is RoomState.VACANT, 300.0)
            assert it.job(second).state is not S.DONE
            assert await it.ended(second, 300.0) is S.DONE
            gate = spans(it, "room1.outer_gate")
            assert len(gate) == 2
            for each in gate:
                assert together_s([each], spans(it, "lift")) > 1.0
            # The gate of the room where the carriage works never moves while its own door may be open.
            for number in (1, 2, 3):
                door, outer = spans(it, f"room{number}.inner_door"), spans(it, f"room{number}.outer_gate")
                assert together_s(door, outer) == 0.0

    loop.run(scenario())


def test_ten_mixed_jobs_are_taken_first_come_first_served_through_all_rooms() -> None:
    async def scenario() -> None:
        tower = load_tower("guangzhou", profile="brisk")
        cars = {place: Car(f"C{place}") for place in tower.shape.bays[:30]}
        stored = list(cars)
        async with stage(tower, cars=cars) as it:
            people = asyncio.create_task(collect(it))
            arriving = {"N1": FIRST, "N2": SECOND, "N3": THIRD}
            for car, room in arriving.items():
                it.world.do(partial(Plant.car_arrives, room=room, car=Car(car), habits=WALK))
            orders: list[Request] = [
                Store(car="N1", room=FIRST),
                Relocate(car=f"C{stored[0]}", bay=tower.shape.bays[-1]),
                Store(car="N2", room=SECOND),
                Retrieve(car=f"C{stored[5]}"),
                Store(car="N3", room=THIRD),
                Retrieve(car=f"C{stored[12]}", room=FIRST),
                Retrieve(car=f"C{stored[17]}"),
                Relocate(car=f"C{stored[20]}", bay=tower.shape.bays[-2]),
                Retrieve(car=f"C{stored[23]}", room=THIRD),
                Retrieve(car=f"C{stored[27]}", room=SECOND),
            ]
            numbers = [await it.order(order) for order in orders]
            for number in numbers:
                assert await it.ended(number, 600.0) is S.DONE
            await it.until(lambda: all(it.room(room) is RoomState.VACANT for room in tower.shape.rooms), 300.0)
            people.cancel()
            check_order(it, numbers)
            rooms = {it.job(number).room for number in numbers}
            assert rooms >= {FIRST, SECOND, THIRD}
            assert it.truth() == it.belief()
            assert it.doubts() == set()
            assert len(it.truth()) == 30 + 3 - 5

    loop.run(scenario())


def check_order(it: Stage, numbers: list[int]) -> None:
    """Hold that no job was overtaken by a younger one of its kind and room, and that no two were under way at once."""
    started = {number: it.job(number).started_at or 0.0 for number in numbers}
    finished = {number: it.job(number).finished_at or 0.0 for number in numbers}
    by_start = sorted(numbers, key=lambda number: started[number])
    for earlier, later in pairwise(by_start):
        assert finished[earlier] <= started[later]
    for kind in ("RELOCATE", "RETRIEVE"):
        same = [number for number in numbers if it.job(number).kind.value == kind and number not in WITH_A_ROOM]
        assert sorted(same, key=lambda number: started[number]) == same


WITH_A_ROOM = {6, 9, 10}
"""Jobs that asked for a room of their own: they may be overtaken while it is busy."""


async def collect(it: Stage) -> None:
    """Let a customer come for every car that is offered."""
    fetched: Mapping[int, str] = {}
    while True:
        await asyncio.sleep(0.5)
        truth = it.world.plant.truth()
        for room in it.world.tower.shape.rooms:
            car = truth.cars.get(room)
            if car is not None and car.startswith("C") and fetched.get(room) != car:
                fetched = {**fetched, room: car}
                it.world.do(partial(Plant.customer_collects, room=room, habits=WALK, car=car))
