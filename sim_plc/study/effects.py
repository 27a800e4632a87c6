"""What each policy of its own is worth to a tower: the same days with it and without, everything else as it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from types import MappingProxyType
from typing import Final

from config.demand import Demand
from controller.domain.dispatch.staging import DEFAULT
from sim_plc.study.day import live
from sim_plc.study.draw import Day
from sim_plc.study.figures import Figures, figures
from sim_plc.study.lived import Lived
from sim_plc.study.rules import Rule
from sim_plc.study.site import Site
from sim_plc.study.stand import AS_IT_COMES, Stand

NIGHT_MOVES: Final = 20
"""So many cars at most are moved in a night, unless somebody says otherwise."""

LONGER_S: Final = 0.1
"""A day on which the mean wait is longer by less is like the other."""

Way = tuple[Rule, Stand]
"""By which rule days are lived, and what is done about where things stand."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Something that a tower may do of its own accord, and how days are lived with it."""

    title: str
    on: Callable[[Way, int], Way]
    """Takes the way without it, and how many cars may be moved in a night."""


POLICIES: Final[Mapping[str, Policy]] = MappingProxyType(
    {
        "slotting": Policy("cars stored by their demand", lambda way, _: (way[0], replace(way[1], by_demand=True))),
        "reslotting": Policy(
            "cars moved to better bays in the night", lambda way, most: (way[0], replace(way[1], night_moves=most))
        ),
        "dwell": Policy(
            "the idle carriage goes where it is likely wanted next",
            lambda way, _: (way[0], replace(way[1], dwell=True)),
        ),
        "staging": Policy("booked cars brought ahead", lambda way, _: (replace(way[0], ahead=DEFAULT), way[1])),
    }
)
"""By short name. Of them the daemon does the last by itself, the others as the tower's file says."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One policy, and the same days without it."""

    name: str
    without: Figures
    with_it: Figures
    longer: float
    """On which part of the days the mean wait of those who fetch a car without an appointment is longer with it."""
    moves: float
    """How many moves that nobody asked for a day has with it; a car that is brought ahead is asked for."""

    def body(self) -> dict[str, object]:
        """Return the effect as plain values."""
        both = {"without": self.without.body(), "with": self.with_it.body()}
        about = {"longer_on_days": self.longer, "own_moves_a_day": self.moves}
        return {"policy": self.name, "title": POLICIES[self.name].title, **about, **both}


def passes(names: Sequence[str]) -> int:
    """Return how often all days are lived for some policies."""
    return 2 * len(names)


def effects(
    site: Site,
    demand: Demand,
    days: Sequence[Day],
    rule: Rule,
    names: Sequence[str],
    night_moves: int,
    told: Callable[[], None],
) -> Iterator[Effect]:
    """Yield what each named policy does, alone, to days at a site under a rule; ``told`` is called behind each day.

    Without any of them the rule brings no car ahead, but where another policy is weighed: then it does what it does.
    """
    known = replace(AS_IT_COMES, models=demand.models, brought=demand.returns.share)
    for name in names:
        without: Way = (replace(rule, ahead=None) if name == "staging" else rule, known)
        plain = list(_lived(site, days, without, told))
        changed = list(_lived(site, days, POLICIES[name].on(without, night_moves), told))
        pairs = zip(changed, plain, strict=True)
        more_s = [_unbooked_s(site, mine) - _unbooked_s(site, other) for mine, other in pairs]
        yield Effect(
            name,
            figures(site, plain),
            figures(site, changed),
            sum(each > LONGER_S for each in more_s) / len(more_s),
            fmean(each.moved_by_night + each.dwell_moves for each in changed),
        )


def _lived(site: Site, days: Sequence[Day], way: Way, told: Callable[[], None]) -> Iterator[Lived]:
    for day in days:
        yield live(site, day, *way)
        told()


def _unbooked_s(site: Site, day: Lived) -> float:
    return figures(site, [day]).unbooked.mean_s
