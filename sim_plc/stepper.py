"""The one loop that owns scan time: plant, programs, plant, on the grid of the scan period.

A scan whose inputs did not change, with nothing written and nothing due, would change nothing: it is skipped, and
all that counts scans does so by arithmetic. So whoever looks, looks at the same tower as if every scan had run.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Final, Protocol

from sim_plc.unit import Unit

_GRID_SLACK: Final = 1e-6
"""Of a scan: a grid point computed in floating point still counts as reached."""


class SteppedPlant(Protocol):
    """What the stepper needs of the steel: `sim_plc.plant.plant.Plant` has it."""

    def sense(self, t: float) -> None:
        """Advance to ``t`` and fill the inputs of all images."""
        ...

    def act(self, t: float) -> None:
        """Take the outputs of all images at ``t``."""
        ...

    def next_event(self) -> float | None:
        """Return when an input may change next."""
        ...


class SteppedProgram(Unit, Protocol):
    """What the stepper needs of a program: `sim_plc.program.station_program.StationProgram` has it."""

    @property
    def unit(self) -> int:
        """Modbus unit id."""
        ...

    @property
    def input_changes(self) -> int:
        """How often the plant has changed its inputs."""
        ...

    def scan(self, t: float, *, inputs_changed: bool = True) -> None:
        """Run one scan; ``inputs_changed`` tells whether its inputs had news since the last one."""
        ...

    @property
    def due(self) -> float:
        """When a scan is due though no input changes; infinity: never."""
        ...

    def refresh(self, t: float) -> None:
        """Let heartbeat and encoders be those of ``t`` in the reads to come."""
        ...

    def only_hears(self, t: float) -> bool:
        """Return whether a scan at ``t`` would only hear the controller: nobody needs to see it happen in time."""
        ...

    def hear(self, t: float) -> bool:
        """Hear the controller at the scan of ``t``, where `only_hears`; return whether a whole scan has to follow."""
        ...


class Stepper:
    """Brings plant and programs up to a time, always in the same order: sense, the programs, act.

    Whoever touches the plant from outside calls `touch` before, so that the touch comes at the right instant,
    and `kick` after. ``programs`` may be replaced between two calls: a power-up of a station.
    """

    def __init__(
        self, plant: SteppedPlant, programs: Sequence[SteppedProgram], *, scan_s: float, faithful: bool = False
    ) -> None:
        """Take a plant and its programs in the fixed order of their scans. ``faithful`` skips no scan."""
        self.plant = plant
        self.programs = list(programs)
        self.scans = 0
        """Grid points scanned so far."""
        self.on_news: Callable[[], None] = lambda: None
        """Called after each scan that the plant had news for."""
        self.on_scan: Callable[[], None] = lambda: None
        """Called after each scan."""
        self._scan_s = scan_s
        self._faithful = faithful
        self._index = 0
        self._sensed = 0
        """The grid point that the plant has come to: behind scans that only hear it is left where it was."""
        self._heard = [-1] * len(self.programs)
        """By program: the count of input changes that its last scan saw."""
        self._running: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._context = copy_context()

    @property
    def now(self) -> float:
        """The grid point reached."""
        return self._index * self._scan_s

    @property
    def following(self) -> float:
        """The grid point of the next scan that can be."""
        return (self._index + 1) * self._scan_s

    def advance(self, now: float) -> None:
        """Run every scan due up to ``now``, in order, and let reads show ``now``'s grid point. Never goes back."""
        self._bring_up_to(now)
        self._refresh()

    def program(self, number: int, now: float) -> SteppedProgram:
        """Return a program after every scan due up to ``now``; its reads alone need to show ``now``'s grid point."""
        self._bring_up_to(now)
        program = self.programs[number]
        program.refresh(self.now)
        return program

    def _bring_up_to(self, now: float) -> None:
        last = self._last_of(now)
        if last > self._index:
            self._reach(last)

    def _reach(self, last: int) -> int | None:
        """Advance to a grid point; return that of the next scan as things are then."""
        dues = self._dues()
        while (index := self._index_of(dues)) is not None and index <= last:
            self._scan(index, dues)
            dues = self._dues()
        if last > self._index:
            self._index = last
            self._sense()
        return index

    def touch(self, now: float) -> None:
        """Advance to ``now``, and let the plant come as far."""
        self._bring_up_to(now)
        if self._sensed < self._index:
            self._sense()
        self._refresh()

    def _sense(self) -> None:
        """Let the plant come to the grid point reached, where no scan runs."""
        self._sensed = self._index
        self.plant.sense(self.now)

    def _refresh(self) -> None:
        """Let the reads of every program show the grid point reached."""
        for program in self.programs:
            program.refresh(self.now)

    def next_due(self) -> float | None:
        """Return the grid point of the next scan, None: nothing is due until somebody writes or acts."""
        return self._at(self._index_of(self._dues()))

    def kick(self) -> None:
        """Let `run` look again: something was written, or happened to the plant."""
        if self._running is not None:
            self._set_timer(self.next_due())

    def units(self, clock: Callable[[], float]) -> dict[int, Unit]:
        """Return the programs by unit id, as units that are brought up to ``clock()`` before each access."""
        return {program.unit: _SteppedUnit(self, index, clock) for index, program in enumerate(self.programs)}

    async def run(self) -> None:
        """Advance with the running loop's clock for ever.

        Raises:
            Exception: what went wrong in a scan.

        """
        self._running = asyncio.get_running_loop().create_future()
        self._context = copy_context()
        self._tick()
        try:
            await self._running
        finally:
            self._running = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _tick(self) -> None:
        running, self._timer = self._running, None
        assert running is not None
        try:
            self._set_timer(self._at(self._reach(self._last_of(running.get_loop().time()))))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits `run`
            if not running.done():
                running.set_exception(error)

    def _set_timer(self, due: float | None) -> None:
        """Let the next scan that is due come in time, and no other."""
        if self._timer is not None:
            if self._timer.when() == due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None and self._running is not None:
            # In a context of its own: whoever kicks may be another process of a rehearsal, and be frozen.
            self._timer = self._running.get_loop().call_at(due, self._tick, context=self._context)

    def _scan(self, index: int, dues: Sequence[float]) -> None:
        """Scan what is due at a grid point, and every program that the plant has news for."""
        self._index = index
        self.scans += 1
        t, reached_s = self.now, (index + _GRID_SLACK) * self._scan_s
        happens, *due = [due_s <= reached_s for due_s in dues]
        news = self._faithful or happens
        if not news and self._only_hear(t, due):
            return
        self._sensed = index
        self.plant.sense(t)
        for number, program in enumerate(self.programs):
            changed = self._faithful or program.input_changes != self._heard[number]
            if changed or due[number]:
                self._heard[number] = program.input_changes
                program.scan(t, inputs_changed=changed)
        self.plant.act(t)
        if news:
            self.on_news()
        self.on_scan()

    def _only_hear(self, t: float, due: Sequence[bool]) -> bool:
        """Let programs hear the controller if that is all they would do; return whether it was."""
        hearing = [program for program, is_due in zip(self.programs, due, strict=True) if is_due]
        if not all(program.only_hears(t) for program in hearing):
            return False
        heard = [program.hear(t) for program in hearing]
        return not any(heard)

    def _dues(self) -> list[float]:
        """Return when the plant and each program are due; infinity: never as things are."""
        event = self.plant.next_event()
        return [math.inf if event is None else event, *[program.due for program in self.programs]]

    def _last_of(self, t: float) -> int:
        """Return the last grid point at or before ``t``."""
        return math.floor(t / self._scan_s + _GRID_SLACK)

    def _at(self, index: int | None) -> float | None:
        return None if index is None else index * self._scan_s

    def _index_of(self, dues: Sequence[float]) -> int | None:
        """Return the grid point of the next scan, the first one at or after the earliest of ``dues``; None: never."""
        following, earliest = self._index + 1, min(dues)
        if self._faithful or earliest <= self.now:
            return following
        return None if earliest == math.inf else max(following, math.ceil(earliest / self._scan_s - _GRID_SLACK))


class _SteppedUnit:
    """One program's registers, brought up to date before each access."""

    def __init__(self, stepper: Stepper, index: int, clock: Callable[[], float]) -> None:
        self._stepper = stepper
        self._index = index
        self._clock = clock

    def read_input(self, address: int, count: int) -> Sequence[int]:
        return self._program().read_input(address, count)

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        return self._program().read_holding(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        program = self._program()
        program.write(address, words)
        if not program.only_hears(self._stepper.following):
            self._stepper.kick()

    def _program(self) -> SteppedProgram:
        return self._stepper.program(self._index, self._clock())
