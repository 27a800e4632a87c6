"""The plan of the queue in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.cli.status_text import appointment_text
from controller.cli.texts import place_text, promise_text, seconds_text

Picture = Mapping[str, Any]


def plan_lines(picture: Picture) -> Iterator[str]:
    """Yield the lines of a plan, the job at hand first."""
    hand, moves, unplanned = picture["at_hand"], picture["moves"], picture["unplanned"]
    rooms = picture["rooms"]
    for restriction in picture["restrictions"]:
        yield f"     {restriction}"
    if hand is not None:
        when = f"nobody knows when: {hand['held']}" if hand["held"] else f"done in {seconds_text(hand['eta_s'])}"
        yield f"now  job {hand['id']} {_what(hand, rooms)}, {when}"
        yield from _standing(hand, rooms)
        if hand["why"]:
            yield f"     {hand['why']}"
    elif not moves and not unplanned and not picture["outside"] and not picture["appointments"]:
        yield "Nothing is under way, and nothing waits."
    for position, move in enumerate(moves, start=1):
        yield f"{position:>3}  job {move['job']} {_what(move, rooms)}, begins {_in(move['begins_s'])}, {_promise(move)}"
        yield f"     {move['why']}"
    for job in picture["outside"]:
        yield f"  -  job {job['id']} {job['kind']} {job['car']} waits outside, {_promise(job)}"
    for job in unplanned:
        yield f"  -  job {job['id']} {job['kind']} {job['car']}, nobody knows when: {job['held']}"
    for each in picture["appointments"]:
        yield f"  -  appointment {appointment_text(each, rooms)}"
    if reckoned := list(_reckoned(picture)):
        yield ""
        yield from reckoned


def _reckoned(picture: Picture) -> Iterator[str]:
    """Yield how good the plan is, and how promises were kept."""
    if picture["bound"] is not None:
        yield from _beside(picture["bound"])
    if picture["promises"]["kept"]:
        yield _kept(picture["promises"])


def _standing(hand: Picture, rooms: Sequence[int]) -> Iterator[str]:
    """Yield what a car that was fetched ahead waits for, or that it goes back."""
    if not hand["ahead"]:
        return
    if hand["target"] == hand["source"]:
        yield "     goes back into its bay, and waits there for a room"
        return
    where = place_text(hand["target"], rooms)
    yield f"     {where} is not vacant yet: the carriage stands before it for about {seconds_text(hand['stands_s'])}"


def _what(move: Picture, rooms: Sequence[int]) -> str:
    source, target = (place_text(move[end], rooms) for end in ("source", "target"))
    return f"{move['kind']} {move['car']} from {source} to {target}"


def _in(seconds: float) -> str:
    return "now" if seconds < 1 else f"in {seconds_text(seconds)}"


def _promise(move: Picture) -> str:
    """Return when a job will be done; what is told may be older than the plan, and over before the job begins."""
    promise = move["promise"]
    if promise is None:
        return f"done in {seconds_text(move['ends_s'])}"
    if promise["late_s"]:
        return promise_text(move)
    because = f" ({promise['because']})" if promise["because"] else ""
    if promise["p50_s"] < move.get("begins_s", 0.0):
        ends_s, p90_s = move["ends_s"], promise["p90_s"]
        latest = f", at the latest {seconds_text(p90_s)}" if p90_s > ends_s else ""
        return f"done in {seconds_text(ends_s)}{latest}{because}"
    return promise_text(move) + because


def _beside(bound: Picture) -> Iterator[str]:
    """Yield how the plan compares with what no order of the same jobs can beat."""
    done, wait = (_above(bound[key], bound[f"least_{key}"]) for key in ("done_s", "wait_s"))
    yield f"All of these are done, and their rooms vacant again, in {done}."
    yield f"Their mean wait is {wait}."


def _above(planned_s: float, least_s: float) -> str:
    part = max(0.0, planned_s / least_s - 1) if least_s > 0 else 0.0
    return f"{seconds_text(planned_s)}, {part * 100:.0f} % above what no order can beat"


def _kept(promises: Picture) -> str:
    share = f"{promises['within_p90'] * 100:.0f} %"
    off = seconds_text(promises["mean_error_s"])
    return f"Of {promises['kept']} promises {share} kept their latest time (nine in ten should); {off} off on the mean."
