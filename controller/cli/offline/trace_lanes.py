"""What of a trace a timing diagram shows, and in which order. Pure; `trace_svg` draws it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller.cli.offline.trace_commands import STOP, commands
from controller.cli.offline.trace_signals import Wanted, alias, set_bits
from controller.domain.jobs import TERMINAL
from controller.trace.reading import Trace

Line = Mapping[str, Any]

BOOKKEEPING: Final = frozenset(
    {"accepted", "accepted_check", "executing", "outcome_sequence", "outcome", "epoch_in_force"}
)
"""Registers of the mailboxes: the bars of the commands tell the same better. Shown where they are named."""

ENDED: Final = frozenset(state.value for state in TERMINAL)

NOTED_S: Final = 0.5
"""For so long the end of a job is shown."""

STEP_S: Final = 0.6
"""Two readings of a moving axis are not farther apart: between them it has moved, over a longer time it has stood."""

JUMP_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a trace that is shown, in seconds from the cause."""

    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasted. ``look``: ok, odd, bad, open or plain."""

    begin_s: float
    end_s: float
    text: str
    look: str = "plain"


@dataclass(frozen=True, slots=True)
class Bars:
    """A lane of bars: states one after another, or the commands of a mechanism."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Bit:
    """A lane of one bit: the spans in which it was set."""

    name: str
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A measured value: its corners."""

    name: str
    unit: str
    points: tuple[tuple[float, float], ...]


Lane = Bars | Bit | Curve


@dataclass(frozen=True, slots=True)
class Lanes:
    """Everything to draw, from above; ``left_out``: names of signals that changed, too, farther from the cause."""

    lanes: tuple[Lane, ...]
    causes: tuple[tuple[float, str], ...]
    left_out: tuple[str, ...]


def lanes_of(trace: Trace, wanted: Wanted, window: Window, most: int) -> Lanes:
    """Return the lanes of a trace; of signals the ``most`` that changed nearest to the cause."""
    of_signals = sorted(_of_signals(trace, wanted, window), key=lambda found: found[0])
    shown = [lane for _, lane in of_signals[:most]]
    curves = [lane for lane in shown if isinstance(lane, Curve)]
    others = [lane for lane in shown if not isinstance(lane, Curve)]
    causes = [
        (each["t"], each["text"])
        for each in trace.entries
        if each["what"] == "cause" and window.begin_s <= each["t"] <= window.end_s
    ]
    return Lanes(
        (*_of_daemon(trace, window), *curves, *others),
        tuple(causes),
        tuple(lane.name for _, lane in of_signals[most:]),
    )


def _of_daemon(trace: Trace, window: Window) -> Iterator[Bars]:
    """Yield unit, jobs, lost stations and commands."""
    records = [each for each in trace.entries if each["what"] == "record"]
    unit = [(each["t"], each["body"]["state"]) for each in records if each["kind"] == "UnitSet"]
    yield from _states("unit", unit, window)
    jobs: dict[int, list[tuple[float, str]]] = {}
    for each in records:
        if each["kind"] == "JobSet":
            job = each["body"]["job"]
            jobs.setdefault(job["id"], []).append((each["t"], job["state"]))
    for number, states in jobs.items():
        # One that has ended says nothing about what came later.
        ended_s = next((t for t, state in states if state in ENDED), window.end_s)
        if ended_s >= window.begin_s:
            yield from _states(f"job {number}", states, Window(window.begin_s, min(ended_s + NOTED_S, window.end_s)))
    stations: dict[str, list[tuple[float, str]]] = {}
    for each in trace.entries:
        if each["what"] == "station":
            stations.setdefault(each["name"], []).append((each["t"], each["state"]))
    for name, states in stations.items():
        if any(window.begin_s < t <= window.end_s for t, _ in states):
            yield from _states(f"station {name}", states, window)
    yield from _commands(trace, window)


_LOOKS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ABORTING", "ABORTED", "PARKED", "UNKNOWN", "STALE", "OFFLINE", "FROZEN"), "bad"),
    **dict.fromkeys(("HOLDING", "HELD", "INTERRUPTED", "STOPPING", "SUSPENDED", "SUSPENDING"), "odd"),
    **dict.fromkeys(("EXECUTE", "ONLINE", "DONE"), "ok"),
}
"""How states look; the others are plain."""


def _states(name: str, states: Sequence[tuple[float, str]], window: Window) -> Iterator[Bars]:
    """Yield the lane of something that is in one state after another."""
    ends = [t for t, _ in states[1:]] + [window.end_s] * bool(states)
    bars = [Bar(t, end, state, _LOOKS.get(state, "plain")) for (t, state), end in zip(states, ends, strict=True)]
    inside = tuple(_clipped(bars, window))
    if inside:
        yield Bars(name, inside)


def _commands(trace: Trace, window: Window) -> Iterator[Bars]:
    """Yield a lane for each mechanism that was asked for something."""
    bars: dict[str, list[Bar]] = {}
    for each in commands(trace):
        end_s = window.end_s if each.end_s is None else each.end_s
        text = each.text if each.verdict in ("", "OK") else f"{each.text}: {each.verdict}"
        look = _judged("STOPPED" if each.text == STOP else each.verdict)
        bars.setdefault(each.key[0], []).append(Bar(each.begin_s, end_s, text, look))
    for mechanism, found in bars.items():
        inside = tuple(_clipped(found, window))
        if inside:
            yield Bars(f"{mechanism} commands", inside)


def _judged(verdict: str) -> str:
    match verdict:
        case "":
            return "open"
        case "OK":
            return "ok"
        case "STOPPED" | "VOID" | "ENDED":
            return "odd"
        case _:
            return "bad"


def _clipped(bars: Iterable[Bar], window: Window) -> Iterator[Bar]:
    for bar in bars:
        if bar.end_s >= window.begin_s and bar.begin_s <= window.end_s:
            begin_s, end_s = max(bar.begin_s, window.begin_s), min(bar.end_s, window.end_s)
            yield Bar(begin_s, end_s, bar.text, bar.look)


@dataclass(slots=True)
class _Course:
    """What a signal showed, one value after another, the first of them at the beginning of the window."""

    signal: Line
    values: list[tuple[float, float | None, str | None]]


def _of_signals(trace: Trace, wanted: Wanted, window: Window) -> Iterator[tuple[float, Lane]]:
    """Yield each lane of a signal that changed, with how near to the cause its nearest change was."""
    for course in _courses(trace, window):
        signal, name = course.signal, alias(course.signal["name"])
        if len(course.values) < 2 or not wanted.takes(signal):
            continue
        nearest = min(abs(t) for t, _, _ in course.values[1:])
        if signal["bits"]:
            yield from _bits(course, wanted, window)
        elif signal["unit"]:
            points = tuple(_corners([(t, value) for t, value, _ in course.values if value is not None], window))
            yield nearest, Curve(name, signal["unit"], points)
        elif not wanted.everything or name.rpartition(".")[2] not in BOOKKEEPING:
            states = [(t, shown or "?") for t, _, shown in course.values]
            yield from ((nearest, lane) for lane in _states(name, states, window))


def _courses(trace: Trace, window: Window) -> Iterator[_Course]:
    courses = {
        name: _Course(signal, [(window.begin_s, signal["value"], signal["shown"])])
        for name, signal in trace.signals.items()
    }
    for each in trace.entries:
        if each["what"] != "change" or each["t"] > window.end_s:
            continue
        values = courses[each["name"]].values
        found = each["value"], each.get("shown", str(each["value"]))
        if each["t"] <= window.begin_s:
            values[:] = [(window.begin_s, *found)]
        else:
            values.append((each["t"], *found))
    yield from courses.values()


def _bits(course: _Course, wanted: Wanted, window: Window) -> Iterator[tuple[float, Bit]]:
    for bit in wanted.bits(course.signal):
        levels = [(t, bit in set_bits(course.signal, shown)) for t, _, shown in course.values]
        edges = [t for (t, now), (_, was) in zip(levels[1:], levels, strict=False) if now is not was]
        if not edges:
            continue
        ends = [*(t for t, _ in levels[1:]), window.end_s]
        spans = tuple((t, end) for (t, level), end in zip(levels, ends, strict=True) if level)
        yield min(map(abs, edges)), Bit(f"{alias(course.signal['name'])}.{bit}", _joined(spans))


def _joined(spans: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return spans that touch one another as one."""
    joined: list[tuple[float, float]] = []
    for begin_s, end_s in spans:
        if joined and joined[-1][1] == begin_s:
            joined[-1] = joined[-1][0], end_s
        else:
            joined.append((begin_s, end_s))
    return tuple(joined)


def _corners(values: Sequence[tuple[float, float]], window: Window) -> Iterator[tuple[float, float]]:
    """Yield the corners of a curve: straight between readings that follow one another, level where it stood."""
    last: tuple[float, float] | None = None
    for t, value in values:
        if last is not None and t - last[0] > STEP_S:
            yield t - JUMP_S, last[1]
        yield t, value
        last = t, value
    if last is not None:
        yield window.end_s, last[1]
