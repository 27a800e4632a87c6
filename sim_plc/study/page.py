"""A study as one page of HTML: no script, nothing to load, readable in the dark and by a screen reader."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from sim_plc.study.figures import (
    CAR_KG,
    CARRIAGE_KG,
    PROMISE_S,
    SLICE_S,
    STEP_S,
    STEPS,
    TRAVEL_J,
    Figures,
)
from sim_plc.study.rules import RULES
from sim_plc.study.study import ON_GENERATOR, Case, Study
from sim_plc.study.summary import COLUMNS, findings, groups, heading, minutes, row
from sim_plc.view import chart
from sim_plc.view.chart import Axis, Line, axis_to, bar_chart, line_chart

HOUR_S: Final = 3600.0

ROOMS_IN_TURN: Final = "A vacant room goes to whoever asked first, driver or not."
ROOMS_AHEAD: Final = (
    f"{ROOMS_IN_TURN} Where somebody's car can be fetched for a room in use that is foreseen to be left in time, "
    "a driver who came later may have the vacant one."
)

STYLE: Final = (
    """
:root { color-scheme: light dark; --page: #f6f8fa; --card: #ffffff; --ink: #22303c; --faint: #5d6b78; --grid: #e3e8ec;
  --bar: #9db8cf; --mark: #8894a0; --line0: #c05a17; --line1: #1f6cab; --line2: #2f8559; --line3: #7a5aa8;
  --line4: #b5305f; --line5: #6b6100 }
@media (prefers-color-scheme: dark) { :root { --page: #12181e; --card: #1b232b; --ink: #e6ebef; --faint: #a3b0bc;
  --grid: #313c46; --bar: #48657e; --mark: #8894a0; --line0: #f0955a; --line1: #6db3ec; --line2: #6cc79a;
  --line3: #b99be0; --line4: #f283ab; --line5: #d0c04a } }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, 'Segoe UI', Roboto,
  'Helvetica Neue', 'DejaVu Sans', sans-serif }
main { max-width: 1000px; margin: 0 auto; padding: 24px 20px 40px }
h1 { font-size: 24px; margin: 0 }
h2 { font-size: 17px; margin: 0 0 10px }
section { background: var(--card); border: 1px solid var(--grid); border-radius: 10px; padding: 18px 20px;
  margin-top: 16px; overflow-x: auto }
p, ul { margin: 6px 0; }
.faint { color: var(--faint) }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: 6px 9px; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap }
th { color: var(--faint); font-weight: 600 }
th:first-child, td:first-child { text-align: left; white-space: normal }
td:first-child { font-weight: 600 }
tr:last-child td { border-bottom: 0 }
svg { display: block; width: 100%; height: auto }
svg + svg { margin-top: 22px }
"""
    + chart.STYLE
)


def page(study: Study) -> str:
    """Return the page of a study."""
    title = f"Study of {study.tower}: {study.demand.title or 'demand'}"
    sections = [
        _section("What was found", _list(findings(study))),
        _section("As planned, built otherwise, and on a bad day", _cases([*study.cases])),
        _section("How long people wait", _waits(study)),
        _section("The day", _arrivals(study) + _queue(study)),
        _section("Who waits", _groups(study.planned)),
        _section("Under other rules", _cases([study.cases[0], *study.by_rule], by_rule=True)),
        _section("How to read this", _list(_notes(study))),
    ]
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
            f'<h1>{escape(title)}</h1><p class="faint">{escape(heading(study))}</p>',
            *sections,
            "</main></body></html>",
            "",
        ]
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _list(lines: Iterator[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in each) + "</tr>" for each in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _cases(cases: Sequence[Case], *, by_rule: bool = False) -> str:
    rows = [row(case) for case in cases]
    if by_rule:
        rows = [(RULES[case.rule].title, *texts[1:]) for case, texts in zip(cases, rows, strict=True)]
    return _table(("rule" if by_rule else "", *COLUMNS[1:]), rows)


def _waits(study: Study) -> str:
    ticks = tuple((minute * 60.0, str(minute)) for minute in range(0, int(STEPS * STEP_S / 60) + 1, 2))
    x = Axis("minutes of waiting", 0.0, STEPS * STEP_S, ticks)
    y = Axis("part of the customers served by then", 0.0, 1.0, tuple((i / 4, f"{25 * i} %") for i in range(5)))
    lines = [
        Line(case.title, tuple((step * STEP_S, part) for step, part in enumerate(case.figures.by_step)))
        for case in study.cases
    ]
    return line_chart("Served within", x, y, lines, (PROMISE_S, "the promise"))


def _clock_axis(study: Study) -> Axis:
    opens, closes = study.demand.opens_h, study.demand.closes_h
    ticks = tuple(((hour - opens) * HOUR_S, f"{hour}:00") for hour in range(opens, closes + 1))
    return Axis("time of day", 0.0, (closes - opens) * HOUR_S, ticks)


def _arrivals(study: Study) -> str:
    came = study.planned.by_hour
    return bar_chart("Customers who come", _clock_axis(study), axis_to("in an hour", max(came)), came)


def _queue(study: Study) -> str:
    lines = [
        Line(case.title, tuple(((number + 0.5) * SLICE_S, length) for number, length in enumerate(case.figures.queue)))
        for case in study.cases
    ]
    most = max(length for case in study.cases for length in case.figures.queue)
    return line_chart("People who wait", _clock_axis(study), axis_to("on average", most), lines)


def _groups(figures: Figures) -> str:
    rows = [
        (
            name,
            str(waits.people),
            *map(minutes, (waits.mean_s, waits.p50_s, waits.p95_s, waits.worst_s)),
            f"{waits.in_time:.1%}",
        )
        for name, waits in groups(figures)
    ]
    return _table(("customers who", "people", "mean", "p50", "p95", "worst", "in time"), rows)


def _notes(study: Study) -> Iterator[str]:
    yield (
        "A wait runs from when somebody is identified until the gate opens for them; in time is within "
        f"{minutes(PROMISE_S)}. p95: one in twenty waits longer. From its time on: who comes before an appointment has "
        "not waited yet."
    )
    yield (
        "The same days are lived with every change. ±: twice the standard error over the days, which shrinks with more "
        "of them; a smaller change may be chance."
    )
    rule = RULES[study.rule]
    yield f"Rule: {rule.title}. {ROOMS_AHEAD if rule.load_ahead else ROOMS_IN_TURN}"
    yield (
        "Times of the machine are the closed forms of its profile: brakes, ramps, levelling, doors and gates. "
        "No faults, nobody who does not come: what a tower can do, not what it is promised to."
    )
    yield (
        f"{ON_GENERATOR[0].upper()}{ON_GENERATOR[1:]}: the carriage alone. On its generator a tower also takes "
        "on no jobs but those that its file names (cars out, unless it says otherwise), brings no car ahead, and lets "
        "gates and carriage take turns: none of that is in these figures."
    )
    yield (
        f"MJ/car is a proxy of energy: {CARRIAGE_KG:.0f} kg of carriage and {CAR_KG:.0f} kg of car lifted, nothing "
        f"given back, and {TRAVEL_J / 1000:.0f} kJ for each travel. It compares, it does not bill."
    )
    planned = study.cases[0]
    yield (
        f"The tower can serve {planned.cars_an_hour:.1f} cars in an hour at most; cars/h are those that it gave out in "
        "an opening hour, overtime is from closing until the last one has gone, the mean of the days."
    )
