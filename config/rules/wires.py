"""Whether every station hangs on one bus, every bus is a line of its own, and no line is too busy."""

import posixpath
import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from config.budget import MAX_LOAD, line_loads
from config.faults import Fault, did_you_mean
from config.positions import KeyPath
from config.rules.rule import Rule
from config.rules.topology import TOPOLOGY
from config.schema import Bus, RtuBus, TcpBus, Tower
from config.sources import Sources
from hal.plcmap.shape import TOWER_UNIT

MOST_HOST: Final = 253
"""Characters of a host's name; of each part between its dots 63 (RFC 1035, 2.3.4)."""

_PART: Final = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")


def stations_exist(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that a bus carries stations of this tower, each once, and the tower PLC by TCP."""
    maps = tower.maps
    seen: dict[str, str] = {}
    for bus_name, bus in tower.bus.items():
        for i, station in enumerate(bus.stations):
            path: KeyPath = ("bus", bus_name, "stations", i)
            if station not in maps:
                message = f"the tower has no such station{did_you_mean(station, list(maps))}"
                yield sources.fault(path, message, allowed=_listed(list(maps)), value=station)
            elif station in seen:
                yield sources.fault(path, f"is on bus.{seen[station]} already", value=station)
            elif isinstance(bus, RtuBus) and maps[station].unit == TOWER_UNIT:
                yield sources.fault(path, "the tower PLC needs a TCP bus", value=station)
            seen.setdefault(station, bus_name)


def stations_are_carried(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that no station is forgotten."""
    carried = {station for bus in tower.bus.values() for station in bus.stations}
    forgotten = [station for station in tower.maps if station not in carried]
    if forgotten:
        stations = "station" if len(forgotten) == 1 else "stations"
        yield sources.fault(("bus",), f"no bus carries {stations} {', '.join(forgotten)}")


def hosts_can_be(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that a host is a name or an address: any other is looked for at every attempt, and never found."""
    for name, bus in tower.bus.items():
        if isinstance(bus, TcpBus) and not (_is_address(bus.host) or _is_name(bus.host)):
            message, allowed = "is neither a host's name nor an address", "such as plc1.lan or 10.0.0.5, without a port"
            yield sources.fault(("bus", name, "host"), message, allowed=allowed, value=bus.host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_name(host: str) -> bool:
    *_, last = parts = host.removesuffix(".").split(".")
    return len(host) <= MOST_HOST and all(map(_PART.fullmatch, parts)) and not last.isdigit()


def buses_apart(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that each bus is a line of its own: one master on it."""
    seen: dict[str, str] = {}
    for name, bus in tower.bus.items():
        end = _end(bus)
        if end in seen:
            key, value = ("device", bus.device) if isinstance(bus, RtuBus) else ("port", bus.port)
            yield sources.fault(("bus", name, key), f"bus.{seen[end]} leads there already", value=value)
        seen.setdefault(end, name)


def _end(bus: Bus) -> str:
    """Return where a bus leads, written in one way."""
    if isinstance(bus, RtuBus):
        return posixpath.normpath(bus.device)
    host = bus.host.lower()
    return f"{'127.0.0.1' if host == 'localhost' else host}:{bus.port}"


def lines_have_room(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that a line has room for commands and repeats beside the polls."""
    for line in line_loads(tower):
        if line.load > MAX_LOAD:
            message = f"polling takes {line.load:.0%} of the line"
            allowed = f"at most {MAX_LOAD:.0%}: raise the baud rate or the poll periods, or split the line"
            yield sources.fault(("bus", line.bus, "baud"), message, allowed=allowed, value=line.baud)


def answers_in_time(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that the longest exchange of a line ends before its time-out."""
    for line in line_loads(tower):
        timeout_s = tower.bus[line.bus].timeout_s
        if line.longest_s >= timeout_s:
            message = f"the longest answer takes {line.longest_s:.3f} s on this line"
            allowed = f"more than {line.longest_s:.3f}"
            yield sources.fault(("bus", line.bus, "timeout_s"), message, allowed=allowed, value=timeout_s)


def _listed(stations: list[str]) -> str:
    """Return the stations of a tower in words: ``tower, bays1 to bays5`` where none is skipped."""
    tower, *bays = stations
    gapless = bays == [f"bays{level}" for level in range(1, len(bays) + 1)]
    return f"{tower}, bays1 to {bays[-1]}" if gapless and len(bays) > 2 else ", ".join(stations)


RULES: Final = (
    Rule("station", TOPOLOGY, stations_exist),
    Rule("station-missing", (*TOPOLOGY, "bus"), stations_are_carried),
    Rule("bus-host", (), hosts_can_be),
    Rule("bus-address", (), buses_apart),
    Rule("line-load", (*TOPOLOGY, "timing"), lines_have_room),
    Rule("answer-time", TOPOLOGY, answers_in_time),
)
