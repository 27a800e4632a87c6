"""How busy each serial line is: a plan that leaves no room for repeats and commands is refused.

Frames as in the Modbus application protocol V1.1b3 (6.4 FC4, 6.12 FC16, 6.17 FC23), characters and silences as in
Modbus over serial line V1.02 (2.5.1: start bit, 8 data bits, parity, stop bits; T3.5, fixed above 19,200 baud).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from config.schema import RtuBus, Timing, Tower
from hal.plcmap.registers import CONTROLLER_WORDS, StationMap

MAX_LOAD: Final = 0.60
"""The rest is for commands, slow blocks, repeats, and the drain after a lost answer."""

BUSY_LOAD: Final = 0.50
"""From here on a line works, but a noisy day will be felt."""

FIXED_GAP_S: Final = 0.001_75
"""T3.5 above 19,200 baud."""

_FRAME: Final = 4
"""Bytes around every request and answer: unit, function, CRC."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, in bytes."""

    request: int
    answer: int


@dataclass(frozen=True, slots=True)
class LineLoad:
    """What polling takes of one serial line, 1.0 being all of it."""

    bus: str
    device: str
    baud: int
    idle_load: float
    """Every station at the idle period."""
    load: float
    """The slowest station served at the quick period, the others at the idle one."""
    longest_s: float
    """Longest single exchange, slow blocks included: from the first character to the end of the gap."""

    def to_json(self) -> dict[str, str | int | float]:
        """Return the load as plain values."""
        return asdict(self)


def line_loads(tower: Tower) -> Iterator[LineLoad]:
    """Yield the load of each serial line; stations that the tower has not are left out."""
    for name, bus in tower.bus.items():
        if isinstance(bus, RtuBus):
            stations = [tower.maps[station] for station in bus.stations if station in tower.maps]
            yield line_load(name, bus, stations, tower.timing)


def line_load(name: str, bus: RtuBus, stations: list[StationMap], timing: Timing) -> LineLoad:
    """Return the load of one line."""
    polls = [sum(exchange_s(bus, one) for one in poll(station, fc23=bus.fc23)) for station in stations]
    idle = sum(polls) / timing.idle_poll_s
    slowest = max(polls, default=0.0)
    served = idle - slowest / timing.idle_poll_s + slowest / timing.poll_s
    longest = max((exchange_s(bus, one) for station in stations for one in _every(bus, station)), default=0.0)
    return LineLoad(name, bus.device, bus.baud, idle, served, longest)


def character_s(bus: RtuBus) -> float:
    """Return the time of one character: start bit, 8 data bits, parity if any, stop bits."""
    bits = 1 + 8 + (bus.parity != "N") + bus.stop_bits
    return bits / bus.baud


def gap_s(bus: RtuBus) -> float:
    """Return the silence that ends a frame (T3.5)."""
    return FIXED_GAP_S if bus.baud > 19_200 else 3.5 * character_s(bus)


def exchange_s(bus: RtuBus, exchange: Exchange) -> float:
    """Return how long one exchange keeps the line: both frames, the station's turnaround, the closing gap.

    A station may not answer before the request's own T3.5 has passed, whatever its turnaround.
    """
    characters = (exchange.request + exchange.answer) * character_s(bus)
    return characters + max(bus.turnaround_s, gap_s(bus)) + gap_s(bus)


def poll(station: StationMap, *, fc23: bool) -> list[Exchange]:
    """Return what one poll of a station takes: the controller block written, every fast block read."""
    first, *others = [block.count for block in station.fast]
    reads = [_read(count) for count in others]
    if fc23:
        return [Exchange(_FRAME + 9 + 2 * CONTROLLER_WORDS, _FRAME + 1 + 2 * first), *reads]
    return [Exchange(_FRAME + 5 + 2 * CONTROLLER_WORDS, _FRAME + 4), _read(first), *reads]


def _every(bus: RtuBus, station: StationMap) -> list[Exchange]:
    return [*poll(station, fc23=bus.fc23), *(_read(block.count) for block in station.slow)]


def _read(count: int) -> Exchange:
    return Exchange(_FRAME + 4, _FRAME + 1 + 2 * count)
