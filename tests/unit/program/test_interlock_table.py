"""The interlock table: each condition broken in turn on a hand-wired image.

Nothing of ``interlocks`` is read here but the names, each with its reason, that a permissive PLC leaves out.
"""

import pytest

from hal.plcmap.codes import Opcode, Reason
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from tests.support.interlock_rig import BAY, ROOM, Bench, Change, bay_open, loaded, unpowered
from tests.support.interlock_table import CASES, TABLE


@pytest.mark.parametrize(
    ("mechanism", "opcode", "arguments", "place", "prepare"), [row[:5] for row in TABLE]
)
def test_with_every_condition_met_the_wish_runs(
    mechanism: str, opcode: Opcode, arguments: tuple[int, int], place: int, prepare: Change
) -> None:
    bench = Bench(place)
    prepare(bench)
    assert bench.wish(mechanism, opcode, *arguments) == Reason.NONE


@pytest.mark.parametrize(
    ("mechanism", "opcode", "arguments", "place", "prepare", "breaks", "reason"), CASES
)
def test_each_condition_alone_refuses_the_wish(
    mechanism: str,
    opcode: Opcode,
    arguments: tuple[int, int],
    place: int,
    prepare: Change,
    breaks: Change,
    reason: Reason,
) -> None:
    bench = Bench(place)
    prepare(bench)
    breaks(bench)
    assert bench.wish(mechanism, opcode, *arguments) == reason


def test_a_room_that_is_a_target_needs_no_car_in_its_marks_and_a_bay_no_room() -> None:
    bench = Bench(BAY)
    bay_open(bench)
    loaded(bench)
    bench.room().sensors.person = True
    assert bench.wish("shuttle", Opcode.PLACE, BAY) == Reason.NONE


def test_every_condition_of_the_table_is_broken_here_or_by_its_own_test() -> None:
    """A condition nobody breaks could be missing from the program without notice."""
    reasons = {c.name: c.reason for row in TOWER_INTERLOCKS.rows.values() for c in row}
    unbroken = {
        name
        for name, reason in reasons.items()
        if all(_still_refused(case, name) for case in CASES if case[-1] == reason)
    }
    assert unbroken == {"lift_power", "turntable_power", "shuttle_power", "door_power"} | {
        "arms_centred",
        "cut_exchange",
        "nothing_runs",
    }


def _still_refused(case: tuple[str, Opcode, tuple[int, int], int, Change, Change, Reason], name: str) -> bool:
    mechanism, opcode, arguments, place, prepare, breaks, reason = case
    bench = Bench(place, TOWER_INTERLOCKS.without(name))
    prepare(bench)
    breaks(bench)
    return bench.wish(mechanism, opcode, *arguments) == reason


def test_an_unknown_name_cannot_be_left_out() -> None:
    with pytest.raises(KeyError):
        TOWER_INTERLOCKS.without("no such condition")


def test_a_permissive_plc_lets_a_loaded_pick_happen_but_has_no_power_of_its_own() -> None:
    bench = Bench(ROOM, TOWER_INTERLOCKS.permissive())
    loaded(bench)
    assert bench.wish("shuttle", Opcode.PICK, ROOM) == Reason.NONE
    other = Bench(ROOM, TOWER_INTERLOCKS.permissive())
    unpowered(other)
    assert other.wish("lift", Opcode.MOVE_TO, 0, ROOM) == Reason.POWER
