"""Each judge is shown what it must not let pass: people, stops, alarms, modes, signals and who is kept from a car."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import pytest

from config.schema import Tower
from controller import app
from controller.activities import transfer
from controller.domain.alarm_load import MOST_IN_10_MIN
from controller.domain.alarms import AlarmState, Showing, Tag
from controller.domain.book import Book
from controller.domain.events import AlarmAct, AlarmCommand, Relocate, Retrieve
from controller.domain.refusal import Refusal
from controller.domain.room_facts import RoomFacts
from controller.runtime.admission import Admission
from controller.runtime.alarm_sources import Findings, Sources
from controller.runtime.ledger import Ledger
from controller.store.journal import Journal
from hal.plcmap.codes import Mode, Opcode
from hal.plcmap.frame import Content
from sim_plc.plant.axis import Axis
from sim_plc.plant.safety import Chain
from sim_plc.program.epoch import EpochGate
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.rehearsal.alarm_law import ANSWERED_S, KEPT_S
from sim_plc.rehearsal.disk import JOURNAL
from sim_plc.rehearsal.durability import STOP_LIMIT_S, Durability
from sim_plc.rehearsal.mailbox_law import MailboxLaw
from sim_plc.rehearsal.promises import BY_ID, PROMISES
from sim_plc.rehearsal.roll import Roll
from sim_plc.rehearsal.world import NobodyThere, World
from tests.support.broken import CARS, broken
from tests.support.places import LOW2, ROOM, TOP1
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test


async def under_way(it: Stage) -> None:
    """Order a move and wait until the lift moves."""
    await it.order(Relocate(car="C", bay=LOW2))
    await it.until(lambda: it.world.plant.truth().carriage.lift.moving)
    await asyncio.sleep(0.5)


def test_every_promise_has_its_judge_or_says_what_it_waits_for() -> None:
    assert [f"I{number}" for number in range(1, 25)] == [each.id for each in PROMISES if each.id != "DIED"]
    assert all(bool(each.judge) is not bool(each.missing) for each in PROMISES)
    assert len(BY_ID) == len(PROMISES)


def test_somebody_in_the_shaft_whom_the_chain_does_not_see(monkeypatch: pytest.MonkeyPatch) -> None:
    async def climb_in(it: Stage) -> None:
        await under_way(it)
        it.world.do(lambda plant: plant.person_in_shaft(on=True))
        await asyncio.sleep(1.0)

    assert "I3" not in broken(climb_in)
    monkeypatch.setattr(Chain, "update", lambda _self, _live: None)
    assert "I3" in broken(climb_in)


def test_a_car_that_crosses_a_gate_which_is_shut() -> None:
    told: list[str] = []

    async def cross(it: Stage) -> None:
        truth, roll = it.world.plant.truth(), Roll(lambda invariant, _: told.append(invariant))
        roll.call(replace(truth, outside=("X",)))
        roll.call(replace(truth, crossing={ROOM: "X"}))

    broken(cross)
    assert told == ["I2"]


def log(mechanism: str, sequence: int, event: Event, content: Content) -> LogEntry:
    return LogEntry(0.0, mechanism, sequence, event, content)


def taken(law: MailboxLaw, mechanism: str, opcode: Opcode, argument1: int = 0) -> set[str]:
    """Let the tower PLC accept and start something; return what that breaks."""
    content = Content(int(opcode), argument1, 0, 0)
    events = (Event.ACCEPTED, Event.STARTED)
    return {invariant for event in events for invariant, _ in law.take("tower", log(mechanism, 1, event, content))}


def test_an_exchange_or_a_jog_in_the_wrong_mode() -> None:
    law = MailboxLaw()
    assert taken(law, "lift", Opcode.JOG, 1) == {"I5"}
    law = MailboxLaw()
    assert taken(law, "station", Opcode.MODE, int(Mode.MANUAL)) == set()
    assert taken(law, "shuttle", Opcode.PICK, LOW2) == {"I5"}
    law.forget("tower")
    assert taken(law, "shuttle", Opcode.JOG, 1) == set()


def test_a_door_and_the_gate_of_one_room_at_a_time() -> None:
    law = MailboxLaw()
    assert taken(law, "room1.outer_gate", Opcode.OPEN) == set()
    assert taken(law, "room2.inner_door", Opcode.OPEN) == set()
    assert taken(law, "room1.inner_door", Opcode.OPEN) == {"I6"}
    law = MailboxLaw()
    assert taken(law, "room1.inner_door", Opcode.CLOSE) == set()
    assert taken(law, "room1.outer_gate", Opcode.CLOSE) == set()


def test_a_sensor_that_is_stuck_while_the_other_is_believed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stuck(it: Stage) -> None:
        it.world.do(lambda plant: plant.overrides.update({("carriage", "place_occupied_a"): False}))
        await asyncio.sleep(2.0)
        await it.order(Relocate(car="C", bay=LOW2))
        await it.until(lambda: bool(it.world.plant.truth().carriage.docked == TOP1))
        await asyncio.sleep(2.0)

    assert "I4" not in broken(stuck)

    async def no_look(*_: object) -> None:
        return

    monkeypatch.setattr(transfer, "require", no_look)
    forgetful = TOWER_INTERLOCKS.without("source_occupied")
    assert "I4" in broken(stuck, lambda: World(tower_under_test(), 1, cars=CARS, interlocks=forgetful))


async def tripped(it: Stage) -> None:
    await under_way(it)
    it.world.do(lambda plant: plant.press_e_stop())
    await asyncio.sleep(8.0)


async def killed(it: Stage) -> None:
    await under_way(it)
    await it.world.crash_daemon()
    await asyncio.sleep(8.0)


def test_a_carriage_that_takes_too_long_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    assert broken(tripped) == set()
    halt = Axis._halt

    def coast(self: Axis, t: float) -> None:
        self.spec = replace(self.spec, stop_rate=self.spec.stop_rate / 20)
        halt(self, t)

    monkeypatch.setattr(Axis, "_halt", coast)
    assert "I15" in broken(tripped)


def test_a_plc_that_goes_on_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow() -> World:
        return World(tower_under_test(profile="slow"), 1, cars=CARS)

    assert broken(killed, slow) == set()
    monkeypatch.setattr(EpochGate, "silent", lambda _self, _t: False)
    monkeypatch.setattr(EpochGate, "silent_from", lambda _self: None)
    assert "I15" in broken(killed, slow)


def test_an_alarm_that_is_never_raised_or_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    look = Sources.look
    blind_s = 1e9

    def blind(self: Sources, control: object) -> Findings:
        found = look(self, control)  # type: ignore[arg-type]
        clock = asyncio.get_running_loop().time()
        if clock < blind_s:
            return replace(found, standing={tag: text for tag, text in found.standing.items() if tag.key != "E_STOP"})
        return found

    monkeypatch.setattr(Sources, "look", blind)

    async def jolted(it: Stage) -> None:
        await tripped(it)
        it.world.do(lambda plant: plant.use_escape(ROOM))
        await asyncio.sleep(1.0)

    assert broken(jolted) == {"I18"}

    async def late(it: Stage) -> None:
        nonlocal blind_s
        await under_way(it)
        blind_s = it.world.now + 4.0
        it.world.do(lambda plant: plant.press_e_stop())
        await asyncio.sleep(16.0)

    assert broken(late) == {"I18"}

    async def slow(it: Stage, blind_for_s: float) -> None:
        nonlocal blind_s
        it.world.computer.disk.sync_s = (4.0, 4.0)
        asking = asyncio.create_task(it.order(Relocate(car="C", bay=LOW2)))
        await asyncio.sleep(0.1)
        blind_s = it.world.now + blind_for_s
        it.world.do(lambda plant: plant.press_e_stop())
        await asyncio.sleep(3.0)
        assert Tag("E_STOP") not in it.book.alarms, "the control task waits for the disk"
        it.world.computer.disk.sync_s = None
        await asyncio.sleep(16.0)
        await asyncio.gather(asking, return_exceptions=True)

    assert broken(partial(slow, blind_for_s=0.0)) == set()
    assert broken(partial(slow, blind_for_s=8.0)) == {"I18"}


def test_an_alarm_that_was_raised_in_time_behind_one_that_explains_it() -> None:
    """It is told only when nothing explains it any more, and was taken for late (small, seed 161, aimed)."""

    async def explained(it: Stage) -> None:
        bus = next(name for name, bus in it.world.tower.bus.items() if "tower" in bus.stations)
        it.world.pull_cable(bus, out=True)
        await asyncio.sleep(20.0)
        hidden = str(Tag("STATION_OFFLINE", 0))
        await it.world.ask(AlarmCommand(act=AlarmAct.REMOVE, number=hidden, why="under repair"))
        it.world.pull_cable(bus, out=False)
        await asyncio.sleep(3.0)
        it.world.do(lambda plant: plant.set_maintenance_key(on=True))
        await asyncio.sleep(4.0)
        line = it.book.alarms[Tag("MAINTENANCE", 0)]
        assert (line.state, line.showing) == (AlarmState.UNACKNOWLEDGED, Showing.SUPPRESSED)
        await asyncio.sleep(60.0)
        assert it.book.alarms[Tag("MAINTENANCE", 0)].showing is Showing.SHOWN

    assert broken(explained) == set()


Restore = Callable[[Journal, Tower], Awaitable[Book]]


def _without_alarms(restore: Restore) -> Restore:
    """Return what restores a book and forgets its alarms."""

    async def forgetful(journal: Journal, tower: Tower) -> Book:
        book = await restore(journal, tower)
        book.alarms.clear()
        return book

    return forgetful


def test_an_alarm_that_a_restart_loses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def restarted(it: Stage) -> None:
        it.world.do(lambda plant: plant.press_e_stop())
        await asyncio.sleep(20.0)
        await it.world.crash_daemon()
        it.world.do(lambda plant: plant.release_e_stop())
        it.world.do(lambda plant: plant.device_reset())
        await it.start(late_s=1.0)

    assert broken(restarted) == set()
    monkeypatch.setattr(app, "_restore", _without_alarms(app._restore))
    assert broken(restarted) == {"I18"}


def test_a_young_alarm_lost_with_the_power_is_borne_however_many_starts_come_to_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def dark(it: Stage, *, after_s: float, frozen_s: float = 0.0) -> None:
        it.world.do(lambda plant: plant.press_e_stop())
        await it.until(lambda: Tag("E_STOP") in it.book.alarms)
        if frozen_s:
            thaw = it.world.freeze_daemon()
            await asyncio.sleep(frozen_s)
            thaw()
            # Something else is told, so that the list is seen once more.
            it.world.do(lambda plant: plant.set_maintenance_key(on=True))
            await it.until(lambda: Tag("MAINTENANCE", 0) in it.book.alarms)
            it.world.do(lambda plant: plant.set_maintenance_key(on=False))
        await asyncio.sleep(after_s)
        await it.world.computer.lose_power()
        it.world.do(lambda plant: plant.release_e_stop())
        it.world.do(lambda plant: plant.device_reset())
        await asyncio.sleep(2 * KEPT_S)
        await it.world.computer.get_power()
        await it.world.computer.lose_power()
        await it.world.computer.get_power()
        await asyncio.sleep(5.0)

    monkeypatch.setattr(app, "_restore", _without_alarms(app._restore))
    assert broken(partial(dark, after_s=0.0)) == set()
    assert broken(partial(dark, after_s=0.0, frozen_s=3 * KEPT_S)) == set()
    assert broken(partial(dark, after_s=KEPT_S)) == {"I18"}


def test_a_latched_alarm_that_goes_by_itself() -> None:
    async def latched(it: Stage) -> None:
        it.world.do(lambda plant: plant.person_in_shaft(on=True))
        await asyncio.sleep(3.0)
        it.world.do(lambda plant: plant.person_in_shaft(on=False))
        it.world.do(lambda plant: plant.device_reset())
        await it.world.ask(AlarmCommand(act=AlarmAct.ACKNOWLEDGE, number="all"))
        await asyncio.sleep(3.0)
        assert it.book.alarms[Tag("PERSON_IN_SHAFT")].state is AlarmState.LATCHED_ACKNOWLEDGED
        del it.book.alarms[Tag("PERSON_IN_SHAFT")]

    async def reset(it: Stage) -> None:
        await latched(it)
        await it.world.ask(AlarmCommand(act=AlarmAct.ACKNOWLEDGE, number="all"))

    assert broken(reset) == {"I18"}

    async def in_order(it: Stage) -> None:
        it.world.do(lambda plant: plant.person_in_shaft(on=True))
        await asyncio.sleep(3.0)
        it.world.do(lambda plant: plant.person_in_shaft(on=False))
        it.world.do(lambda plant: plant.device_reset())
        await asyncio.sleep(3.0)
        await it.world.ask(AlarmCommand(act=AlarmAct.ACKNOWLEDGE, number="all"))
        await it.world.ask(AlarmCommand(act=AlarmAct.RESET, number="105"))
        assert Tag("PERSON_IN_SHAFT") not in it.book.alarms

    assert broken(in_order) == set()


def test_a_frozen_daemon_takes_an_acknowledgement_when_it_goes_on() -> None:
    async def frozen(it: Stage, *, asked: bool) -> None:
        it.world.do(lambda plant: plant.press_e_stop())
        await asyncio.sleep(3.0)
        thaw = it.world.freeze_daemon()
        if asked:
            with pytest.raises(NobodyThere):
                await it.world.ask(AlarmCommand(act=AlarmAct.ACKNOWLEDGE, number="all"))
        await asyncio.sleep(ANSWERED_S)
        if not asked:
            line = it.book.alarms[Tag("E_STOP")]
            it.book.alarms[Tag("E_STOP")] = replace(line, state=AlarmState.ACKNOWLEDGED)
        thaw()
        await asyncio.sleep(1.0)
        assert it.book.alarms[Tag("E_STOP")].state is AlarmState.ACKNOWLEDGED

    assert broken(partial(frozen, asked=True)) == set()
    assert broken(partial(frozen, asked=False)) == {"I18"}


def test_a_daemon_that_is_told_to_end_waits_for_a_slow_disk_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ended(it: Stage) -> None:
        judge = Durability(it.inspector.accuse, it.world.folder / JOURNAL, it.world.truth, lambda _book: None)
        await under_way(it)
        it.world.life_witnesses.append(judge)
        it.world.computer.disk.sync_s = (6.0, 6.0)
        began_s = it.world.now
        await it.world.stop_daemon()
        assert it.world.now - began_s > STOP_LIMIT_S

    assert broken(ended) == set()
    drain = Ledger.drain

    async def linger(self: Ledger) -> None:
        await drain(self)
        await asyncio.sleep(STOP_LIMIT_S + 1.0)

    monkeypatch.setattr(Ledger, "drain", linger)
    assert broken(ended) == {"I20"}


def test_more_alarms_than_people_can_take() -> None:
    async def storm(it: Stage) -> None:
        for number in range(MOST_IN_10_MIN + 1):
            event = {"event": "alarm", "number": "102", "code": "E_STOP", "burst": number, "active": True}
            it.world.tell(event)

    assert broken(storm) == {"I18"}


def test_a_room_that_is_called_vacant_with_somebody_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    async def walled_in(it: Stage) -> None:
        def enter(plant: object) -> None:
            it.world.plant._steel.rooms[ROOM].persons = 1
            it.world.plant._happen()

        await it.world.stop_daemon()
        it.world.do(enter)
        await asyncio.sleep(3.0)
        await it.start()
        await asyncio.sleep(10.0)

    assert broken(walled_in) == set()
    monkeypatch.setattr(RoomFacts, "maybe_person", property(lambda _: False))
    assert "I23" in broken(walled_in)


def test_an_owner_who_is_kept_from_their_car(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetch(it: Stage) -> None:
        with pytest.raises(Refusal):
            await it.ask(Retrieve(car="C"))

    def refuse(rule: str) -> None:
        def retrieve(_self: Admission, _request: Retrieve) -> object:
            raise Refusal(rule, "by a bug")

        monkeypatch.setattr(Admission, "retrieve", retrieve)

    refuse("LICENCE_EXPIRED")
    assert broken(fetch) == {"I22"}
    refuse("PLACE_UNVERIFIED")
    assert broken(fetch) == {"I22"}

