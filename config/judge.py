"""What keys and ranges cannot say: whether the parts of a tower fit each other."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from config.budget import MAX_LOAD, line_loads
from config.faults import Fault, by_position, did_you_mean
from config.positions import KeyPath
from config.schema import Ring, RtuBus, Tower
from config.sources import Sources
from hal.plcmap.registers import MAX_READ, StationMap, station_maps
from hal.plcmap.shape import TOWER_UNIT, level_of, position_of

LAST_ADDRESS: Final = 0xFFFF

MAX_TRAVEL_MM: Final = 200_000
"""The tallest hoistway that one machine serves here."""


def judge(tower: Tower, sources: Sources) -> list[Fault]:
    """Return every fault of meaning of a tower whose keys and ranges are right.

    Stations, registers and loads follow from the topology, so they are judged only where that is sound.
    """
    topology = [*_rooms(tower.ring, sources), *_omitted(tower.ring, sources), *_bays(tower, sources)]
    faults = [*topology, *_travel(tower, sources), *_ramps(tower, sources), *_timing(tower, sources)]
    faults += [*_calibration(tower, sources), *_lines(tower, sources)]
    if not topology:
        maps = station_maps(tower.shape)
        faults += [*_poses(tower, sources), *_stations(tower, sources, maps)]
        faults += [*_registers(sources, maps), *_budget(tower, sources)]
    return by_position(faults)


def _rooms(ring: Ring, sources: Sources) -> Iterator[Fault]:
    for i, place in enumerate(ring.rooms):
        path: KeyPath = ("ring", "rooms", i)
        allowed = f"101 to {100 + ring.positions}"
        if level_of(place) != 1:
            yield sources.fault(path, "a room stands on level 1", allowed=allowed, value=place)
        elif not 1 <= position_of(place) <= ring.positions:
            yield sources.fault(path, "the ring has no such position", allowed=allowed, value=place)
        elif place in ring.rooms[:i]:
            yield sources.fault(path, "is named twice", value=place)


def _omitted(ring: Ring, sources: Sources) -> Iterator[Fault]:
    for i, place in enumerate(ring.omitted):
        path: KeyPath = ("ring", "omitted", i)
        exists = 1 <= level_of(place) <= ring.levels and 1 <= position_of(place) <= ring.positions
        if not exists:
            allowed = f"level 1 to {ring.levels} x 100 + position 1 to {ring.positions}"
            yield sources.fault(path, "the tower has no such place to leave out", allowed=allowed, value=place)
        elif place in ring.omitted[:i]:
            yield sources.fault(path, "is named twice", value=place)
        elif place in ring.rooms:
            yield sources.fault(path, "is a room and left out at once", value=place)


def _bays(tower: Tower, sources: Sources) -> Iterator[Fault]:
    if not tower.shape.bays:
        yield sources.fault(("ring",), "leaves the tower no bay")


def _travel(tower: Tower, sources: Sources) -> Iterator[Fault]:
    ring = tower.ring
    travel = (ring.levels - 1) * ring.level_pitch_mm
    if travel > MAX_TRAVEL_MM:
        message = f"{ring.levels} levels make a lift travel of {travel} mm"
        allowed = f"at most {MAX_TRAVEL_MM} mm in all"
        yield sources.fault(("ring", "level_pitch_mm"), message, allowed=allowed, value=ring.level_pitch_mm)
    if ring.level_pitch_mm <= tower.limits.height_mm:
        message = f"a car of limits.height_mm = {tower.limits.height_mm} does not fit between levels"
        allowed = f"more than {tower.limits.height_mm}"
        yield sources.fault(("ring", "level_pitch_mm"), message, allowed=allowed, value=ring.level_pitch_mm)


def _ramps(tower: Tower, sources: Sources) -> Iterator[Fault]:
    lift, table = tower.machine.lift, tower.machine.turntable
    for path, stop, working in (
        (("machine", "lift", "stop_mm_s2"), lift.stop_mm_s2, lift.acceleration_mm_s2),
        (("machine", "turntable", "stop_mdeg_s2"), table.stop_mdeg_s2, table.acceleration_mdeg_s2),
    ):
        if stop < working:
            message = "a stop ramps down no gentler than work does"
            yield sources.fault(path, message, allowed=f"at least {working}", value=stop)


def _timing(tower: Tower, sources: Sources) -> Iterator[Fault]:
    timing, plc = tower.timing, tower.machine.plc
    if timing.poll_s > timing.idle_poll_s:
        message, allowed = "polls slower at work than idle", f"at most timing.idle_poll_s = {timing.idle_poll_s:g}"
        yield sources.fault(("timing", "poll_s"), message, allowed=allowed, value=timing.poll_s)
    if plc.silence_s <= 2 * timing.idle_poll_s:
        message = f"two polls of timing.idle_poll_s = {timing.idle_poll_s:g} would already stop the machine"
        allowed = f"more than {2 * timing.idle_poll_s:g}"
        yield sources.fault(("machine", "plc", "silence_s"), message, allowed=allowed, value=plc.silence_s)


def _calibration(tower: Tower, sources: Sources) -> Iterator[Fault]:
    places = {str(place) for place in tower.shape.poses}
    for name in tower.calibration:
        if name not in places:
            yield sources.fault(("calibration", name), "the tower has no such place")


def _poses(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Two places whose windows of tolerance touch cannot be told apart by the carriage."""
    ring, poses = tower.ring, tower.shape.poses
    by_level: dict[int, list[tuple[int, int]]] = {}
    for place, pose in poses.items():
        by_level.setdefault(level_of(place), []).append((pose.angle_mdeg, place))
    for spots in by_level.values():
        ordered = sorted(spots)
        turned = [*ordered, (ordered[0][0] + 360_000, ordered[0][1])]
        for (angle, place), (next_angle, next_place) in pairwise(turned):
            if place != next_place and next_angle - angle <= 2 * ring.angle_tolerance_mdeg:
                message = f"places {place} and {next_place} are {next_angle - angle} mdeg apart"
                allowed = f"less than {(next_angle - angle) / 2:g}"
                path = ("ring", "angle_tolerance_mdeg")
                yield sources.fault(path, message, allowed=allowed, value=ring.angle_tolerance_mdeg)
                return


