"""A study: the same days at a tower as it is planned, with another room, with a faster lift, and under other rules."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from config.demand import Demand
from config.schema import Tower
from controller.domain.travel import Speeds
from sim_plc.study.bound import mean_bound_s
from sim_plc.study.day import live
from sim_plc.study.draw import draw_day
from sim_plc.study.effects import NIGHT_MOVES, Effect, effects, passes
from sim_plc.study.figures import Figures, figures
from sim_plc.study.lived import Lived
from sim_plc.study.rules import RULES
from sim_plc.study.site import Site, site_of
from sim_plc.study.variants import FASTER, with_a_room_out, with_faster_lift, with_rooms

Told = Callable[[int, int], None]
"""Takes how many days are lived, and of how many."""

AS_PLANNED: Final = "as planned"

ON_GENERATOR: Final = "lift and turntable in turn, as on the generator"
"""The machine alone: what else a tower leaves on its generator, its customers feel beside that."""

SLOW_LIFT: Final = 0.5
"""The share of its speed at which the lift runs on a bad day."""


@dataclass(frozen=True, slots=True)
class Case:
    """One tower, or one rule, that the days were lived with."""

    title: str
    rooms: int
    bays: int
    cars_an_hour: float
    rule: str
    figures: Figures

    def body(self) -> dict[str, object]:
        """Return the case as plain values."""
        about = {"title": self.title, "rooms": self.rooms, "bays": self.bays, "cars_an_hour": self.cars_an_hour}
        return {**about, "rule": self.rule, "figures": self.figures.body()}


@dataclass(frozen=True, slots=True)
class Study:
    """What came of a study. The first case is the tower as it is planned."""

    tower: str
    profile: str
    demand: Demand
    seed: int
    rule: str
    cases: tuple[Case, ...]
    """The tower as planned and as it might be built, all under one rule."""
    by_rule: tuple[Case, ...]
    """The tower as planned under each other rule."""
    bound_s: float | None
    """What no rule can bring the mean wait of those who fetch a car below, in the tower as planned."""
    effects: tuple[Effect, ...] = ()
    """What each policy that was asked for does in the tower as planned."""

    @property
    def planned(self) -> Figures:
        """The figures of the tower as planned."""
        return self.cases[0].figures

    def body(self) -> dict[str, object]:
        """Return the study as plain values."""
        return {
            "tower": self.tower,
            "profile": self.profile,
            "demand": self.demand.model_dump(mode="json"),
            "seed": self.seed,
            "rule": self.rule,
            "cases": [case.body() for case in self.cases],
            "by_rule": [case.body() for case in self.by_rule],
            "fetch_mean_bound_s": self.bound_s,
            "effects": [effect.body() for effect in self.effects],
        }


def study(
    tower: Tower,
    demand: Demand,
    days: int,
    seed: int,
    rule: str,
    told: Told,
    policies: Sequence[str] = (),
    night_moves: int = NIGHT_MOVES,
) -> Study:
    """Return what becomes of the days of a demand; the same for the tower as planned and for each other case.

    ``policies``: by their names in `sim_plc.study.effects.POLICIES`, those to be weighed.
    """
    towers = dict(_towers(tower))
    sites = {title: site_of(each, demand.visits) for title, each in towers.items()}
    sites[ON_GENERATOR] = site_of(tower, demand.visits, on_generator=True)
    slow = site_of(tower, demand.visits, speeds=Speeds(lift=SLOW_LIFT))
    sites[f"the lift at {SLOW_LIFT:.0%} of its speed"] = slow
    planned = sites[AS_PLANNED]
    fewest = min(len(site.bays) for site in sites.values())
    rate, holds = planned.cars_an_hour, planned.slot_holds(demand.booked.slot_min * 60)
    drawn = [draw_day(demand, planned.name, fewest, rate, seed, number, holds) for number in range(days)]
    others = [name for name in RULES if name != rule]
    total, done = days * (len(sites) + len(others) + passes(policies)), 0

    def tell() -> None:
        nonlocal done
        done += 1
        told(done, total)

    def case(title: str, site: Site, name: str) -> Case:
        lived: list[Lived] = []
        for day in drawn:
            lived.append(live(site, day, RULES[name]))
            tell()
        return Case(title, len(site.rooms), len(site.bays), site.cars_an_hour, name, figures(site, lived))

    cases = tuple(case(title, site, rule) for title, site in sites.items())
    by_rule = tuple(case(RULES[name].title, planned, name) for name in others)
    bound_s = mean_bound_s(planned, drawn)
    weighed = tuple(effects(planned, demand, drawn, RULES[rule], policies, night_moves, tell))
    return Study(tower.name, tower.profile, demand, seed, rule, cases, by_rule, bound_s, weighed)


def _towers(tower: Tower) -> Iterator[tuple[str, Tower]]:
    yield AS_PLANNED, tower
    more = with_rooms(tower, len(tower.ring.rooms) + 1)
    if more is not None:
        yield "one more room in place of a bay", more
    yield f"a lift of {FASTER:g} times the speed and acceleration", with_faster_lift(tower)
    fewer = with_a_room_out(tower)
    if fewer is not None:
        yield "one room out of service", fewer
