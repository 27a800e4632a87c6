"""Letters of people: who walks in, stands about, and asks twice, together, too early, or in a mode that stays on."""

import asyncio
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from controller.domain.events import Retrieve
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitMode, UnitState
from sim_plc.rehearsal import faults, loop
from sim_plc.rehearsal.faults import desk, humans
from sim_plc.rehearsal.faults.alphabet import ALPHABET, Fate
from sim_plc.rehearsal.faults.letter import Letter, Strike
from sim_plc.rehearsal.faults.unmodelled import BY_HABIT, NOT_IN_THE_MODEL
from sim_plc.rehearsal.operator import Operator
from sim_plc.rehearsal.run import Options
from tests.support.places import LOW1, LOW2, ROOM
from tests.support.scenes import all_is_shut, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test


def struck(it: Stage, letter: Letter, *, hold_s: float = 10.0) -> tuple[Fate, asyncio.Task[None]]:
    """Let a letter strike now."""
    fate = Fate(it.world, random.Random(1))
    return fate, asyncio.create_task(fate.play((Strike(it.world.now, letter, hold_s, 0),)))


def test_people_at_a_gate_are_waited_for_and_the_car_is_collected_all_the_same() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            await it.until(lambda: it.world.plant.room(ROOM).gate_opened)
            _, stranger = struck(it, humans.WRONG_CUSTOMER, hold_s=4.0)
            await it.until(lambda: it.world.plant.truth().persons[ROOM] == 1)
            await stranger
            await it.until(lambda: it.world.plant.truth().persons[ROOM] == 0)
            _, again = struck(it, humans.BACK_IN, hold_s=20.0)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.world.plant.truth().persons[ROOM] == 1 and not it.world.plant.truth().cars)
            _, dawdling = struck(it, humans.DAWDLE, hold_s=30.0)
            await asyncio.sleep(25.0)
            assert not it.world.plant.tower_image.rooms[ROOM].sensors.curtain_clear
            assert it.room(ROOM) is not RoomState.VACANT
            await again
            await dawdling
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            all_is_shut(it)

    loop.run(scenario())


def test_what_is_asked_for_twice_at_once_is_done_once() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, LOW2)) as it:
            fate, asking = struck(it, desk.TWO_ORDER)
            await asking
            assert fate.did["Retrieve at the wrong time"] == 1
            assert len(it.book.open_jobs()) == 1
            fate, asking = struck(it, desk.TWO_CANCEL)
            await asking
            assert fate.did["Cancel at the wrong time"] == 1
            assert await it.ended(1) is JobState.CANCELLED
            fate, asking = struck(it, desk.TWO_RESET)
            await it.until(lambda: it.unit is UnitState.STOPPED)
            await asking
            await it.until(lambda: it.unit in (UnitState.EXECUTE, UnitState.IDLE))
            assert fate.did["UnitCommand at the wrong time"] == 1 + 1 + (it.unit is UnitState.EXECUTE)

    loop.run(scenario())


def test_a_reset_behind_a_pressed_button_resets_nothing() -> None:
    async def scenario() -> None:
        async with stage() as it:
            _, asking = struck(it, desk.EARLY_RESET, hold_s=6.0)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            motions = it.motions()
            await asking
            assert it.motions() == motions
            assert it.unit in (UnitState.STOPPED, UnitState.ABORTED)
            assert not it.world.plant.truth().chain_closed

    loop.run(scenario())


@pytest.mark.campaign
def test_a_mode_that_was_left_on_is_found_and_put_back() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1)) as it:
            before = it.world.plant.truth().carriage
            _, asking = struck(it, desk.FORGOTTEN_MODE, hold_s=1.0)
            await asking
            assert it.world.daemon is not None
            unit = it.world.daemon.control.unit
            assert unit.mode is UnitMode.MANUAL
            assert it.world.plant.truth().carriage != before
            operator = Operator(it.world, random.Random(1))
            attending = asyncio.create_task(operator.attend())
            await it.until(lambda: unit.mode is UnitMode.PRODUCTION and it.unit is UnitState.EXECUTE, 200.0)
            attending.cancel()

    loop.run(scenario())


def test_each_letter_has_a_name_of_its_own_and_none_is_said_to_be_missing() -> None:
    names = Counter(letter.name for letter in ALPHABET)
    assert [name for name, count in names.items() if count > 1] == []
    assert len({letter.text for letter in ALPHABET}) == len(ALPHABET)
    assert not NOT_IN_THE_MODEL.keys() & (BY_HABIT.keys() | names.keys())
    assert all(NOT_IN_THE_MODEL.values())
    assert Options().kinds == ALPHABET


def test_no_fault_asks_by_identity_which_letter_it_is() -> None:
    """A campaign's worker gets copies: there full slots were played as refusals, and torn values as impossible ones."""
    names = {letter.name for letter in ALPHABET}
    folder = Path(faults.__file__).parent
    asked = re.findall(r"kind is (?:not )?(\w+)", "".join(file.read_text("utf-8") for file in folder.glob("*.py")))
    assert not names & set(asked)
