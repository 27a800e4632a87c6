"""One rehearsal: a seed draws the tower's stock, its people, its orders and its faults; then everything heals.

`cartower-sim replay` runs one seed from the command line, `cartower-sim campaign` many.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from config.schema import Audit, Timing, Tower
from controller.domain.jobs import TERMINAL, Job, JobState
from controller.domain.places import PlaceStatus
from controller.domain.unit import UnitState
from controller.settings import kinematics_of
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.ablations.ablation import NOTHING, Cut
from sim_plc.rehearsal.ablations.catalogue import cut_of
from sim_plc.rehearsal.bookings import Bookings
from sim_plc.rehearsal.desk import Desk
from sim_plc.rehearsal.disk import JOURNAL
from sim_plc.rehearsal.durability import Durability
from sim_plc.rehearsal.faults.aimed import care_for, draw_aimed, looks_into_bays, manners_for
from sim_plc.rehearsal.faults.alphabet import ALPHABET, Fate, draw
from sim_plc.rehearsal.faults.letter import Letter, Strike
from sim_plc.rehearsal.invariants import Inspector, Violation
from sim_plc.rehearsal.operator import Care, Operator
from sim_plc.rehearsal.people import Manners, Orders, Public
from sim_plc.rehearsal.probes import Probes
from sim_plc.rehearsal.world import World
from sim_plc.study.variants import with_rooms

HEAL_S: Final = 600.0
"""Within this time after the last fault every accepted job must have ended or stand parked (I11)."""

ENDLESS_S: Final = 1800.0
"""A fault that goes on for so long behind the last that may strike never ends: the rig's own is broken."""

HEAL_MOVES: Final = 2
"""A slow machine has as many of its longest moves for each job that may be open, if they take longer than that."""

PARKED_LIMIT_S: Final = 240.0
"""An operator who attends gets a parked job ended within this; then it may stay parked, with its reason."""

PATIENCES_S: Final = (60.0, 120.0, 240.0)
"""For how long customers are waited for; the shortest in runs that aim, where others wait behind them."""

GRACE_S: Final = 200.0
"""So long after its time an appointment lapses."""

MORE_ROOMS: Final = 4
"""Of so many seeds one has a tower with two rooms or three, if its own has one: with that no car is brought ahead."""

AUDITED: Final = 2
"""Each so many-th seed has a tower that looks into a bay whenever nobody needs it."""

ON_BYTES: Final = 5
"""Of so many seeds one has wires that carry bytes."""

AIMED: Final = 16
"""Of so many seeds one has faults that are aimed at what the unit and its jobs do."""

AUDIT: Final = Audit(visits_per_day=8640, idle_s=2.0)

LOOK_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Options:
    """What is drawn, and how much of it."""

    faults: bool = True
    kinds: tuple[Letter, ...] = ALPHABET
    most_strikes: int = 8
    aimed: bool | None = None
    """Whether faults are aimed, as many as there is time for; None: each `AIMED`-th seed's are."""
    coalesced: bool = True
    on_bytes: bool | None = None
    """Whether the wires carry bytes, for the product's own links; None: each `ON_BYTES`-th seed's do."""
    pause_s: tuple[float, float] | None = None
    """Between two orders; None: as people have it, or in a hurry in runs that aim."""
    script: tuple[Strike, ...] | None = None
    """Instead of a drawn one."""
    without: tuple[Letter, ...] = ()
    """Letters whose strikes are drawn like all others and then kept back."""
    unasked: frozenset[int] = frozenset()
    """Orders, by their number from 1, that are drawn like all others and then kept back."""
    booked: bool = True
    """Whether people book ahead, too: appointments are times of day, which a clock that is wrong makes others."""
    stolen_s: float | None = None
    """When a car vanishes from a bay: a run that must fail, or the rig is blind."""
    ablation: str = ""
    """The safeguard that is taken away, by its name in `sim_plc.rehearsal.ablations.catalogue`; empty: none."""
    control: bool = False
    """Of the ablation only the second layer beside it is taken away: a run that must be good."""


