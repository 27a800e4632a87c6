"""Wires the recorder of traces to a running daemon: part of the composition root."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, Literal

from config.schema import Tower
from controller.runtime.inbox import Board
from controller.runtime.ledger import Ledger
from controller.store.writer import Executor
from controller.trace.folder import Limits
from controller.trace.recorder import Recorder, Span
from controller.trace.shelf import Shelf
from controller.trace.writing import Subject, lines
from hal.plcmap.codec import Image
from hal.scan import Station

FOLDER: Final = "traces"
"""Beside the journal."""


def recorder_of(
    tower: Tower, journal: Path | Literal[":memory:"], writer: Executor | None, now: Callable[[], float]
) -> Recorder:
    """Return the recorder of a tower; it records nothing where there is no writer, no folder, or no time to go back."""
    kept, maps = tower.trace, tower.maps
    span = Span(kept.before_s, kept.after_s)
    if writer is None or journal == ":memory:" or not kept.before_s:
        return Recorder(tuple(maps), span, now, None)
    limits = Limits(kept.keep, kept.keep_mib << 20)
    subject = Subject(tower.name, tower.title, tuple(maps.values()))
    shelf = Shelf(journal.with_name(FOLDER), writer, limits, partial(lines, subject))
    return Recorder(tuple(maps), span, now, shelf)


def connect(recorder: Recorder, stations: Mapping[str, Station], ledger: Ledger, board: Board) -> None:
    """Let a recorder hear everything. It must be heard before whoever acts on it: causes come before effects."""
    if not recorder.on:
        return
    for at, name in enumerate(recorder.stations):
        station = stations[name]
        station.on_image(partial(_show, recorder, at, station))
        station.on_state(partial(_stand, recorder, at))
    ledger.on_fold = recorder.record
    board.on_event = recorder.event


def moving(stations: Mapping[str, Station]) -> list[str]:
    """Return the full names of the mechanisms that executed a command when they were seen last."""
    return [
        f"{station.name}/{name}"
        for station in stations.values()
        if station.last_image is not None
        for name, status in station.last_image.mechanisms.items()
        if status.executing
    ]


def _show(recorder: Recorder, at: int, station: Station, _image: Image) -> None:
    recorder.image(at, station.last_words)


def _stand(recorder: Recorder, at: int, station: Station) -> None:
    recorder.standing(at, station.state.name, station.trouble)
