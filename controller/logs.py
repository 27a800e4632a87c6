"""The one place that sets structlog up.

On a terminal a line for the eye, everywhere else one JSON object a line on standard error: what a service manager
keeps. Times come from the injected wall clock, so that a rehearsal's log is a function of its seed.
"""

import io
import logging
import os
import sys
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import Processor

ALARM: Final = "alarm"
"""Event name of whatever a person should see; its ``code`` is a name of `controller.fault_codes`."""

UNIT_STATE: Final = "unit_state"
ROOM_STATE: Final = "room_state"
JOB_STATE: Final = "job_state"

Line = MutableMapping[str, Any]


def set_up(
    *, now: Callable[[], float], level: str = "info", stream: TextIO | None = None, readable: bool | None = None
) -> None:
    """Send log lines of ``level`` and above to ``stream`` (default: standard error).

    ``readable`` lines are for people, the others JSON; by default that is whether the stream is a terminal. ``now``
    gives wall time in seconds since the epoch. A line that cannot be written, on a full disk say, is lost: a tower is
    not stopped for its log.

    Raises:
        ValueError: an unknown level.

    """
    target = sys.stderr if stream is None else stream
    for_people = target.isatty() if readable is None else readable
    threshold = logging.getLevelNamesMapping().get(level.upper())
    if threshold is None:
        raise ValueError(f"log level {level!r} is none of debug, info, warning, error, critical")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _stamp(now),
            *(_for_people(target) if for_people else _for_machines()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Lossy(target))),
        cache_logger_on_first_use=False,
    )


class _Lossy(io.TextIOBase):
    """Writes to a stream what it takes, and loses the rest.

    A file is written past the stream's buffer, in which a line that failed would stay and fail again, at the latest
    at the end of the process, whose exit code it would spoil.
    """

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self.lost = 0
        """How many writes have failed since the last that did not."""

    def write(self, text: str, /) -> int:
        try:
            if self.lost:
                self._put(f'{{"event": "log_lines_lost", "level": "warning", "lines": {self.lost}}}\n')
            self._put(text)
        except OSError:
            self.lost += 1
        else:
            self.lost = 0
        return len(text)

    def _put(self, text: str) -> None:
        try:
            descriptor = self._target.fileno()
        except io.UnsupportedOperation:
            self._target.write(text)
        else:
            os.write(descriptor, text.encode(errors="backslashreplace"))


def _stamp(now: Callable[[], float]) -> Processor:
    """Return a processor that adds ``at``: UTC, ISO 8601, milliseconds."""

    def add(_logger: object, _method: str, line: Line) -> Line:
        line["at"] = datetime.fromtimestamp(now(), UTC).isoformat(timespec="milliseconds")
        return line

    return add


def _for_machines() -> tuple[Processor, ...]:
    return (
        structlog.processors.dict_tracebacks,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    )


def _for_people(stream: TextIO) -> tuple[Processor, ...]:
    return (structlog.dev.ConsoleRenderer(colors=stream.isatty(), timestamp_key="at"),)
