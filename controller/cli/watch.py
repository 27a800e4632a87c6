"""`cartower watch`: the tower live on a terminal, or one plain line an event into a pipe."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from controller.api.messages import Notice
from controller.api.sync_client import SyncClient
from controller.cli.event_texts import event_text
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.options import daemon_options, json_option
from controller.cli.output import BAD, for_people, ink, is_dumb
from controller.cli.picture import News, picture
from controller.cli.screen import Screen, full_screen
from controller.cli.texts import Status, rooms_of
from controller.domain.jobs import STEPS

FRAME_S: Final = 0.1
"""Least time between two frames."""

LOOK_S: Final = 0.05
"""How long to wait for news before looking whether a frame is due, or a key was pressed."""

TICK_S: Final = 1.0
"""Without news a frame is drawn so often: it says how old it is."""

EVENTS_KEPT: Final = 100


@click.command(epilog=shown("cartower watch", "cartower watch | grep alarm", "cartower watch --json"))
@daemon_options
@json_option
@translated
def watch(socket: Path, *, as_json: bool) -> None:
    """Follow the tower until Ctrl-C.

    On a terminal a live picture: levels and ring with every car, the carriage at its height (in the shaft) and angle
    (the mark), rooms, the job at hand with its steps and the time it takes, the queue, alarms and events; q leaves it.
    Into a pipe one plain line an event. With --json one JSON object a line: {"status": ...} or {"event": ...}.
    """
    with SyncClient(socket) as client:
        try:
            if as_json:
                _objects(client)
            elif for_people() and not is_dumb():
                _live(client)
            else:
                _lines(client)
        except KeyboardInterrupt:
            return


def _objects(client: SyncClient) -> None:
    import json

    for notice in client.notices():
        if notice is not None:
            print(json.dumps({notice.method: notice.params}, ensure_ascii=False), flush=True)


def _lines(client: SyncClient) -> None:
    rooms: Sequence[int] = ()
    for notice in client.notices():
        if notice is not None and notice.method == "event":
            print(f"{_clock()} {event_text(notice.params, rooms)}", flush=True)
        elif notice is not None and notice.params:
            rooms = rooms_of(notice.params)


def _live(client: SyncClient) -> None:
    seen = _Seen()
    with full_screen() as screen:
        for notice in client.notices(LOOK_S):
            seen.take(notice)
            if screen.key() in ("q", "Q"):
                return
            if seen.due(screen):
                seen.draw(screen)


class _Seen:
    """What was told so far, and when it was drawn."""

    def __init__(self) -> None:
        self._status: Status = {}
        self._events: deque[str] = deque(maxlen=EVENTS_KEPT)
        self._told_s = self._drawn_s = time.monotonic()
        self._changed = False

    def take(self, notice: Notice | None) -> None:
        """Take what the daemon told, if anything."""
        if notice is None:
            return
        if notice.method == "status":
            self._status, self._told_s = notice.params, time.monotonic()
        elif not _is_step(notice.params):
            self._events.appendleft(f"{_clock()} {_coloured(notice.params, self._status)}")
        self._changed = True

    def due(self, screen: Screen) -> bool:
        """Whether a frame is due: something is new, the terminal is another, or a second has passed."""
        if not self._status:
            return False
        since_s = time.monotonic() - self._drawn_s
        return screen.resized() or screen.stale or since_s >= (FRAME_S if self._changed else TICK_S)

    def draw(self, screen: Screen) -> None:
        """Draw a frame."""
        now_s = time.monotonic()
        size = screen.size
        screen.draw(picture(News(self._status, list(self._events), now_s - self._told_s), size.columns, size.lines))
        self._drawn_s, self._changed = now_s, False


def _is_step(event: Mapping[str, Any]) -> bool:
    """Whether an event only tells of a step that the line of the job at hand shows anyway."""
    return event.get("event") == "job_state" and event["state"] in STEPS


def _coloured(event: Mapping[str, Any], status: Status) -> str:
    text = event_text(event, rooms_of(status) if status else ())
    if event.get("event") == "alarm":
        return ink(text, BAD)
    return ink(text, bold=event.get("event") == "job_done")


def _clock() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")
