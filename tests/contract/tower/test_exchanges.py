"""Latches and exchanges: each load proven, and what was cut finished or taken back."""

import pytest

from hal.interfaces import Mechanism, Outcome, Prepared, Verdict
from hal.plcmap import codes
from hal.plcmap.codec import Image
from hal.plcmap.codes import Reason, State, SubStep
from hal.plcmap.shape import level_of
from hal.readings import Loaded
from hal.tower import TOWER
from tests.support.backends import Backend
from tests.support.bench import LIMIT_S, Ability, Bench
from tests.support.contract import bay_station, high, stands


def reach(bench: Bench) -> tuple[bool, bool]:
    """Return whether an exchange stands cut, and whether the arms are in."""
    return bench.tower.shuttle.resumable, bench.tower.shuttle.centred


def in_room(bench: Bench) -> Loaded:
    return bench.tower.rooms[bench.room].occupied


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
        assert (shuttle.substep or 0) >= reached
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
