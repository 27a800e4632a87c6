"""A day is lived by the rules of the tower: one carriage, one car a bay, one customer a room, nobody forgotten."""

from dataclasses import replace
from itertools import pairwise
from math import inf, isfinite

import pytest

from controller.domain.dispatch.staging import DEFAULT as AHEAD
from controller.domain.jobs import JobKind
from sim_plc.study.day import live
from sim_plc.study.draw import Customer, Day, draw_day
from sim_plc.study.figures import figures
from sim_plc.study.lived import Lived
from sim_plc.study.rules import FCFS, RULES, TOWER
from sim_plc.study.site import site_of
from sim_plc.study.stand import AS_IT_COMES, Stand
from sim_plc.study.variants import with_rooms
from tests.support.study import day_of, demand_named, site_named
from tests.support.towers import tower_named

SMALL = site_named("small")
ROOM = SMALL.rooms[0]
FIRST = 20
"""So many customers of a day say enough of a rule."""


def day(*customers: Customer, stock: tuple[str, ...] = ("a", "b")) -> Day:
    return Day(0, 0, 3600.0, stock, customers, key="a day")


def lived(*customers: Customer, rule: str = FCFS) -> Lived:
    return live(SMALL, day(*customers), RULES[rule])


def fetch(number: int, car: str, comes_s: float, stays_s: float = 90.0) -> Customer:
    return Customer(number, JobKind.RETRIEVE, car, comes_s, stays_s)


def bring(number: int, car: str, comes_s: float, stays_s: float = 50.0) -> Customer:
    return Customer(number, JobKind.STORE, car, comes_s, stays_s)


def test_whoever_comes_alone_waits_for_one_move_and_the_gate() -> None:
    bay = day().places(SMALL.bays)["a"]
    one = lived(fetch(1, "a", 100.0)).served[0]
    assert one.wait_s == pytest.approx(SMALL.cycles.single_s(ROOM, bay, ROOM) + SMALL.gate.open_s)


def test_a_driver_alone_waits_for_the_gate_and_the_car_is_stored_once_it_is_accepted() -> None:
    one = lived(bring(1, "c", 100.0)).served[0]
    assert one.wait_s == pytest.approx(SMALL.gate.open_s)
    assert one.move is not None
    gate = SMALL.gate
    assert one.move.begin_s == pytest.approx(100.0 + gate.open_s + 50.0 + gate.measure_s + gate.shut_s)
    taken = day().places(SMALL.bays).values()
    assert one.move.target == next(bay for bay in SMALL.by_nearness[ROOM] if bay not in taken)


def test_the_next_car_is_fetched_when_the_room_is_vacant_again() -> None:
    first, second = lived(fetch(1, "a", 0.0), fetch(2, "b", 1.0)).served
    assert first.move is not None
    assert second.move is not None
    assert second.move.begin_s == pytest.approx(first.opened_s + 90.0 + SMALL.gate.shut_s)


def test_a_room_goes_to_whoever_asked_first() -> None:
    """A driver does not slip in before somebody who has waited longer, nor the other way round."""
    people = (fetch(1, "a", 0.0), fetch(2, "b", 1.0), bring(3, "c", 2.0))
    served = lived(*people).served
    assert [each.opened_s for each in served] == sorted(each.opened_s for each in served)
    other = (fetch(1, "a", 0.0), bring(2, "c", 1.0), fetch(3, "b", 2.0))
    served = lived(*other).served
    assert [each.opened_s for each in served] == sorted(each.opened_s for each in served)


def test_a_car_can_be_asked_for_before_it_is_stored() -> None:
    served = lived(bring(1, "c", 0.0), fetch(2, "c", 10.0)).served
    first, second = (each.move for each in served)
    assert first is not None
    assert second is not None
    assert second.source == first.target
    assert second.begin_s >= first.end_s


