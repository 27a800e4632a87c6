"""A run told to people: what was drawn, what led to the first thing that broke, and what broke."""

from collections.abc import Callable, Iterator, Mapping
from textwrap import shorten
from types import MappingProxyType
from typing import Any, Final

from hal.plcmap.codes import Reason, Result
from sim_plc.rehearsal.chronicle import Chronicle, Line
from sim_plc.rehearsal.run import Report

BEFORE_S: Final = 90.0
AFTER_S: Final = 5.0

WIDTH: Final = 160

QUIET: Final = frozenset({"job_done"})
"""What says again what another line has said."""


def story(report: Report, chronicle: Chronicle, *, before_s: float = BEFORE_S) -> str:
    """Return the story of a run; of one that broke, every word with the PLCs from ``before_s`` before that on."""
    first_s = min((violation.t for violation in report.violations), default=None)
    begin_s, end_s = (0.0, report.virtual_s) if first_s is None else (first_s - before_s, first_s + AFTER_S)
    return "\n".join(
        [
            f"Tower {report.tower}, seed {report.seed}: {report.virtual_s:.0f} s of a tower's life",
            "",
            *(_drawn(report)),
            "",
            "What happened" if first_s is None else f"What led to it, from {max(begin_s, 0.0):.0f} s on",
            *_told(chronicle, begin_s, end_s, frozenset({"plc"}) if first_s is None else frozenset()),
            "",
            *([f"  BROKEN  {violation}" for violation in report.violations] or ["  Nothing was broken."]),
        ]
    )


def _drawn(report: Report) -> Iterator[str]:
    yield f"Faults drawn: {len(report.script)}; orders drawn: {report.orders}"
    for strike in report.script:
        lasts = f", for {strike.hold_s:.1f} s" if strike.hold_s else ""
        aimed = f"; it waits {strike.when}" if strike.when else ""
        yield f"  {strike.at_s:9.2f} s  {strike.kind.text}{lasts}{aimed}"


def _told(chronicle: Chronicle, begin_s: float, end_s: float, left_out: frozenset[str]) -> Iterator[str]:
    for line in chronicle.lines:
        if begin_s <= line.t <= end_s and line.kind not in left_out and (text := sentence(line)):
            yield f"  {line.t:9.2f} s  {shorten(text, WIDTH, placeholder=' ...')}"


def sentence(line: Line) -> str:
    """Return one thing that happened in words; empty: it is not worth telling."""
    tell = _SENTENCES.get(line.kind)
    return f"{line.kind} {line.body}" if tell is None else tell(line.body)


def _plc(body: list[Any]) -> str:
    station, mechanism, sequence, event, result, reason = body
    came = f" {Result(result).name}" if result else ""
    why = f" ({Reason(reason).name})" if reason else ""
    return f"PLC {station}/{mechanism}: {sequence} {event.lower()}{came}{why}"


def _asked(body: str) -> str:
    return f"somebody asks: {body}"


def _strike(body: list[Any]) -> str:
    name, hold_s, _where = body
    return f"FAULT {name}" + (f" for {hold_s:.1f} s" if hold_s else "")


def _crime(body: list[Any]) -> str:
    _t, code, text = body
    return f"CRIME {code}: {text}"


def _cable(body: list[Any]) -> str:
    bus, out = body
    return f"the cable of {bus} is {'out' if out else 'in again'}"


def _power_up(body: list[Any]) -> str:
    name, warm = body
    return f"PLC {name} starts, {'with' if warm else 'without'} its memory"


def _event(body: Mapping[str, Any]) -> str:
    what = str(body["event"])
    if what in QUIET:
        return ""
    tell = _EVENTS.get(what)
    if tell is not None:
        return tell(body)
    more = {key: value for key, value in body.items() if key not in ("event", "id") and value not in ("", None)}
    return f"{what.replace('_', ' ')}: {', '.join(f'{key} {value}' for key, value in more.items())}"


def _unit(body: Mapping[str, Any]) -> str:
    return f"unit {body['was']} -> {body['state']}: {body['cause']}"


def _job(body: Mapping[str, Any]) -> str:
    why = f" ({body['reason']})" if body.get("reason") else ""
    return f"job {body['job']} {body['kind']} {body['car']}: {body['was']} -> {body['state']}{why}"


def _room(body: Mapping[str, Any]) -> str:
    return f"room {body['room']}: {body['was']} -> {body['state']}"


def _station(body: Mapping[str, Any]) -> str:
    detail = f" ({body['detail']})" if body.get("detail") else ""
    return f"station {body['name']} is {body['state']}{detail}"


def _alarm(body: Mapping[str, Any]) -> str:
    return f"alarm {body['number']} {body['code']} {'comes' if body['active'] else 'goes'}: {body['text']}"


_EVENTS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = MappingProxyType(
    {"unit_state": _unit, "job_state": _job, "room_state": _room, "station": _station, "alarm": _alarm}
)

_SENTENCES: Final[Mapping[str, Callable[[Any], str]]] = MappingProxyType(
    {
        "told": _event,
        "plc": _plc,
        "asked": _asked,
        "strike": _strike,
        "crime": _crime,
        "cable": _cable,
        "power-up": _power_up,
        "local reset": lambda name: f"somebody resets PLC {name} at its cabinet",
        "crash": lambda _: "the daemon is killed",
        "freeze": lambda _: "the daemon's process is frozen",
        "died": lambda why: f"THE DAEMON DIED: {why}",
    }
)
