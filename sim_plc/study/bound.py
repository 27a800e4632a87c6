"""What no rule can beat that waits for people to come, on drawn days: the mean wait of those who fetch a car."""

from collections.abc import Sequence

from controller.domain.dispatch.bounds_in_line import mean_wait_s
from controller.domain.dispatch.legs import Legs
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind
from sim_plc.study.draw import Customer, Day
from sim_plc.study.site import Site


def mean_bound_s(site: Site, days: Sequence[Day]) -> float | None:
    """Return what no rule can bring the mean wait of those who fetch a car below, from coming to gate open.

    None if nobody fetches one. A rule that brings booked cars ahead is not bounded by it: it knows who will come.
    """
    fetching = [[each for each in day.customers if each.kind is JobKind.RETRIEVE] for day in days]
    people = sum(map(len, fetching))
    sums = (_bound_s(site, day, some) * len(some) for day, some in zip(days, fetching, strict=True) if some)
    return sum(sums) / people if people else None


def _bound_s(site: Site, day: Day, fetching: Sequence[Customer]) -> float:
    """Return the bound of one day.

    Their own moves are looked at alone: without those of the cars that are brought the carriage is no later (triangle
    inequality). A car stands where it stood in the morning; one that is brought in the day, in the best bay. Every
    room is left as soon as by the quickest of them. Nobody's car is begun before they come: nobody knew of them.
    """
    legs, stands = Legs(site.cycles), day.places(site.bays)
    brought = {each.car for each in day.customers if each.kind is JobKind.STORE}
    best = min(site.bays, key=legs.fetch_s)
    requests = [
        Request(each.number, each.kind, each.comes_s, best if each.car in brought else stands[each.car],
            ready_s=each.comes_s)
        for each in fetching
    ]  # fmt: skip
    gate, quickest_s = site.gate, min(each.stays_s for each in fetching)
    vacant_s = dict.fromkeys(site.rooms, 0.0)
    scene = Scene(0.0, site.rooms[0], 0.0, vacant_s, gate.open_s + quickest_s + gate.shut_s)
    return mean_wait_s(site.cycles, scene, requests) + gate.open_s