def test_who_finds_the_tower_full_waits_on_the_street_until_a_bay_is_free() -> None:
    stock = tuple("abcdef")
    full = live(SMALL, day(bring(1, "x", 0.0), fetch(2, "a", 10.0), stock=stock), RULES[FCFS])
    driver, fetched = full.served
    assert fetched.opened_s < driver.opened_s < float("inf")
    never = live(SMALL, day(bring(1, "x", 0.0), stock=stock), RULES[FCFS]).served[0]
    assert not isfinite(never.opened_s)
    assert never.move is None


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("family", "tower"), [("saturday", "small"), ("sale", "guangzhou"), ("returns", "guangzhou")])
def test_a_day_obeys_the_tower(family: str, tower: str, rule: str) -> None:
    site, whole = site_named(tower), day_of(family, tower)
    today = replace(whole, customers=whole.customers[:FIRST])
    result = live(site, today, RULES[rule])
    assert [each.customer for each in result.served] == list(today.customers)
    assert all(isfinite(each.opened_s) and each.move is not None for each in result.served)
    for room in site.rooms:
        _one_after_the_other([(use.from_s, use.to_s) for use in result.uses if use.room == room])
    moves = sorted((each.move for each in result.served if each.move), key=lambda move: move.begin_s)
    _one_after_the_other([(move.begin_s, move.end_s) for move in moves])
    car_of = {each.customer.number: each.customer.car for each in result.served}
    stands = {bay: car for car, bay in today.places(site.bays).items()}
    here = site.rooms[0]
    for move in moves:
        least_s = site.cycles.single_s(here, move.source, move.target)
        # Only with a car that was fetched ahead the carriage waits at a door.
        waits_s = move.end_s - move.begin_s - least_s
        assert waits_s == pytest.approx(0.0, abs=1e-6) or (RULES[rule].load_ahead and waits_s > 0)
        if move.kind is JobKind.RETRIEVE:
            assert stands.pop(move.source) == car_of[move.request]
        else:
            assert move.target not in stands
            stands[move.target] = car_of[move.request]
        here = move.target


@pytest.mark.parametrize("rule", ["nearest", "shortest"])
def test_each_rule_goes_by_its_own_order(rule: str) -> None:
    """Of two cars that wait, the daemon's rule takes who asked first, another the nearer one or the shorter move."""
    cycles = SMALL.cycles
    for key in map(str, range(20)):
        places = Day(0, 0, 3600.0, ("a", "b"), (), key=key).places(SMALL.bays)
        here = next(bay for bay in SMALL.by_nearness[ROOM] if bay not in places.values())
        way_s = {car: cycles.go_s(here, bay) for car, bay in places.items()}
        move_s = {car: cycles.single_s(here, bay, ROOM) for car, bay in places.items()}
        score_s = way_s if rule == "nearest" else move_s
        near, far = sorted(places, key=score_s.__getitem__)
        if score_s[near] < score_s[far]:
            break
    else:
        pytest.fail("no morning in which the two cars differ")
    # While a car is brought, both ask; the choice comes when it has been stored, from the bay where it stands.
    people = (bring(1, "x", 0.0), fetch(2, far, 60.0), fetch(3, near, 61.0))
    for name, order in ((FCFS, [far, near]), (rule, [near, far])):
        served = live(SMALL, Day(0, 0, 3600.0, ("a", "b"), people, key=key), RULES[name]).served
        assert [each.customer.car for each in sorted(served[1:], key=lambda each: each.opened_s)] == order


def test_a_car_that_is_fetched_ahead_waits_at_the_door_until_the_room_is_really_vacant() -> None:
    """The rule expects people to stay as long as they do on average; who stays longer is waited for."""
    slow = fetch(1, "a", 0.0, stays_s=300.0)
    first, second = lived(slow, fetch(2, "b", 1.0), rule="planned").served
    assert first.move is not None
    assert second.move is not None
    vacant_s = first.opened_s + 300.0 + SMALL.gate.shut_s
    assert second.move.begin_s < vacant_s
    assert second.move.end_s == pytest.approx(vacant_s + SMALL.cycles.visit_s(ROOM))


def booked(number: int, car: str, booked_s: float, comes_s: float, stays_s: float = 90.0) -> Customer:
    return Customer(number, JobKind.RETRIEVE, car, comes_s, stays_s, booked_s)


def two_rooms(*customers: Customer, rule: str = TOWER) -> Lived:
    tower = with_rooms(tower_named("small"), 2)
    assert tower is not None
    return live(site_of(tower, demand_named("normal").visits), day(*customers), RULES[rule])


@pytest.mark.parametrize("early_s", [0.0, 30.0, -200.0])
def test_who_is_booked_finds_the_car_in_a_room_and_waits_for_the_gate_alone(early_s: float) -> None:
    [one] = two_rooms(booked(1, "a", 1800.0, 1800.0 - early_s)).served
    assert one.wait_s == pytest.approx(SMALL.gate.open_s)
    assert one.move is not None
    assert one.move.end_s < 1800.0 - AHEAD.margin_s
    [without] = two_rooms(booked(1, "a", 1800.0, 1800.0 - early_s), rule="planned").served
    assert without.wait_s > 2 * SMALL.gate.open_s


def test_who_comes_while_the_car_is_brought_waits_for_the_rest_of_its_way() -> None:
    brought = two_rooms(booked(1, "a", 1800.0, 1800.0)).served[0].move
    assert brought is not None
    [one] = two_rooms(booked(1, "a", 1800.0, brought.begin_s + 1.0)).served
    assert one.opened_s == pytest.approx(brought.end_s + SMALL.gate.open_s)
    [before] = two_rooms(booked(1, "a", 1800.0, brought.begin_s - 1.0)).served
    assert before.opened_s == pytest.approx(one.opened_s - 1.0)


