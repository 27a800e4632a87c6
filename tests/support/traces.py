"""Traces held against what stations have really shown, register by register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.trace.folder import kept
from controller.trace.reading import Trace, read
from hal.plcmap.codec import Image
from hal.plcmap.frame import split32
from hal.plcmap.registers import StationMap
from hal.scan import Station

COUNTERS = ("heartbeat", "snapshot", "snapshot_end")


@dataclass
class Seen:
    """Every image of some stations as it came: the instant, the station, its registers by their addresses."""

    clock: Any
    shown: list[tuple[float, str, dict[int, int]]] = field(default_factory=list)

    def watch(self, station: Station) -> None:
        def note(_image: Image) -> None:
            self.shown.append((self.clock(), station.name, by_address(station.map, station.last_words)))

        station.on_image(note)


def by_address(station: StationMap, blocks: Sequence[Sequence[int]]) -> dict[int, int]:
    """Return the registers of the fast blocks that are no counters, by their addresses."""
    return {
        block.address + each.offset + i: words[each.offset + i]
        for block, words in zip(station.fast, blocks, strict=True)
        for each in block.fields
        if each.name not in COUNTERS
        for i in range(each.words)
    }


def newest(run_dir: Path) -> Trace:
    """Return the newest trace beside a journal."""
    return read(kept(run_dir / "traces")[-1].file)


@dataclass
class Replay:
    """What a trace says of every register, instant by instant."""

    trace: Trace
    maps: Mapping[str, StationMap]

    def __post_init__(self) -> None:
        self._values = {name: signal["value"] for name, signal in self.trace.signals.items()}
        self._changes = [each for each in self.trace.entries if each["what"] == "change"]
        self._at = 0

    def until(self, t: float) -> None:
        """Go on to an instant; what happens at it included."""
        while self._at < len(self._changes) and self._changes[self._at]["t"] <= t:
            change = self._changes[self._at]
            self._values[change["name"]] = change["value"]
            self._at += 1

    def registers(self, station: str) -> dict[int, int]:
        """Return a station's registers by their addresses; none that was not read yet."""
        found: dict[int, int] = {}
        blocks = self.maps[station].fast
        for number, block in enumerate(blocks, start=1):
            prefix = f"{station}/{block.name}{number if len(blocks) > 1 else ''}"
            for each in block.fields:
                value = None if each.name in COUNTERS else self._values[f"{prefix}.{each.name}"]
                if value is not None:
                    words = (value,) if each.words == 1 else split32(value)
                    found |= {block.address + each.offset + i: word for i, word in enumerate(words)}
        return found


def compared(trace: Trace, seen: Seen, maps: Mapping[str, StationMap]) -> int:
    """Hold every image of a trace's span against the trace; return how many those were.

    Raises:
        AssertionError: a register differs at some instant.

    """
    replay, count = Replay(trace, maps), 0
    for at_s, station, registers in seen.shown:
        t = round(at_s - trace.heading["monotonic_s"], 4)
        if trace.heading["begin"] <= t <= trace.heading["end"]:
            replay.until(t)
            assert replay.registers(station) == registers, f"{station} at {t} s"
            count += 1
    return count
