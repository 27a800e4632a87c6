"""What is allowed and yet may be wrong (warnings), and what is good to know (notes)."""

from collections.abc import Iterator
from math import ceil
from typing import Final

from config.budget import BUSY_LOAD, gap_s, line_loads
from config.faults import Fault, by_position
from config.positions import KeyPath
from config.rules import access
from config.rules.rule import Rule, judge_all
from config.schema import Limits, RtuBus, Tower
from config.sources import Layer, Sources

SMALL_PLC_LAST_ADDRESS: Final = 1023
"""What many small PLCs offer of each register space."""

EN_14010: Final = Limits()
"""The largest car of EN 14010, scope."""

_NOTHING: Final[frozenset[str]] = frozenset()


def warnings(tower: Tower, sources: Sources) -> list[Fault]:
    """Return what may be wrong with a tower that has no fault."""
    return by_position(judge_all(WARNINGS, tower, sources, _NOTHING))


def notes(tower: Tower, sources: Sources) -> list[Fault]:
    """Return what is good to know of a tower that has no fault."""
    return by_position(judge_all(NOTES, tower, sources, _NOTHING))


def _addresses(tower: Tower, sources: Sources) -> Iterator[Fault]:
    for station in tower.maps.values():
        last = station.owned_end - 1
        if last > SMALL_PLC_LAST_ADDRESS:
            message = f"station {station.name} uses addresses up to {last}"
            yield sources.fault(("ring",), message, allowed=f"{SMALL_PLC_LAST_ADDRESS} on many small PLCs")


def _busy_lines(tower: Tower, sources: Sources) -> Iterator[Fault]:
    for line in line_loads(tower):
        if line.load > BUSY_LOAD:
            message = f"polling takes {line.load:.0%} of the line: little is left for repeats"
            path = ("bus", line.bus, "baud")
            yield sources.fault(path, message, allowed=f"at most {BUSY_LOAD:.0%} is good", value=line.baud)


def _homing(tower: Tower, sources: Sources) -> Iterator[Fault]:
    lift, table, shuttle = tower.machine.lift, tower.machine.turntable, tower.machine.shuttle
    for path, home, full in (
        (("machine", "lift", "home_speed_mm_s"), lift.home_speed_mm_s, lift.speed_mm_s),
        (("machine", "turntable", "home_speed_mdeg_s"), table.home_speed_mdeg_s, table.speed_mdeg_s),
        (("machine", "shuttle", "home_speed_mm_s"), shuttle.home_speed_mm_s, shuttle.speed_mm_s),
    ):
        if home > full:
            message = "is more than full speed: an over-speed governor may trip while the axis looks for its mark"
            yield sources.fault(path, message, allowed=f"at most {full}", value=home)


def _short_arms(tower: Tower, sources: Sources) -> Iterator[Fault]:
    stroke, length = tower.machine.shuttle.stroke_mm, tower.limits.length_mm
    if 2 * stroke < length:
        message = f"the arms do not reach the middle of a car of limits.length_mm = {length}"
        path = ("machine", "shuttle", "stroke_mm")
        yield sources.fault(path, message, allowed=f"at least {-(-length // 2)}", value=stroke)


def _large_cars(tower: Tower, sources: Sources) -> Iterator[Fault]:
    limits = tower.limits
    for key, value, most in (
        ("length_mm", limits.length_mm, EN_14010.length_mm),
        ("width_mm", limits.width_mm, EN_14010.width_mm),
        ("height_mm", limits.height_mm, EN_14010.height_mm),
        ("weight_kg", limits.weight_kg, EN_14010.weight_kg),
    ):
        if value > most:
            message = "is more than EN 14010 covers"
            yield sources.fault(("limits", key), message, allowed=f"at most {most}", value=value)


def _patience(tower: Tower, sources: Sources) -> Iterator[Fault]:
    timing, gate = tower.timing, tower.machine.gate
    gate_s = gate.bolt_s + gate.stroke_mm / gate.speed_mm_s + gate.speed_mm_s / gate.acceleration_mm_s2
    if timing.customer_patience_s < gate_s + timing.gate_delay_s:
        message = f"a gate alone takes {gate_s + timing.gate_delay_s:.0f} s: every customer would count as a no-show"
        path = ("timing", "customer_patience_s")
        yield sources.fault(path, message, value=timing.customer_patience_s)