def on_the_way(one: Customer, ahead_s: float = 300.0, off_s: float = 0.0) -> Customer:
    return replace(one, tells_s=one.comes_s - ahead_s, said_s=one.comes_s + off_s)


@pytest.mark.parametrize("early_s", [900.0, 0.0, -900.0])
def test_who_says_that_they_are_on_the_way_finds_the_car_however_far_off_their_appointment_they_come(
    early_s: float,
) -> None:
    [one] = two_rooms(on_the_way(booked(1, "a", 1800.0, 1800.0 - early_s))).served
    assert one.wait_s == pytest.approx(SMALL.gate.open_s)
    assert one.move is not None
    if early_s >= 0:
        assert one.customer.comes_s - AHEAD.told_margin_s - 60.0 < one.move.end_s < one.customer.comes_s


def test_who_is_on_the_way_has_the_last_vacant_room() -> None:
    people = (booked(1, "a", 1800.0, 1900.0), booked(2, "b", 1800.0, 1900.0))
    silent = sorted(each.wait_s for each in two_rooms(*people).served)
    one_tells = sorted(each.wait_s for each in two_rooms(people[0], on_the_way(people[1])).served)
    assert silent[1] > 3 * SMALL.gate.open_s
    assert one_tells == [pytest.approx(SMALL.gate.open_s)] * 2


def test_a_room_stays_vacant_for_whoever_comes_without_an_appointment() -> None:
    people = (booked(1, "a", 1800.0, 1900.0), booked(2, "b", 1800.0, 1900.0))
    first, second = sorted(two_rooms(*people).served, key=lambda each: each.opened_s)
    assert first.move is not None
    assert second.move is not None
    assert first.move.end_s < 1800.0
    assert second.move.begin_s >= 1900.0


def test_who_comes_while_the_carriage_goes_to_a_booked_car_is_served_first() -> None:
    brought = two_rooms(booked(1, "a", 1800.0, 1900.0)).served[0].move
    assert brought is not None
    alone, one = two_rooms(fetch(1, "b", brought.begin_s + 0.1), booked(2, "a", 1800.0, 1900.0)).served
    assert alone.move is not None
    assert one.move is not None
    assert alone.move.begin_s <= brought.end_s - SMALL.cycles.carry_s(brought.source, brought.target) + 1e-6
    assert alone.move.end_s <= one.move.begin_s


def test_with_one_room_nothing_is_brought_ahead() -> None:
    people = (booked(1, "a", 1800.0, 1800.0),)
    staged, plain = (live(SMALL, day(*people), RULES[rule]).served for rule in (TOWER, "planned"))
    assert staged == plain


def _one_after_the_other(times: list[tuple[float, float]]) -> None:
    for (_, end_s), (begin_s, _) in pairwise(sorted(times)):
        assert begin_s >= end_s - 1e-6


def test_nobody_is_fetched_ahead_for_a_room_that_is_kept() -> None:
    """The carriage would stand before it with somebody's car until somebody else comes."""
    people = (booked(1, "a", 1800.0, 2600.0), fetch(2, "b", 1810.0, stays_s=400.0), fetch(3, "c", 1900.0))
    today = day(*people, stock=("a", "b", "c"))
    tower = with_rooms(tower_named("small"), 2)
    assert tower is not None
    kept, first, second = live(site_of(tower, demand_named("normal").visits), today, RULES[TOWER]).served
    assert kept.move is not None
    assert first.move is not None
    assert second.move is not None
    assert kept.move.target != first.move.target == second.move.target
    assert second.move.end_s < 2600.0


@pytest.mark.parametrize("rule", [FCFS, TOWER])
def test_no_car_is_fetched_ahead_for_a_room_that_a_driver_waits_for(rule: str) -> None:
    people = (fetch(1, "a", 0.0, 300.0), bring(2, "c", 250.0), fetch(3, "b", 251.0))
    first, driver, later = lived(*people, rule=rule).served
    assert first.move is not None
    assert later.move is not None
    left_s = first.opened_s + 300.0 + SMALL.gate.shut_s
    assert driver.opened_s == pytest.approx(left_s + SMALL.gate.open_s)
    assert later.move.begin_s > driver.opened_s


def test_a_car_that_is_fetched_ahead_for_who_asked_before_a_driver_has_the_room_first() -> None:
    first, second, driver = lived(
        fetch(1, "a", 0.0, 300.0), fetch(2, "b", 250.0), bring(3, "c", 251.0), rule=TOWER
    ).served
    assert second.move is not None
    assert second.move.begin_s < first.opened_s + 300.0
    assert driver.opened_s > second.opened_s + second.customer.stays_s


