"""What a wire, a second master, a frozen daemon or a dead one does to a move, and what it takes to go on."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from controller.domain.book import CARRIAGE
from controller.domain.events import Adopt, Query, UnitCommand
from controller.domain.jobs import TERMINAL, JobKind, JobState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.codes import Opcode, Reason, Result
from hal.plcmap.registers import CONTROLLER_WORDS
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.lull import LULL_S
from sim_plc.rehearsal.memory_link import Fault
from sim_plc.unit import Unit
from tests.support.moves import (
    KINDS,
    STEPS,
    attend,
    caught,
    hold_against_truth,
    lines,
    move,
    moving,
    room_given_back,
    station_states,
)
from tests.support.places import ROOM, TOP_BUS, bus_of
from tests.support.samples import campaign, each_value, every_other
from tests.support.stage import Stage
from tests.support.tower_under_test import share_of_all, tower_under_test

INTO_S = 0.05
"""From the first motion of a step to its middle, or nearly so."""

STALE_S = 1.0
ANSWER_S = 0.3
"""How long an answer may be awaited before it counts as lost."""

LOOK_AROUND_S = 1.0 + ANSWER_S
"""The daemon looks for images that have gone stale once a second, and a poll may be under way."""

MANY_ACTS = 80

SHARE = share_of_all(0.3)
"""Of all requests, those that something befalls: a third in a tower of three stations, any of which stops the unit."""

LATE_S = 5.0
"""By then every late write has come out."""


@pytest.mark.parametrize(
    ("out_s", "bus", "step", "kind"), each_value([0.1, 0.5, 2.0, 20.0], ["tower", TOP_BUS], STEPS, KINDS)
)
def test_a_cable_that_was_out_for_a_while_costs_time_alone(
    out_s: float, bus: str, step: JobState, kind: JobKind
) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            it.world.pull_cable(bus, out=True)
            await asyncio.sleep(out_s)
            if out_s > STALE_S + ANSWER_S:
                assert it.unit is UnitState.ABORTED
                assert moving(it.world.plant.truth()) == []
            it.world.pull_cable(bus, out=False)
            if out_s + ANSWER_S < STALE_S:
                assert await it.ended(number) is JobState.DONE
                assert it.unit is UnitState.EXECUTE
            else:
                await attend(it, number)
            assert it.job(number).state is JobState.DONE
            hold_against_truth(it)
            await room_given_back(it)

    loop.run(body())


@pytest.mark.parametrize(("step", "kind"), every_other(STEPS, KINDS))
def test_a_connection_that_breaks_is_made_anew_and_fenced(step: JobState, kind: JobKind) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            epoch = it.world.programs[0].gate.memory.epoch
            it.world.links["tower"].cut()
            await attend(it, number)
            assert it.world.programs[0].gate.memory.epoch > epoch
            assert it.job(number).state is JobState.DONE
            hold_against_truth(it)

    loop.run(body())


def test_a_car_that_drove_in_unseen_is_measured_when_the_station_is_seen_again() -> None:
    async def body() -> None:
        async with move(JobKind.STORE) as (it, number):
            await it.until(lambda: it.world.plant.truth().gates[ROOM].opened)
            it.world.pull_cable("tower", out=True)
            await it.until(lambda: ROOM in it.world.plant.truth().cars)
            await asyncio.sleep(5.0)
            it.world.pull_cable("tower", out=False)
            await attend(it, number)
            assert it.job(number).state is JobState.DONE
            hold_against_truth(it)

    loop.run(body())


NOISES: dict[str, tuple[Fault, ...]] = {
    "requests lost": (Fault.LOSE_REQUEST,),
    "answers lost": (Fault.LOSE_ANSWER,),
    "duplicates": (Fault.DUPLICATE,),
    "late writes": (Fault.DELAY,),
    "all of it": (Fault.LOSE_REQUEST, Fault.LOSE_ANSWER, Fault.DUPLICATE, Fault.DELAY),
}


@pytest.mark.parametrize(("noise", "kind", "seed"), each_value([*NOISES], KINDS, [1, 2, 3]))
def test_a_move_over_a_wire_that_loses_much_runs_each_command_once(noise: str, kind: JobKind, seed: int) -> None:
    dice, struck = random.Random(f"{noise} {kind} {seed}"), Counter[Fault]()

    def decide(_bus: str, _function: int, _unit: int) -> Fault:
        fault = dice.choice(NOISES[noise]) if dice.random() < SHARE else Fault.NONE
        struck[fault] += 1
        return fault

    async def body() -> None:
        async with move(kind, seed=seed, coalesced=False) as (it, number):
            it.world.decide = decide
            await attend(it, number, MANY_ACTS)
            it.world.decide = lambda _bus, _function, _unit: Fault.NONE
            assert all(struck[fault] for fault in NOISES[noise])
            assert it.job(number).state is JobState.DONE
            await asyncio.sleep(LATE_S)
            assert twice(it) == []
            hold_against_truth(it)

    loop.run(body())


def twice(it: Stage) -> list[tuple[str, str, int]]:
    """Return what a PLC has begun more than once: station, mechanism, sequence."""
    begun = Counter(
        (name, entry.mechanism, entry.sequence) for name, entry in it.world.log if entry.event is Event.STARTED
    )
    return [command for command, times in begun.items() if times > 1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_frozen_daemon_finds_its_exchange_stopped_by_silence_and_resumes_it(kind: JobKind) -> None:
    """On a machine as slow as the reference's: an exchange takes far longer than the silence that a PLC bears."""

    async def body() -> None:
        async with move(kind, tower_under_test(profile="medium")) as (it, number):
            await it.until(lambda: it.job(number).state is JobState.PICKING and arms_out(it), 300.0)
            thaw = it.world.freeze_daemon()
            since = len(it.world.log)
            await asyncio.sleep(5.0)
            assert [(entry.mechanism, entry.result) for entry in ended_since(it, since)] == [
                ("shuttle", Result.STOPPED_SILENCE)
            ]
            assert moving(it.world.plant.truth()) == []
            thaw()
            await attend(it, number)
            assert it.job(number).state is JobState.DONE
            resumed = [opcode for opcode in begun_since(it, since, "shuttle") if opcode is not Opcode.STOP]
            assert resumed == [Opcode.RESUME, Opcode.PLACE]
            hold_against_truth(it)

    loop.run(body())


