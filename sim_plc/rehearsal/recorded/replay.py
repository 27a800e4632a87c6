"""The daemon of now lives through a recorded run: equal, or the first difference."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, TypeVar

from config.schema import Tower
from controller.app import Daemon, Ports, serve
from controller.domain.refusal import Refusal
from controller.domain.request_bodies import from_body
from controller.recording import outcome_of
from hal.plcmap.registers import station_maps
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.recorded.deeds import answer_said, deeds_of, told_said
from sim_plc.rehearsal.recorded.folder import Line, Recording
from sim_plc.rehearsal.recorded.reel import Reel
from sim_plc.rehearsal.recorded.tape import TOLERANCE_S, Difference, Tape
from sim_plc.rehearsal.recorded.wire import TapeCadence, TapeLink, outages_of, with_sent

T = TypeVar("T")

HEAD: Final = frozenset({"t", "is", "number"})
"""What a line of a request has beside the request."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of living through a recording: how long it is, how many deeds were the same, the first difference."""

    recorded_s: float
    deeds: int
    same: int
    difference: Difference | None

    def __str__(self) -> str:
        if self.difference is None:
            return f"equal: {self.recorded_s:.1f} s, {self.same} deeds, each as then"
        return f"different: {self.difference}\n  before that {self.same} of {self.deeds} deeds were as then"


def live_through(recording: Recording, tower: Tower | None = None, tolerance_s: float = TOLERANCE_S) -> Outcome:
    """Let the daemon live through a recording in virtual time; ``tower`` stands in for the recorded configuration."""
    with tempfile.TemporaryDirectory(prefix="recorded-") as folder:
        journal = Path(folder) / "journal.sqlite"
        if recording.journal is not None:
            journal.write_bytes(recording.journal)
        return loop.run(_Again(recording, tower or recording.tower, tolerance_s).live(journal))


class _Disk:
    """Does blocking work in place, and lets each piece of it take as long as it took then."""

    def __init__(self, took_s: Iterable[float]) -> None:
        self._took_s = iter(took_s)

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        running = asyncio.get_running_loop()
        done = running.run_in_executor(None, work)
        took_s = next(self._took_s, 0.0)
        if not took_s:
            return done
        told: asyncio.Future[T] = running.create_future()
        running.call_later(took_s, _pass_on, done, told)
        return told


def _pass_on(done: "asyncio.Future[T]", told: "asyncio.Future[T]") -> None:
    """Tell what came of a piece of work, if anybody still waits."""
    if told.done():
        return
    error = done.exception()
    if error is None:
        told.set_result(done.result())
    else:
        told.set_exception(error)


class _Again:
    """One run through a recording."""

    def __init__(self, recording: Recording, tower: Tower, tolerance_s: float) -> None:
        self._recording = recording
        self._tower = tower
        self._tolerance_s = tolerance_s

    async def live(self, journal: Path) -> Outcome:
        lines = self._recording.lines
        end = next((line for line in lines if line["is"] == "end"), None)
        end_s = max((line["t"] for line in lines), default=0.0)
        deeds = list(deeds_of(self._recording.tower, lines))
        tape, ended = Tape(deeds, end_s, self._tolerance_s), list[object]()
        self._tape = tape
        try:
            async with serve(self._tower, journal, self._ports()) as daemon:
                self._follow(daemon)
                acts = [asyncio.create_task(act) for act in (tape.watch(), self._people(daemon))]
                through = asyncio.create_task(tape.reach(end_s))
                first: list[asyncio.Future[Any]] = [through, tape.differs]
                await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
                if end is not None:
                    self._compare(end, outcome_of(daemon.book))
                tape.stop()
                for act in (*acts, through):
                    act.cancel()
                ended += await asyncio.gather(*acts, through, return_exceptions=True)
        except Exception as error:  # noqa: BLE001 - that the daemon of now ends is a difference, whatever ends it
            tape.depart("the daemon", "that it lives", repr(error))
        for came in ended:
            if isinstance(came, Exception):
                raise came
        return Outcome(end_s, len(deeds), tape.matched, tape.differs.result() if tape.differs.done() else None)

    def _ports(self) -> Ports:
        recording, tape = self._recording, self._tape
        maps = station_maps(self._tower.shape)
        spoken = {bus: [line for line in recording.lines if line.get("bus") == bus] for bus in self._tower.bus}
        requests = [line for bus in spoken.values() for line in with_sent(bus)]
        reels = {
            name: Reel(station, (line for line in requests if line["unit"] == station.unit), self._tolerance_s)
            for name, station in maps.items()
        }
        running = asyncio.get_running_loop()

        def link(bus: str) -> TapeLink:
            mine = {reels[name].station.unit: reels[name] for name in self._tower.bus[bus].stations}
            return TapeLink(tape, mine, outages_of(spoken[bus]), self._tower.machine.plc.scan_s)

        execute = _Disk([line["took"] for line in recording.lines if line["is"] == "work"])
        return Ports(
            links=link,
            cadences=lambda name: TapeCadence(tape, reels[name].polls),
            executor=execute,
            now=lambda: recording.wall_s + running.time(),
            owner=recording.owner,
            trace_writer=_Disk([]),
        )

    def _follow(self, daemon: Daemon) -> None:
        told_before = daemon.board.on_event

        def tell(event: Mapping[str, object]) -> None:
            told_before(event)
            told = told_said(event)
            if told is not None:
                self._tape.do(*told)

        daemon.board.on_event = tell

    async def _people(self, daemon: Daemon) -> None:
        """Ask what was asked then, each at its time."""
        async with asyncio.TaskGroup() as group:
            for line in self._recording.lines:
                if line["is"] == "asked":
                    await self._tape.reach(line["t"])
                    group.create_task(self._ask(daemon, line))

    async def _ask(self, daemon: Daemon, line: Line) -> None:
        body = {name: value for name, value in line.items() if name not in HEAD}
        answer: dict[str, object] = {}
        try:
            answer["answer"] = await daemon.inbox.ask(from_body(body))
        except Refusal as refusal:
            answer["rule"] = refusal.rule
        except Exception as error:  # noqa: BLE001 - a recording names what else went wrong in the same way
            answer["rule"] = repr(error)
        self._tape.do(f"answer {line['number']}", answer_said(answer))

    def _compare(self, end: Line, got: Mapping[str, Any]) -> None:
        """Compare what is believed at the end."""
        for what in ("places", "jobs"):
            for then, now in zip_longest(end[what], got[what]):
                if then != now:
                    self._tape.depart(f"{what} at the end", str(then), str(now))
