"""Service counters as people and programs are shown them: plain JSON-able values. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from math import floor
from typing import Final

from controller.domain.service import MS_PER_HOUR, WAY_UNITS, Counts, Kind
from controller.domain.service_plan import Limb, Standing, by_urgency

DUE: Final = "due"
SOON: Final = "soon due"
OK: Final = "ok"
NO_INTERVAL: Final = "no interval"

Body = dict[str, object]


def table(standings: Iterable[Standing]) -> list[Body]:
    """Return one line a component, most urgent first."""
    return [line(each) for each in by_urgency(standings)]


def line(standing: Standing) -> Body:
    """Return a component: since its last service and in all, its share of the interval, and when it will be due."""
    counted = standing.counted
    return {
        "component": standing.component,
        "kind": standing.kind.value,
        "state": _state(standing),
        "share": None if standing.share is None else _share(standing.share),
        "forecast": _moment(standing.due_at),
        "since_service": _counts(counted.since, standing.kind),
        "in_all": _counts(counted.total, standing.kind),
        "way_unit": WAY_UNITS.get(standing.kind),
        "serviced": _moment(counted.serviced_at),
    }


def details(standing: Standing) -> Body:
    """Return a component with each part of its interval and its services, newest first."""
    services = [
        {"at": _moment(each.at), "by": each.by, "note": each.note, "in_all": _counts(each.total, standing.kind)}
        for each in reversed(standing.counted.history)
    ]
    interval = [_limb(limb) for limb in standing.limbs]
    return {**line(standing), "interval": interval, "services": services, "station_starts": None}


def _state(standing: Standing) -> str:
    if not standing.limbs:
        return NO_INTERVAL
    return DUE if standing.due else SOON if standing.soon else OK


def _counts(counts: Counts, kind: Kind) -> Body:
    return {
        "cycles": counts.cycles,
        "starts": counts.starts,
        "hours": None if kind is Kind.DRIVES else round(counts.ran_ms / MS_PER_HOUR, 4),
        "way": round(counts.way / 1000, 1) if kind in WAY_UNITS else None,
        "untimed": counts.untimed,
        "unmeasured": counts.unmeasured,
    }


def _limb(limb: Limb) -> Body:
    return {
        "name": limb.name,
        "used": round(limb.used, 4),
        "limit": limb.limit,
        "share": _share(limb.share),
        "forecast": _moment(limb.due_at),
    }


def _share(share: float) -> float:
    """Return a share cut to four digits: nothing looks due before it is."""
    return floor(share * 10_000) / 10_000


def _moment(at: float | None) -> str | None:
    """Return wall time as ISO 8601, None for what lies beyond the calendar."""
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return None
