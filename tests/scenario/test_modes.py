"""The unit's modes: changed by people where the unit stands, kept over trips and restarts, obeyed by everything."""

import asyncio
import contextlib
import random

import pytest

from controller.domain.events import (
    Adopt,
    Cancel,
    Interlocks,
    Jog,
    JogHold,
    Query,
    Relocate,
    Request,
    Resolve,
    Retrieve,
    SetMode,
    Store,
    UnitCommand,
)
from controller.domain.jobs import JobState
from controller.domain.jogging import AXES
from controller.domain.refusal import Refusal
from controller.domain.unit import MODE_CHANGE_STATES, UnitEvent, UnitMode, UnitState
from hal.plcmap.codes import Mode
from sim_plc.rehearsal import loop
from tests.support.mailbox_writes import mailbox_writes
from tests.support.places import LOW1, LOW3, ROOM, TOP1
from tests.support.scenes import idle, refused_now, stock
from tests.support.stage import Stage, stage

CARS = stock(LOW1, TOP1)
ORDERS: list[Request] = [Retrieve(car=f"C{LOW1}"), Store(car="new", room=ROOM), Relocate(car=f"C{LOW1}", bay=LOW3)]
BESIDE_PRODUCTION = [UnitMode.MAINTENANCE, UnitMode.MANUAL]


def at_the_plcs(it: Stage) -> set[Mode]:
    return {program.station_state.mode for program in it.world.programs}


def mode_of(it: Stage) -> UnitMode:
    assert it.world.daemon is not None
    return it.world.daemon.control.unit.mode


@pytest.mark.parametrize("mode", BESIDE_PRODUCTION)
def test_beside_production_no_car_is_moved_and_every_plc_knows(mode: UnitMode) -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            waiting = await it.order(Retrieve(car=f"C{TOP1}"))
            answer = await it.ask(SetMode(by="7:kim", mode=mode))
            assert answer == {"mode": mode.name, "state": "IDLE", "behind": []}
            assert at_the_plcs(it) == {Mode[mode.name]}
            for order in ORDERS:
                refusal = await refused_now(it, order)
                assert refusal.rule == "UNIT_MODE"
                assert mode.value.lower() in refusal.text
            assert (await refused_now(it, UnitCommand(event=UnitEvent.START))).rule == "UNIT_MODE"
            assert it.job(waiting).state is JobState.QUEUED

    loop.run(scenario())


def test_a_mode_is_not_changed_while_anything_may_run() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            assert it.unit not in MODE_CHANGE_STATES
            refusal = await refused_now(it, SetMode(mode=UnitMode.MANUAL))
            assert refusal.rule == "MODE_STATE"
            assert all(state.name in refusal.text for state in MODE_CHANGE_STATES)
            await it.ask(UnitCommand(event=UnitEvent.HOLD))
            await it.until(lambda: it.unit is UnitState.HELD)
            assert await it.refused(SetMode(mode=UnitMode.MAINTENANCE)) == "MODE_STATE"
            assert at_the_plcs(it) == {Mode.PRODUCTION}

    loop.run(scenario())


def test_who_leaves_manual_begins_with_a_reset() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            await it.ask(SetMode(mode=UnitMode.MANUAL))
            await it.ask(SetMode(mode=UnitMode.PRODUCTION))
            await it.until(lambda: it.unit is UnitState.STOPPED)
            assert await it.refused(UnitCommand(event=UnitEvent.START)) == "UNIT_STATE"
            job = await it.order(Retrieve(car=f"C{LOW1}"))
            await it.execute()
            assert at_the_plcs(it) == {Mode.PRODUCTION}
            await it.until(lambda: it.job(job).state is not JobState.QUEUED)

    loop.run(scenario())


def test_a_reset_in_manual_switches_on_and_moves_nothing() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            assert it.unit is UnitState.STOPPED
            await it.ask(SetMode(mode=UnitMode.MANUAL))
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            assert it.motions() == 0
            assert all(program.station_state.powered for program in it.world.programs)
            await it.ask(SetMode(mode=UnitMode.MAINTENANCE))
            await it.until(lambda: it.unit is UnitState.STOPPED)
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            assert it.motions() > 0, "in maintenance the machine is referenced"

    loop.run(scenario())