@dataclass(frozen=True, slots=True)
class End:
    """What a run leaves behind, as far as it does not hang on milliseconds."""

    places: tuple[tuple[int, str, str | None], ...]
    """Each place with what is believed of it and the car there."""
    cars: tuple[tuple[int, str], ...]
    """Each place with the car that really stands there."""
    jobs: tuple[tuple[int, str, str, str, int | None], ...]
    """Number, kind, car, state, target."""
    alarms: tuple[tuple[str, str], ...]
    """Number and state of each that is not quiet."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one run."""

    tower: str
    seed: int
    trace_hash: str
    violations: tuple[Violation, ...]
    jobs: Mapping[str, int]
    """By the state they ended in."""
    probes: Mapping[str, int]
    """How often each thing happened."""
    script: tuple[Strike, ...]
    """What has struck: without the aimed strikes whose moment never came."""
    orders: int
    """How many were drawn."""
    virtual_s: float
    scans: int
    end: End | None = None
    """None: no daemon ran at the end."""
    hits: Mapping[str, int] = field(default_factory=dict)
    """How often each letter struck into each state of the unit and step of a job: ``LETTER/UNIT/STEP``."""

    @property
    def good(self) -> bool:
        """Whether nothing was broken."""
        return not self.violations

    def __str__(self) -> str:
        lines = [
            f"{self.tower}, seed {self.seed}: {self.virtual_s:.0f} s, {self.scans} scans, {self.trace_hash[:16]}",
            f"  jobs: {_listed(self.jobs)}",
            f"  happened: {_listed(self.probes)}",
            *(f"  strike: {strike}" for strike in self.script),
            *(f"  VIOLATION {violation}" for violation in self.violations),
        ]
        return "\n".join(lines)


Note = Callable[[float, str, object], None]
"""Takes a line of the trace: virtual time in seconds, kind, body."""


def rehearse(
    tower: Tower, seed: int, minutes: float = 15.0, options: Options | None = None, note: Note | None = None
) -> Report:
    """Run one seed in virtual time; ``note`` is given each line of its trace."""
    options = options or Options()
    cut = cut_of(options.ablation, control=options.control)
    with cut.made():
        return loop.run(_rehearse(tower, seed, minutes * 60.0, options, cut, note))


async def _rehearse(tower: Tower, seed: int, length_s: float, options: Options, cut: Cut, note: Note | None) -> Report:
    play = Play(tower, seed, options, cut)
    world = play.world
    if note is not None:
        world.on_note = lambda kind, body: note(world.now, kind, body)
    async with world.running():
        return await play.run(length_s)


