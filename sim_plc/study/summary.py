"""A study in words and columns: for a terminal, and for the table of its page."""

from collections.abc import Iterator, Sequence
from typing import Final

from sim_plc.study.effects import POLICIES, Effect
from sim_plc.study.figures import PROMISE_S, Change, Figures, Waits, change
from sim_plc.study.rules import RULES
from sim_plc.study.study import Case, Study

COLUMNS: Final = (
    *("", "rooms", "cars/h", "overtime", "mean", "p50", "p95", "p99", "worst"),
    *("in time", "carriage", "in rooms", "MJ/car"),
)

FEW: Final = 10
"""Of fewer days the standard error is itself not known well."""


def heading(study: Study) -> str:
    """Return what was studied, in one line."""
    demand, figures = study.demand, study.planned
    days = f"{figures.days} days" if figures.days > 1 else "1 day"
    people = f"{figures.customers / figures.days:.0f} customers a day"
    return f"{study.tower} ({study.profile}), {demand.title or 'demand'}: {days}, {people}, seed {study.seed}"


def row(case: Case) -> tuple[str, ...]:
    """Return a case as the texts of `COLUMNS`."""
    figures, waits = case.figures, case.figures.all
    times = (waits.mean_s, waits.p50_s, waits.p95_s, waits.p99_s, waits.worst_s)
    return (
        case.title,
        str(case.rooms),
        f"{figures.fetched_an_hour:.1f}",
        minutes(figures.overtime_s),
        *map(minutes, times),
        f"{waits.in_time:.1%}",
        f"{figures.carriage:.0%}",
        f"{figures.rooms:.0%}",
        f"{figures.energy_mj:.2f}",
    )


def minutes(seconds: float) -> str:
    """Return a time as minutes and seconds: ``4:05``."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def table(cases: Sequence[Case]) -> Iterator[str]:
    """Yield the cases for a terminal, one a line."""
    rows = [COLUMNS, *map(row, cases)]
    widths = [max(len(each[column]) for each in rows) for column in range(len(COLUMNS))]
    for each in rows:
        numbers = [text.rjust(width) for text, width in zip(each[1:], widths[1:], strict=True)]
        yield "  ".join([each[0].ljust(widths[0]), *numbers])


def groups(figures: Figures) -> Iterator[tuple[str, Waits]]:
    """Yield the waits of each kind of customers that came at all."""
    named = (
        ("fetch a car", figures.fetch),
        ("with an appointment", figures.booked),
        ("from its time on", figures.punctual),
        ("without", figures.unbooked),
        ("bring a car", figures.bring),
    )
    return ((name, waits) for name, waits in named if waits.people)


def findings(study: Study) -> Iterator[str]:
    """Yield in a sentence each what the tower as planned does, and what every other case would change."""
    planned = study.planned
    if not planned.all.people:
        yield "Nobody came on these days."
        return
    promise = f"{PROMISE_S / 60:.0f} minutes"
    yield (
        f"As planned, {planned.all.in_time:.1%} wait no longer than {promise}; "
        f"the mean wait is {minutes(planned.all.mean_s)}, one in twenty waits longer than {minutes(planned.all.p95_s)}."
    )
    if planned.days < FEW:
        yield "So few days do not tell which part of the changes below is chance."
    for case in study.cases[1:]:
        yield _change(case.title, planned, case.figures)
    for case in study.by_rule:
        yield _change(f"the rule '{case.title}'", planned, case.figures)
    yield from map(_effect, study.effects)
    if study.bound_s is not None:
        least, mean = minutes(study.bound_s), minutes(planned.fetch.mean_s)
        ahead = "without bringing booked cars ahead " if planned.booked.people else ""
        said = f"Those who fetch a car wait {mean} on average"
        yield f"{said}; {ahead}no rule can bring that below {least} in this tower."
    if planned.turned_away:
        yield f"{planned.turned_away} found no car to fetch and no bay to bring one to: the stock is too small."
    if planned.unserved:
        yield f"{planned.unserved} were never served."


def _change(what: str, planned: Figures, other: Figures) -> str:
    return (
        f"{what[0].upper()}{what[1:]}: mean wait {minutes(other.all.mean_s)} ({_share(change(planned, other))}), "
        f"p95 {minutes(other.all.p95_s)}, {other.all.in_time:.1%} in time."
    )


def _share(found: Change) -> str:
    """Return a change, ``-49% ± 4%``: rounded, and without the sign of what is nothing."""
    share = f"{round(found.share, 2) + 0.0:+.0%}"
    return share if found.error is None else f"{share} ± {2 * found.error:.0%}"


def _effect(effect: Effect) -> str:
    title, without, with_it = POLICIES[effect.name].title, effect.without, effect.with_it
    waits = [
        f"{name} {mine.mean_s:.1f} s beside {plain.mean_s:.1f} s"
        for name, mine, plain in (
            ("without an appointment", with_it.unbooked, without.unbooked),
            ("with one, from its time on", with_it.punctual, without.punctual),
        )
        if plain.people
    ]
    moves = f"; {effect.moves:.1f} moves of its own a day" if effect.moves else ""
    longer = f"; for those without one longer on {effect.longer:.0%} of the days" if without.unbooked.people else ""
    said = ", ".join(waits) or "nobody fetched a car"
    return f"{title[0].upper()}{title[1:]}, mean wait with it and without: {said}{longer}{moves}."


def summary(study: Study) -> Iterator[str]:
    """Yield the study for a terminal."""
    yield heading(study)
    yield f"rule: {RULES[study.rule].title}; waits are from coming to gate open, in time within {minutes(PROMISE_S)}"
    yield ""
    yield from table([*study.cases, *study.by_rule])
    yield ""
    yield from findings(study)
