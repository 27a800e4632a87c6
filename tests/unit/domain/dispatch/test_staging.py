"""When a booked car is brought ahead: in time, into a room that can be spared, and at nobody's cost."""

from dataclasses import replace
from math import inf

import pytest

from controller.domain.dispatch.course import Course
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import Move, Request, Scene
from controller.domain.dispatch.staging import DEFAULT, Awaited, Lately, goes_back, staged
from controller.domain.jobs import JobKind
from controller.settings import kinematics_of
from tests.support.towers import tower_named

TOWER = tower_named("guangzhou")
ROOMS, BAYS = TOWER.shape.rooms, TOWER.shape.bays
CYCLES = Cycles(kinematics_of(TOWER), TOWER.shape)
COURSE = Course(CYCLES, 111.0, load_ahead=False)
CAR, NEXT, FAR = BAYS[0], BAYS[1], BAYS[-1]
NOW_S = 10_000.0
FREE = Scene(NOW_S, ROOMS[0], NOW_S, dict.fromkeys(ROOMS, NOW_S), 111.0, BAYS[20:25])
LATE = Awaited(1, NOW_S, FAR)
"""Somebody who should be here by now."""


def busy(*rooms: int, until_s: float = inf) -> Scene:
    return replace(FREE, vacant_s={room: until_s if room in rooms else NOW_S for room in ROOMS})


def brought(
    *awaited: Awaited, scene: Scene = FREE, requests: tuple[Request, ...] = ()
) -> tuple[Move | None, float]:
    return staged(awaited, requests, scene, COURSE)


def test_a_car_is_brought_when_its_appointment_is_as_far_as_the_move_is_long_and_no_earlier() -> None:
    takes_s = min(CYCLES.single_s(FREE.carriage, FAR, room) for room in ROOMS)
    due_s = NOW_S + takes_s + DEFAULT.late_s + DEFAULT.margin_s
    move, _ = brought(Awaited(1, due_s - 0.1, FAR))
    assert move is not None
    assert (move.request, move.source, move.begin_s) == (1, FAR, NOW_S)
    assert move.end_s == pytest.approx(NOW_S + takes_s)
    nothing, from_s = brought(Awaited(1, due_s + 5.0, FAR))
    assert nothing is None
    assert from_s == pytest.approx(NOW_S + 5.0)


def test_those_of_one_time_begin_so_early_that_all_for_whom_there_is_room_stand_there_in_time() -> None:
    far = [Awaited(number, NOW_S + 1000.0, bay) for number, bay in enumerate(BAYS[-3:], start=1)]
    one, two, three = (brought(*far[:count])[1] for count in (1, 2, 3))
    assert NOW_S < two < one
    assert three == two, "a third would take the last vacant room"
    assert one - two == pytest.approx(min(CYCLES.single_s(FREE.carriage, far[1].source, room) for room in ROOMS))


def test_no_car_is_begun_with_earlier_than_the_bound() -> None:
    slow = replace(DEFAULT, margin_s=3000.0)
    assert staged([Awaited(1, NOW_S + 1000.0, FAR)], (), FREE, COURSE, slow) == (
        None, NOW_S + 1000.0 - DEFAULT.most_s,
    )  # fmt: skip


def test_the_next_appointment_comes_first_and_the_nearest_room_is_taken() -> None:
    move, _ = brought(Awaited(1, NOW_S + 30.0, CAR), Awaited(2, NOW_S + 20.0, FAR))
    assert move is not None
    assert move.request == 2
    assert move.target == min(ROOMS, key=lambda room: (CYCLES.go_s(FAR, room), room))


def test_a_room_that_is_asked_for_is_the_one() -> None:
    for room in ROOMS:
        move, _ = brought(replace(LATE, room=room))
        assert move is not None
        assert move.target == room
    assert brought(replace(LATE, room=ROOMS[0]), scene=busy(ROOMS[0]))[0] is None


@pytest.mark.parametrize("in_use", [0, 1, 2, 3])
def test_one_vacant_room_is_left_for_whoever_comes(in_use: int) -> None:
    assert (brought(LATE, scene=busy(*ROOMS[:in_use]))[0] is not None) == (len(ROOMS) - in_use >= 2)


@pytest.mark.parametrize(
    ("rooms", "kept", "ago_s", "brings"),
    [
        (2, 0, 600.0, False), (2, 0, DEFAULT.calm_s, True), (3, 0, 60.0, True), (3, 1, 600.0, False), (3, 1, inf, True),
    ],
)
def test_a_single_room_is_left_to_all_others_in_calm_times_alone(
    rooms: int, kept: int, ago_s: float, *, brings: bool
) -> None:
    vacant_s = {room: inf if number < kept else NOW_S for number, room in enumerate(ROOMS[:rooms])}
    lately = Lately(NOW_S - ago_s, kept)
    move, from_s = staged([LATE], (), replace(FREE, vacant_s=vacant_s), COURSE, lately=lately)
    assert (move is not None) is brings
    assert brings or from_s == NOW_S - ago_s + DEFAULT.calm_s


def test_with_one_room_in_service_nothing_is_staged() -> None:
    assert brought(LATE, scene=replace(FREE, vacant_s={ROOMS[0]: NOW_S}))[0] is None
    assert brought(TOLD, scene=replace(FREE, vacant_s={ROOMS[0]: NOW_S}))[0] is None


TOLD = replace(LATE, told=True)
"""The same, who has said that they are about to be here."""