def arms_out(it: Stage) -> bool:
    arms = it.world.plant.truth().carriage.arms
    return arms.moving and not it.world.plant.truth().carriage.arms_centred


def ended_since(it: Stage, since: int) -> list[LogEntry]:
    return [entry for _, entry in it.world.log[since:] if entry.event is Event.OUTCOME]


def begun_since(it: Stage, since: int, mechanism: str) -> list[Opcode]:
    """Return what the tower PLC's mechanism has begun from a line of the log on."""
    return [
        Opcode(entry.content.opcode)
        for entry in lines(it, "tower", since)
        if entry.mechanism == mechanism and entry.event is Event.STARTED and entry.content is not None
    ]


@dataclass
class Tap:
    """A unit that is listened to: counts the frames written to its mailboxes; ``stuck``: it answers from memory."""

    unit: Unit
    mailboxes_from: int
    stuck: bool = False
    frames: int = 0
    writes: int = 0
    _kept: dict[tuple[str, int, int], Sequence[int]] = field(default_factory=dict)

    def read_input(self, address: int, count: int) -> Sequence[int]:
        return self._read("input", self.unit.read_input, address, count)

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        return self._read("holding", self.unit.read_holding, address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        self.writes += 1
        self.frames += address >= self.mailboxes_from
        if not self.stuck:
            self.unit.write(address, words)

    def _read(self, table: str, read: Callable[[int, int], Sequence[int]], address: int, count: int) -> Sequence[int]:
        key = (table, address, count)
        if not self.stuck or key not in self._kept:
            self._kept[key] = tuple(read(address, count))
        return self._kept[key]


def tapped(it: Stage) -> dict[str, Tap]:
    """Listen to all that the present daemon writes from now on, by station."""
    taps: dict[str, Tap] = {}
    for name, station in it.world.tower.maps.items():
        units = it.world.links[bus_of(it.world.tower, name)].units
        taps[name] = units[station.unit] = Tap(units[station.unit], station.owned_base + CONTROLLER_WORDS)
    return taps


@pytest.mark.parametrize("moves", [False, True], ids=["at rest", "moving"])
@pytest.mark.parametrize("how", ["cable out", "heartbeat stands still"])
def test_an_image_that_has_gone_stale_is_noticed_in_time(how: str, *, moves: bool) -> None:
    async def body() -> None:
        async with move(JobKind.RETRIEVE, coalesced=False) as (it, number):
            if moves:
                await caught(it, number, JobState.POSITIONING)
            else:
                await it.ended(number)
                await asyncio.sleep(3.0)
            timing = it.world.tower.timing
            taps, pulled_s = tapped(it), it.world.now
            if how == "cable out":
                it.world.pull_cable("tower", out=True)
            else:
                taps["tower"].stuck = True
            while await height_seen(it) is not None:  # noqa: ASYNC110 - what is asked is the answer at each instant
                await asyncio.sleep(0.01)
            # Whoever reads the status at that instant is not told that the station were online.
            assert "ONLINE" not in [each["state"] for each in await stations(it) if each["name"] == "tower"]
            poll_s = timing.poll_s if moves else timing.idle_poll_s
            # The newest image may be that of a poll which was under way.
            assert it.world.now - pulled_s <= max(STALE_S, 3 * poll_s) + poll_s + 0.02
            await it.until(lambda: it.unit is not UnitState.EXECUTE, LOOK_AROUND_S)

    loop.run(body())


async def stations(it: Stage) -> list[dict[str, object]]:
    """Return the stations as the status shows them now."""
    shown = (await it.ask(Query(what="status")))["stations"]
    assert isinstance(shown, list)
    return shown


async def height_seen(it: Stage) -> object:
    """Return what the daemon says of the carriage's height, now: None if it trusts no image."""
    carriage = (await it.ask(Query(what="status")))["carriage"]
    assert isinstance(carriage, dict)
    return carriage["height_mm"]


@pytest.mark.parametrize(("step", "kind"), every_other(STEPS, KINDS))
def test_behind_another_master_nothing_is_written_until_a_person_adopts(step: JobState, kind: JobKind) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            await it.world.start_rival("rival.sqlite")
            await it.until(lambda: set(station_states(it)) == {"FROZEN"})
            taps = tapped(it)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await asyncio.sleep(5.0)
            assert {tap.writes for tap in taps.values()} == {0}
            assert alarms(it) == {"FOREIGN_MASTER"}
            assert await it.refused(UnitCommand(event=UnitEvent.CLEAR)) == "STATION_OFFLINE"
            assert moving(it.world.plant.truth()) == []
            await it.ask(Adopt())
            await attend(it, number)
            assert it.job(number).state is JobState.DONE
            hold_against_truth(it)

    loop.run(body())


def alarms(it: Stage) -> set[str]:
    assert it.world.daemon is not None
    rows = it.world.daemon.board.status["alarms"]
    assert isinstance(rows, list)
    return {row["code"] for row in rows}


@pytest.mark.parametrize(("step", "kind"), every_other(STEPS, KINDS))
def test_the_maintenance_key_takes_the_machine_from_the_daemon(step: JobState, kind: JobKind) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            since = len(it.world.log)
            it.world.do(lambda plant: plant.set_maintenance_key(on=True))
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert all(entry.reason in (Reason.NONE, Reason.MAINTENANCE) for entry in ended_since(it, since))
            taps = tapped(it)
            await asyncio.sleep(3.0)
            assert await it.refused(UnitCommand(event=UnitEvent.CLEAR)) == "MAINTENANCE"
            await asyncio.sleep(LULL_S)
            assert {tap.frames for tap in taps.values()} == {0}
            assert all(tap.writes for tap in taps.values())  # its heartbeat goes on
            assert moving(it.world.plant.truth()) == []
            since = len(it.world.log)
            it.world.do(lambda plant: plant.set_maintenance_key(on=False))
            await attend(it, number)
            assert it.job(number).state is JobState.DONE
            for axis in ("lift", "turntable"):
                assert begun_since(it, since, axis)[:1] in ([], [Opcode.HOME])
            hold_against_truth(it)

    loop.run(body())


def test_a_unit_is_not_called_aborted_while_the_maintenance_key_still_brings_it_to_rest() -> None:
    async def body() -> None:
        async with move(JobKind.RETRIEVE, tower_under_test(profile="medium")) as (it, number):
            await caught(it, number, JobState.POSITIONING)
            await asyncio.sleep(2.0)
            it.world.do(lambda plant: plant.set_maintenance_key(on=True))
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert moving(it.world.plant.truth()) == []

    loop.run(body())


@pytest.mark.parametrize(("kind", "seed"), [*each_value(KINDS, [0, 1, 2, 3]), *campaign(KINDS, range(4, 10))])
def test_a_daemon_that_dies_once_in_each_step_forgets_no_car(seed: int, kind: JobKind) -> None:
    dice = random.Random(f"{kind} {seed}")

    async def body() -> None:
        async with move(kind, seed=seed) as (it, number):
            for step in STEPS:
                await it.until(lambda step=step: it.job(number).state in (step, *behind(step)))  # type: ignore[misc]
                await asyncio.sleep(dice.uniform(0.0, 0.4))
                await it.world.crash_daemon()
                await it.start(late_s=dice.choice([0.2, 2.0]))
                job = it.job(number)
                assert it.doubts() <= {job.source, job.target, CARRIAGE}
                if job.state in TERMINAL:
                    assert it.doubts() == set()
                await it.until(lambda: it.unit in (UnitState.STOPPED, UnitState.ABORTED))
                await it.execute()
            assert await it.ended(number) is JobState.DONE
            hold_against_truth(it)
            await it.world.crash_daemon()
            await it.start()
            hold_against_truth(it)
            await it.execute()
            await room_given_back(it)

    loop.run(body())


@pytest.mark.parametrize(("step", "kind"), every_other(STEPS, KINDS))
def test_a_daemon_that_dies_as_a_step_begins_serves_the_room_to_the_end(step: JobState, kind: JobKind) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            while it.job(number).state is not step:  # noqa: ASYNC110 - nothing may have moved yet
                await asyncio.sleep(0.001)
            await it.world.crash_daemon()
            await it.start(late_s=2.0)
            await it.execute()
            assert await it.ended(number) is JobState.DONE
            hold_against_truth(it)
            await room_given_back(it)

    loop.run(body())


def behind(step: JobState) -> tuple[JobState, ...]:
    """Return every state of a job that lies behind a step."""
    return (*STEPS[STEPS.index(step) + 1 :], JobState.CONFIRMING, JobState.DONE)
