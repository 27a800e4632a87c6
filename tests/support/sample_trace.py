"""A trace of a small tower as a daemon writes it, of few and known images: an emergency stop of a lift on its way."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Final

from config.load import load_tower
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.records import Asked, Issued, JobSet, Planned, Settled, UnitSet
from controller.trace.folder import Limits
from controller.trace.recorder import Recorder, Span
from controller.trace.shelf import Shelf
from controller.trace.signals import signals_of
from controller.trace.writing import Subject, lines
from hal.plcmap.codes import Flag, Opcode, Result, Safety, State
from hal.plcmap.frame import split32
from hal.plcmap.registers import StationMap
from sim_plc.rehearsal import loop
from tests.support.journals import at_once

WALL_S: Final = 1_800_000_000.0
SECRET: Final = "planted-in-a-trace"

MOVING_S: Final = 3.0
POLL_S: Final = 0.1


class Shown:
    """The fast blocks of a station, set by the names of their signals without block and station."""

    def __init__(self, station: StationMap) -> None:
        self._signals = {each.name.partition(".")[2]: each for each in signals_of(station)}
        self._sizes = [block.count for block in station.fast]
        self._row = [0] * sum(self._sizes)

    def words(self, **values: int) -> list[tuple[int, ...]]:
        """Set values, dots written as double underscores; return the blocks."""
        for key, value in values.items():
            signal = self._signals[key.replace("__", ".")]
            self._row[signal.offset : signal.offset + signal.words] = split32(value)[2 - signal.words :]
        ends = [sum(self._sizes[: i + 1]) for i in range(len(self._sizes))]
        return [tuple(self._row[end - size : end]) for end, size in zip(ends, self._sizes, strict=True)]


def write_sample(run_dir: Path) -> None:
    """Write trace 1 to a run directory: moved from -3.1 s, tripped at 0, at rest at 0.5 s."""
    loop.run(_written(run_dir), start_s=100.0)


async def _written(run_dir: Path) -> None:
    tower = load_tower("small")
    maps = tower.maps
    clock = asyncio.get_running_loop().time
    shelf = Shelf(
        run_dir / "traces", at_once, Limits(9, 1 << 20),
        partial(lines, Subject("small", "Small tower", tuple(maps.values()))),
    )  # fmt: skip
    recorder = Recorder(tuple(maps), Span(60.0, 5.0), lambda: WALL_S + clock(), shelf)
    shown, bays = Shown(maps["tower"]), Shown(maps["bays1"])
    show, closed = partial(recorder.image, 0), int(Safety.CHAIN_CLOSED)
    for at in range(len(maps)):
        recorder.standing(at, "ONLINE", "")
    show(shown.words(safety=closed, lift__state=int(State.STANDSTILL) << 8, lift__flags=int(Flag.HELD | Flag.BRAKE_ON)))
    recorder.image(1, bays.words())
    await asyncio.sleep(20.0)
    recorder.record(UnitSet("EXECUTE", "asked for"))
    recorder.record(Asked(f"Retrieve {{'car': 'A1', 'token': '{SECRET}'}}", "1000:ann"))
    recorder.record(JobSet(Job(1, JobKind.RETRIEVE, "A1", 203, 101, 101, JobState.POSITIONING)))
    recorder.record(Planned("tower/lift", 7, int(Opcode.MOVE_TO), 2500, 203, 0, 0xBEEF, 3, 1, "POSITIONING"))
    recorder.record(Issued("tower/lift", 7, 0xBEEF, 3))
    await asyncio.sleep(POLL_S)
    show(shown.words(lift__state=int(State.DISCRETE_MOTION) << 8, lift__flags=0, lift__executing=7))
    position = 0
    for _ in range(int(MOVING_S / POLL_S)):
        await asyncio.sleep(POLL_S)
        position += 50
        show(shown.words(lift__position=position))
    show(shown.words(safety=int(Safety.E_STOP | Safety.E_STOP_LATCHED)))
    recorder.record(UnitSet("ABORTING", "safety: E_STOP, E_STOP_LATCHED"))
    for _ in range(4):
        await asyncio.sleep(POLL_S)
        position += 20
        show(shown.words(lift__position=position))
    await asyncio.sleep(POLL_S)
    outcome = int(Result.STOPPED_SAFETY) << 8
    flags = int(Flag.HELD | Flag.BRAKE_ON)
    show(shown.words(lift__executing=0, lift__outcome_sequence=7, lift__outcome=outcome, lift__flags=flags))
    recorder.event({"id": 1, "event": "room_state", "room": 101, "state": "VACANT", "was": "RESERVED"})
    recorder.standing(1, "STALE", "no answer")
    await asyncio.sleep(1.0)
    recorder.record(Settled("tower/lift", 7, "STOPPED_SAFETY"))
    await asyncio.sleep(10.0)
