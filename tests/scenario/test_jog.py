"""Moving by hand: an axis creeps while somebody holds it, and stands within 300 ms however the hold ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from controller.domain.events import Interlocks, Jog, JogHold, Query, Retrieve, SetMode, Store, UnitCommand
from controller.domain.jobs import JobState
from controller.domain.jogging import AXES, RENEW_S
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from hal.plcmap.codes import Opcode
from sim_plc.plant.truth import AxisTruth
from sim_plc.rehearsal import loop
from tests.support.mailbox_writes import mailbox_writes
from tests.support.places import LOW1, ROOM, TOP1
from tests.support.scenes import attended, idle, stock
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

CARS = stock(LOW1, TOP1)
STANDS_S = 0.3
"""The longest way from the end of a hold to standstill."""

HALF_TURN = 180_000

WAYS = [(name, way) for name, axis in AXES.items() for way in (axis.forward, axis.back)]


def axis(it: Stage, mechanism: str) -> AxisTruth:
    """Return what an axis really does now."""
    it.world.touch()
    carriage = it.world.plant.truth().carriage
    return {"lift": carriage.lift, "turntable": carriage.turntable, "shuttle": carriage.arms}[mechanism]


class Client:
    """Somebody who holds a button: renews until `die`, as a process does that lives and then does not."""

    def __init__(self, it: Stage, mechanism: str, direction: str) -> None:
        self._it = it
        self.mechanism, self.direction = mechanism, direction
        self.number = 0
        self.seen: Mapping[str, Any] = {}
        self._task: asyncio.Task[None] | None = None

    async def press(self) -> None:
        answer = await self._it.ask(Jog(by="7:kim", mechanism=self.mechanism, direction=self.direction))
        assert answer["renew_s"] == RENEW_S
        self.number = int(str(answer["jog"]))
        self._task = asyncio.create_task(self._renew())

    async def die(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def let_go(self) -> None:
        await self.die()
        self.seen = await self.hold(held=False)

    async def hold(self, *, held: bool) -> Mapping[str, Any]:
        return await self._it.ask(JogHold(by="7:kim", jog=self.number, held=held))

    async def outcome(self) -> Mapping[str, Any]:
        """Wait for the outcome, holding nothing."""
        for _ in range(200):
            answer = await self.hold(held=False)
            if answer["outcome"] is not None:
                return dict(answer["outcome"])
            await asyncio.sleep(RENEW_S)
        raise AssertionError("no outcome within ten seconds")

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            self.seen = await self.hold(held=True)


async def by_hand(it: Stage) -> None:
    """Bring the unit to where a person may jog: Manual, drives on."""
    await it.ask(SetMode(mode=UnitMode.MANUAL))
    if it.unit is UnitState.STOPPED:
        await it.command(UnitEvent.RESET, UnitState.IDLE)


async def cut_exchange(it: Stage) -> None:
    """Leave the arms on their way into a bay: an emergency stop in a PICK, cleared by people."""
    await it.import_all()
    await it.execute()
    job = await it.order(Retrieve(car=f"C{LOW1}"))
    await it.until(lambda: it.job(job).state is JobState.PICKING and 300 < axis(it, "shuttle").position < 2000)
    it.world.do(lambda plant: plant.press_e_stop())
    await it.until(lambda: it.unit is UnitState.ABORTED)
    await asyncio.sleep(2.0)
    it.world.do(lambda plant: plant.release_e_stop())
    it.world.do(lambda plant: plant.device_reset())
    await it.command(UnitEvent.CLEAR, UnitState.STOPPED)


@asynccontextmanager
async def creeping(mechanism: str, direction: str) -> AsyncIterator[tuple[Stage, Client]]:
    """Give an axis of the reference machine that creeps at a person's hand."""
    async with stage(tower_under_test(profile="medium"), cars=CARS, execute=False) as it:
        if mechanism == "shuttle":
            await cut_exchange(it)
        else:
            await idle(it)
            if mechanism == "lift" and direction == "down":
                await lifted(it)
        await by_hand(it)
        client = Client(it, mechanism, direction)
        await client.press()
        await it.until(lambda: axis(it, mechanism).moving, 2.0)
        await asyncio.sleep(1.0)
        assert axis(it, mechanism).moving
        yield it, client