def _stations(tower: Tower, sources: Sources, maps: dict[str, StationMap]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for bus_name, bus in tower.bus.items():
        for i, station in enumerate(bus.stations):
            path: KeyPath = ("bus", bus_name, "stations", i)
            if station not in maps:
                message = f"the tower has no such station{did_you_mean(station, list(maps))}"
                yield sources.fault(path, message, allowed=", ".join(maps), value=station)
            elif station in seen:
                yield sources.fault(path, f"is on bus.{seen[station]} already", value=station)
            elif isinstance(bus, RtuBus) and maps[station].unit == TOWER_UNIT:
                yield sources.fault(path, "the tower PLC needs a TCP bus", value=station)
            seen.setdefault(station, bus_name)
    for station in maps:
        if station not in seen:
            yield sources.fault(("bus",), f"no bus carries station '{station}'")


def _lines(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Each bus is a line of its own: one master on it."""
    seen: dict[str, str] = {}
    for name, bus in tower.bus.items():
        end, key = (bus.device, "device") if isinstance(bus, RtuBus) else (f"{bus.host}:{bus.port}", "port")
        if end in seen:
            value = bus.device if isinstance(bus, RtuBus) else bus.port
            yield sources.fault(("bus", name, key), f"bus.{seen[end]} leads there already", value=value)
        seen.setdefault(end, name)


def _registers(sources: Sources, maps: dict[str, StationMap]) -> Iterator[Fault]:
    for station in maps.values():
        for block in station.blocks:
            if block.count > MAX_READ:
                message = f"station {station.name}: a {block.name} block of {block.count} registers is too long to read"
                yield sources.fault(("ring",), message, allowed=f"at most {MAX_READ} in one request")
        if station.owned_end > LAST_ADDRESS + 1:
            message = f"station {station.name}: its registers end behind address {LAST_ADDRESS}"
            yield sources.fault(("ring",), message)


def _budget(tower: Tower, sources: Sources) -> Iterator[Fault]:
    for line in line_loads(tower):
        bus = tower.bus[line.bus]
        if line.load > MAX_LOAD:
            message = f"polling takes {line.load:.0%} of the line"
            allowed = f"at most {MAX_LOAD:.0%}: raise the baud rate or the poll periods, or split the line"
            yield sources.fault(("bus", line.bus, "baud"), message, allowed=allowed, value=line.baud)
        if line.longest_s >= bus.timeout_s:
            message = f"the longest answer takes {line.longest_s:.3f} s on this line"
            allowed = f"more than {line.longest_s:.3f}"
            yield sources.fault(("bus", line.bus, "timeout_s"), message, allowed=allowed, value=bus.timeout_s)
