"""What a half-typed word may become: asked from the daemon, quickly, and silent when there is none."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from controller.api.messages import ApiError
from controller.api.sync_client import SyncClient
from controller.cli.due import due_text
from controller.cli.options import RUN_DIR, SOCKET
from controller.cli.texts import place_text, rooms_of
from controller.domain.refusal import Refusal

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PATIENCE_S: Final = 0.3
"""Somebody holds the Tab key: no answer is better than a late one."""

Item = tuple[str, str]
"""A value, and what it means."""


def cars(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the ids of the cars inside."""
    return _fitting(incomplete, ((car["id"], _car_text(car)) for car in _asked(ctx, "cars").get("cars", ())))


def booked_cars(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the ids of the cars that somebody has an appointment for."""
    found = _asked(ctx, "jobs").get("appointments", ())
    return _fitting(incomplete, ((each["car"], due_text(each["due"])) for each in found))


def jobs(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the numbers of the jobs that have not ended, and of the appointments."""
    answer = _asked(ctx, "jobs")
    found = [(str(job["id"]), f"{job['kind']} {job['car']} {job['state']}") for job in answer.get("jobs", ())]
    found += [(str(each["id"]), f"{each['car']} {due_text(each['due'])}") for each in answer.get("appointments", ())]
    return _fitting(incomplete, found)


def choices(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the choices of the job that is named before, else of every parked one."""
    found = [job for job in _asked(ctx, "jobs").get("jobs", ()) if ctx.params.get("job") in (None, job["id"])]
    return _fitting(incomplete, ((choice, f"job {job['id']}") for job in found for choice in job["choices"]))


def rooms(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the numbers of the rooms."""
    found = _asked(ctx, "status").get("rooms", ())
    return _fitting(incomplete, ((str(room["number"]), f"{room['place']} {room['state']}") for room in found))


def bays(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the bays that are free."""
    status = _asked(ctx, "status")
    places = status["places"].values() if status else ()
    free = (place for place in places if place["status"] == "free" and place["job"] is None)
    return _fitting(
        incomplete,
        (
            (str(place["place"]), place_text(place["place"], rooms_of(status)))
            for place in free
            if place["place"] not in rooms_of(status)
        ),
    )


def blocked_bays(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the bays that are out of use."""
    places = _asked(ctx, "status").get("places", {}).values()
    blocked = (place for place in places if place["status"] == "blocked")
    return _fitting(incomplete, ((str(place["place"]), place["reason"]) for place in blocked))


def blocked_levels(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the levels that are out of use."""
    found = (each for each in _asked(ctx, "status").get("restrictions", ()) if each["kind"] == "level")
    return _fitting(incomplete, ((str(each["number"]), each["why"]) for each in found))


def stations(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the names of the stations."""
    found = _asked(ctx, "status").get("stations", ())
    return _fitting(incomplete, ((station["name"], station["state"]) for station in found))


def components(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the names of the components that wear."""
    found = _asked(ctx, "service").get("components", ())
    return _fitting(incomplete, ((each["component"], each["state"]) for each in found))


def signals(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the full names of the signals, station by station."""
    station, slash, _ = incomplete.partition("/")
    if not slash:
        found = _asked(ctx, "status").get("stations", ())
        return _fitting(incomplete, ((f"{each['name']}/", each["state"]) for each in found))
    found = _asked(ctx, "io", station=station).get("signals", ())
    return _fitting(incomplete, ((each["name"], each["text"]) for each in found))


def _car_text(car: Mapping[str, Any]) -> str:
    where = car["where"] if car["place"] is None else f"{car['where']} {car['place']}"
    return f"{where} {car['model']}".strip()


def _fitting(incomplete: str, items: Iterable[Item]) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    return [CompletionItem(value, help=text) for value, text in items if value.startswith(incomplete)]


def _asked(ctx: click.Context, method: str, **params: object) -> Mapping[str, Any]:
    """Return the daemon's answer; empty if it does not come at once."""
    try:
        with SyncClient(_socket(ctx), patience_s=PATIENCE_S) as client:
            return client.call(method, **params)
    except (ApiError, Refusal):
        # Without a daemon there is nothing to offer, and a message would be typed into the person's line.
        return {}


def _socket(ctx: click.Context) -> Path:
    named = next((each.params["socket"] for each in _upwards(ctx) if each.params.get("socket")), None)
    run_dir = next((each.params["run_dir"] for each in _upwards(ctx) if each.params.get("run_dir")), RUN_DIR)
    return Path(named) if named else Path(run_dir) / SOCKET


def _upwards(ctx: click.Context | None) -> Iterator[click.Context]:
    while ctx is not None:
        yield ctx
        ctx = ctx.parent