async def lifted(it: Stage) -> None:
    """Jog the lift up a little, so that there is a way down."""
    await it.ask(SetMode(mode=UnitMode.MANUAL))
    client = Client(it, "lift", "up")
    await client.press()
    await it.until(lambda: axis(it, "lift").position > 150)
    await client.let_go()
    await client.outcome()


async def stands_within(it: Stage, mechanism: str, limit_s: float = STANDS_S) -> float:
    """Return how long the axis still moves from now on, in seconds.

    Raises:
        AssertionError: longer than ``limit_s``.

    """
    began = it.world.now
    while axis(it, mechanism).moving:
        assert it.world.now - began <= limit_s, f"{mechanism} still moves after {it.world.now - began:.3f} s"
        await asyncio.sleep(0.001)
    return it.world.now - began


After = Callable[[], None]


async def lets_go(it: Stage, client: Client) -> After | None:
    await client.let_go()
    return None


async def client_dies(it: Stage, client: Client) -> After | None:
    await client.die()
    return None


async def daemon_dies(it: Stage, client: Client) -> After | None:
    await client.die()
    await it.world.crash_daemon()
    return None


async def daemon_freezes(it: Stage, client: Client) -> After | None:
    await client.die()
    return it.world.freeze_daemon()


async def link_is_cut(it: Stage, client: Client) -> After | None:
    it.world.pull_cable("tower", out=True)
    return lambda: it.world.pull_cable("tower", out=False)


ENDS = [lets_go, client_dies, daemon_dies, daemon_freezes, link_is_cut]


HELD = [("lift", "up"), ("turntable", "back"), ("shuttle", "in")]
LATER = {(mechanism, end) for mechanism in ("turntable", "shuttle") for end in (lets_go, daemon_freezes)}
"""What the lift shows too, left to the campaign."""

ODD_S = 0.037
"""An odd instant of the renewals' and polls' grids; the campaign takes more."""


@pytest.mark.parametrize(
    ("mechanism", "direction", "end", "instant_s"),
    [
        pytest.param(
            *way,
            end,
            instant_s,
            id=f"{way[0]}-{end.__name__}-{instant_s:.3f}",
            marks=[pytest.mark.campaign] if (way[0], end) in LATER or instant_s != ODD_S else [],
        )
        for way in HELD
        for end in ENDS
        for instant_s in (ODD_S, *(step * 0.005 for step in range(10)))
    ],
)
def test_it_stands_within_300_ms_however_the_hold_ends(
    mechanism: str, direction: str, end: Callable[[Stage, Client], Awaitable[After | None]], instant_s: float
) -> None:
    async def scenario() -> None:
        async with creeping(mechanism, direction) as (it, client):
            await asyncio.sleep(instant_s)
            after = await end(it, client)
            took_s = await stands_within(it, mechanism)
            print(f"{mechanism}, {end.__name__}: at rest after {took_s:.3f} s")
            stood = axis(it, mechanism).position
            await asyncio.sleep(1.0)
            if after is not None:
                after()
                await asyncio.sleep(3.0)
            await client.die()
            assert axis(it, mechanism).position == pytest.approx(stood, abs=1e-6), "nothing goes on by itself"

    loop.run(scenario())


@pytest.mark.parametrize(("mechanism", "direction"), WAYS)
def test_it_creeps_the_way_that_was_asked_for_at_reduced_speed_and_its_outcome_is_kept(
    mechanism: str, direction: str
) -> None:
    async def scenario() -> None:
        async with creeping(mechanism, direction) as (it, client):
            key = (f"tower/{mechanism}", it.book.sequences[f"tower/{mechanism}"])
            assert it.book.intents[key].planned.opcode == Opcode.JOG
            began, fastest = axis(it, mechanism).position, 0.0
            for _ in range(20):
                fastest = max(fastest, abs(axis(it, mechanism).velocity))
                await asyncio.sleep(0.05)
            way = axis(it, mechanism).position - began
            assert (way > 0) == (direction == AXES[mechanism].forward)
            machine = it.world.tower.machine
            reduced = {
                "lift": min(machine.lift.home_speed_mm_s, machine.lift.stop_mm_s2 * 0.06),
                "turntable": min(machine.turntable.home_speed_mdeg_s, machine.turntable.stop_mdeg_s2 * 0.06),
                "shuttle": min(machine.shuttle.home_speed_mm_s, machine.shuttle.acceleration_mm_s2 * 0.06),
            }
            assert 0 < fastest <= reduced[mechanism] * 1.001
            assert abs(way) <= reduced[mechanism] * 1.01
            off = (client.seen["position"] - axis(it, mechanism).position + HALF_TURN) % (2 * HALF_TURN) - HALF_TURN
            assert abs(off) <= 0.2 * reduced[mechanism], "whoever jogs sees where it is"
            await client.let_go()
            outcome = await client.outcome()
            assert outcome["verdict"] in ("OK", "STOPPED")
            assert key not in it.book.intents
            told = [event for event in it.world.events if event["event"] == "jog"]
            assert [event["what"] for event in told[-2:]] == ["began", "ended"]
            assert told[-1]["verdict"] == outcome["verdict"]

    loop.run(scenario())