def test_who_is_on_the_way_has_the_car_brought_as_far_ahead_as_the_move_is_long() -> None:
    takes_s = min(CYCLES.single_s(FREE.carriage, FAR, room) for room in ROOMS)
    there_s = NOW_S + takes_s + DEFAULT.late_s + DEFAULT.told_margin_s
    assert brought(Awaited(1, there_s - 0.1, FAR, told=True))[0] is not None
    nothing, from_s = brought(Awaited(1, there_s + 5.0, FAR, told=True))
    assert nothing is None
    assert from_s == pytest.approx(NOW_S + 5.0)


@pytest.mark.parametrize("in_use", [0, 1, 2, 3])
def test_who_is_on_the_way_may_have_the_last_vacant_room(in_use: int) -> None:
    assert (brought(TOLD, scene=busy(*ROOMS[:in_use]))[0] is not None) == (in_use < len(ROOMS))


def test_who_is_on_the_way_need_not_wait_for_a_calm() -> None:
    two = replace(FREE, vacant_s=dict.fromkeys(ROOMS[:2], NOW_S))
    assert staged([TOLD], (), two, COURSE, lately=Lately(NOW_S))[0] is not None
    assert staged([LATE], (), two, COURSE, lately=Lately(NOW_S))[0] is None


def test_who_is_on_the_way_keeps_nobody_waiting_who_has_come() -> None:
    scene = busy(ROOMS[0])
    nearer = min(ROOMS[1:], key=lambda room: (CYCLES.go_s(FAR, room), room))
    back_s = CYCLES.single_s(ROOMS[0], FAR, nearer) + CYCLES.go_s(nearer, ROOMS[0])
    assert brought(TOLD, scene=scene, requests=(store(ROOMS[0], NOW_S + back_s - 1.0),))[0] is None


def test_who_is_on_the_way_comes_before_an_earlier_appointment_and_leaves_it_its_turn() -> None:
    earlier = replace(LATE, id=2, due_s=NOW_S - 60.0, source=CAR)
    move, _ = brought(earlier, TOLD)
    assert move is not None
    assert move.request == TOLD.id
    move, _ = brought(earlier, replace(TOLD, due_s=NOW_S + 3000.0))
    assert move is not None
    assert move.request == earlier.id, "there is time for it before"
    nothing, from_s = brought(replace(earlier, due_s=NOW_S + 900.0), replace(TOLD, due_s=NOW_S + 400.0))
    takes_s = min(CYCLES.single_s(FREE.carriage, FAR, room) for room in ROOMS)
    assert nothing is None
    assert from_s == pytest.approx(NOW_S + 400.0 - takes_s - DEFAULT.late_s - DEFAULT.told_margin_s)


def store(room: int, ready_s: float) -> Request:
    return Request(9, JobKind.STORE, NOW_S, room, ready_s=ready_s)


def test_a_car_that_will_be_accepted_meanwhile_finds_the_carriage_as_soon_as_without() -> None:
    scene = busy(ROOMS[0])
    nearer = min(ROOMS[1:], key=lambda room: (CYCLES.go_s(FAR, room), room))
    back_s = CYCLES.single_s(ROOMS[0], FAR, nearer) + CYCLES.go_s(nearer, ROOMS[0])
    assert brought(LATE, scene=scene, requests=(store(ROOMS[0], NOW_S + back_s - 1.0),))[0] is None
    # The way from there is longer than from where the carriage stands: that keeps somebody waiting as well.
    assert brought(LATE, scene=scene, requests=(store(ROOMS[0], NOW_S + back_s + 600.0),))[0] is None
    beside = replace(scene, carriage=nearer)
    assert brought(LATE, scene=beside, requests=(store(ROOMS[0], NOW_S + back_s + 600.0),))[0] is not None


def test_who_waits_for_a_room_in_use_is_served_when_it_is_vacant_as_without() -> None:
    wish = Request(9, JobKind.RETRIEVE, NOW_S, CAR, ROOMS[0])
    soon = busy(ROOMS[0], until_s=NOW_S + 10.0)
    assert brought(LATE, scene=soon, requests=(wish,))[0] is None
    assert brought(LATE, scene=busy(ROOMS[0]), requests=(wish,))[0] is not None, "nobody can tell when"


BACK_S = 80.0


@pytest.mark.parametrize(
    ("due_in_s", "others_s", "goes"),
    [
        (2 * BACK_S + DEFAULT.late_s + 1.0, BACK_S + 1.0, True),
        (2 * BACK_S + DEFAULT.late_s - 1.0, inf, False),
        (0.0, inf, False),
        (-DEFAULT.absent_s + 1.0, inf, False),
        (-DEFAULT.absent_s - 1.0, inf, True),
        (-DEFAULT.absent_s - 1.0, BACK_S - 1.0, False),
    ],
)
def test_a_car_goes_back_for_whoever_waits_unless_its_customer_is_expected_or_another_room_is_sooner(
    due_in_s: float, others_s: float, *, goes: bool
) -> None:
    assert goes_back(due_in_s, BACK_S, others_s) is goes


@pytest.mark.parametrize("goes", [False, True])
def test_who_has_said_when_they_will_be_there_is_expected_for_minutes_before_it_and_behind(*, goes: bool) -> None:
    """A car that went back for somebody who came minutes later kept the carriage from sixty others."""
    off_s = DEFAULT.told_near_s + (1.0 if goes else -1.0)
    assert goes_back(off_s, BACK_S, inf, told=True) is goes
    assert goes_back(-off_s, BACK_S, inf, told=True) is goes
    assert goes_back(off_s, BACK_S, inf), "a word brings them nearer than an appointment does"
    assert not goes_back(-off_s, BACK_S, inf)


def test_nobody_awaited_is_nothing_to_do() -> None:
    assert brought() == (None, inf)
