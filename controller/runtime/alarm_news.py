"""How alarms are told: to the board for whoever listens, and to the log."""

import structlog

from controller.domain.alarms import STANDING, AlarmEvent, AlarmLine, Showing, ShowingEvent, shown_state
from controller.runtime.inbox import Board

log = structlog.get_logger(__name__)

Event = AlarmEvent | ShowingEvent

_COMES = frozenset({AlarmEvent.ALARM, ShowingEvent.UNSHELVE, ShowingEvent.RELEASE, ShowingEvent.RETURN})


def said(line: AlarmLine, text: str) -> str:
    """Return what is the matter with its subject before it: ``room 2: somebody stays inside``."""
    return f"{line.subject}: {text}" if line.subject else text


def tell(board: Board, line: AlarmLine, event: Event) -> None:
    """Tell what an event has made of an alarm.

    One that is shown comes or goes as ``alarm``; what people did to it, and what hides it, is an ``alarm_state``. Of
    what goes on beneath something that hides it only the log tells.
    """
    number, state = str(line.tag), shown_state(line.state, line.showing)
    log.info("alarm", code=line.key, number=number, on=event.value, state=state, text=line.text, by=line.by)
    news = {
        "code": line.key,
        "number": number,
        "text": said(line, line.text),
        "state": state,
        "priority": line.tag.alarm.priority.value,
        "burst": line.burst,
        "by": line.by,
    }
    shown = line.showing is Showing.SHOWN
    comes = event in _COMES and line.state in STANDING
    if shown and (comes or event is AlarmEvent.CLEAR):
        board.tell({"event": "alarm", **news, "active": comes, "first_out": line.first_out})
    elif shown or isinstance(event, ShowingEvent):
        board.tell({"event": "alarm_state", **news})
