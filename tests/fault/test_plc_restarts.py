"""A PLC loses its power in each step of a move, with its memory kept or gone."""

import asyncio
from collections.abc import Callable

import pytest

from controller.domain.book import CARRIAGE
from controller.domain.events import Resolve
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.unit import UnitEvent, UnitState
from controller.runtime.decisions import OUTSIDE
from hal.plcmap.codes import Reason, Result
from sim_plc.plant.truth import Truth
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.rehearsal import loop
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
)
from tests.support.places import LOW_STATION, TOP3, TOP_STATION
from tests.support.samples import each_pair, every_other
from tests.support.stage import Stage

INTO_S = 0.05
"""From the first motion of a step to its middle, or nearly so."""

STATIONS = ("tower", LOW_STATION, TOP_STATION)

EXCHANGES = (JobState.PICKING, JobState.PLACING)

SPARE = TOP3
"""A bay that is free in every move, and nobody's target."""


@pytest.mark.parametrize(("station", "step", "kind"), every_other(STATIONS, STEPS, KINDS))
def test_a_plc_that_kept_its_memory_lets_the_move_end_well(station: str, step: JobState, kind: JobKind) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            ran = running(it, station)
            since = len(it.world.log)
            it.world.cabinets.restart(station)
            assert {entry.mechanism for entry in outcomes(it, station, since)} == ran
            assert all(entry.result == Result.STOPPED_RESTART for entry in outcomes(it, station, since))
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await asyncio.sleep(3.0)
            assert moving(it.world.plant.truth()) == []
            assert it.unit is UnitState.ABORTED
            await it.execute()
            assert await it.ended(number) is JobState.DONE
            hold_against_truth(it)
            await room_given_back(it)

    loop.run(body())


@pytest.mark.parametrize(("station", "step", "kind"), every_other(STATIONS, STEPS, KINDS))
def test_a_plc_that_lost_its_memory_refuses_all_until_a_person_resets_it(
    station: str, step: JobState, kind: JobKind
) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            since = len(it.world.log)
            it.world.cabinets.restart(station, warm=False)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await asyncio.sleep(3.0)
            await it.command(UnitEvent.CLEAR, UnitState.ABORTED)
            asked = outcomes(it, station, since)
            assert asked
            assert {(entry.result, entry.reason) for entry in asked} == {(Result.REFUSED, Reason.MEMORY_LOST)}
            assert not [entry for entry in lines(it, station, since) if entry.event is Event.STARTED]
            it.world.cabinets.reset(station)
            await attend(it, number)
            job = it.job(number)
            assert job.state in (JobState.DONE, JobState.PARKED)
            if job.state is JobState.PARKED:
                assert job.reason
                assert {"continue", "by-hand"} <= set(job.choices)
                await resolve(it, number, "continue")
            assert it.job(number).state is JobState.DONE
            hold_against_truth(it)
            await room_given_back(it)

    loop.run(body())


def extending(truth: Truth) -> bool:
    return truth.carriage.arms.velocity > 0


def transferring(truth: Truth) -> bool:
    return truth.carriage.comb.moving and not truth.carriage.arms_centred


def retracting(truth: Truth) -> bool:
    return truth.carriage.arms.velocity < 0


async def forget_in_mid_exchange(it: Stage, number: int, step: JobState, moment: Callable[[Truth], bool]) -> None:
    """Let the tower PLC forget an exchange, and an operator do what can be done without a decision."""
    await it.until(lambda: it.job(number).state is step and moment(it.world.plant.truth()))
    await asyncio.sleep(0.03)
    it.world.cabinets.restart("tower", warm=False)
    await asyncio.sleep(3.0)
    it.world.cabinets.reset("tower")
    await attend(it, number)


@pytest.mark.parametrize(("moment", "step", "kind"), each_pair([extending, retracting], EXCHANGES, KINDS))
def test_a_forgotten_exchange_is_told_by_the_sensors_while_the_comb_is_at_an_end(
    moment: Callable[[Truth], bool], step: JobState, kind: JobKind
) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await forget_in_mid_exchange(it, number, step, moment)
            assert it.job(number).state is JobState.DONE
            hold_against_truth(it)

    loop.run(body())


CHOICES = [
    *((JobKind.RETRIEVE, step, choice) for step in EXCHANGES for choice in ("continue", "put-back", "by-hand")),
    *((JobKind.STORE, step, choice) for step in EXCHANGES for choice in ("continue", "by-hand")),
    *((kind, JobState.PLACING, "divert") for kind in KINDS),
]
"""Nobody puts a car back into the room it came from; only a car that is carried can go elsewhere."""

ENDS = {
    "continue": JobState.DONE,
    "put-back": JobState.CANCELLED,
    "divert": JobState.DIVERTED,
    "by-hand": JobState.CLOSED_BY_HAND,
}


EACH = (
    (JobKind.RETRIEVE, JobState.PICKING, "continue"),
    (JobKind.RETRIEVE, JobState.PLACING, "put-back"),
    (JobKind.STORE, JobState.PICKING, "by-hand"),
    (JobKind.STORE, JobState.PLACING, "divert"),
)
"""Each choice once, what every run takes; the campaign takes all."""


@pytest.mark.parametrize(
    ("kind", "step", "choice"),
    [pytest.param(*case, marks=() if case in EACH else pytest.mark.campaign) for case in CHOICES],
)
def test_a_car_between_two_combs_is_left_to_a_person(kind: JobKind, step: JobState, choice: str) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await forget_in_mid_exchange(it, number, step, transferring)
            job = it.job(number)
            assert job.state is JobState.PARKED
            assert "CAR_HALF_WAY" in job.reason
            offered = {choice for of, where, choice in CHOICES if (of, where) == (kind, step)}
            assert set(job.choices) == {*offered, "lock"}
            await resolve(it, number, choice, whither(it, job, choice))
            assert it.job(number).state is ENDS[choice]
            hold_against_truth_or_doubt(it)
            assert (it.doubts() == set()) is (choice != "by-hand")
            match choice:
                case "put-back":
                    assert it.truth()[job.car] == job.source
                case "divert":
                    assert it.truth()[job.car] == SPARE

    loop.run(body())


def whither(it: Stage, job: Job, choice: str) -> int | None:
    """Return the place that a decision names: a free bay, or where somebody sees the car."""
    match choice:
        case "divert":
            return SPARE
        case "by-hand":
            seen = it.truth()[job.car]
            # Whoever closes a job by hand has taken the car off the carriage.
            return OUTSIDE if seen == CARRIAGE else seen
        case _:
            return None


def hold_against_truth_or_doubt(it: Stage) -> None:
    """Hold the inventory against the plant where it claims to know."""
    differing = {place for car, place in set(it.belief().items()) ^ set(it.truth().items())}
    assert differing <= it.doubts()


async def resolve(it: Stage, number: int, choice: str, place: int | None = None) -> None:
    """Decide on a parked job and let the tower carry it out."""
    await it.ask(Resolve(job=number, choice=choice, place=place))
    await attend(it, number)


def outcomes(it: Stage, station: str, since: int) -> list[LogEntry]:
    return [entry for entry in lines(it, station, since) if entry.event is Event.OUTCOME]


def running(it: Stage, station: str) -> set[str]:
    """Return the mechanisms of a station that owe an outcome."""
    owing: set[tuple[str, int]] = set()
    for entry in lines(it, station):
        key = (entry.mechanism, entry.sequence)
        if entry.event is Event.ACCEPTED:
            owing.add(key)
        elif entry.event is Event.OUTCOME:
            owing.discard(key)
    return {mechanism for mechanism, _ in owing}
