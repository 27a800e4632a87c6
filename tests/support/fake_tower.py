"""A tower without plant, PLC or wire: drivers over mechanisms that do at once what they are asked, or refuse it.

For tests of whoever uses the drivers. What a command needs, and what it changes, is written by hand in
`tests.support.fake_rules`; here stand numbering, outcomes and images. With ``takes_s`` a motion lasts that long,
so that it can be stopped on its way: half of it is done then.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import overload

from hal.bay import Latches
from hal.cadence import SteadyCadence
from hal.carriage import Dock, Lift, Shuttle, Turntable
from hal.errors import ForeignMaster, LinkDown, Maintenance, NotOnline, Unsettled
from hal.interfaces import Leeway, Mechanism, Outcome, Prepared, StationState, Verdict
from hal.plcmap import codes, registers
from hal.plcmap.codec import History, Image, Measurement, PastOutcome, SlowImage, Status
from hal.plcmap.frame import Content, Frame
from hal.plcmap.registers import StationMap, station_maps
from hal.plcmap.shape import TowerShape
from hal.room import Door, RoomDriver, RoomSignal
from hal.safety import SafetyReader
from hal.scan import Station
from hal.station import StationControl
from hal.tower import TOWER, Tower
from tests.support.fake_rules import Look, Motion, Rules, World

_VERDICTS = {
    codes.Result.OK: Verdict.OK,
    codes.Result.STOPPED: Verdict.STOPPED,
    codes.Result.STOPPED_RESTART: Verdict.STOPPED_RESTART,
    codes.Result.REFUSED: Verdict.REFUSED,
}


_MODES = {
    codes.Mode.PRODUCTION: codes.Status.MODE_PRODUCTION,
    codes.Mode.MAINTENANCE: codes.Status.MODE_MAINTENANCE,
    codes.Mode.MANUAL: codes.Status.MODE_MANUAL,
}


class _NoLink:
    """`hal.link.Link` that never connects: a fake station is not polled."""

    connected = False
    generation = 0

    async def connect(self) -> None:
        raise LinkDown("a fake station has no link")

    async def close(self) -> None:
        return

    async def read_input(self, unit: int, address: int, count: int, *, urgent: bool = False) -> tuple[int, ...]:
        raise LinkDown("a fake station has no link")

    async def read_holding(self, unit: int, address: int, count: int, *, urgent: bool = False) -> tuple[int, ...]:
        raise LinkDown("a fake station has no link")

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        raise LinkDown("a fake station has no link")

    async def read_write(
        self,
        unit: int,
        read_address: int,
        read_count: int,
        write_address: int,
        words: Sequence[int],
        *,
        urgent: bool = False,
    ) -> tuple[int, ...]:
        raise LinkDown("a fake station has no link")


class _NoEpochs:
    """`hal.interfaces.EpochStore` that nobody asks: a fake station counts its own."""

    async def start(self, at_least: int) -> int:
        return at_least + 1

    async def next_connection(self) -> int:
        return 1


class FakeStation(Station):
    """A station whose image is made from the world when it is looked at: always fresh while it is up."""

    def __init__(self, station: StationMap, shape: TowerShape, world: World) -> None:
        super().__init__(station, shape, _NoLink(), cadence=SteadyCadence(), epochs=_NoEpochs(), owner=1)
        self.world = world
        self.boxes: dict[str, FakeMechanism] = {}
        self.boot_id = 1
        self.maintenance = False
        self._heartbeat = 0

    @property
    def online(self) -> bool:
        """Whether it is up."""
        return self.state is StationState.ONLINE

    @property
    def image(self) -> Image:
        """What it shows now.

        Raises:
            ForeignMaster: it is frozen.
            NotOnline: it is not up.

        """
        if self.state is StationState.FROZEN:
            raise ForeignMaster(f"{self.name}: {self.trouble}")
        if not self.online:
            raise NotOnline(f"{self.name} is {self.state.value}: {self.trouble}")
        image = self._known.image = self._picture()
        return image

    @property
    def powered(self) -> bool:
        """Whether its drives are enabled."""
        return self.name in self.world.powered

    def come_up(self) -> None:
        """Come online with a new epoch."""
        self._claim.epoch += 1
        self._known.move(StationState.ONLINE, "")
        self.tell()

    def go(self, state: StationState, trouble: str) -> None:
        """Go offline, stale or frozen."""
        self._known.move(state, trouble)

    def power_cycle(self) -> None:
        """Lose and regain power: what ran is closed, drives are off."""
        self.go(StationState.OFFLINE, "the station restarted")
        self.boot_id += 1
        self.world.power_up(self.name)
        for box in self.boxes.values():
            box.restart()
        self.come_up()

    def tell(self) -> None:
        """Hand a new image to whoever waits."""
        if self.online:
            self._known.publish(self.image)

    async def request_slow(self) -> SlowImage:
        """Return outcomes and measurements.

        Raises:
            LinkDown: it is not up.

        """
        if not self.online:
            raise LinkDown(f"{self.name}: {self.trouble}")
        frames = {place: self._measured(place) for place in self.world.rooms} if self.name == TOWER else {}
        return SlowImage(self.boot_id, 0, {name: box.history() for name, box in self.boxes.items()}, frames)

    def _measured(self, place: int) -> Measurement:
        return Measurement(4700, 1850, 1500, 1600, 4, 0) if place in self.world.cars else Measurement(0, 0, 0, 0, 0, 0)

    def _picture(self) -> Image:
        self._heartbeat = (self._heartbeat + 1) & 0xFFFF
        status = _MODES[self.world.modes.get(self.name, codes.Mode.PRODUCTION)]
        status |= codes.Status.POWERED if self.powered else codes.Status(0)
        status |= codes.Status.MAINTENANCE_KEY if self.maintenance else codes.Status(0)
        shown = {name: box.shown() for name, box in self.boxes.items()}
        head = (self.boot_id, self._heartbeat, self.epoch, self.owner)
        if self.name == TOWER:
            world = self.world
            rooms = {place: world.room_word(place) for place in world.rooms}
            return Image(*head, codes.Safety.CHAIN_CLOSED, status, shown, world.carriage_word(), rooms)
        held = codes.BayStation.CARRIAGE_HELD if self.world.held else codes.BayStation(0)
        bays = {place: self.world.bay_word(place) for place in self.map.places}
        return Image(*head, codes.Safety(0), status, shown, inputs=held, bays=bays)


@dataclass
class _Run:
    """A command that runs: each stage of its motion takes ``stage_s``."""

    prepared: Prepared
    motion: Motion
    stage_s: float
    timer: asyncio.TimerHandle | None = None


@dataclass
class FakeMechanism:
    """`hal.interfaces.Mechanism` that carries its command out at once, or in ``takes_s``."""

    station: FakeStation
    key: str
    rules: Rules
    takes_s: float
    prepared_log: list[Prepared] = field(default_factory=list)
    """Every command issued, in order."""
    _last: int | None = None
    _accepted_check: int = 0
    _run: _Run | None = None
    _outcomes: dict[int, Outcome] = field(default_factory=dict)
    _past: deque[PastOutcome] = field(default_factory=lambda: deque(maxlen=4))
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def name(self) -> str:
        return f"{self.station.name}/{self.key}"

    @property
    def kind(self) -> codes.MechanismKind:
        return self.station.map.mechanism(self.key).kind

    def adopt(self, last_sequence: int) -> None:
        self._last = last_sequence

    def status(self) -> Status:
        return self.station.image.mechanisms[self.key]

    def prepare(
        self,
        opcode: codes.Opcode,
        argument1: int = 0,
        argument2: int = 0,
        expected_from: codes.State = codes.State.ANY,
    ) -> Prepared:
        image = self.station.image
        if self._last is None:
            raise NotOnline(f"{self.name}: its sequence counter was not restored")
        if self.station.maintenance:
            raise Maintenance(f"{self.station.name}: the maintenance key is on")
        sequence = codes.serial_next(self._last)
        content = Content(int(opcode), argument1, argument2, int(expected_from))
        frame = Frame.build(
            epoch=image.epoch_in_force, boot_id=image.boot_id, content=content, sequence=sequence
        )
        return Prepared(self.name, sequence, content, frame.check, image.boot_id)

    async def issue(self, prepared: Prepared) -> None:
        again = self.prepare(codes.Opcode(prepared.content.opcode))
        if again.sequence != prepared.sequence:
            raise Unsettled(f"{self.name}: another command took the place of sequence {prepared.sequence}")
        if again.boot_id != prepared.boot_id:
            raise NotOnline(f"{self.name}: boot id changed since sequence {prepared.sequence} was prepared")
        self._last, self._accepted_check = prepared.sequence, prepared.check
        self.prepared_log.append(prepared)
        if prepared.is_stop:
            self._cut(codes.Result.STOPPED)
            self._end(prepared, codes.Result.OK)
        else:
            self._begin(prepared)
        self.rules.world.on_change()

    async def outcome(
        self,
        prepared: Prepared,
        deadline_s: float,
        *,
        expected_s: float | None = None,
        leeway: Leeway | None = None,
    ) -> Outcome:
        if prepared not in self.prepared_log:
            return Outcome(prepared, Verdict.VOID, text="never written")
        try:
            async with asyncio.timeout(deadline_s):
                while prepared.sequence not in self._outcomes:
                    await self._ended.wait()
        except TimeoutError:
            await self.stop()
        return self._outcomes[prepared.sequence]

    async def stop(self, prepared_stop: Prepared | None = None) -> Outcome:
        stop = prepared_stop or self.prepare(codes.Opcode.STOP)
        if stop not in self.prepared_log:
            await self.issue(stop)
        return self._outcomes[stop.sequence]

    @overload
    async def settle(
        self, prepared: Prepared, known_checks: Collection[int] = ..., deadline_s: float = ...
    ) -> Outcome: ...
    @overload
    async def settle(
        self, prepared: None, known_checks: Collection[int] = ..., deadline_s: float = ...
    ) -> None: ...

    async def settle(
        self, prepared: Prepared | None, known_checks: Collection[int] = (), deadline_s: float = 60.0
    ) -> Outcome | None:
        if prepared is None:
            await self.station.until(lambda _: True, deadline_s)
            return None
        return await self.outcome(prepared, deadline_s)

    # What the station shows of it

    def shown(self) -> Status:
        """Return its part of the image."""
        newest = self._past[0] if self._past else PastOutcome(0, 0, 0, 0)
        look = self._look()
        return Status(
            int(look.state),
            look.substep,
            self._last or 0,
            self._accepted_check,
            self._run.prepared.sequence if self._run else 0,
            newest.sequence,
            newest.result,
            newest.reason,
            look.flags,
            look.position,
        )

    def history(self) -> History:
        """Return its part of the slow blocks."""
        return History(tuple(self._past), 0, 0, 0, 0, 0, 0, 0)

    def restart(self) -> None:
        """Close what runs as a restart does."""
        self._cut(codes.Result.STOPPED_RESTART)

    @property
    def _mechanism(self) -> registers.Mechanism:
        return self.station.map.mechanism(self.key)

    def _look(self) -> Look:
        return self.rules.look(self._mechanism, self.station.name, self._run.motion if self._run else None)

    def _begin(self, prepared: Prepared) -> None:
        station = self.station.name
        reason = codes.Reason.BUSY
        if self._run is None:
            reason = self.rules.refusal(self._mechanism, prepared.content, self._look().state, station)
        if reason:
            self._end(prepared, codes.Result.REFUSED, reason)
            return
        motion = self.rules.motion(self._mechanism, prepared.content, station)
        takes_s = 0.0 if motion.instant else self.takes_s
        self._run = _Run(prepared, motion, takes_s / len(motion.stages))
        self.rules.world.running.add(self.name)
        self._go_on()

    def _go_on(self) -> None:
        """Wait for the next stage, or go through it if it takes no time."""
        assert self._run is not None
        run = self._run
        if run.stage_s:
            run.timer = asyncio.get_running_loop().call_later(run.stage_s, self._stage)
        else:
            self._stage()

    def _stage(self) -> None:
        assert self._run is not None
        run = self._run
        run.motion.stages.pop(0)()
        if run.motion.stages:
            self._go_on()
        else:
            self._ends_running(codes.Result.OK)
        self.rules.world.on_change()

    def _cut(self, result: codes.Result) -> None:
        if self._run is None:
            return
        if self._run.timer is not None:
            self._run.timer.cancel()
        self._run.motion.on_cut()
        self._ends_running(result)

    def _ends_running(self, result: codes.Result) -> None:
        assert self._run is not None
        run, self._run = self._run, None
        self.rules.world.running.discard(self.name)
        self._end(run.prepared, result)

    def _end(
        self, prepared: Prepared, result: codes.Result, reason: codes.Reason = codes.Reason.NONE
    ) -> None:
        self._past.appendleft(PastOutcome(prepared.sequence, prepared.check, result, reason))
        self._outcomes[prepared.sequence] = Outcome(prepared, _VERDICTS[result], reason)
        self._ended.set()
        self._ended = asyncio.Event()


@dataclass(frozen=True)
class FakeTower:
    """The drivers as `hal.tower.open_tower` gives them, and the world behind them."""

    tower: Tower
    world: World
    stations: dict[str, FakeStation]
    mechanisms: dict[str, FakeMechanism]


def fake_tower(
    shape: TowerShape, *, cars: Iterable[int] = (), takes_s: float = 0.0, ready: bool = True
) -> FakeTower:
    """Make a tower inside a running loop, every station online; ``cars`` by place.

    ``ready``: enabled, homed and all sequences counted; otherwise as after power-up.
    """
    world = World(shape, set(cars))
    rules = Rules(world)
    stations = {name: FakeStation(each, shape, world) for name, each in station_maps(shape).items()}
    boxes: dict[str, FakeMechanism] = {}
    for station in stations.values():
        for each in station.map.mechanisms:
            box = FakeMechanism(station, each.name, rules, takes_s)
            boxes[box.name] = station.boxes[each.name] = box

    def tell_all() -> None:
        for station in stations.values():
            station.tell()

    world.on_change = tell_all
    if ready:
        world.make_ready(stations)
        for box in boxes.values():
            box.adopt(0)
    for station in stations.values():
        station.come_up()
    return FakeTower(_drivers(shape, stations, dict(boxes)), world, stations, boxes)


def _drivers(
    shape: TowerShape, stations: dict[str, FakeStation], boxes: dict[str, Mechanism]
) -> Tower:
    main = stations[TOWER]
    rooms = {
        place: RoomDriver(
            f"room{number}",
            place,
            main,
            Door(boxes[f"{TOWER}/room{number}.inner_door"]),
            Door(boxes[f"{TOWER}/room{number}.outer_gate"]),
            RoomSignal(boxes[f"{TOWER}/room{number}.signal"]),
        )
        for number, place in enumerate(shape.rooms, start=1)
    }
    latches = {
        level: Latches(boxes[f"bays{level}/latches"], stations[f"bays{level}"], level) for level in shape.bay_levels
    }
    return Tower(
        shape=shape,
        stations=dict(stations),
        mechanisms=boxes,
        lift=Lift(boxes["tower/lift"], shape),
        turntable=Turntable(boxes["tower/turntable"], shape),
        shuttle=Shuttle(boxes["tower/shuttle"]),
        dock=Dock(main, shape),
        latches=latches,
        rooms=rooms,
        safety=SafetyReader(main),
        station_controls={
            name: StationControl(boxes[f"{name}/station"], station) for name, station in stations.items()
        },
    )
