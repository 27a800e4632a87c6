"""Alarms as people and programs are shown them: plain JSON-able lines."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from controller.domain.alarm_texts import ENGLISH
from controller.domain.alarms import ACTIVE, UNSEEN, AlarmLine, Showing, shown_state
from controller.runtime.alarm_news import said
from controller.runtime.alarms import Alarms


def active(alarms: Alarms) -> list[dict[str, object]]:
    """Return the alarms that are active and shown, most urgent first."""
    return [
        _brief(alarms, line)
        for line in alarms.lines()
        if line.showing is Showing.SHOWN and line.state in ACTIVE
    ]


def full(alarms: Alarms) -> list[dict[str, object]]:
    """Return every line of the list, hidden ones too, most urgent first."""
    return [
        {
            **_brief(alarms, line),
            "beneath": line.state.value,
            "subject": line.subject,
            "cause": ENGLISH[line.key].cause,
            "limits": "" if line.tag.alarm.band is None else line.tag.alarm.band.limits,
            "latching": line.tag.alarm.latching,
            "safety": line.tag.alarm.safety,
            "changed": _moment(line.changed_at),
            "until": None if line.until is None else _moment(line.until),
            "why": line.why,
            "by": line.by,
            "burst": line.burst,
        }
        for line in alarms.lines()
    ]


def counts(lines: Iterable[AlarmLine]) -> dict[str, int]:
    """Return how many are active and shown, not acknowledged, and hidden in each of the three ways."""
    found: Counter[str] = Counter()
    for line in lines:
        if line.showing is Showing.SHOWN:
            found["active"] += line.state in ACTIVE
            found["unacknowledged"] += line.state in UNSEEN
        else:
            found[line.showing.value.lower()] += 1
    return {name: found[name] for name in ("active", "unacknowledged", "shelved", "suppressed", "out_of_service")}


def _brief(alarms: Alarms, line: AlarmLine) -> dict[str, object]:
    alarm, text = line.tag.alarm, ENGLISH[line.key]
    return {
        "code": line.key,
        "text": said(line, alarms.text(line)),
        "number": str(line.tag),
        "title": text.title,
        "state": shown_state(line.state, line.showing),
        "priority": alarm.priority.value,
        "first_out": line.first_out,
        "since": _moment(line.raised_at),
        "consequence": text.consequence,
        "guidance": text.guidance,
        "clearance": alarm.clearance.value,
        "response_s": alarm.response_s,
    }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
