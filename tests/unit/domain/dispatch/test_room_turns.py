"""Rooms go round in the order of asking, and no driver is passed over by who asked later."""

import random
from math import inf

import pytest

from controller.domain.dispatch.room_turns import (
    Asker,
    Foreseen,
    LetIn,
    admitted,
    let_in,
    next_drivers,
    put_off,
    spoken_for,
)
from controller.domain.dispatch.scene import Move
from controller.domain.jobs import JobKind

A, B, C = 101, 102, 103
ALL = (A, B, C)


def driver(number: int, *rooms: int) -> Asker:
    return Asker(number, is_driver=True, rooms=rooms or ALL)


def fetcher(number: int, *rooms: int) -> Asker:
    return Asker(number, is_driver=False, rooms=rooms or ALL)


@pytest.mark.parametrize(
    ("askers", "vacant", "found"),
    [
        pytest.param([], [A], {}, id="nobody"),
        pytest.param([driver(1)], [], {}, id="no room"),
        pytest.param([driver(1)], [B], {1: B}, id="the one that is vacant"),
        pytest.param([driver(1, C, A)], [A, C], {1: C}, id="the best first"),
        pytest.param([driver(1), driver(2)], [A], {1: A}, id="in turn"),
        pytest.param([fetcher(1), driver(2)], [A], {}, id="who waits for a car keeps the only one"),
        pytest.param([fetcher(1, B, A), driver(2)], [A, B], {2: A}, id="who waits for a car keeps the nearest"),
        pytest.param([driver(1), fetcher(2)], [A], {1: A}, id="before a later car"),
        pytest.param([fetcher(1, B), driver(2)], [A], {2: A}, id="beside somebody who wants another room"),
        pytest.param([driver(1, B), driver(2)], [A], {2: A}, id="beside a driver whom this one does not take"),
    ],
)
def test_who_may_drive_in(askers: list[Asker], vacant: list[int], found: dict[int, int]) -> None:
    assert admitted(askers, vacant) == found


@pytest.mark.parametrize(
    ("askers", "number", "rooms", "found"),
    [
        pytest.param([fetcher(1)], 1, [A], set(), id="nobody before"),
        pytest.param([driver(1), fetcher(2)], 2, [A], {A}, id="the only room is the driver's"),
        pytest.param([driver(1), fetcher(2)], 2, [B, A], {B}, id="the driver has the first that is left"),
        pytest.param([fetcher(1), driver(2)], 1, [A], set(), id="a later driver has to wait"),
        pytest.param([driver(1), driver(2), fetcher(3)], 3, [C, A, B], {A, C}, id="two drivers, the first two"),
        pytest.param([fetcher(1), driver(2), fetcher(3)], 3, [A, B], {A}, id="cars before keep none of them"),
        pytest.param([driver(1, B), fetcher(2)], 2, [A, B], {B}, id="only what the driver may have"),
        pytest.param([driver(1), driver(2), fetcher(3)], 3, [A], {A}, id="more drivers than rooms"),
    ],
)
def test_which_rooms_are_for_drivers_before(
    askers: list[Asker], number: int, rooms: list[int], found: set[int]
) -> None:
    assert spoken_for(askers, number, rooms) == found


@pytest.mark.parametrize("seed", range(20))
def test_nobody_who_asks_later_can_take_a_room_that_a_driver_would_have(seed: int) -> None:
    rng = random.Random(seed)
    askers = [
        Asker(number, is_driver=rng.random() < 0.5, rooms=tuple(rng.sample(ALL, 3))) for number in range(1, 8)
    ]
    vacant = sorted(rng.sample(ALL, rng.randint(1, 3)))
    taken = admitted(askers, vacant)
    assert len(set(taken.values())) == len(taken)
    fetchers = [each for each in askers if not each.is_driver]
    for each in fetchers:
        before = sum(other.is_driver for other in askers if other.number < each.number)
        assert len(spoken_for(askers, each.number, vacant)) == min(before, len(vacant))


@pytest.mark.parametrize(
    ("askers", "count"),
    [([], 0), ([fetcher(1), driver(2)], 0), ([driver(1), driver(2), fetcher(3), driver(4)], 2), ([driver(1)], 1)],
)
def test_how_many_drivers_come_before_all_cars(askers: list[Asker], count: int) -> None:
    assert next_drivers(askers) == count


@pytest.mark.parametrize(
    ("vacant_s", "drivers", "found"),
    [
        ({}, 2, {}),
        ({A: 10.0, B: 0.0}, 0, {A: 10.0, B: 0.0}),
        ({A: 10.0, B: 0.0}, 1, {A: 10.0, B: 100.0}),
        ({A: 10.0, B: 0.0}, 2, {A: 110.0, B: 100.0}),
        ({A: 10.0, B: 0.0}, 3, {A: 110.0, B: 200.0}),
    ],
)
def test_rooms_are_put_off_by_the_visits_of_drivers(
    vacant_s: dict[int, float], drivers: int, found: dict[int, float]
) -> None:
    assert put_off(vacant_s, drivers, lambda _room: 100.0) == found


def brought(number: int, room: int, end_s: float) -> Move:
    return Move(number, JobKind.RETRIEVE, 201, room, end_s - 100.0, end_s, end_s)


def fetched(number: int, room: int, picked_s: float) -> Move:
    return Move(number, JobKind.STORE, room, 201, picked_s - 60.0, picked_s, picked_s + 60.0)


@pytest.mark.parametrize(
    ("askers", "moves", "vacant_s", "found"),
    [
        pytest.param([driver(1)], [], {A: 0.0}, {1: LetIn(0.0, ())}, id="at once"),
        pytest.param([driver(1)], [], {A: 80.0, B: 50.0}, {1: LetIn(50.0, ())}, id="the room that is left first"),
        pytest.param([driver(1, A)], [], {A: 80.0, B: 50.0}, {1: LetIn(50.0, ())}, id="one that is somebody's now"),
        pytest.param(
            [driver(1), driver(2)], [], {A: 10.0}, {1: LetIn(10.0, ()), 2: LetIn(310.0, (1,))}, id="behind a driver"
        ),
        pytest.param(
            [fetcher(1), driver(2)], [brought(1, A, 90.0)], {A: 10.0}, {2: LetIn(290.0, (1,))}, id="behind a car"
        ),
        pytest.param(
            [fetcher(1), driver(2)],
            [brought(1, A, 90.0)],
            {A: 10.0, B: 20.0},
            {2: LetIn(20.0, (1,))},
            id="beside a car",
        ),
        pytest.param(
            [driver(1), fetcher(2)], [brought(2, A, 90.0)], {A: 10.0}, {1: LetIn(10.0, ())}, id="before a later car"
        ),
        pytest.param([driver(1)], [fetched(9, A, 70.0)], {A: inf}, {1: LetIn(70.0, ())}, id="behind one who is inside"),
        pytest.param([driver(1)], [], {A: inf}, {}, id="nobody can tell"),
        pytest.param([driver(1)], [], {}, {}, id="no room in service"),
        pytest.param([fetcher(1), driver(2)], [], {A: 10.0}, {2: LetIn(10.0, (1,))}, id="a car that is not planned"),
    ],
)
def test_when_drivers_are_foreseen_to_drive_in(
    askers: list[Asker], moves: list[Move], vacant_s: dict[int, float], found: dict[int, LetIn]
) -> None:
    assert let_in(askers, moves, Foreseen(vacant_s, served_s=200.0, visit_s=lambda _room: 300.0)) == found