def test_a_hold_that_has_lapsed_is_never_taken_up_again() -> None:
    async def scenario() -> None:
        async with creeping("lift", "up") as (it, client):
            await client.die()
            await asyncio.sleep(0.2)
            late = await client.hold(held=True)
            assert not late["held"]
            await stands_within(it, "lift")
            stood = axis(it, "lift").position
            for _ in range(20):
                await client.hold(held=True)
                await asyncio.sleep(RENEW_S)
            assert axis(it, "lift").position == pytest.approx(stood, abs=1e-6)
            again = Client(it, "lift", "up")
            await again.press()
            await it.until(lambda: axis(it, "lift").moving, 1.0)
            await again.let_go()
            assert again.number == client.number + 1

    loop.run(scenario())


@pytest.mark.parametrize("event", [UnitEvent.STOP, UnitEvent.ABORT])
def test_the_unit_is_stopped_only_once_the_axis_stands(event: UnitEvent) -> None:
    async def scenario() -> None:
        async with creeping("turntable", "ahead") as (it, client):
            running = (await it.ask(Query(what="status")))["jog"]
            assert isinstance(running, dict)
            assert (running["jog"], running["outcome"]) == (client.number, None)
            assert running["unit"] == "mdeg"
            await it.ask(UnitCommand(event=event))
            there = UnitState.STOPPED if event is UnitEvent.STOP else UnitState.ABORTED
            await it.until(lambda: it.unit is there, 5.0)
            assert not axis(it, "turntable").moving
            assert it.book.intents == {}, "what was cut is settled, and nobody has to reset for it"
            shown = (await it.ask(Query(what="status")))["jog"]
            assert isinstance(shown, dict)
            assert (shown["mechanism"], shown["direction"], shown["by"]) == ("turntable", "ahead", "7:kim")
            await client.die()
            outcome = await client.outcome()
            assert outcome == shown["outcome"]
            assert outcome["verdict"] in ("OK", "STOPPED")
            assert "asked for" in outcome["cut"]

    loop.run(scenario())


@pytest.mark.parametrize("event", [pytest.param(UnitEvent.STOP, marks=pytest.mark.campaign), UnitEvent.ABORT])
def test_of_a_jog_that_is_cut_as_the_cable_goes_only_a_reset_finds_the_outcome(event: UnitEvent) -> None:
    async def scenario() -> None:
        async with creeping("turntable", "ahead") as (it, client):
            it.world.pull_cable("tower", out=True)
            await it.ask(UnitCommand(event=event))
            assert (await client.outcome())["verdict"] == "UNKNOWN"
            assert it.book.intents
            it.world.pull_cable("tower", out=False)
            await it.until(lambda: it.unit in (UnitState.STOPPED, UnitState.ABORTED))
            await asyncio.sleep(5.0)
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            assert it.book.intents == {}

    loop.run(scenario())


def test_an_emergency_stop_ends_it_and_the_hand_does_not_begin_again() -> None:
    async def scenario() -> None:
        async with creeping("lift", "up") as (it, client):
            it.world.do(lambda plant: plant.press_e_stop())
            await stands_within(it, "lift")
            await it.until(lambda: it.unit is UnitState.ABORTED)
            it.world.do(lambda plant: plant.release_e_stop())
            it.world.do(lambda plant: plant.device_reset())
            stood = axis(it, "lift").position
            await asyncio.sleep(2.0)
            assert axis(it, "lift").position == stood
            await client.die()

    loop.run(scenario())


