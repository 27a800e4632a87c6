"""Safeguards are taken away, one by one: each time an invariant must tell."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from controller.activities import homing, recovery, transfer
from controller.activities.transfer import Done
from controller.domain.book import CARRIAGE
from controller.domain.events import Relocate, UnitCommand
from controller.domain.jobs import Job
from controller.domain.jobs import JobState as S
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import PlaceSet, Record
from controller.domain.unit import UnitEvent, UnitState
from controller.runtime import steps
from controller.runtime.jobs import Jobs
from controller.runtime.selection import Selection
from controller.runtime.step_activities import StepActivities
from controller.runtime.unit import Unit
from hal.plcmap.codes import Opcode
from hal.plcmap.shape import level_of
from sim_plc.plant.cars import Car
from sim_plc.plant.crimes import CrimeCode
from sim_plc.plant.plant import Plant
from sim_plc.program.handshake import Mailbox
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.rehearsal.faults import humans
from sim_plc.rehearsal.run import Options, rehearse
from sim_plc.rehearsal.world import World
from tests.support.broken import CARS, as_far_as_it_goes, broken, relocate
from tests.support.places import LOW1, LOW2, LOW_STATION, TOP1, TOP3, TOP_STATION
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test


def test_with_every_safeguard_in_place_nothing_is_broken() -> None:
    assert broken(relocate) == set()


def test_an_outcome_that_is_believed_without_a_comparison_after_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "compare", lambda _bench, _book: [])

    async def crash(it: Stage) -> None:
        await it.order(Relocate(car="C", bay=LOW2))
        await it.until(lambda: it.world.plant.truth().carriage.car == "C")
        await it.until(lambda: it.world.plant.truth().carriage.arms_centred)
        await it.world.crash_daemon()
        await it.start(late_s=1.0)

    assert broken(crash) == {"I13"}


def test_an_inventory_that_is_committed_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    def effects(job: Job, place: int) -> list[Record]:
        return [PlaceSet(Place(place, PlaceStatus.FREE))] if job.state is S.PLACING else []

    monkeypatch.setattr(steps, "effects", effects)
    assert "I13" in broken(relocate)


def test_an_interlock_that_the_plc_forgot_while_the_daemon_leaves_the_way_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def leave_open(*_: object) -> Done:
        return Done()

    async def no_look(*_: object) -> None:
        return

    monkeypatch.setattr(transfer, "require", no_look)
    for state in (S.CLOSING, S.CLOSING_TO):
        monkeypatch.setitem(steps.STRAIGHT, state, (leave_open, steps.STRAIGHT[state][1]))
    forgetful = TOWER_INTERLOCKS.without("latches_locked")
    assert "I3" in broken(as_far_as_it_goes, lambda: World(tower_under_test(), 1, cars=CARS, interlocks=forgetful))
    # With the interlock the same daemon harms nobody: its job is refused and parked.
    assert broken(as_far_as_it_goes) == set()


def lying(*places: int) -> Callable[[Plant], None]:
    """Return what lets every sensor of a place, and the carriage's own while it stands there, see nothing."""

    def lie(plant: Plant) -> None:
        for place in places:
            plant.overrides[("bay", place, "occupied_a")] = False
            plant.overrides[("bay", place, "occupied_b")] = False
        plant.overrides[("carriage", "place_occupied_a")] = False
        plant.overrides[("carriage", "place_occupied_b")] = False

    return lie


def test_sensors_that_all_lie_about_an_occupied_place() -> None:
    async def lower_onto(it: Stage) -> None:
        await it.order(Relocate(car="C", bay=LOW2))
        await it.until(lambda: it.world.plant.truth().carriage.car == "C")
        await it.until(lambda: it.world.plant.truth().carriage.arms_centred)
        # Somebody parks a car where nobody can: the ablation of the whole world outside.
        it.world.do(lambda plant: plant._steel.yard.at.update({LOW2: Car("stray")}))
        it.world.do(lying(LOW2))
        await asyncio.sleep(30.0)

    assert {"I2", "I4"} <= broken(lower_onto)


