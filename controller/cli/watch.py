"""`cartower watch`: the tower live on a terminal, or one plain line an event into a pipe."""

import shutil
import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from controller.api.sync_client import SyncClient
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.options import daemon_options, json_option
from controller.cli.output import BAD, for_people, ink
from controller.cli.screen import draw, full_screen
from controller.cli.status_text import at_hand_text, next_line, queued_text, room_text, safety_text, unit_text
from controller.cli.texts import Status, event_text, rooms_of
from controller.cli.tower_view import tower_lines
from controller.domain.jobs import STEPS

FRAME_S: Final = 0.1
LOOK_S: Final = 0.03
"""How long to wait for news before looking whether a frame is due."""

QUEUE_SHOWN: Final = 5
EVENTS_KEPT: Final = 30


@click.command(epilog=shown("cartower watch", "cartower watch | grep alarm", "cartower watch --json"))
@daemon_options
@json_option
@translated
def watch(socket: Path, *, as_json: bool) -> None:
    """Follow the tower until Ctrl-C: a live picture on a terminal, else one line an event.

    With --json one JSON object a line: {"status": ...} or {"event": ...}.
    """
    with SyncClient(socket) as client:
        try:
            if as_json:
                _objects(client)
            elif for_people():
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
    status: Status = {}
    events: deque[str] = deque(maxlen=EVENTS_KEPT)
    drawn, changed = 0.0, False
    with full_screen():
        for notice in client.notices(LOOK_S):
            if notice is not None and notice.method == "status":
                status, changed = notice.params, True
            elif notice is not None and not _is_step(notice.params):
                events.appendleft(f"{_clock()} {_coloured(notice.params, status)}")
                changed = True
            if status and changed and time.monotonic() - drawn >= FRAME_S:
                draw(picture(status, list(events), shutil.get_terminal_size().columns))
                drawn, changed = time.monotonic(), False


def _is_step(event: Mapping[str, Any]) -> bool:
    """Whether an event only tells of a step that the line of the job at hand shows anyway."""
    return event.get("event") == "job_state" and event["state"] in STEPS


def picture(status: Status, events: list[str], columns: int) -> list[str]:
    """Return the lines of one frame, the newest event first; what matters least stands lowest."""
    tower, rooms, queue = status["tower"], rooms_of(status), status["queue"]
    lines = [
        f"{ink(tower['title'] or tower['name'], bold=True)}   {unit_text(status['unit'])}   profile {tower['profile']}",
        *(ink(f"{alarm['code']}: {alarm['text']}", BAD, bold=True) for alarm in status["alarms"]),
        *([] if status["safety"]["closed"] else [f"safety chain {safety_text(status['safety'])}"]),
        "",
        *tower_lines(status, columns),
        "",
        *(f"room {room_text(room)}" for room in status["rooms"]),
        "",
        f"{ink('now ', bold=True)} {at_hand_text(status)}",
        *(f"{ink('then', bold=True)} {queued_text(job, rooms)}" for job in queue[:QUEUE_SHOWN]),
    ]
    if len(queue) > QUEUE_SHOWN:
        lines.append(f"     and {len(queue) - QUEUE_SHOWN} more")
    lines += [f"{ink('next', bold=True)} {text}" for _, text in next_line(status)]
    return [*lines, "", *events]


def _coloured(event: Mapping[str, Any], status: Status) -> str:
    text = event_text(event, rooms_of(status) if status else ())
    if event.get("event") == "alarm":
        return ink(text, BAD)
    return ink(text, bold=event.get("event") == "job_done")


def _clock() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")
