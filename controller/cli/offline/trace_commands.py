"""The commands of a trace, each with its end: as the journal settled it, else as the station showed it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from config.plc_codes import opcode_name
from controller.cli.offline.trace_signals import alias
from controller.trace.reading import Trace

Line = Mapping[str, Any]
Key = tuple[str, int]
"""A mechanism by its full name, and a sequence."""

STOP: Final = "STOP"

_SEQUENCE: Final = ".outcome_sequence"
_OUTCOME: Final = ".outcome"


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
    """Yield each outcome as its station showed it: the sequence, and beside it in the same poll the result."""
    outcomes = {alias(name): signal["shown"] or "" for name, signal in trace.signals.items()}
    ended: tuple[Key, float] | None = None
    for each in trace.entries:
        if each["what"] != "change":
            continue
        name = alias(each["name"])
        if ended is not None and each["t"] > ended[1]:
            yield ended[0], (ended[1], _result(outcomes, ended[0]))
            ended = None
        if name.endswith(_OUTCOME):
            outcomes[name] = each.get("shown", "")
        elif name.endswith(_SEQUENCE):
            if ended is not None:
                yield ended[0], (ended[1], _result(outcomes, ended[0]))
            ended = (name.removesuffix(_SEQUENCE), each["value"]), each["t"]
    if ended is not None:
        yield ended[0], (ended[1], _result(outcomes, ended[0]))


def _result(outcomes: Mapping[str, str], key: Key) -> str:
    return outcomes[f"{key[0]}{_OUTCOME}"].partition(" ")[0]