class Play:
    """The cast of one run."""

    def __init__(self, tower: Tower, seed: int, options: Options, cut: Cut = NOTHING) -> None:
        """Take the tower and what is drawn by the seed; ``cut``: what the PLCs do not enforce."""
        rng = random.Random(f"{seed} {tower.name}")
        if seed % MORE_ROOMS == 3 and len(tower.shape.rooms) == 1:
            tower = with_rooms(tower, 2 + seed // MORE_ROOMS % 2) or tower
        tower = _drawn_tower(tower, rng)
        self._turn = _aimed_turn(seed, options)
        if self._turn is not None:
            tower = _with_patience(tower, PATIENCES_S[0])
        if seed % AUDITED == 1 or (self._turn is not None and looks_into_bays(self._turn)):
            tower = tower.model_copy(update={"audit": AUDIT})
        self.options = options
        on_bytes = _is_on_bytes(seed) if options.on_bytes is None else options.on_bytes
        self.world = World(
            tower,
            seed,
            cars=_stock(tower, rng),
            coalesced=options.coalesced,
            interlocks=cut.tower_interlocks,
            bay_interlocks=cut.bay_interlocks,
            on_bytes=on_bytes,
        )
        self.world.computer.managed = True
        self.inspector = Inspector(self.world)
        self.durability = Durability(
            self.inspector.accuse, self.world.folder / JOURNAL, self.world.truth, self.inspector.lose_the_past
        )
        self.world.life_witnesses.append(self.durability)
        self.probes = Probes(self.world)
        one_room = len(tower.shape.rooms) == 1
        manners = Manners(open_jobs=2 if one_room else 4)
        if self._turn is not None:
            manners = manners_for(self._turn, manners)
        manners = replace(manners, pause_s=options.pause_s or manners.pause_s)
        self.heal_s = max(HEAL_S, manners.open_jobs * HEAL_MOVES * longest_move_s(tower))
        care = Care() if self._turn is None else care_for(self._turn)
        self.operator = Operator(self.world, random.Random(rng.random()), care)
        self.public = Public(self.world, random.Random(rng.random()), manners)
        self.orders = Orders(self.world, random.Random(rng.random()), manners, self.public, options.unasked)
        self.desk = Desk(self.world)
        self.bookings = Bookings(self.world)
        self.public.is_away = self.bookings.is_away
        self.fate = Fate(self.world, random.Random(rng.random()))
        self._rng = rng
        self._parked_since: dict[int, float] = {}

    async def run(self, length_s: float) -> Report:
        """Play the run and judge its end."""
        world, script = self.world, self._script(length_s)
        self.public.linger_until_s = length_s
        await world.start_daemon()
        acts = [self.operator.attend(), self.public.come_and_go(), self.desk.watch()]
        if self.options.booked:
            acts.append(self.bookings.attend())
        people = [asyncio.create_task(act) for act in acts]
        orders = asyncio.create_task(self.orders.flow())
        people.append(orders)
        if self.options.stolen_s is not None:
            people.append(asyncio.create_task(self._steal(self.options.stolen_s)))
        try:
            async with asyncio.timeout_at(length_s + ENDLESS_S):
                await self.fate.play(script)
            await asyncio.sleep(max(0.0, length_s - world.now))
            orders.cancel()
            self.public.generous = self.desk.tidy = self.bookings.generous = True
            await self._heal()
        finally:
            for task in people:
                task.cancel()
            came = await asyncio.gather(*people, return_exceptions=True)
        for error in came:
            # Somebody who drops dead unseen would leave a tower that nobody asks for anything.
            if isinstance(error, Exception):
                raise error
        self.inspector.troubles = len(script) + self.public.did["lingered"]
        self.inspector.judge_end()
        self.durability.judge_end()
        return self._report(tuple(self.fate.struck))

    def _script(self, length_s: float) -> tuple[Strike, ...]:
        kinds = tuple(kind for kind in self.options.kinds if self.world.on_bytes or not kind.of_bytes)
        if self._turn is not None:
            drawn = draw_aimed(self._rng, self._turn, begin_s=5.0, end_s=length_s, kinds=kinds)
        else:
            drawn = draw(self._rng, begin_s=5.0, end_s=length_s, kinds=kinds, most=self.options.most_strikes)
        if self.options.script is not None:
            return self.options.script
        if not self.options.faults:
            return ()
        return tuple(strike for strike in drawn if strike.kind not in self.options.without)

    async def _steal(self, at_s: float) -> None:
        await asyncio.sleep(at_s)
        held = sorted(place for place in self.world.plant.truth().cars if place in self.world.tower.shape.bays)
        self.world.do(lambda plant: plant.lift_out(held[0]))

    async def _heal(self) -> None:
        """Wait until every accepted job has ended, or stands parked although an operator has tried."""
        world, limit_s = self.world, self.world.now + self.heal_s
        while world.now < limit_s:
            if world.daemon is not None and self._settled():
                return
            await asyncio.sleep(LOOK_S)
        left = [*map(_named, self._open_jobs()), *self._not_put_back()]
        self.inspector.accuse("I11", "; ".join(left) or "the unit does not execute")

    def _settled(self) -> bool:
        daemon = self.world.daemon
        assert daemon is not None
        waiting = [job for job in self._open_jobs() if not self._parked_for_good(job)]
        at_rest = not waiting and not self._not_put_back()
        return at_rest and daemon.control.unit.state in {UnitState.EXECUTE, UnitState.HELD}

    def _not_put_back(self) -> list[str]:
        """Return whose cars stand in a room though their appointments have ended and a bay is free for them."""
        daemon = self.world.daemon
        if daemon is None:
            return []
        book, taken = daemon.book, daemon.book.reserved()
        places = (book.places[bay] for bay in self.world.tower.shape.bays if bay not in taken)
        if not any(place.status is PlaceStatus.FREE for place in places):
            return []
        ended = (each for each in book.appointments.values() if each.back)
        return [f"{each.car} of appointment {each.id} was not put back" for each in ended]

    def _parked_for_good(self, job: Job) -> bool:
        if job.state is not JobState.PARKED:
            return False
        since = self._parked_since.setdefault(job.id, self.world.now)
        return bool(job.reason) and self.world.now - since > PARKED_LIMIT_S

    def _open_jobs(self) -> list[Job]:
        return self.world.daemon.book.open_jobs() if self.world.daemon else []

    def _report(self, script: tuple[Strike, ...]) -> Report:
        jobs: Counter[str] = Counter()
        if self.world.daemon is not None:
            jobs.update(job.state.name for job in self.world.daemon.book.jobs.values())
            jobs["open"] = sum(job.state not in TERMINAL for job in self.world.daemon.book.jobs.values())
        probes: Counter[str] = Counter()
        for who in (self.operator, self.public, self.orders, self.fate, self.desk, self.bookings):
            probes.update(who.did)
        probes.update(_told(self.world))
        probes.update(self.probes.reached)
        return Report(
            self.world.tower.name,
            self.world.seed,
            self.world.trace_hash,
            tuple(self.inspector.violations),
            jobs,
            probes,
            script,
            self.orders.drawn,
            self.world.now,
            self.world.stepper.scans,
            self._end(),
            dict(self.fate.hits),
        )

    def _end(self) -> End | None:
        if self.world.daemon is None:
            return None
        book, cars = self.world.daemon.book, self.world.plant.truth().cars
        return End(
            tuple((place.number, place.status.value, place.car) for _, place in sorted(book.places.items())),
            tuple(sorted(cars.items())),
            tuple((job.id, job.kind.name, job.car, job.state.name, job.target) for _, job in sorted(book.jobs.items())),
            tuple(sorted((str(line.tag), line.state.value) for line in book.alarms.values() if not line.quiet)),
        )


def _drawn_tower(tower: Tower, rng: random.Random) -> Tower:
    """Return the tower with people who are less patient than the real ones, so that patience ends now and then."""
    return _with_patience(tower, rng.choice(PATIENCES_S))


def _with_patience(tower: Tower, patience_s: float) -> Tower:
    patience = {"customer_patience_s": patience_s, "appointment_grace_s": GRACE_S}
    timing: Timing = tower.timing.model_copy(update=patience)
    return tower.model_copy(update={"timing": timing})


def _stock(tower: Tower, rng: random.Random) -> dict[int, Car]:
    bays = list(tower.shape.bays)
    taken = rng.sample(bays, rng.randint(len(bays) // 3, len(bays)))
    return {place: Car(f"C{place}") for place in sorted(taken)}


def _told(world: World) -> Counter[str]:
    counts: Counter[str] = Counter()
    for event in world.events:
        match event["event"]:
            case "job_state":
                counts[f"job {event['state']}"] += 1
            case "unit_state":
                counts[f"unit {event['state']}"] += 1
            case "room_state":
                counts[f"room {event['state']}"] += 1
            case "audit":
                counts[f"audit {event['finding']}"] += 1
    return counts


def is_aimed(seed: int) -> bool:
    """Tell whether a seed is one of those whose faults are aimed unless all of them, or none, are.

    Of `AIMED` in a row another one each time: what else hangs on the number of a seed comes together with it.
    """
    return seed % AIMED == (seed // AIMED + 3) % AIMED


def _aimed_turn(seed: int, options: Options) -> int | None:
    """Return the how manyth a run is of those that aim; None: it does not."""
    aims = is_aimed(seed) if options.aimed is None else options.aimed
    return turn_of(seed, every=options.aimed is True) if aims and options.faults else None


def turn_of(seed: int, *, every: bool) -> int:
    """Return the how manyth a seed is, from 0, of the seeds on wires like its own whose faults are aimed."""
    on_bytes = _is_on_bytes(seed)
    return sum(1 for other in range(seed) if _is_on_bytes(other) is on_bytes and (every or is_aimed(other)))


def _is_on_bytes(seed: int) -> bool:
    return seed % ON_BYTES == 2


def longest_move_s(tower: Tower) -> float:
    """Return the bound of a move from the first room to the far end of a tower, the carriage being there too."""
    places, far = tower.shape, tower.shape.bays[-1]
    return kinematics_of(tower).move_bound_s(places.poses[far], places.rooms[0], far, places)


def _named(job: Job) -> str:
    return f"job {job.id} {job.kind.name} of {job.car} is {job.state.name} ({job.reason or 'no reason'})"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)
