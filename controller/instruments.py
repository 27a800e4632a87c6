"""Looks at the wires for a person: every register by its name, raw registers, and how each bus fares. Read only.

Nothing here is a second master. What the polls bring is taken from the newest image; anything else is read through
the daemon's own links, one look at a time, behind everything that waits there.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from controller.domain.refusal import Refusal
from hal.cadence import SteadyCadence
from hal.errors import BadAnswer, HalError, LinkDown, NoAnswer, Refused
from hal.plcmap.catalogue import MIRROR, Register, Space, catalogue
from hal.plcmap.codec import Image, StationCodec
from hal.plcmap.codes import MAP_VERSION
from hal.plcmap.frame import FRAME_WORDS
from hal.plcmap.meaning import meaning
from hal.plcmap.registers import CONTROLLER_WORDS, FAST, MAX_READ, StationMap
from hal.scan import Station
from hal.statistics import LinkStatistics, Recent, UnitStatistics

PATIENCE_S: Final = 5.0
"""A look waits behind all polls and commands; on a line that is never free it gives up."""

UNKEPT: Final = frozenset({"snapshot", "snapshot_end"})
"""Registers that an image does not keep: they only tell that it was whole."""


_EXCEPTIONS: Final = {
    1: "it does not serve this function",
    2: "it has no such register",
    3: "it takes no such count",
    4: "it failed inside",
    6: "it is busy",
    11: "the gateway gets no answer from it",
}
"""What a Modbus exception means (V1.1b3, section 7)."""


class WatchedLink(Protocol):
    """What a look needs of a link, beside `hal.link.Link`."""

    statistics: LinkStatistics

    @property
    def connected(self) -> bool:
        """Whether a connection stands."""
        ...

    @property
    def generation(self) -> int:
        """Connections so far."""
        ...

    @property
    def dropped(self) -> int:
        """Answers that belonged to no waiting request."""
        ...

    async def read_input(self, unit: int, address: int, count: int, *, patient: bool) -> tuple[int, ...]:
        """Read input registers (FC4)."""
        ...

    async def read_holding(self, unit: int, address: int, count: int, *, patient: bool) -> tuple[int, ...]:
        """Read holding registers (FC3)."""
        ...


@dataclass(frozen=True, slots=True)
class Bus:
    """One bus as the configuration names it. ``address``: host and port, or device."""

    name: str
    kind: str
    address: Mapping[str, str | int]
    stations: tuple[str, ...]
    link: WatchedLink
    planned_load: float | None = None
    """Of a serial line: what polling takes of it while a station is served, 1.0 being all."""


@dataclass(frozen=True, slots=True)
class Span:
    """Registers that are read in one request."""

    space: Space
    address: int
    count: int

    def holds(self, register: Register) -> bool:
        """Whether a register lies in it."""
        return register.space == self.space and self.address <= register.address < self.address + self.count


class Instruments:
    """Serves `controller.api.instruments.Instruments` over the stations of a running daemon."""

    def __init__(
        self, stations: Mapping[str, Station], buses: Sequence[Bus], cadences: Mapping[str, SteadyCadence]
    ) -> None:
        self._stations = stations
        self._buses = buses
        self._cadences = cadences
        self._seen_s: dict[str, float] = {}
        self._one = asyncio.Lock()
        for station in stations.values():
            station.on_image(partial(self._note, station.name))

    async def signals(self, station: str, *, live: bool, only: Sequence[str] = ()) -> Mapping[str, object]:
        """Return the registers of a station; see `controller.api.instruments.Instruments`."""
        found, bus = self._find(station)
        wanted = [each for each in catalogue(found.map) if _is_told(each) and _is_wanted(each, station, only)]
        told = dict(self._live(found, wanted))
        for span in () if live else _others(found.map):
            inside = [each for each in wanted if span.holds(each)]
            if inside:
                words = await self._read(bus, found, span)
                told |= {each.name: _shown(found, each, words[each.address - span.address :], 0.0) for each in inside}
        signals = [told[each.name] for each in wanted if each.name in told]
        return {"station": station, "state": found.state.name, "trouble": found.trouble, "signals": signals}

    async def registers(self, station: str, space: str, address: int, count: int) -> Mapping[str, object]:
        """Return raw registers; see `controller.api.instruments.Instruments`."""
        found, bus = self._find(station)
        if not 1 <= count <= MAX_READ or address + count > 1 << 16:
            raise Refusal("OUT_OF_RANGE", f"{count} registers from {address}: 1 to {MAX_READ} below 65536")
        span = Span("input" if space == "input" else "holding", address, count)
        words = await self._read(bus, found, span)
        names = {
            each.address + i: each.name + " (low word)" * (i > 0 and each.words == 2)
            for each in catalogue(found.map)
            if span.holds(each) and not _is_mirror(each)
            for i in range(each.words)
        }
        return {
            "station": station,
            "unit": found.map.unit,
            "space": space,
            "registers": [
                {"address": address + i, "value": word, "name": names.get(address + i, "")}
                for i, word in enumerate(words)
            ],
        }

    async def buses(self) -> Mapping[str, object]:
        """Return how each bus fares; see `controller.api.instruments.Instruments`."""
        return {"map_version": MAP_VERSION, "buses": [self._bus(bus) for bus in self._buses]}

    def _note(self, name: str, _image: Image) -> None:
        self._seen_s[name] = asyncio.get_running_loop().time()

    def _find(self, name: str) -> tuple[Station, Bus]:
        if name not in self._stations:
            raise Refusal("UNKNOWN_STATION", f"there is no station {name!r}; stations: {', '.join(self._stations)}")
        return self._stations[name], next(bus for bus in self._buses if name in bus.stations)

    def _live(self, station: Station, wanted: Sequence[Register]) -> Iterator[tuple[str, dict[str, object]]]:
        """Yield by name the registers that the newest image holds; without one they have no value."""
        image, age_s = station.last_image, self._age_s(station.name)
        for block, words in zip(station.map.fast, _words(station.map, image), strict=True):
            span = Span("input", block.address, block.count)
            for each in wanted:
                if span.holds(each):
                    yield each.name, _shown(station, each, words[each.address - span.address :], age_s)

    def _age_s(self, name: str) -> float | None:
        seen_s = self._seen_s.get(name)
        return None if seen_s is None else round(asyncio.get_running_loop().time() - seen_s, 3)

    async def _read(self, bus: Bus, station: Station, span: Span) -> tuple[int, ...]:
        read = bus.link.read_input if span.space == "input" else bus.link.read_holding
        try:
            async with asyncio.timeout(PATIENCE_S), self._one:
                return await read(station.map.unit, span.address, span.count, patient=True)
        except Refused as error:
            text = _EXCEPTIONS.get(error.code, "exception")
            raise Refusal("MODBUS_EXCEPTION", f"{station.name}: {text} (exception code {error.code})") from error
        except HalError as error:
            raise Refusal(_rule(error), f"{station.name}: {error}") from error
        except TimeoutError as error:
            raise Refusal("BUS_BUSY", f"{station.name}: {bus.name} was not free for {PATIENCE_S:g} s") from error

    def _bus(self, bus: Bus) -> dict[str, object]:
        link = bus.link
        serial = bus.planned_load is not None
        return {
            "name": bus.name,
            "kind": bus.kind,
            "address": dict(bus.address),
            "connected": link.connected,
            "reconnects": max(0, link.generation - 1),
            "dropped": link.dropped,
            "load": link.statistics.load() if serial else None,
            "planned_load": bus.planned_load,
            "stations": [self._station(name, bus) for name in bus.stations],
        }

    def _station(self, name: str, bus: Bus) -> dict[str, object]:
        station, cadence = self._stations[name], self._cadences[name]
        counted = bus.link.statistics.units.get(station.map.unit, UnitStatistics())
        return {
            "name": name,
            "unit": station.map.unit,
            "state": station.state.name,
            "map_version": None if station.identity is None else station.identity.map_version,
            "requests": counted.requests,
            "answers": counted.answers,
            "refused": counted.refused,
            "unanswered": counted.unanswered,
            "unfitting": counted.unfitting,
            "lost": counted.lost,
            "given_up": counted.given_up,
            "round_trip_ms": _quantiles(counted.round_trip),
            "wait_ms": _quantiles(counted.wait),
            "poll_jitter_ms": _quantiles(cadence.lateness),
            "polls_missed": cadence.overruns,
        }


def _words(station: StationMap, image: Image | None) -> list[list[int]]:
    """Return the words of the fast blocks that an image was read from; no words without an image."""
    return [[] for _ in station.fast] if image is None else StationCodec(station).encode_fast(image, 0)


def _others(station: StationMap) -> Iterator[Span]:
    """Yield the spans that no poll reads."""
    for block in (station.identity, *station.slow):
        yield Span("input", block.address, block.count)
    yield Span("holding", station.controller_block, CONTROLLER_WORDS)
    for mechanism in station.mechanisms:
        yield Span("holding", station.mailbox(mechanism.name), FRAME_WORDS)


def _is_mirror(register: Register) -> bool:
    return register.name.endswith(f".{MIRROR}")


def _is_told(register: Register) -> bool:
    """Whether a register is shown by its name: no mirror of others, and nothing that an image does not keep."""
    block, _, name = register.name.partition(".")
    return not _is_mirror(register) and not (block.startswith(FAST) and name in UNKEPT)


def _is_wanted(register: Register, station: str, only: Sequence[str]) -> bool:
    return not only or f"{station}/{register.name}" in only


def _shown(station: Station, register: Register, words: Sequence[int], age_s: float | None) -> dict[str, object]:
    found = meaning(register.name, words[: register.words]) if words else None
    return {
        "name": f"{station.name}/{register.name}",
        "space": register.space,
        "address": register.address,
        "words": register.words,
        "unit": register.unit,
        "owner": register.owner,
        "text": register.text,
        "value": None if found is None else found.value,
        "meaning": None if found is None else found.text,
        "bits": {} if found is None else dict(found.bits),
        "age_s": None if found is None else age_s,
    }


def _rule(error: HalError) -> str:
    match error:
        case LinkDown():
            return "NO_CONNECTION"
        case NoAnswer():
            return "NO_ANSWER"
        case BadAnswer():
            return "BAD_ANSWER"
        case _:
            return "NOT_ONLINE"


def _quantiles(times: Recent) -> dict[str, float | None]:
    return {name: _ms(times.quantile(part)) for name, part in (("p50", 0.5), ("p99", 0.99))}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 2)
