"""The words for what the daemon tells: places, jobs, times."""

from collections.abc import Mapping, Sequence
from typing import Any

from controller.domain.looks import Eye

Status = Mapping[str, Any]


def rooms_of(status: Status) -> Sequence[int]:
    """Return the places of the rooms, in the order of their numbers."""
    rooms: Sequence[int] = status["tower"]["rooms"]
    return rooms


def under_way(status: Status) -> list[Mapping[str, Any]]:
    """Return the jobs that have not ended, the one at hand first."""
    return [*([status["job"]] if status["job"] else ()), *status["queue"]]


def place_text(place: int | None, rooms: Sequence[int]) -> str:
    """Return ``bay 305`` or ``room 1 (101)``; nothing chosen yet is a dash."""
    if place is None:
        return "-"
    if place in rooms:
        return f"room {rooms.index(place) + 1} ({place})"
    return f"bay {place}"


def seconds_text(seconds: float | None) -> str:
    """Return a time span as people say it: ``8 s``, ``4 min``, ``2 h 5 min``."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def job_text(job: Mapping[str, Any], rooms: Sequence[int]) -> str:
    """Return a job in one line: number, what, which car, from where to where."""
    source = place_text(job.get("source"), rooms)
    target = job.get("target") or job.get("room")
    where = place_text(target, rooms) if target else ("any room")
    way = f"{source} to {where}" if job.get("source") else f"for {where}"
    return f"{job['id']} {job['kind']} {job['car']} {way}"


def bar(part: float | None, width: int = 12) -> str:
    """Return a progress bar; nothing known is empty."""
    full = round((part or 0.0) * width)
    return "█" * full + "░" * (width - full)


def promise_text(job: Mapping[str, Any]) -> str:
    """Return what a job that waits is promised: half keep the first time, nine in ten the second."""
    promise, outside = job["promise"], job.get("outside", False)
    if promise["late_s"]:
        return f"{'a room' if outside else 'done'} {seconds_text(promise['late_s'])} later than promised so far"
    return when_text(promise, outside=outside)


def when_text(promise: Mapping[str, Any], *, outside: bool) -> str:
    """Return when a job is done, or a room is there for whoever waits outside, as is promised."""
    middle, late = (seconds_text(promise[key]) for key in ("p50_s", "p90_s"))
    return f"{'a room' if outside else 'done'} in {middle}, at the latest {late}"


def who_looked(eye: str, by: str) -> str:
    """Return who has looked into a bay."""
    if eye == Eye.CARRIAGE:
        return f"the carriage for {by}" if by else "the carriage"
    return by or "somebody"
