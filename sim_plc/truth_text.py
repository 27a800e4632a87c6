"""The truth in words, for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any


def truth_lines(truth: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines."""
    carriage = truth["carriage"]
    lift, table = carriage["lift"], carriage["turntable"]
    where = f"docked at {carriage['docked']}" if carriage["docked"] else "between places"
    angle = round(table["position"] / 1000, 1) % 360
    yield f"carriage   {lift['position']:.0f} mm, {angle:.1f} deg, {where}, {carriage['car'] or 'empty'}"
    for room in truth["doors"]:
        car = truth["cars"].get(room) or "no car"
        crossing = f", {truth['crossing'][room]} is driving" if room in truth["crossing"] else ""
        ways = f"door {_way(truth['doors'][room])}, gate {_way(truth['gates'][room])}"
        yield f"room {room}   {car}{crossing}, {ways}, {truth['persons'][room]} inside"
    bays = {place: name for place, name in truth["cars"].items() if place not in truth["doors"]}
    yield f"bays       {len(bays)} cars: " + ", ".join(f"{place} {name}" for place, name in bays.items())
    yield f"outside    {', '.join(truth['outside']) or 'nobody'}"
    yield "chain      " + ("closed" if truth["chain_closed"] else f"OPEN: {', '.join(truth['latched_causes'])}")
    lost = [name for name, station in truth["stations"].items() if station["memory_lost"]]
    if lost:
        yield f"memory     lost in {', '.join(lost)}: device reset is due"
    for crime in truth["crimes"]:
        yield f"crime      {crime['t']:.2f} {crime['code']}: {crime['text']}"


def _way(leaf: Mapping[str, Any]) -> str:
    return "locked" if leaf["locked"] else "open" if leaf["opened"] else "between"
