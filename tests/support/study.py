"""What tests of studies share: a site, its days, each made once."""

from functools import cache

from config.demand import Demand, load_demand
from sim_plc.study.draw import Day, draw_day
from sim_plc.study.site import Site, site_of
from tests.support.towers import tower_named


@cache
def demand_named(name: str) -> Demand:
    return load_demand(name)


@cache
def site_named(name: str) -> Site:
    return site_of(tower_named(name), demand_named("normal").visits)


def day_of(demand: str, tower: str, seed: int = 1, number: int = 0) -> Day:
    site = site_named(tower)
    return draw_day(demand_named(demand), site.name, len(site.bays), site.cars_an_hour, seed, number)
