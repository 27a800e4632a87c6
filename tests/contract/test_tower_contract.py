"""What the drivers of a tower promise, the same on every back end: fake, in-memory, TCP, RTU on a pty, steel.

Each test starts with all stations online and enabled, everything closed and homed, no car but in bays; it may leave
the carriage and the cars elsewhere in the bays.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from hal.errors import ForeignMaster, NotOnline, Refused
from hal.interfaces import Mechanism, Outcome, Prepared, StationState, Verdict
from hal.plcmap import codes
from hal.plcmap.codec import ControllerBlock, Image
from hal.plcmap.codes import Flag, Mode, Opcode, Reason, Result, Signal, State, SubStep, serial_next
from hal.plcmap.frame import FRAME_WORDS
from hal.plcmap.registers import StationMap
from hal.plcmap.shape import TowerShape, level_of
from hal.readings import Loaded
from hal.room import Door
from hal.scan import Station
from hal.tower import TOWER
from tests.support.backends import Backend
from tests.support.bench import LIMIT_S, Ability, Bench

FULL_TURN = 360_000
ILLEGAL_ADDRESS = 2
DEAD_MAN_POLL_S = 0.1
NEAR_MDEG = 1000
REPEATS = 4
REPEAT_S = 0.013
STALE_S = 1.0
STALE_POLLS = 3
"""By the contract a station is stale after the longer one of the two."""
BUSY_S = 1.5
"""A time-out, and a busy machine."""

RESULTS = {Verdict.OK: Result.OK, Verdict.REFUSED: Result.REFUSED}

Prepare: TypeAlias = Callable[[], Prepared]


def low(shape: TowerShape) -> int:
    """Return a bay on the lowest level that has one."""
    return shape.bays[0]


def high(shape: TowerShape) -> int:
    """Return a bay on the next level, or on the only one."""
    return shape.bays_of(shape.bay_levels[:2][-1])[-1]


def top(shape: TowerShape) -> int:
    """Return a bay on the highest level: far enough to be cut on the way."""
    return shape.bays[-1]


# Who a station is, and whose epoch rules


@pytest.mark.tall
def test_every_station_is_who_it_should_be_and_online_under_our_epoch(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for name, station in bench.tower.stations.items():
            image = station.image
            assert station.state is StationState.ONLINE, name
            assert image.epoch_in_force == station.epoch > 0
            assert image.owner_in_force == station.owner
            assert {each.name for each in station.map.mechanisms} == image.mechanisms.keys()

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE, Ability.WIRE)
def test_a_lower_epoch_and_another_owner_of_ours_are_not_taken(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for name, station in bench.tower.stations.items():
            link, at = bench.links[name], station.map.controller_block
            for block in (
                ControllerBlock(station.epoch - 1, station.owner, station.image.heartbeat),
                ControllerBlock(station.epoch, station.owner ^ 1, station.image.heartbeat),
            ):
                # Again and again: a single one may be overwritten by a poll before the program looks.
                for _ in range(REPEATS):
                    await link.write(station.map.unit, at, block.to_words())
                    await asyncio.sleep(REPEAT_S)
                await later(bench, name)
                assert station.image.epoch_in_force == station.epoch
                assert station.image.owner_in_force == station.owner

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE, Ability.WIRE)
def test_a_higher_epoch_of_another_master_freezes_the_station_until_a_person_adopts_it(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        station = bench.tower.stations[TOWER]
        foreign = station.epoch + (1 << 16)
        block = ControllerBlock(foreign, station.owner ^ 1, 0)
        async with asyncio.timeout(LIMIT_S):
            while station.state is not StationState.FROZEN:
                await bench.links[TOWER].write(station.map.unit, station.map.controller_block, block.to_words())
                await asyncio.sleep(REPEAT_S)
        with pytest.raises(ForeignMaster):
            bench.tower.lift.home()
        while station.last_image is None or station.last_image.epoch_in_force != foreign:
            assert await station.news(asyncio.get_running_loop().time() + LIMIT_S)
        await station.adopt_epoch()
        await bench.online()
        assert station.image.epoch_in_force == station.epoch > foreign
        await bench.ok(bench.tower.rooms[bench.room].signal.show(Signal.WAIT))

    backend.play(scenario)


# Lift and turntable


@pytest.mark.tall
def test_a_lift_move_ends_docked_within_tolerance(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, shape = bench.tower, bench.shape
        for place in (high(shape), low(shape)):
            await bench.dock(place)
            assert abs(tower.lift.position_mm - shape.poses[place].height_mm) <= shape.height_tolerance_mm
            assert tower.lift.held
            assert tower.turntable.held
            assert tower.dock.docked_at == place

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_lift_and_turntable_move_together(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, shape = bench.tower, bench.shape
        await bench.dock(low(shape))
        together: list[Image] = []

        def note(image: Image) -> None:
            if image.mechanisms["lift"].executing and image.mechanisms["turntable"].executing:
                together.append(image)

        tower.stations[TOWER].on_image(note)
        await bench.dock(top(shape))
        assert together, "no image showed both executing"

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_the_turntable_takes_the_shorter_way(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower = bench.tower
        await bench.ok(tower.turntable.move_to_angle(0))
        target = FULL_TURN * 3 // 4
        seen: list[int] = []
        tower.stations[TOWER].on_image(lambda image: seen.append(image.mechanisms["turntable"].position))
        await bench.ok(tower.turntable.move_to_angle(target))
        assert not [mdeg for mdeg in seen if NEAR_MDEG < mdeg < target - NEAR_MDEG], "the longer way"
        assert [mdeg for mdeg in seen if target + NEAR_MDEG < mdeg < FULL_TURN - NEAR_MDEG], "no image on the way"

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_homing_ends_at_the_reference(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower = bench.tower
        await bench.dock(low(bench.shape))
        await bench.ok(tower.shuttle.home())
        await bench.ok(tower.lift.home(), tower.turntable.home())
        assert homed(bench) == (True, True, True)
        assert tower.shuttle.centred
        assert abs(tower.lift.position_mm) <= bench.shape.height_tolerance_mm
        turned = tower.turntable.position_mdeg
        assert min(turned, FULL_TURN - turned) <= bench.shape.angle_tolerance_mdeg

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
@pytest.mark.parametrize("axis", ["lift", "turntable"])
def test_a_stop_in_mid_move_stops_the_command_and_proves_standstill(backend: Backend, axis: str) -> None:
    async def scenario(bench: Bench) -> None:
        tower, station = bench.tower, bench.tower.stations[TOWER]
        mechanism = tower.mechanism(f"{TOWER}/{axis}")
        await bench.dock(low(bench.shape))
        start = mechanism.status().position
        half_a_turn = (start + FULL_TURN // 2) % FULL_TURN
        command = tower.lift.move_to(top(bench.shape)) if axis == "lift" else tower.turntable.move_to_angle(half_a_turn)
        await bench.runs(command)
        with station.busy():
            await station.until(lambda image: image.mechanisms[axis].position != start, LIMIT_S)
        stop = await mechanism.stop()
        assert stop.verdict is Verdict.OK, stop
        outcome = await mechanism.outcome(command, LIMIT_S)
        assert outcome.verdict is Verdict.STOPPED, outcome
        rested = mechanism.status()
        assert rested.executing == 0
        assert rested.state == State.STANDSTILL
        assert rested.flags & Flag.HELD
        assert rested.position not in (start, command.content.argument1)
        await later(bench, TOWER)
        assert mechanism.status().position == rested.position

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_a_stop_of_what_stands_is_ok(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for mechanism in bench.tower.mechanisms.values():
            outcome = await mechanism.stop()
            assert outcome.verdict is Verdict.OK, (mechanism.name, outcome)

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE, Ability.DEAD_MAN)
@pytest.mark.parametrize("axis", ["lift", "turntable"])
def test_a_jog_runs_in_manual_while_the_dead_man_is_held(backend: Backend, axis: str) -> None:
    async def scenario(bench: Bench) -> None:
        tower, station = bench.tower, bench.tower.stations[TOWER]
        control, mechanism = tower.station_controls[TOWER], tower.mechanism(f"{TOWER}/{axis}")
        jogs: dict[str, Prepare] = {
            "lift": lambda: tower.lift.jog(up=True),
            "turntable": lambda: tower.turntable.jog(ahead=True),
        }
        jog = jogs[axis]
        await bench.dock(low(bench.shape))
        start = mechanism.status().position
        station.set_period(DEAD_MAN_POLL_S)
        try:
            station.hold_dead_man(held=True)
            for _ in range(3):
                await later(bench, TOWER)
            await bench.refused(jog(), Reason.MODE)
            await bench.ok(control.set_mode(Mode.MANUAL))
            command = jog()
            await bench.runs(command)
            with station.busy():
                await station.until(lambda image: image.mechanisms[axis].position != start, LIMIT_S)
        finally:
            station.hold_dead_man(held=False)
        assert (await mechanism.outcome(command, LIMIT_S)).verdict is Verdict.OK
        rested = mechanism.status()
        assert rested.flags & Flag.HELD
        assert (rested.position - start) % FULL_TURN > 0
        await bench.refused(jog(), Reason.DEAD_MAN)
        await bench.ok(control.set_mode(Mode.PRODUCTION))

    backend.play(scenario)


# Commands that are refused


@pytest.mark.needs(Ability.MACHINE)
def test_a_second_command_is_refused_busy_and_the_first_goes_on(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower = bench.tower
        await bench.dock(low(bench.shape))
        first = tower.lift.move_to(top(bench.shape))
        await bench.runs(first)
        await bench.refused(tower.lift.move_to(low(bench.shape)), Reason.BUSY)
        assert (await tower.lift.mechanism.outcome(first, LIMIT_S)).verdict is Verdict.OK
        assert tower.lift.position_mm == pytest.approx(
            bench.shape.poses[top(bench.shape)].height_mm, abs=bench.shape.height_tolerance_mm
        )

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_a_wrong_frame_content_is_refused_by_its_reason_and_moves_nothing(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, shape = bench.tower, bench.shape
        await bench.dock(low(shape))
        place, pose = high(shape), shape.poses[high(shape)]
        lift, turntable = tower.lift.mechanism, tower.turntable.mechanism
        shuttle, latches = tower.shuttle.mechanism, tower.latches[level_of(place)].mechanism
        before = tower.stations[TOWER].image
        wanted: list[tuple[Prepare, Reason]] = [
            (lambda: lift.prepare(Opcode.MOVE_TO, pose.height_mm - 1, place), Reason.TABLE),
            (lambda: turntable.prepare(Opcode.MOVE_TO, pose.angle_mdeg + 1, place), Reason.TABLE),
            (lambda: lift.prepare(Opcode.MOVE_TO, pose.height_mm, 9999), Reason.ARGUMENT),
            (lambda: lift.prepare(Opcode.MOVE_TO, -1_000_000, 0), Reason.ARGUMENT),
            (lambda: lift.prepare(Opcode.MOVE_TO, 100_000_000, 0), Reason.ARGUMENT),
            (lambda: turntable.prepare(Opcode.MOVE_TO, FULL_TURN, 0), Reason.ARGUMENT),
            (lambda: shuttle.prepare(Opcode.PICK, 9999), Reason.ARGUMENT),
            (lambda: latches.prepare(Opcode.UNLATCH, 99), Reason.ARGUMENT),
            (lambda: latches.prepare(Opcode.UNLATCH, 0), Reason.ARGUMENT),
            (lambda: lift.prepare(Opcode.PICK, place), Reason.UNKNOWN_OPCODE),
            (lambda: shuttle.prepare(Opcode.UNLATCH, 1), Reason.UNKNOWN_OPCODE),
            (lambda: lift.prepare(Opcode.HOME, expected_from=State.ERROR_STOP), Reason.EXPECTED_FROM),
        ]
        for prepare, reason in wanted:
            await bench.refused(prepare(), reason)
        after = tower.stations[TOWER].image
        for axis in ("lift", "turntable", "shuttle"):
            assert after.mechanisms[axis].position == before.mechanisms[axis].position
            assert after.mechanisms[axis].state == State.STANDSTILL
        assert tower.dock.all_latches_locked

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_nothing_moves_in_the_hoistway_while_a_latch_is_open(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, place = bench.tower, low(bench.shape)
        await bench.dock(place)
        await bench.open_way(place)
        await bench.refused(tower.lift.move_to(high(bench.shape)), Reason.LATCH_NOT_LOCKED)
        await bench.refused(tower.turntable.move_to_angle(FULL_TURN // 2), Reason.LATCH_NOT_LOCKED)
        assert tower.dock.docked_at == place
        await bench.close_way(place)

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_a_bay_unlatches_only_where_the_carriage_is_docked(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, shape = bench.tower, bench.shape
        await bench.dock(low(shape))
        for place in (shape.bays[1], high(shape)):
            await bench.refused(tower.latches[level_of(place)].unlatch(place), Reason.NOT_DOCKED)
            assert tower.latches[level_of(place)].latch_closed(place)
        assert tower.dock.all_latches_locked

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_exchanges_are_refused_by_the_load_the_way_and_the_place(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, free = bench.tower, bench.bay(Loaded.NO)
        shuttle = tower.shuttle
        await bench.dock(free)
        await bench.refused(shuttle.pick(free), Reason.WAY_NOT_OPEN)
        await bench.open_way(free)
        await bench.refused(shuttle.resume(), Reason.NOTHING_TO_RESUME)
        await bench.refused(shuttle.undo(), Reason.NOTHING_TO_RESUME)
        await bench.refused(shuttle.pick(free), Reason.SOURCE_NOT_OCCUPIED)
        await bench.refused(shuttle.place(free), Reason.CARRIAGE_EMPTY)
        await bench.refused(shuttle.pick(bench.bay(Loaded.YES)), Reason.NOT_DOCKED)
        assert shuttle.centred
        await bench.close_way(free)

    backend.play(scenario)


# Latches and exchanges


@pytest.mark.needs(Ability.MACHINE)
def test_the_contacts_of_both_stations_agree_about_a_latch(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, place = bench.tower, high(bench.shape)
        latches = tower.latches[level_of(place)]
        await bench.dock(place)
        await bench.until(latches.station.name, lambda: latches.docked(place) and latches.carriage_held)
        await bench.ok(latches.unlatch(place))
        assert (latches.latch_open(place), latches.latch_closed(place)) == (True, False)
        await bench.until(TOWER, lambda: tower.dock.latch_open and not tower.dock.latch_closed)
        assert not tower.dock.all_latches_locked
        await bench.ok(latches.latch(place))
        assert (latches.latch_open(place), latches.latch_closed(place)) == (False, True)
        await bench.until(TOWER, lambda: tower.dock.latch_closed and tower.dock.all_latches_locked)

    backend.play(scenario)


@pytest.mark.tall
@pytest.mark.needs(Ability.MACHINE)
def test_a_car_is_picked_shown_in_a_room_and_placed_in_another_bay_with_each_load_proven(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, room = bench.tower, bench.tower.rooms[bench.room]
        source, target = bench.bay(Loaded.YES), bench.bay(Loaded.NO)
        await pick(bench, source)
        await bench.until(bay_station(source), lambda: occupied(bench, source) is Loaded.NO)
        await place(bench, bench.room)
        assert in_room(bench) is Loaded.YES
        assert room.sensors() & codes.Room.IN_MARKS
        frame = await room.measure()
        assert frame.wheels == 4
        assert frame.weight_kg > 400
        await pick(bench, bench.room)
        assert in_room(bench) is Loaded.NO
        await place(bench, target)
        await bench.until(bay_station(target), lambda: occupied(bench, target) is Loaded.YES)
        assert tower.dock.all_latches_locked
        assert stands(room.inner_door) == (State.CLOSED, True)

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
@pytest.mark.parametrize(
    ("undo", "reached"), [(False, SubStep.TRANSFERRING), (True, SubStep.EXTENDING)], ids=["resume", "undo"]
)
def test_a_cut_pick_is_finished_or_taken_back(backend: Backend, *, undo: bool, reached: SubStep) -> None:
    async def scenario(bench: Bench) -> None:
        tower, shuttle = bench.tower, bench.tower.shuttle
        source = bench.bay(Loaded.YES)
        await bench.dock(source)
        await bench.open_way(source)
        outcome = await cut(bench, shuttle.pick(source), reached)
        assert outcome.verdict is Verdict.STOPPED, outcome
        assert shuttle.picking
        assert shuttle.substep >= reached
        assert reach(bench) == (True, False)
        await bench.refused(tower.lift.move_to(high(bench.shape)), Reason.SHUTTLE_NOT_CENTRED)
        await bench.refused(tower.latches[level_of(source)].latch(source), Reason.SHUTTLE_NOT_CENTRED)
        await bench.ok(shuttle.undo() if undo else shuttle.resume())
        assert reach(bench) == (False, True)
        assert shuttle.loaded is (Loaded.NO if undo else Loaded.YES)
        assert tower.dock.occupied is (Loaded.YES if undo else Loaded.NO)
        if not undo:
            await bench.ok(shuttle.place(source))
        await bench.close_way(source)
        await bench.until(bay_station(source), lambda: occupied(bench, source) is Loaded.YES)

    backend.play(scenario)


# Rooms


@pytest.mark.needs(Ability.MACHINE)
def test_inner_door_and_outer_gate_are_never_open_together(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, room = bench.tower, bench.tower.rooms[bench.room]
        await bench.dock(high(bench.shape))
        await bench.refused(room.inner_door.open(), Reason.NOT_DOCKED)
        await bench.dock(bench.room)
        await bench.ok(room.inner_door.open())
        assert stands(room.inner_door) == (State.OPEN, False)
        await bench.refused(room.outer_gate.open(), Reason.INNER_DOOR_NOT_LOCKED)
        await bench.refused(tower.lift.move_to(high(bench.shape)), Reason.INNER_DOOR_NOT_LOCKED)
        assert stands(room.outer_gate) == (State.CLOSED, True)
        await bench.ok(room.inner_door.close())
        assert stands(room.inner_door) == (State.CLOSED, True)
        await bench.ok(room.outer_gate.open())
        assert stands(room.outer_gate) == (State.OPEN, False)
        await bench.refused(room.inner_door.open(), Reason.OUTER_GATE_NOT_LOCKED)
        assert stands(room.inner_door) == (State.CLOSED, True)
        assert room.nobody_inside
        await bench.ok(room.outer_gate.close())
        assert stands(room.outer_gate) == (State.CLOSED, True)

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_opening_what_is_open_and_closing_what_is_closed_is_ok(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        gate = bench.tower.rooms[bench.room].outer_gate
        for command, state in (
            (gate.close, State.CLOSED),
            (gate.open, State.OPEN),
            (gate.open, State.OPEN),
            (gate.close, State.CLOSED),
        ):
            await bench.ok(command())
            assert gate.state is state

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_a_room_shows_each_signal(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        signal = bench.tower.rooms[bench.room].signal
        for code in Signal:
            await bench.ok(signal.show(code))
            shown = signal.mechanism.status()
            assert (shown.state, shown.substep) == (State.SHOWING, code)
        await bench.refused(signal.mechanism.prepare(Opcode.SHOW, 999), Reason.ARGUMENT)
        await bench.ok(signal.show(Signal.DARK))

    backend.play(scenario)


# The station


@pytest.mark.needs(Ability.MACHINE)
def test_the_safety_chain_is_closed_and_the_drives_are_enabled(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        safety = bench.tower.safety
        assert safety.ok
        assert safety.powered
        assert safety.causes() == ()
        assert await safety.first_out() == 0

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_the_mode_follows_its_command(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        control = bench.tower.station_controls[TOWER]
        await bench.ok(control.set_mode(Mode.MANUAL))
        assert control.status & codes.Status.MODE_MANUAL
        await bench.ok(control.set_mode(Mode.PRODUCTION))
        assert control.status & codes.Status.MODE_PRODUCTION
        assert not control.status & codes.Status.MODE_MANUAL
        await bench.refused(control.mechanism.prepare(Opcode.MODE, 9), Reason.ARGUMENT)

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE, Ability.POWER)
def test_a_station_moves_nothing_after_power_up_until_reset_and_homing(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, station = bench.tower, bench.tower.stations[TOWER]
        await bench.dock(low(bench.shape))
        cut_short = tower.turntable.move_to_angle(FULL_TURN // 2)
        await bench.runs(cut_short)
        boot_id, epoch = station.image.boot_id, station.epoch
        await bench.surroundings.power_cycle(TOWER)
        outcome = await tower.turntable.mechanism.outcome(cut_short, LIMIT_S)
        assert outcome.verdict is Verdict.STOPPED_RESTART, outcome
        await bench.online()
        assert station.image.boot_id == boot_id + 1
        assert station.epoch > epoch
        assert station_state(bench) == (State.FAULTED, False)
        assert homed(bench) == (False, False, False)
        await bench.refused(tower.lift.home(), Reason.POWER)
        await bench.refused(tower.rooms[bench.room].outer_gate.open(), Reason.POWER)
        await bench.ok(tower.rooms[bench.room].signal.show(Signal.OUT_OF_SERVICE))
        await bench.ok(tower.station_controls[TOWER].reset())
        assert station_state(bench) == (State.READY, True)
        await bench.refused(tower.lift.move_to(high(bench.shape)), Reason.NOT_HOMED)
        await bench.ok(tower.shuttle.home())
        await bench.ok(tower.lift.home(), tower.turntable.home())
        await bench.dock(high(bench.shape))

    backend.play(scenario)


# Sequences


def test_the_sequence_goes_on_over_a_reconnection(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        shown: dict[str, Prepare] = {
            TOWER: lambda: bench.tower.rooms[bench.room].signal.show(Signal.WAIT),
            bay_station(high(bench.shape)): lambda: bench.tower.latches[level_of(high(bench.shape))].latch(
                high(bench.shape)
            ),
        }
        for name, command in shown.items():
            station = bench.tower.stations[name]
            before, epoch = command(), station.epoch
            await bench.ok(before)
            await bench.surroundings.reconnect(name)
            async with asyncio.timeout(LIMIT_S):
                while not (station.online and station.epoch > epoch):
                    await station.news(asyncio.get_running_loop().time() + LIMIT_S)
            after = command()
            assert after.sequence == serial_next(before.sequence)
            await bench.ok(after)
            assert station.image.epoch_in_force == station.epoch

    backend.play(scenario)


@pytest.mark.tall
@pytest.mark.needs(Ability.MACHINE)
def test_the_slow_block_keeps_the_last_four_outcomes_with_their_check_words(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        place = low(bench.shape)
        await bench.dock(place)
        latches = bench.tower.latches[level_of(place)]
        await bench.until(bay_station(place), lambda: latches.docked(place))
        elsewhere = next(each for each in bench.shape.bays_of(level_of(place)) if each != place)
        wanted: list[Prepare] = [
            lambda: latches.latch(place),
            lambda: latches.unlatch(elsewhere),
            lambda: latches.mechanism.prepare(Opcode.PICK),
            lambda: latches.unlatch(place),
            lambda: latches.latch(place),
        ]
        outcomes = [await bench.done(prepare()) for prepare in wanted]
        slow = await latches.station.request_slow()
        kept = slow.histories["latches"].outcomes
        assert [(each.sequence, each.check, each.result, each.reason) for each in kept] == [
            (each.prepared.sequence, each.prepared.check, RESULTS[each.verdict], each.reason)
            for each in reversed(outcomes[1:])
        ]
        assert [each.reason for each in outcomes] == [0, Reason.NOT_DOCKED, Reason.UNKNOWN_OPCODE, 0, 0]

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_a_prepared_command_that_was_never_issued_is_void_and_its_number_is_given_again(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        signal = bench.tower.rooms[bench.room].signal
        unsent = signal.show(Signal.REFUSED)
        assert (await signal.mechanism.outcome(unsent, LIMIT_S)).verdict is Verdict.VOID
        sent = signal.show(Signal.WAIT)
        assert sent.sequence == unsent.sequence
        await bench.ok(sent)
        assert signal.mechanism.status().substep == Signal.WAIT

    backend.play(scenario)


# Freshness


def test_images_stay_fresh(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for name, station in bench.tower.stations.items():
            heartbeat = station.image.heartbeat
            await later(bench, name)
            assert station.image.heartbeat != heartbeat

    backend.play(scenario)


@pytest.mark.tall
@pytest.mark.needs(Ability.SILENCE)
def test_a_silent_station_is_stale_gives_no_image_and_comes_back_with_a_new_epoch(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        names = (TOWER, bay_station(high(bench.shape)))
        epochs = {name: bench.tower.stations[name].epoch for name in names}
        for name in names:
            await bench.surroundings.silence(name)
        silent_from = asyncio.get_running_loop().time()
        for name in names:
            await goes_blind(bench.tower.stations[name])
            assert asyncio.get_running_loop().time() - silent_from < max(STALE_S, STALE_POLLS * bench.poll_s) + BUSY_S
        for name in names:
            station = bench.tower.stations[name]
            await falls_silent(station)
            assert station.trouble
            with pytest.raises(NotOnline):
                _ = station.image
        with pytest.raises(NotOnline):
            bench.tower.lift.home()
        for name in names:
            await bench.surroundings.speak(name)
        await bench.online()
        for name in names:
            assert bench.tower.stations[name].image.epoch_in_force > epochs[name]
        await bench.ok(bench.tower.rooms[bench.room].signal.show(Signal.WAIT))

    backend.play(scenario)


# Registers


@pytest.mark.tall
@pytest.mark.needs(Ability.MACHINE, Ability.WIRE)
def test_reads_beyond_the_map_are_refused(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for name, station in bench.tower.stations.items():
            link, plan = bench.links[name], station.map
            end = plan.blocks[-1].address + plan.blocks[-1].count
            await refuses(link.read_input(plan.unit, end - 1, 2))
            await refuses(link.read_input(plan.unit, end, 1))
            await refuses(link.read_input(plan.unit, 0xFFFF, 1))
            await refuses(link.read_input(plan.unit, plan.owned_base, 1))
            await refuses(link.read_holding(plan.unit, end, 1))
            await refuses(link.read_holding(plan.unit, plan.owned_end - 1, 2))
            assert len(await link.read_input(plan.unit, end - 1, 1)) == 1
            assert len(await link.read_holding(plan.unit, plan.owned_end - 1, 1)) == 1

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE, Ability.WIRE)
def test_writes_to_what_the_plc_owns_are_refused_and_change_nothing(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for name, station in bench.tower.stations.items():
            link, plan = bench.links[name], station.map
            before = await mailboxes(bench, plan)
            last = plan.owned_end - 1
            between = plan.mailbox("station") + FRAME_WORDS
            await refuses(link.write(plan.unit, between, [0x5A5A]))
            for address, count in ((0, 1), (plan.fast[0].address, 4), (plan.owned_base - 1, 2), (last, 2), (0xFFFF, 1)):
                await refuses(link.write(plan.unit, address, [0x5A5A] * count))
                await refuses(link.read_write(plan.unit, plan.fast[0].address, 3, address, [0x5A5A] * count))
            # A read that is refused takes its write with it.
            await refuses(link.read_write(plan.unit, 0xFFFF, 1, last, [0x5A5A]))
            assert await mailboxes(bench, plan) == before
            await later(bench, name)
            assert station.online
            assert station.image.epoch_in_force == station.epoch

    backend.play(scenario)


# Helpers


def homed(bench: Bench) -> tuple[bool, bool, bool]:
    return bench.tower.lift.homed, bench.tower.turntable.homed, bench.tower.shuttle.homed


def stands(door: Door) -> tuple[State, bool]:
    return door.state, door.is_locked


def station_state(bench: Bench) -> tuple[int, bool]:
    return bench.tower.station_controls[TOWER].mechanism.status().state, bench.tower.safety.powered


def reach(bench: Bench) -> tuple[bool, bool]:
    """Return whether an exchange stands cut, and whether the arms are in."""
    return bench.tower.shuttle.resumable, bench.tower.shuttle.centred


def in_room(bench: Bench) -> Loaded:
    return bench.tower.rooms[bench.room].occupied


def bay_station(place: int) -> str:
    return f"bays{level_of(place)}"


def occupied(bench: Bench, place: int) -> Loaded:
    return bench.tower.latches[level_of(place)].occupied(place)


async def pick(bench: Bench, source: int) -> None:
    """Go to a place and take its car, with the load proven on both sides."""
    tower = bench.tower
    await bench.dock(source)
    await bench.open_way(source)
    await bench.until(TOWER, lambda: tower.dock.occupied is Loaded.YES)
    await bench.ok(tower.shuttle.pick(source))
    assert tower.shuttle.loaded is Loaded.YES
    assert tower.shuttle.secured
    assert tower.dock.occupied is Loaded.NO
    await bench.close_way(source)


async def place(bench: Bench, target: int) -> None:
    """Go to a place and put the car down, with the load proven on both sides."""
    tower = bench.tower
    await bench.dock(target)
    await bench.open_way(target)
    await bench.ok(tower.shuttle.place(target))
    assert tower.shuttle.loaded is Loaded.NO
    assert tower.dock.occupied is Loaded.YES
    await bench.close_way(target)


async def cut(bench: Bench, command: Prepared, reached: SubStep) -> Outcome:
    """Stop an exchange once it has reached a sub-step; return its outcome."""
    shuttle: Mechanism = bench.tower.shuttle.mechanism
    station = bench.tower.stations[TOWER]
    start = shuttle.status().position
    await bench.runs(command)

    def on_its_way(image: Image) -> bool:
        shown = image.mechanisms["shuttle"]
        return shown.substep >= reached and (reached > SubStep.EXTENDING or shown.position != start)

    with station.busy():
        await station.until(on_its_way, LIMIT_S)
    stop = await shuttle.stop()
    assert stop.verdict is Verdict.OK, stop
    return await shuttle.outcome(command, LIMIT_S)


async def later(bench: Bench, name: str) -> None:
    """Wait for a newer image of a station."""
    station = bench.tower.stations[name]
    heartbeat = station.image.heartbeat
    await station.until(lambda image: image.heartbeat != heartbeat, LIMIT_S)


async def goes_blind(station: Station) -> None:
    """Wait until a station has no image any more for whoever asks."""
    async with asyncio.timeout(LIMIT_S):
        while station.online:  # noqa: ASYNC110 - an image grows too old without any news
            await asyncio.sleep(0.01)


async def falls_silent(station: Station) -> None:
    """Wait until a station is told not to be online any more: after a poll that failed, of all on a dead line."""
    async with asyncio.timeout(LIMIT_S):
        while station.state is StationState.ONLINE:
            await station.news(asyncio.get_running_loop().time() + LIMIT_S)


async def refuses(request: Awaitable[object]) -> None:
    """Await a request that must be answered with an exception that names its address."""
    with pytest.raises(Refused) as refusal:
        await request
    assert refusal.value.code == ILLEGAL_ADDRESS


async def mailboxes(bench: Bench, plan: StationMap) -> list[tuple[int, ...]]:
    """Read every register of the mailboxes: what the daemon wrote last."""
    link = bench.links[plan.name]
    first = plan.owned_base + 8
    return [
        await link.read_holding(plan.unit, address, min(100, plan.owned_end - address))
        for address in range(first, plan.owned_end, 100)
    ]