def test_a_daemon_started_again_knows_what_became_of_the_jog() -> None:
    async def scenario() -> None:
        async with creeping("lift", "up") as (it, client):
            await client.die()
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            assert it.book.intents == {}
            assert it.unit is UnitState.STOPPED
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            again = Client(it, "lift", "down")
            await again.press()
            await it.until(lambda: axis(it, "lift").velocity < 0, 2.0)
            await again.let_go()
            await again.outcome()

    loop.run(scenario())


def test_refusals_name_their_rule_and_nothing_moves() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            lift = Jog(by="7:kim", mechanism="lift", direction="up")
            assert await it.refused(lift) == "UNIT_MODE"
            await it.ask(SetMode(mode=UnitMode.MAINTENANCE))
            assert await it.refused(lift) == "UNIT_MODE"
            await it.ask(SetMode(mode=UnitMode.MANUAL))
            assert await it.refused(lift) == "UNIT_STATE"
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            assert await it.refused(Jog(by="7:kim", mechanism="shuttle", direction="out")) == "WAY_NOT_OPEN"
            assert await it.refused(JogHold(by="7:kim", jog=1, held=True)) == "UNKNOWN_JOG"
            client = Client(it, "lift", "up")
            await client.press()
            assert await it.refused(lift) == "JOG_RUNS"
            assert await it.refused(SetMode(mode=UnitMode.PRODUCTION)) == "JOG_RUNS"
            assert await it.refused(JogHold(by="8:lee", jog=client.number, held=True)) == "JOG_OF_ANOTHER"
            assert await it.refused(Store(car="new", room=ROOM)) == "UNIT_MODE"
            await client.let_go()
            assert (await client.outcome())["verdict"] in ("OK", "STOPPED", "VOID")

    loop.run(scenario())


def test_the_interlocks_of_a_jog_are_listed_met_and_not_met() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            before = await conditions(it, "lift")
            assert before["UNIT_MODE"] is before["UNIT_STATE"] is before["POWER"] is False
            assert before["MAINTENANCE"] is before["SAFETY"] is before["SHUTTLE_NOT_CENTRED"] is True
            await by_hand(it)
            assert all((await conditions(it, "lift")).values())
            assert not (await conditions(it, "shuttle"))["WAY_NOT_OPEN"]
            it.world.do(lambda plant: plant.set_maintenance_key(on=True))
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert not (await conditions(it, "turntable"))["MAINTENANCE"]

    loop.run(scenario())


async def conditions(it: Stage, mechanism: str) -> dict[str, bool]:
    """Return whether each condition is met, by its name; of several of one name whether all are."""
    answer = await it.ask(Interlocks(mechanism=mechanism))
    listed = answer["conditions"]
    assert isinstance(listed, list)
    assert all(each["text"] for each in listed)
    return {each["name"]: all(other["met"] for other in listed if other["name"] == each["name"]) for each in listed}


def test_with_the_maintenance_key_on_no_jog_is_written_and_a_running_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with creeping("lift", "up") as (it, client):
            written = mailbox_writes(it.world, monkeypatch)
            it.world.do(lambda plant: plant.set_maintenance_key(on=True))
            await stands_within(it, "lift")
            await it.until(lambda: it.unit is UnitState.ABORTED)
            written.clear()
            for mechanism, direction in WAYS * 3:
                assert await it.refused(Jog(by="7:kim", mechanism=mechanism, direction=direction)) == "MAINTENANCE"
                await asyncio.sleep(1.0)
            assert written == []
            await client.die()

    loop.run(scenario())


@pytest.mark.parametrize("direction", ["in", pytest.param("out", marks=pytest.mark.campaign)])
def test_a_job_whose_arms_were_moved_by_hand_goes_on_once_a_reset_has_centred_them(direction: str) -> None:
    async def scenario() -> None:
        async with creeping("shuttle", direction) as (it, client):
            await client.let_go()
            await client.outcome()
            await it.ask(SetMode(mode=UnitMode.PRODUCTION))
            await it.until(lambda: it.unit is UnitState.STOPPED)
            await it.execute()
            (number,) = it.book.jobs
            async with attended(it):
                assert await it.ended(number) is JobState.DONE
            assert it.belief() == it.truth()

    loop.run(scenario())
