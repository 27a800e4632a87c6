"""A day on the model of travel beside the same day in a rehearsal: the daemon in virtual time, told how to plan."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final
from unittest.mock import patch

from controller.domain.dispatch.scene import Limits
from controller.domain.jobs import JobKind
from sim_plc.rehearsal.given import Given, Visit, Visitor, rehearse_given
from sim_plc.rehearsal.silence import silence_daemons
from sim_plc.study.day import live
from sim_plc.study.draw import Day
from sim_plc.study.lived import Lived
from sim_plc.study.rules import FCFS, RULES
from sim_plc.study.site import Site, site_of
from tests.support.study import demand_named
from tests.support.towers import tower_named

IN_TURN: Final = Limits(shift=0, evaluations=0, load_ahead=False)
"""What a planner plans in for first come, first served."""


@dataclass(frozen=True)
class Beside:
    """What became of a day here and there."""

    site: Site
    lived: Lived
    given: Given

    @property
    def worst_move(self) -> float:
        """How far the model is off in any job's time of the machine, as a share of what it really took."""
        visits = sorted(self.given.visits, key=lambda visit: visit.begun_s)
        here = [self.site.rooms[0], *(visit.places[1] for visit in visits)]
        return max(self._off(at, visit) for at, visit in zip(here, visits, strict=False))

    def _off(self, here: int, visit: Visit) -> float:
        return abs(self.site.cycles.single_s(here, *visit.places) / (visit.ended_s - visit.begun_s) - 1)

    @property
    def mean_wait_s(self) -> tuple[float, float]:
        """The mean wait of the model, and that of the rehearsal."""
        model = [each.wait_s for each in self.lived.served]
        real = [visit.opened_s - visit.visitor.comes_s for visit in self.given.visits]
        return sum(model) / len(model), sum(real) / len(real)

    @property
    def off(self) -> float:
        """How far the model is off in the day's mean wait, as a share of what it really was."""
        model_s, real_s = self.mean_wait_s
        return model_s / real_s - 1

    @property
    def alike(self) -> bool:
        """Whether both moved the same cars over the same places: no tie was decided otherwise."""
        moves = [(each.move.source, each.move.target) for each in self.lived.served if each.move is not None]
        return moves == [visit.places for visit in self.given.visits]

    @property
    def in_turn(self) -> bool:
        """Whether the rehearsal's carriage made one move after the other."""
        visits = sorted(self.given.visits, key=lambda visit: visit.begun_s)
        return all(later.begun_s >= one.ended_s for one, later in pairwise(visits))


def beside(tower: str, demand: str, day: Day, rule: str = FCFS, limits: Limits = IN_TURN) -> Beside:
    """Live a day on the model and in a rehearsal, first come, first served in both unless said otherwise."""
    silence_daemons()
    site = site_of(tower_named(tower), demand_named(demand).visits)
    visitors = [Visitor(each.kind, each.car, each.comes_s, each.stays_s) for each in day.customers]
    with patch("controller.runtime.foresight.LIMITS", limits):
        given = rehearse_given(tower_named(tower), day.places(site.bays), visitors)
    return Beside(site, live(site, day, RULES[rule]), given)


def part(day: Day, begin_s: float, end_s: float) -> Day:
    """Return a part of a day: who comes within it, to a tower in which everybody before was served."""
    stock = [*day.stock]
    for each in day.customers:
        if each.comes_s < begin_s:
            (stock.remove if each.kind is JobKind.RETRIEVE else stock.append)(each.car)
    within = [each for each in day.customers if begin_s <= each.comes_s < end_s]
    customers = tuple(
        replace(each, number=number, comes_s=each.comes_s - begin_s) for number, each in enumerate(within, start=1)
    )
    return replace(day, length_s=end_s - begin_s, stock=tuple(stock), customers=customers)