@pytest.mark.parametrize(("rule", "passes"), [(TOWER, True), (FCFS, False)])
def test_a_driver_has_a_vacant_room_before_a_car_that_finds_another_left_when_it_comes(
    rule: str, *, passes: bool
) -> None:
    """While the first car is stored, the car that was asked for before the driver cannot be fetched."""
    people = bring(1, "x", 0.0), fetch(2, "a", 100.0), bring(3, "y", 101.0)
    stored, fetched, driver = two_rooms(*people, rule=rule).served
    assert stored.move is not None
    assert stored.move.begin_s < 100.0 < stored.move.end_s
    assert (driver.wait_s == pytest.approx(SMALL.gate.open_s)) is passes
    alone = two_rooms(*people[:2], rule=rule).served[1]
    assert fetched.opened_s <= alone.opened_s + 15.0, "at most by the way to the other room"


@pytest.mark.parametrize(("behind_s", "kept"), [(AHEAD.absent_s, False), (0.0, True)])
def test_a_kept_car_goes_back_for_who_waits_for_its_room_unless_its_customer_is_expected(
    behind_s: float, *, kept: bool
) -> None:
    """The other room has just been taken, and a driver comes next."""
    booked_s, late_s = 1200.0, 1000.0
    late, other, driver = two_rooms(
        booked(1, "a", booked_s, booked_s + late_s),
        fetch(2, "b", booked_s + behind_s, 400.0),
        bring(3, "c", booked_s + behind_s + 1.0),
    ).served
    assert late.move is not None
    assert (driver.opened_s > other.opened_s + 400.0) is kept
    assert (late.move.begin_s > booked_s) is not kept
    assert (late.wait_s > 3 * SMALL.gate.open_s) is not kept


@pytest.mark.parametrize("rule", [FCFS, TOWER])
def test_a_car_that_is_still_waited_for_is_not_brought_nor_given_to_the_next(rule: str) -> None:
    """Waits are longer than a day that is drawn before can know: one car is one car all the same."""
    tower = with_rooms(tower_named("small"), 2)
    assert tower is not None
    site = site_of(tower, demand_named("normal").visits)
    out, back, again = fetch(1, "a", 100.0), bring(2, "a", 101.0), fetch(3, "a", 102.0)
    first, second, third = live(site, day(out, back, again), RULES[rule]).served
    assert first.opened_s + out.stays_s <= second.opened_s
    assert second.move is not None
    assert second.move.end_s < third.opened_s < inf


def test_a_busy_day_of_cars_that_come_back_at_once_is_served_to_its_end() -> None:
    demand = demand_named("saturday")
    crowd = demand.model_copy(
        update={
            "filling": 0.3,
            "returns": demand.returns.model_copy(update={"share": 0.3, "again_min": 0.0}),
            "arrivals": demand.arrivals.model_copy(update={"every_day": (2.0,) * 12}),
        }
    )
    one = live(SMALL, draw_day(crowd, "small", len(SMALL.bays), SMALL.cars_an_hour, 1, 0), RULES[FCFS])
    assert len(one.served) > 100
    assert all(isfinite(each.opened_s) for each in one.served)


@pytest.mark.parametrize(
    ("family", "number", "stand", "kinds"),
    [
        ("saturday", 3, AS_IT_COMES, {"with a car"}),
        ("normal", 2, AS_IT_COMES, {"empty"}),
        ("quiet", 0, replace(AS_IT_COMES, dwell=True), {"empty"}),
    ],
    ids=["a car that was sent back", "a car that was left for others", "a carriage that goes to where it waits"],
)
def test_the_carriage_begins_each_trip_where_the_one_before_has_ended(
    family: str, number: int, stand: Stand, kinds: set[str]
) -> None:
    """So no trip is missing, not even one that nobody asked for, and it is never at work twice at a time."""
    tower = with_rooms(tower_named("guangzhou"), 2)
    assert tower is not None
    site = site_of(tower, demand_named(family).visits)
    drawn = draw_day(demand_named(family), site.name, len(site.bays), site.cars_an_hour, 1, number)
    one = live(site, drawn, RULES[TOWER], stand)
    assert {"empty" if trip.target is None else "with a car" for trip in one.beside} == kinds
    trips = sorted(one.trips, key=lambda trip: trip.begin_s)
    for before, behind in pairwise(trips):
        assert behind.begin_s >= before.end_s - 1e-6
        assert behind.here == (before.source if before.target is None else before.target)
    assert figures(site, [one]).energy_mj > figures(site, [replace(one, beside=())]).energy_mj
    assert figures(site, [one]).carriage > figures(site, [replace(one, beside=())]).carriage