def test_a_car_that_vanishes_and_one_that_is_there_twice() -> None:
    async def vanish(it: Stage) -> None:
        it.world.do(lambda plant: plant._steel.yard.at.pop(LOW1))
        await asyncio.sleep(1.0)

    async def double(it: Stage) -> None:
        it.world.do(lambda plant: plant._steel.yard.at.update({TOP3: CARS[TOP1]}))
        await asyncio.sleep(1.0)

    assert "I2" in broken(vanish)
    assert "I1" in broken(double)


def test_an_inventory_is_judged_where_the_daemon_made_sure_of_it() -> None:
    """Not at the cancel of a job that was only queued: the reset that compares may still run behind a maintenance."""

    async def play(it: Stage) -> None:
        it.world.do(lambda plant: plant.lift_out(LOW1))
        for was, missed in (("QUEUED", False), ("CLOSING_TO", True)):
            it.inspector.on_told({"event": "job_state", "state": "CANCELLED", "was": was})
            assert ("I13" in {violation.invariant for violation in it.inspector.violations}) is missed

    assert "I13" in broken(play)


def test_a_station_that_runs_a_number_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Mailbox._judge

    def forget_what_was_accepted(self: Mailbox, boot_id: int, epoch: int) -> object:
        command = judge(self, boot_id, epoch)
        if command is not None and not command.is_stop and self.memory.running is None and command.sequence == 3:
            self.memory.accepted = 2
        return command

    monkeypatch.setattr(Mailbox, "_judge", forget_what_was_accepted)
    assert "I6" in broken(as_far_as_it_goes)


def test_a_unit_that_starts_again_by_itself_after_an_emergency_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = Unit.ended

    async def eager(self: Unit, signal: object) -> None:
        started = self.reconciled
        await ended(self, signal)  # type: ignore[arg-type]
        follow = {UnitState.ABORTED: UnitEvent.CLEAR, UnitState.STOPPED: UnitEvent.RESET}
        if started and self.state in follow and "safety" not in self.cause:
            await self.fire(follow[self.state], "eager")

    monkeypatch.setattr(Unit, "ended", eager)

    async def stop(it: Stage) -> None:
        await it.order(Relocate(car="C", bay=LOW2))
        await it.until(lambda: it.world.plant.truth().carriage.lift.moving)
        it.world.do(lambda plant: plant.press_e_stop())
        await asyncio.sleep(3.0)
        it.world.do(lambda plant: plant.release_e_stop())
        it.world.do(lambda plant: plant.device_reset())
        await it.ask(UnitCommand(event=UnitEvent.CLEAR))
        await asyncio.sleep(20.0)

    assert "I15" in broken(stop)


@pytest.mark.parametrize("doubt", [PlaceStatus.UNVERIFIED, PlaceStatus.BLOCKED])
def test_an_exchange_with_a_place_that_nobody_verified(monkeypatch: pytest.MonkeyPatch, doubt: PlaceStatus) -> None:
    def trusting(self: Selection, place: int | None, status: PlaceStatus) -> bool:
        return place is not None and self._book.places[place].status in (status, doubt)

    async def unseeing(*_: object) -> None:
        return

    monkeypatch.setattr(Selection, "_is", trusting)
    monkeypatch.setattr(steps, "require_verified", lambda *_: None)
    monkeypatch.setattr(StepActivities, "_prove_doubtful", unseeing)

    async def doubted(it: Stage) -> None:
        number = await it.order(Relocate(car="C", bay=LOW2))
        it.book.places[LOW2] = Place(LOW2, doubt, None, "in doubt")
        await it.ended(number)

    assert "I14" in broken(doubted)


def test_an_axis_that_moves_without_having_been_homed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_reference(_: object) -> None:
        return

    monkeypatch.setattr(homing, "reference", no_reference)
    monkeypatch.setattr("hal.carriage.Lift.homed", property(lambda _: True))
    monkeypatch.setattr("hal.carriage.Turntable.homed", property(lambda _: True))
    forgetful = TOWER_INTERLOCKS.without("lift_homed", "turntable_homed")
    assert "I5" in broken(as_far_as_it_goes, lambda: World(tower_under_test(), 1, cars=CARS, interlocks=forgetful))


