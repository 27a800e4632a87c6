"""A trace as lines for people: seconds from the cause, what kind of news, and what it says. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller.cli.event_texts import event_text
from controller.cli.offline.trace_commands import ENDED, Command, Key, commands
from controller.cli.offline.trace_signals import Wanted, alias, set_bits
from controller.cli.record_text import KINDS, TOLD, entry_text
from controller.trace.reading import Trace

Line = Mapping[str, Any]

RUN_S: Final = 0.6
"""Changes of a measured value that follow one another within this are one run: of it the first and last are told ..."""

LOOK_S: Final = 1.0
"""... and one in so many seconds in between, unless the signal was asked for by its name."""

HIDDEN: Final = ".accepted_check"
"""The end of the names that only a mailbox needs: told where they are named."""

CAUSE: Final = "cause"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the timeline; ``t`` in seconds from the cause."""

    t: float
    kind: str
    text: str


def timeline(trace: Trace, wanted: Wanted, begin_s: float, end_s: float) -> Iterator[Row]:
    """Yield what happened from ``begin_s`` to ``end_s``. Where signals are named: they alone, and the causes."""
    shown = {name: signal["shown"] for name, signal in trace.signals.items()}
    ends = {command.key: command for command in commands(trace)}
    told = _told(trace, wanted)
    for at, entry in enumerate(trace.entries):
        inside = begin_s <= entry["t"] <= end_s
        if entry["what"] == "change":
            name = entry["name"]
            was, shown[name] = shown[name], entry.get("shown", str(entry["value"]))
            text = _change(trace.signals[name], wanted, was, shown[name])
            if inside and text and at in told:
                yield Row(entry["t"], "signal", text)
        elif inside and (wanted.everything or entry["what"] == CAUSE):
            yield _row(entry, ends)


def _row(entry: Line, ends: Mapping[Key, Command]) -> Row:
    t = entry["t"]
    match entry["what"]:
        case "station":
            detail = f": {entry['detail']}" if entry["detail"] else ""
            return Row(t, "station", f"{entry['name']} {entry['state']}{detail}")
        case "record":
            kind, body = entry["kind"], entry["body"]
            return Row(t, KINDS.get(kind, kind), entry_text(kind, body) + _outcome(entry, ends))
        case "event":
            event = {key: value for key, value in entry.items() if key not in ("t", "what")}
            return Row(t, TOLD.get(entry["event"], entry["event"]), event_text(event))
        case what:
            return Row(t, what, str(entry.get("text", "")))


def _outcome(entry: Line, ends: Mapping[Key, Command]) -> str:
    """Return what became of a command, beside its plan: nobody should have to look for it."""
    if entry["kind"] != "Planned":
        return ""
    command = ends[entry["body"]["mechanism"], entry["body"]["sequence"]]
    if command.end_s is None:
        return " => no end in this trace"
    if command.verdict == ENDED:
        return f" => ended after {command.end_s - command.begin_s:.2f} s, its outcome is not shown"
    return f" => {command.verdict} after {command.end_s - command.begin_s:.2f} s"


def _change(signal: Line, wanted: Wanted, was: str | None, now: str) -> str:
    """Return what has changed; nothing if no bit that was asked for has."""
    name = alias(signal["name"])
    if not signal["bits"]:
        unit = f" {signal['unit']}" if signal["unit"] else ""
        return f"{name} {now}{unit}" if unit or was is None else f"{name} {was} -> {now}"
    before, after = set_bits(signal, was), set_bits(signal, now)
    parts = [f"{'+' if bit in after else '-'}{bit}" for bit in wanted.bits(signal) if (bit in before) != (bit in after)]
    rest = _beside(signal, now)
    if wanted.whole(signal["name"]) and (rest != _beside(signal, was or "") or not parts):
        parts.append(rest or now)
    return f"{name} {' '.join(parts)}" if parts else ""


def _beside(signal: Line, shown: str) -> str:
    """Return what stands in a word beside its bits: a room's crossings."""
    return " ".join(word for word in shown.split() if word not in signal["bits"] and word != "none")


def _told(trace: Trace, wanted: Wanted) -> set[int]:
    """Return the places among the entries of the changes that are told."""
    by_name: dict[str, list[int]] = {}
    for at, entry in enumerate(trace.entries):
        if entry["what"] == "change":
            by_name.setdefault(entry["name"], []).append(at)
    found: set[int] = set()
    for name, places in by_name.items():
        signal = trace.signals[name]
        if wanted.takes(signal) and not (wanted.everything and name.endswith(HIDDEN)):
            found.update(places if not signal["unit"] or not wanted.everything else _thinned(trace.entries, places))
    return found


def _thinned(entries: Sequence[Line], places: Sequence[int]) -> Iterator[int]:
    told_s = last_s = float("-inf")
    for at, following in zip(places, [*places[1:], None], strict=True):
        t = entries[at]["t"]
        begins, ends = t - last_s > RUN_S, following is None or entries[following]["t"] - t > RUN_S
        if begins or ends or t - told_s >= LOOK_S:
            told_s = t
            yield at
        last_s = t
