"""Whether the register maps that follow from a tower fit the wire."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from config.faults import Fault
from config.rules.rule import Rule
from config.rules.topology import TOPOLOGY
from config.schema import Tower
from config.sources import Sources
from hal.plcmap.registers import CONTROLLER_WORDS, MAILBOX_STRIDE, MAX_READ, StationMap

LAST_ADDRESS: Final = 0xFFFF

LAST_UNIT: Final = 247
"""Serial line V1.02, 2.2."""


def map_fits(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Judge the maps of all stations."""
    maps = tower.maps
    for station in maps.values():
        for complaint, allowed in complaints(station):
            yield sources.fault(("ring",), f"station {station.name}: {complaint}", allowed=allowed)
    for (unit, name), (next_unit, next_name) in pairwise(sorted((m.unit, m.name) for m in maps.values())):
        if unit == next_unit:
            yield sources.fault(("ring",), f"stations {name} and {next_name} have the same unit id {unit}")


def complaints(station: StationMap) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a station's map, and what is allowed."""
    if not 1 <= station.unit <= LAST_UNIT:
        yield f"has unit id {station.unit}", f"1 to {LAST_UNIT}"
    for block in station.blocks:
        if block.count > MAX_READ:
            message = f"a {block.name} block of {block.count} registers is too long to read"
            yield message, f"at most {MAX_READ} in one request"
    if station.owned_end > LAST_ADDRESS + 1:
        yield f"its registers end behind address {LAST_ADDRESS}", ""
    for (start, end, name), (next_start, _, next_name) in pairwise(sorted(_spans(station))):
        if next_start < end:
            yield f"{name} at {start} to {end - 1} overlaps {next_name} at {next_start}", ""


def _spans(station: StationMap) -> Iterator[tuple[int, int, str]]:
    """Yield first address, end and name of everything in the holding registers, mirrored blocks included."""
    for block in station.blocks:
        yield block.address, block.address + block.count, f"the {block.name} block"
    base = station.controller_block
    yield base, base + CONTROLLER_WORDS, "the controller block"
    for mechanism in station.mechanisms:
        address = station.mailbox(mechanism.name)
        yield address, address + MAILBOX_STRIDE, f"the mailbox of {mechanism.name}"


RULES: Final = (Rule("register-map", TOPOLOGY, map_fits),)