def test_a_job_that_is_lost_is_missed_when_all_is_healed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: Jobs) -> bool:
        return False

    monkeypatch.setattr(Jobs, "_return_one", never)
    report = rehearse(tower_under_test(), 10, 3, Options(kinds=(humans.ABORT,)))
    assert "I11" in {violation.invariant for violation in report.violations}


def test_a_daemon_that_dies_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(_: Selection) -> None:
        raise ZeroDivisionError

    async def wait(it: Stage) -> None:
        monkeypatch.setattr(Selection, "any", raising)
        await asyncio.sleep(5.0)

    assert broken(wait) == {"DIED"}


def test_a_run_that_depends_on_anything_but_its_seed_gives_itself_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def hashes() -> Iterator[str]:
        for chance in (0.01, 0.02):
            monkeypatch.setattr("sim_plc.rehearsal.wiring.LATENCY_S", chance)
            yield rehearse(tower_under_test(), 5, 1, Options(faults=False)).trace_hash

    one, other = hashes()
    assert one != other


def test_the_carriage_is_no_place_for_doubt_once_imported() -> None:
    async def look(it: Stage) -> None:
        assert it.book.places[CARRIAGE].status is PlaceStatus.FREE

    assert broken(look) == set()


def test_the_log_names_every_exchange() -> None:
    async def look(it: Stage) -> None:
        await relocate(it)
        opcodes = [entry.content.opcode for _, entry in it.world.log if entry.content and entry.mechanism == "shuttle"]
        assert opcodes.count(Opcode.PICK) == opcodes.count(Opcode.PLACE) == 2

    assert broken(look) == set()


@pytest.mark.parametrize(("restarts", "excused"), [(LOW_STATION, False), (TOP_STATION, True)])
def test_a_latch_that_is_let_go_onto_the_arms_beside_another_level_whose_controller_restarts(
    restarts: str, *, excused: bool
) -> None:
    async def let_go(it: Stage) -> None:
        await it.order(Relocate(car="C", bay=LOW2))
        await it.until(lambda: it.world.plant.truth().carriage.docked == TOP1)
        await it.until(lambda: it.world.plant.truth().carriage.arms.moving)
        await asyncio.sleep(0.2)
        it.world.cabinets.restart(restarts)
        it.world.do(lambda plant: plant.bay_images[level_of(TOP1)].unlatch.update({TOP1: False}))
        await asyncio.sleep(0.2)

    assert ("I3" not in broken(let_go)) is excused


@pytest.mark.parametrize(
    ("contact", "forgotten", "is_borne"), [(None, (), True), (True, (), True), (None, ("way_open",), False)]
)
def test_arms_that_go_on_though_their_bay_controller_lost_its_power_as_they_set_out(
    contact: bool | None, forgotten: tuple[str, ...], *, is_borne: bool
) -> None:
    async def go_dark(it: Stage) -> None:
        await it.order(Relocate(car="C", bay=LOW2))
        await it.until(lambda: it.world.plant.truth().carriage.arms.moving)
        await asyncio.sleep(0.05)
        if contact is not None:
            it.world.do(lambda plant: plant.overrides.update({("carriage", "latch_open"): contact}))
        # Nobody but the tower PLC is to stop them: how soon a daemon does hangs on when it polls.
        thaw = it.world.freeze_daemon()
        it.world.cabinets.restart(TOP_STATION)
        await asyncio.sleep(0.5)
        thaw()
        assert next(crime.code for crime in it.world.plant.crimes) is CrimeCode.ARMS_INTO_WAY

    slow_arms = tower_under_test(machine__shuttle__acceleration_mm_s2="500")
    interlocks = TOWER_INTERLOCKS.without(*forgotten)
    assert ("I3" not in broken(go_dark, lambda: World(slow_arms, 1, cars=CARS, interlocks=interlocks))) is is_borne