def _short_silence(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Warn of a silence that one lost request makes: the next one is the first poll behind the time-out."""
    silence, idle = tower.machine.plc.silence_s, tower.timing.idle_poll_s
    for name, bus in tower.bus.items():
        lost = idle * (1 + ceil(bus.timeout_s / idle))
        if silence <= lost:
            message = f"one request lost on bus.{name} stops the machine: {lost:g} s pass between two that arrive"
            path = ("machine", "plc", "silence_s")
            yield sources.fault(path, message, allowed=f"more than {lost:g}", value=silence)
            return


def _turnarounds(tower: Tower, sources: Sources) -> Iterator[Fault]:
    for name, bus in tower.bus.items():
        path: KeyPath = ("bus", name, "turnaround_s")
        if isinstance(bus, RtuBus) and sources.layer_of(path) and bus.turnaround_s < gap_s(bus):
            message = f"has no effect below the {gap_s(bus) * 1000:.2f} ms of silence that end a frame at {bus.baud} Bd"
            yield sources.fault(path, message, value=bus.turnaround_s)


def _repeats_of_the_profile(tower: Tower, sources: Sources) -> Iterator[Fault]:
    for path, own, layer in _machine_keys(sources):
        local = path[len(layer.mount) :]
        standing: object = layer.document.values
        for key in local:
            standing = standing.get(str(key)) if isinstance(standing, dict) else None
        if standing == own and type(standing) is type(own):
            message = f"says what profile '{tower.profile}' says already: has no effect"
            yield sources.fault(path, message, value=own)


def _machine_keys(sources: Sources) -> Iterator[tuple[KeyPath, object, Layer]]:
    """Yield each key of [machine] in the tower's own file, its value, and the profile's layer."""
    profile = next(layer for layer in sources.layers if layer.mount == ("machine",))
    stack: list[tuple[KeyPath, object]] = [(("machine",), sources.main.values.get("machine", {}))]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict):
            stack += [((*path, key), below) for key, below in value.items()]
        else:
            yield path, value, profile


def _half_calibrated(tower: Tower, sources: Sources) -> Iterator[Fault]:
    missing = [place for place in tower.shape.places if str(place) not in tower.calibration]
    if tower.calibration and missing:
        message = f"{len(missing)} of {len(tower.shape.places)} places are not measured: {_some(missing)}"
        yield sources.fault(("calibration", next(iter(tower.calibration))), message)


def _uncalibrated(tower: Tower, sources: Sources) -> Iterator[Fault]:
    if not tower.calibration:
        yield sources.fault((), "no place is measured yet: all stand where the drawing says")


def _requests(tower: Tower, sources: Sources) -> Iterator[Fault]:
    for station in tower.maps.values():
        if len(station.fast) > 1:
            message = f"station {station.name} takes {len(station.fast)} requests a poll; each is consistent in itself"
            yield sources.fault(("ring",), message)


def _some(places: list[int]) -> str:
    text = ", ".join(map(str, places[:8]))
    return f"{text}, ..." if len(places) > 8 else text


WARNINGS: Final = (
    Rule("small-plc", (), _addresses),
    Rule("busy-line", (), _busy_lines),
    Rule("home-speed", (), _homing),
    Rule("short-arms", (), _short_arms),
    Rule("large-cars", (), _large_cars),
    Rule("short-patience", (), _patience),
    Rule("short-silence", (), _short_silence),
    Rule("no-effect", (), _turnarounds),
    Rule("no-effect", (), _repeats_of_the_profile),
    Rule("calibration-incomplete", (), _half_calibrated),
    *access.WARNINGS,
)

NOTES: Final = (
    Rule("no-calibration", (), _uncalibrated),
    Rule("requests", (), _requests),
    *access.NOTES,
)
