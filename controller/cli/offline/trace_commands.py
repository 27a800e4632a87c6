"""The commands of a trace, each with its end: as the journal settled it, else as the station showed it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from config.plc_codes import opcode_name
from controller.cli.offline.trace_signals import alias
from controller.trace.reading import Trace

Line = Mapping[str, Any]
Key = tuple[str, int]
"""A mechanism by its full name, and a sequence."""

STOP: Final = "STOP"

ENDED: Final = "ENDED"
"""In place of a verdict that nobody has seen."""

_SEQUENCE: Final = "outcome_sequence"
_OUTCOME: Final = "outcome"
_EXECUTING: Final = "executing"


@dataclass(frozen=True, slots=True)
class Command:
    """A command from its plan to its end; ``end_s`` is None and ``verdict`` empty while none is seen."""

    key: Key
    begin_s: float
    text: str
    """What is asked for: ``MOVE_TO 203``."""
    end_s: float | None
    verdict: str


def commands(trace: Trace) -> list[Command]:
    """Return the commands in the order of their plans; a STOP is planned when it is written."""
    shown, settled = dict(_shown(trace)), dict(_settled(trace))
    found = []
    for each in trace.entries:
        if each["what"] != "record" or each["kind"] not in ("Planned", "Stopping"):
            continue
        body = each["body"]
        key = body["mechanism"], body["sequence"]
        # The station's own word is nearer to the instant, the journal's is what was believed.
        end_s = shown[key][0] if key in shown else settled[key][0] if key in settled else None
        verdict = settled.get(key, shown.get(key, (0.0, "")))[1]
        found.append(Command(key, each["t"], _text(each), end_s, verdict))
    return found


def _text(planned: Line) -> str:
    body = planned["body"]
    if planned["kind"] == "Stopping":
        return STOP
    # A way to a place has both: the place says more than millimetres.
    given = body["argument2"] or body["argument1"]
    return f"{opcode_name(body['opcode'])} {given}" if given else opcode_name(body["opcode"])


def _settled(trace: Trace) -> Iterator[tuple[Key, tuple[float, str]]]:
    for each in trace.entries:
        if each["what"] == "record" and each["kind"] == "Settled":
            body = each["body"]
            yield (body["mechanism"], body["sequence"]), (each["t"], body["verdict"])


def _shown(trace: Trace) -> Iterator[tuple[Key, tuple[float, str]]]:
    """Yield the end of each command as its station showed it, with the result if it showed that, too.

    A station shows its newest outcome alone: of a command that a STOP ended, only that it runs no more.
    """
    now = {alias(name): signal for name, signal in _first(trace).items()}
    for t, changes in groupby((each for each in trace.entries if each["what"] == "change"), key=itemgetter("t")):
        before, changed = dict(now), {alias(each["name"]): _value(each) for each in changes}
        now |= changed
        for name in changed:
            mechanism, _, register = name.rpartition(".")
            if register == _SEQUENCE:
                yield (mechanism, now[name][0]), (t, now[f"{mechanism}.{_OUTCOME}"][1].partition(" ")[0])
            elif register == _EXECUTING and before[name][0]:
                newest = now[f"{mechanism}.{_SEQUENCE}"][0]
                if newest != before[name][0]:
                    yield (mechanism, before[name][0]), (t, ENDED)


def _first(trace: Trace) -> dict[str, tuple[int, str]]:
    return {name: (signal["value"] or 0, signal["shown"] or "") for name, signal in trace.signals.items()}


def _value(change: Line) -> tuple[int, str]:
    return change["value"], change.get("shown", str(change["value"]))
