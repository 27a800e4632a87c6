"""A trace as lines of text, one JSON object each: what a file of the folder `traces` holds, gzip around it.

Every line has ``what``; those that are at an instant have ``t``, in seconds from the cause, by a clock that nobody
sets. ``grep`` and ``jq`` read it after ``gunzip``. Version 1, in this order:

``trace``    the first line. ``version`` of this format; ``number``; ``tower``, ``title``; ``map_version`` of the
             registers; ``release`` of cartower; ``cause`` and ``kind`` (safety, unit, parked, unknown, station, alarm,
             ended, hand); ``at``, wall time of the cause (ISO 8601), and ``wall_s``, the same in seconds since 1970;
             ``monotonic_s``, the daemon's own clock then; ``begin`` and ``end``, the t of the trace's two ends;
             ``clock_set_s``: by so much wall time was set between the cause and the end.
``signal``   each value of each station: ``name`` as `cartower io` has it; ``unit``; ``text``; ``words``, how many
             registers; ``bits``, their names; and what it showed at ``begin``: ``value`` (null: it had not been read)
             and ``shown``, what the number means. A 32-bit value that can be negative is signed.
``station``  how far a station could be relied on: ``name``, ``state``, ``detail``. With ``t`` = ``begin`` once for
             each; from then on among the entries.
``change``   a value is another from this poll on: ``t``, ``name``, ``value`` and ``shown`` (left out where it is the
             number itself; of bits, those that are set).
``record``   what the journal was given: ``kind`` and ``body`` as there. Commands: Planned (the frame), Issued,
             Accepted, Stopping, Settled (the verdict); Asked is what people asked for; UnitSet, JobSet, PlaceSet,
             AlarmSet and others.
``event``    what the daemon told and keeps nowhere: ``event`` is room_state, job_done or jog.
``cause``    what begins a trace, and what else would have: ``kind`` and ``text``.
``end``      the last line: ``lines`` before it. A file without it is torn.

Entries (``change``, ``station``, ``record``, ``event``, ``cause``) are in the order of their ``t``.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from controller.domain.records import to_entry
from controller.trace.ring import Cause, Change, Note, Standing, Take
from controller.trace.signals import Signal, bits_of, signals_of
from hal.plcmap.codes import MAP_VERSION
from hal.plcmap.registers import StationMap

VERSION: Final = 1

Line = dict[str, object]

_TEXT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


@dataclass(frozen=True, slots=True)
class Subject:
    """Of what a trace is: the tower's names, and the maps of its stations in their order."""

    name: str
    title: str
    stations: tuple[StationMap, ...]


def lines(subject: Subject, take: Take) -> Iterator[str]:
    """Yield the lines of a trace. Made one by one as they are asked for, in whatever thread that is."""
    count = 0
    for line in _lines(subject, take):
        count += 1
        yield _TEXT.encode(line)
    yield _TEXT.encode({"what": "end", "lines": count})


def _lines(subject: Subject, take: Take) -> Iterator[Line]:
    signals = [signals_of(station) for station in subject.stations]
    rows = [list(row) for row in take.excerpt.words]
    yield _heading(subject, take)
    for station, row in zip(signals, rows, strict=True):
        yield from (_signal(each, row) for each in station)
    begin = _relative(take, take.excerpt.began_s)
    for standing in take.excerpt.standings:
        yield _standing(subject, begin, standing)
    at = [_by_offset(station) for station in signals]
    for entry in take.excerpt.entries:
        t = _relative(take, entry.at_s)
        match entry:
            case Change():
                yield from _changes(t, entry, rows[entry.station], at[entry.station])
            case Note():
                yield _note(subject, t, entry)


def _heading(subject: Subject, take: Take) -> Line:
    # Slow to import, and not needed before the first trace.
    from importlib import metadata

    elapsed_s = take.ended_s - take.at_s
    return {
        "what": "trace",
        "version": VERSION,
        "number": take.number,
        "tower": subject.name,
        "title": subject.title,
        "map_version": MAP_VERSION,
        "release": metadata.version("cartower"),
        "kind": take.cause.kind,
        "cause": take.cause.text,
        "at": datetime.fromtimestamp(take.wall_s, UTC).isoformat(timespec="milliseconds"),
        "wall_s": round(take.wall_s, 3),
        "monotonic_s": round(take.at_s, 4),
        "begin": _relative(take, take.excerpt.began_s),
        "end": round(elapsed_s, 4),
        "clock_set_s": round(take.wall_ended_s - take.wall_s - elapsed_s, 2),
    }


def _relative(take: Take, at_s: float) -> float:
    return round(at_s - take.at_s, 4) + 0.0


def _signal(signal: Signal, row: Sequence[int]) -> Line:
    found = signal.read(row)
    line: Line = {"what": "signal", "name": signal.name, "unit": signal.unit, "text": signal.text}
    line |= {"words": signal.words, "bits": bits_of(signal)}
    return line | {
        "value": None if found is None else found.value,
        "shown": None if found is None else found.text,
    }


def _by_offset(signals: Iterable[Signal]) -> Mapping[int, Signal]:
    return {signal.offset + i: signal for signal in signals for i in range(signal.words)}


def _changes(t: float, change: Change, row: list[int], at: Mapping[int, Signal]) -> Iterator[Line]:
    """Bring a row up to a change; yield its signals."""
    touched: dict[str, Signal] = {}
    for offset, value in change.pairs():
        if offset >= len(row):
            row.extend([0] * (offset + 1 - len(row)))
        row[offset] = value
        if offset in at:
            touched[at[offset].name] = at[offset]
    for signal in touched.values():
        found = signal.read(row)
        assert found is not None
        line: Line = {"t": t, "what": "change", "name": signal.name, "value": found.value}
        yield line if found.text == str(found.value) else line | {"shown": found.text}


def _standing(subject: Subject, t: float, standing: Standing) -> Line:
    name = subject.stations[standing.station].name
    return {"t": t, "what": "station", "name": name, "state": standing.state, "detail": standing.detail}


def _note(subject: Subject, t: float, note: Note) -> Line:
    match note.told:
        case Standing() as standing:
            return _standing(subject, t, standing)
        case Cause(kind, text):
            return {"t": t, "what": "cause", "kind": kind, "text": text}
        case Mapping() as event:
            return {"t": t, "what": "event", **{key: value for key, value in event.items() if key != "id"}}
        case record:
            kind, body = to_entry(record)
            return {"t": t, "what": "record", "kind": kind, "body": body}
