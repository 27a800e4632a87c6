"""What a person does next, from a status: the most urgent first, each line with the command that it needs. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from controller.cli.texts import Status

NEXT: Final[Mapping[str, str]] = {
    "ABORTED": "`cartower unit clear`, then reset and start",
    "STOPPED": "`cartower unit reset` switches the drives on and references the machine",
    "IDLE": "`cartower unit start` lets the tower work",
    "HELD": "look at the reason, then `cartower unit unhold`",
    "SUSPENDED": "`cartower unit unsuspend`",
    "COMPLETE": "`cartower unit reset`",
}
"""What a person does next in each state that waits for one."""

NEXT_BESIDE_PRODUCTION: Final[Mapping[tuple[str, str], str]] = {
    ("MANUAL", "ABORTED"): "`cartower unit clear`, then reset: in manual mode nothing moves by it",
    ("MANUAL", "STOPPED"): "`cartower unit reset` switches the drives on; nothing moves",
    ("MANUAL", "IDLE"): "`cartower jog` moves by hand; `cartower unit mode production` ends it",
    ("MAINTENANCE", "ABORTED"): "`cartower unit clear`, then reset",
    ("MAINTENANCE", "IDLE"): "`cartower unit mode production`, then `cartower unit start`",
}
"""The same by mode and state, where it differs from production."""

PLACES_NAMED: Final = 3
"""Unverified bays that are named one by one; through more a person is led."""

TRIPPED: Final = frozenset({"ABORTED", "STOPPED"})
"""States that an open safety chain keeps the unit in."""


def next_line(status: Status) -> Iterator[tuple[str, str]]:
    """Yield what a person does next, if anybody is waited for."""
    for step in _steps(status):
        yield "next", step


def state_step(status: Status) -> str:
    """Return what leads the unit on from where it stands; empty where nobody is waited for."""
    unit = status["unit"]
    state = str(unit["state"])
    if unit.get("reset_due") and state == "HELD":
        return f"`cartower unit stop`, then reset and start: {unit['reset_due']}"
    return NEXT_BESIDE_PRODUCTION.get((unit["mode"], state), NEXT.get(state, ""))


def _steps(status: Status) -> Iterator[str]:
    yield from _most_urgent(status)
    yield from _before_the_unit(status)
    parked = [job for job in status["queue"] if job["state"] == "PARKED"]
    for job in parked:
        yield f"job {job['id']} waits for your decision: `cartower resolve {job['id']}`"
    yield from _unverified(status)
    step = state_step(status)
    # Behind a decision the wizard lets the tower go on by itself.
    if step and not (parked and status["unit"]["state"] == "HELD"):
        yield step


def _most_urgent(status: Status) -> Iterator[str]:
    """Yield what to do about the most urgent alarm, the list's first, and where the others are told."""
    alarms = status["alarms"]
    for alarm in alarms[:1]:
        if alarm.get("guidance"):
            yield f"alarm {alarm['number']}: {alarm['guidance']}"
    if len(alarms) > 1:
        yield f"`cartower alarms` lists all {len(alarms)}; `cartower alarms show NUMBER` tells what to do"


def _before_the_unit(status: Status) -> Iterator[str]:
    """Yield what must be so before the unit can be cleared or reset."""
    if status["unit"]["state"] not in TRIPPED:
        return
    told = {alarm["code"] for alarm in status["alarms"]}
    frozen = [station["name"] for station in status["stations"] if station["state"] == "FROZEN"]
    gone = [station["name"] for station in status["stations"] if station["state"] not in ("ONLINE", "FROZEN")]
    if frozen and "FOREIGN_MASTER" not in told:
        yield f"find the other controller and stop it; then `cartower adopt` ({', '.join(frozen)})"
    if gone and not told & {"STATION_OFFLINE", "LINE_LOST"}:
        yield f"first {', '.join(gone)} must be online again: `cartower doctor` looks at the way to it"
    # An alarm of the chain says the same, with what to look at.
    if status["safety"]["closed"] is False and not told & {"SAFETY", *status["safety"]["causes"]}:
        causes = ", ".join(status["safety"]["causes"]) or "no cause shown"
        yield f"first close the safety chain ({causes}): put the cause right, then the device reset at the tower"


def _unverified(status: Status) -> Iterator[str]:
    bays = sorted(
        int(each["place"])
        for each in status["places"].values()
        if each["status"] == "unverified" and each["place"] not in status["tower"]["rooms"]
    )
    if 0 < len(bays) <= PLACES_NAMED:
        for bay in bays:
            yield f"look into bay {bay}, then `cartower place confirm {bay} --car CAR`, or `--empty`"
    elif bays:
        everything = "`cartower inventory import FILE` states them all"
        yield f"unverified bays ({len(bays)}): `cartower inventory audit` leads from bay to bay, {everything}"

