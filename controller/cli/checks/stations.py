"""The stations as a running daemon sees them: online, with the register map of this release, on quiet buses."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from controller.cli.checks.finding import Finding, fail, ok, warn

MOST_UNANSWERED: Final = 0.001
"""Part of the requests that may go unanswered on a good line."""
MOST_LOAD: Final = 0.6
FEW: Final = 200
"""Requests below which a rate says nothing."""

Answer = Mapping[str, Any]


def check_stations(status: Answer, buses: Answer) -> Iterator[Finding]:
    """Check what the daemon tells of its stations and buses."""
    troubles = {station["name"]: station for station in status["stations"]}
    for bus in buses["buses"]:
        yield from _bus(bus)
        for station in bus["stations"]:
            yield _station(station, troubles[station["name"]], buses["map_version"])
    for alarm in status["alarms"]:
        if alarm["code"] != "STATION_OFFLINE":
            yield warn("alarm", f"{alarm['code']}: {alarm['text']}", "`cartower jobs` and `cartower status` tell more")


def _station(station: Answer, told: Answer, map_version: int) -> Finding:
    what = f"station {station['name']}"
    if told["state"] == "FROZEN":
        todo = "make sure that the other master is gone for good, then `cartower adopt`"
        return fail(what, f"another master was seen: {told['detail']}", todo)
    if told["state"] != "ONLINE":
        todo = "look at its power and its line; `cartower bus stats` counts what comes back"
        return fail(what, f"{told['state']}: {told['detail']}", todo)
    if station["map_version"] != map_version:
        seen = f"register map version {station['map_version']}, this release speaks {map_version}"
        return fail(what, seen, "load the PLC program that belongs to this release")
    return ok(what, f"online, register map version {map_version}")


def _bus(bus: Answer) -> Iterator[Finding]:
    what = f"bus {bus['name']}"
    requests = sum(station["requests"] for station in bus["stations"])
    bad = sum(station["unanswered"] + station["unfitting"] for station in bus["stations"])
    if requests > FEW and bad > MOST_UNANSWERED * requests:
        seen = f"{bad} of {requests} requests without a right answer, {bus['reconnects']} reconnects"
        yield warn(what, seen, "look at plugs, shield and termination; `cartower bus stats` shows which station")
    else:
        yield ok(what, f"{requests} requests, {bad} without a right answer, {bus['reconnects']} reconnects")
    if bus["load"] is not None and bus["load"] > MOST_LOAD:
        yield warn(what, f"load {bus['load']:.0%}", "raise its baud rate, or give it fewer stations")