@pytest.mark.parametrize("mode", UnitMode)
def test_neither_an_emergency_stop_nor_a_restart_nor_a_plc_changes_the_mode(mode: UnitMode) -> None:
    """LinuxCNC's: after an E-stop the machine stood in another mode than before."""

    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await it.ask(SetMode(mode=mode))
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            it.world.do(lambda plant: plant.press_e_stop())
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert mode_of(it) is mode
            it.world.do(lambda plant: plant.release_e_stop())
            it.world.do(lambda plant: plant.device_reset())
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            assert mode_of(it) is mode
            await it.world.crash_daemon()
            it.world.cabinets.restart("tower")
            await it.start()
            assert mode_of(it) is mode
            assert it.unit in (UnitState.ABORTED, UnitState.STOPPED)
            if it.unit is UnitState.ABORTED:
                await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            assert mode_of(it) is mode
            assert at_the_plcs(it) == {Mode[mode.name]}

    loop.run(scenario())


def test_a_station_that_is_away_follows_at_the_next_reset() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            it.world.pull_cable("tower", out=True)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            answer = await it.ask(SetMode(mode=UnitMode.MANUAL))
            assert answer["behind"] == ["tower"]
            it.world.pull_cable("tower", out=False)
            await asyncio.sleep(5.0)
            assert mode_of(it) is UnitMode.MANUAL
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            assert at_the_plcs(it) == {Mode.MANUAL}

    loop.run(scenario())


WAYS = [(name, way) for name, axis in AXES.items() for way in (axis.forward, axis.back)]
MOVING: list[Request] = [
    *ORDERS,
    *(SetMode(mode=mode) for mode in UnitMode),
    *(Jog(mechanism=mechanism, direction=way) for mechanism, way in WAYS),
    UnitCommand(event=UnitEvent.CLEAR),
]
"""What is refused while the key is on."""

HARMLESS: list[Request] = [
    *(UnitCommand(event=event) for event in UnitEvent if event is not UnitEvent.CLEAR),
    *(Query(what=what) for what in ("status", "jobs", "cars", "places")),
    *(Interlocks(mechanism=mechanism) for mechanism in AXES),
    JogHold(jog=1, held=True),
    Cancel(job=1),
    Resolve(job=1, choice="continue"),
    Adopt(),
]
"""What may be granted, or refused for another reason."""


@pytest.mark.parametrize("actions", [150, pytest.param(10_000, marks=pytest.mark.campaign)])
def test_with_the_maintenance_key_on_nothing_is_written_whatever_people_ask(
    actions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        rng = random.Random(actions)
        async with stage(cars=CARS) as it:
            written = mailbox_writes(it.world, monkeypatch)
            job = await it.order(Retrieve(car=f"C{LOW1}"))
            queued = await it.order(Retrieve(car=f"C{TOP1}"))
            await it.until(lambda: it.job(job).state is JobState.PICKING)
            it.world.do(lambda plant: plant.set_maintenance_key(on=True))
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert written, "the count sees what a job writes"
            written.clear()
            before = it.motions()
            for request in [*MOVING, *rng.choices(MOVING + HARMLESS, k=actions)]:
                if request in MOVING:
                    refusal = await refused_by(it, request)
                    assert (refusal.rule, "maintenance key" in refusal.text) == ("MAINTENANCE", True), request
                else:
                    with contextlib.suppress(Refusal):
                        await it.ask(request)
                await asyncio.sleep(rng.choice((0.0, 0.1, 2.0)))
            assert (written, it.motions()) == ([], before)
            assert it.unit is UnitState.ABORTED
            assert it.job(queued).state is JobState.QUEUED
            it.world.do(lambda plant: plant.set_maintenance_key(on=False))
            await asyncio.sleep(1.0)
            await it.execute()
            await it.until(lambda: it.job(job).state is not JobState.INTERRUPTED)

    loop.run(scenario())


async def refused_by(it: Stage, request: Request) -> Refusal:
    """Return the refusal of a request."""
    with pytest.raises(Refusal) as refusal:
        await it.world.ask(request)
    return refusal.value
