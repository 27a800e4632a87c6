"""What a moving carriage shows in passing is no news; where it stands, and what anybody does, is."""

from collections.abc import Mapping

import pytest

from config.load import load_tower
from hal.plcmap.codes import Bay, BayStation, Carriage, Flag, State
from sim_plc.program.passing import MOVING, passing

MAPS = load_tower("guangzhou").maps
REST = {"lift.state": State.STANDSTILL, "turntable.state": State.STANDSTILL, "shuttle.state": State.STANDSTILL}


def left(station: str, shown: Mapping[str, int]) -> dict[str, int]:
    """Return what is left of a station's fast blocks when what is shown in passing is left out, zeros aside.

    Of a mechanism ``state`` is the state alone, in the high byte; ``substep`` the low byte.
    """
    blocks = MAPS[station].fast
    spots = {field.name: (at, field.offset) for at, block in enumerate(blocks) for field in block.fields}
    words = [[0] * block.count for block in blocks]
    for name, value in shown.items():
        at, offset = spots[name.replace("substep", "state")]
        words[at][offset] |= value << 8 if name.endswith(".state") else value
    passing(MAPS[station]).leave_out(words)
    return {name: words[at][offset] for name, (at, offset) in spots.items() if words[at][offset]}


@pytest.mark.parametrize("state", sorted(MOVING))
@pytest.mark.parametrize("axis", ["lift", "turntable"])
def test_contacts_that_a_moving_carriage_passes_are_no_news(axis: str, state: State) -> None:
    passed = Carriage.DOCK_LEVEL | Carriage.DOCK_POSITION | Carriage.LATCH_CLOSED | Carriage.PLACE_OCCUPIED_A
    moving = {**REST, f"{axis}.state": state}
    assert left("tower", {**moving, "carriage": passed}) == left("tower", moving)
    assert left("tower", {**REST, "carriage": passed}) != left("tower", REST)


def test_the_chain_of_the_latches_is_news_also_to_a_moving_carriage() -> None:
    moving = {**REST, "lift.state": State.DISCRETE_MOTION}
    assert left("tower", {**moving, "carriage": Carriage.ALL_LATCHES_LOCKED}) != left("tower", moving)


def test_an_exchange_is_news_when_it_begins_and_ends_and_not_in_between() -> None:
    at_work = {**REST, "shuttle.state": State.DISCRETE_MOTION}
    in_between = {**at_work, "shuttle.substep": 2, "shuttle.flags": Flag.BRAKE_ON | Flag.LOADED_A}
    assert left("tower", in_between) == left("tower", at_work)
    cut = {**REST, "shuttle.substep": 2, "shuttle.flags": Flag.RESUMABLE | Flag.LOADED_A}
    assert left("tower", cut)["shuttle.flags"] == Flag.RESUMABLE | Flag.LOADED_A
    assert left("tower", cut)["shuttle.state"] == State.STANDSTILL << 8 | 2


def test_a_level_hears_of_a_held_carriage_where_it_is_docked() -> None:
    held = {"inputs": int(BayStation.CARRIAGE_HELD)}
    assert left("bays3", held) == {}
    assert left("bays3", {**held, "bay2": Bay.DOCKED}) == {**held, "bay2": Bay.DOCKED}


def test_encoders_are_no_news_and_sensors_of_rooms_and_bays_are() -> None:
    assert left("tower", {**REST, "lift.position": 1200, "turntable.position": 7}) == left("tower", REST)
    assert left("tower", {"room1.sensors": 1}) == {"room1.sensors": 1}
    assert left("bays3", {"bay4": Bay.OCCUPIED_A | Bay.LATCH_OPEN}) == {"bay4": Bay.OCCUPIED_A | Bay.LATCH_OPEN}
