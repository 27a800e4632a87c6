"""The PLC programs against a master that means harm: nothing moves that the contract's table forbids.

Judged from the plant's truth by a table of its own (`tests.support.safety_table`). What the rig must be able to see is
shown beside it: each interlock is taken away in turn, and each time the judge names the rule.
"""

import inspect
from contextlib import suppress
from typing import Final

import pytest

from hal.plcmap.codes import Mode, Opcode, Reason
from hal.plcmap.frame import Content
from sim_plc.program import station_program
from sim_plc.program.axis import NotInThisState
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from tests.support import forged_tower as f
from tests.support import safety_facts, safety_table
from tests.support.attacked_tower import AttackedTower
from tests.support.forged_tower import BAY, OTHER, ROOM, Lack, at, car_at, steps
from tests.support.hostile_master import EPISODE, Figures, attack

pytestmark = pytest.mark.own_tower

MILLION: Final = 1_000_000
CHUNKS: Final = 20
"""The million by seed, in parts that several workers share, or that are run one by one: ``-k part-7``."""

HOME_ROOM = at(ROOM)
AT_BAY = at(BAY)
TO_BAY = Content(Opcode.MOVE_TO, 2500, BAY)
ROUND_TO_BAY = Content(Opcode.MOVE_TO, 270_000, BAY)
PICK_BAY, PLACE_BAY = Content(Opcode.PICK, BAY), Content(Opcode.PLACE, BAY)
PICK_ROOM = Content(Opcode.PICK, ROOM)
HOME, OPEN, CLOSE = Content(Opcode.HOME), Content(Opcode.OPEN), Content(Opcode.CLOSE)
UNLATCH_BAY, LATCH_BAY = Content(Opcode.UNLATCH, BAY % 100), Content(Opcode.LATCH, BAY % 100)
MANUAL = Content(Opcode.MODE, Mode.MANUAL)
JOG_OUT = Content(Opcode.JOG, 1)
OPEN_BAY = steps(AT_BAY, f.unlatch)
OPEN_ROOM = steps(HOME_ROOM, f.open_door)


def not_homed(it: AttackedTower) -> None:
    """Switch the drives on, and no more."""
    f.put(it, f.STATION, Opcode.RESET)
    it.run(0.05)


TOWER: Final = (
    Lack("safety_chain", f.e_stop, f.STATION, Content(Opcode.RESET), "safety OK"),
    Lack("lift_power", steps(HOME_ROOM, f.tripped), f.LIFT, TO_BAY, "reset since the last trip", unguarded=True),
    Lack("turntable_power", steps(HOME_ROOM, f.tripped), f.TABLE, ROUND_TO_BAY, "reset since the last trip",
         unguarded=True),
    Lack("shuttle_power", steps(HOME_ROOM, f.tripped), f.SHUTTLE, HOME, "reset since the last trip", unguarded=True),
    Lack("door_power", steps(HOME_ROOM, f.tripped), f.DOOR, OPEN, "reset since the last trip", unguarded=True),
    Lack("mode_manual", steps(HOME_ROOM, f.hand), f.LIFT, JOG_OUT, "mode Manual"),
    Lack("lift_homed", not_homed, f.LIFT, TO_BAY, "homed"),
    Lack("turntable_homed", not_homed, f.TABLE, ROUND_TO_BAY, "homed"),
    Lack("shuttle_centred", steps(AT_BAY, f.arms_out), f.LIFT, Content(Opcode.MOVE_TO, 0, ROOM), "shuttle centred"),
    Lack("arms_centred", steps(OPEN_BAY, car_at(BAY), f.arms_out), f.SHUTTLE, PICK_BAY, "arms centred"),
    Lack("load_secured", at(OTHER, aboard=True), f.LIFT, TO_BAY, "load secured or absent"),
    Lack("inner_doors_locked", OPEN_ROOM, f.TABLE, ROUND_TO_BAY, "every inner door closed and locked"),
    Lack("latches_locked", OPEN_BAY, f.LIFT, Content(Opcode.MOVE_TO, 0, ROOM), "every latch locked"),
    Lack("held", steps(HOME_ROOM, f.move_lift), f.DOOR, OPEN, "lift and turntable held"),
    Lack("docked", at(OTHER), f.DOOR, OPEN, "docked at that place"),
    Lack("way_open", steps(AT_BAY, car_at(BAY)), f.SHUTTLE, PICK_BAY, "latch or inner door open"),
    Lack("gate_locked_at_room", steps(OPEN_ROOM, car_at(ROOM), f.open_gate), f.SHUTTLE, PICK_ROOM,
         "outer gate closed and locked", also=("inner_door_locked",)),
    Lack("person_sensor_at_room", steps(OPEN_ROOM, car_at(ROOM), f.sick_sensor), f.SHUTTLE, PICK_ROOM,
         "person sensor healthy"),
    Lack("nobody_at_room", steps(OPEN_ROOM, car_at(ROOM), f.bridge, f.somebody_inside), f.SHUTTLE, PICK_ROOM,
         "nobody inside"),
    Lack("car_in_marks", steps(OPEN_ROOM, car_at(ROOM, off_marks_mm=150)), f.SHUTTLE, PICK_ROOM,
         "car within its marks"),
    Lack("source_occupied", OPEN_BAY, f.SHUTTLE, PICK_BAY, "source occupied"),
    Lack("target_empty", steps(at(BAY, aboard=True), f.clamped, f.unlatch, car_at(BAY)), f.SHUTTLE, PLACE_BAY,
         "target empty"),
    Lack("carriage_empty", steps(at(BAY, aboard=True), f.clamped, f.unlatch, car_at(BAY)), f.SHUTTLE, PICK_BAY,
         "carriage empty"),
    Lack("carriage_loaded", OPEN_BAY, f.SHUTTLE, PLACE_BAY, "carriage loaded"),
    Lack("cut_exchange", OPEN_BAY, f.SHUTTLE, Content(Opcode.RESUME), "an exchange was cut",
         also=("docked", "way_open")),
    Lack("way_open_or_free", steps(AT_BAY, f.arms_out), f.SHUTTLE, HOME, "way open or shuttle free"),
    Lack("way_open_to_jog", steps(AT_BAY, f.manual, f.hand), f.SHUTTLE, JOG_OUT, "docked with the way open"),
    Lack("no_car_to_jog_into", steps(at(BAY, aboard=True), f.clamped, f.unlatch, car_at(BAY), f.manual, f.hand),
         f.SHUTTLE, JOG_OUT, "no car to jog into"),
    Lack("gate_behind_arms", steps(OPEN_ROOM, f.open_gate, f.arms_out), f.SHUTTLE, HOME,
         "gate locked where the arms are", also=("inner_door_locked",)),
    Lack("gate_before_jog", steps(OPEN_ROOM, f.open_gate, f.manual, f.hand), f.SHUTTLE, JOG_OUT,
         "gate locked where the arms go", also=("inner_door_locked",)),
    Lack("comb_at_end", steps(OPEN_BAY, f.arms_out, f.comb_half_up), f.SHUTTLE, HOME, "comb up or down"),
    Lack("gate_locked", steps(HOME_ROOM, f.open_gate), f.DOOR, OPEN, "outer gate closed and locked"),
    Lack("inner_door_locked", OPEN_ROOM, f.GATE, OPEN, "inner door closed and locked"),
    Lack("person_sensor", steps(HOME_ROOM, f.sick_sensor), f.DOOR, OPEN, "person sensor healthy"),
    Lack("nobody_inside", steps(HOME_ROOM, f.somebody_inside), f.DOOR, OPEN, "nobody inside"),
    Lack("door_plane_clear", steps(OPEN_ROOM, f.arms_out), f.DOOR, CLOSE, "door plane clear",
         also=("shuttle_centred",)),
    Lack("curtain_clear", steps(HOME_ROOM, f.open_gate, f.somebody_in_gate), f.GATE, CLOSE, "light curtain clear"),
    Lack("no_car_half_way", steps(HOME_ROOM, f.open_gate, f.car_half_way), f.GATE, CLOSE, "no car half-way"),
    Lack("nothing_runs", steps(HOME_ROOM, f.door_opens), f.STATION, MANUAL, "nothing runs"),
)  # fmt: skip
BAYS: Final = (
    Lack("latch_power", lambda it: it.run(0.05), f.LATCHES, UNLATCH_BAY, "reset since the last trip",
         also=("docked", "held"), unguarded=True),
    Lack("docked", HOME_ROOM, f.LATCHES, UNLATCH_BAY, "docked at that place"),
    Lack("held", steps(AT_BAY, f.lift_sets_out), f.LATCHES, UNLATCH_BAY, "lift and turntable held"),
    Lack("shuttle_centred", steps(OPEN_BAY, f.arms_out), f.LATCHES, LATCH_BAY, "arms centred"),
    Lack("nothing_runs", steps(AT_BAY, f.latch_opens), f.BAYS, MANUAL, "nothing runs"),
)  # fmt: skip


def played(lack: Lack, *without: str, bays: bool) -> AttackedTower:
    """Play a scene with some conditions of one kind of station left out."""
    it = AttackedTower(
        1,
        cars={},
        tower_interlocks=TOWER_INTERLOCKS if bays else TOWER_INTERLOCKS.without(*without),
        bay_interlocks=BAY_INTERLOCKS.without(*without) if bays else BAY_INTERLOCKS,
    )
    lack.prepare(it)
    before = len(it.judge.unsafe)
    content = lack.content
    f.put(it, lack.box, Opcode(content.opcode), content.argument1, content.argument2)
    # A program may well fall over a command that it should never have accepted.
    with suppress(ValueError, NotInThisState):
        it.run(lack.wait_s)
    del it.judge.unsafe[:before]
    return it


@pytest.mark.parametrize(
    ("lack", "bays"),
    [
        *(pytest.param(lack, False, id=lack.condition) for lack in TOWER),
        *(pytest.param(lack, True, id=f"bays-{lack.condition}") for lack in BAYS),
    ],
)
def test_each_interlock_of_a_plc_is_missed_when_it_is_gone(
    lack: Lack, *, bays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lack.unguarded:
        monkeypatch.setattr(station_program, "refused_by_power", lambda *_, **__: Reason.NONE)
    with_it = played(lack, *lack.also, bays=bays)
    assert lack.rule not in with_it.judge.rules, [str(each) for each in with_it.judge.unsafe]
    without_it = played(lack, *lack.also, lack.condition, bays=bays)
    assert lack.rule in without_it.judge.rules, without_it.ended


FIRST_MM: Final = 1.0


@pytest.mark.parametrize("watched", [True, False], ids=["with the latch watched", "with nobody watching"])
def test_arms_that_set_out_in_the_scan_that_lets_their_latch_go_stand_before_they_reach_it(*, watched: bool) -> None:
    """Neither station sees the other before its next scan: found as episode 1000232."""
    without = () if watched else ("way_open",)
    it = AttackedTower(1, cars={}, tower_interlocks=TOWER_INTERLOCKS.without(*without))
    steps(OPEN_BAY, car_at(BAY))(it)
    del it.judge.unsafe[:]
    for box, content in ((f.SHUTTLE, PICK_BAY), (f.LATCHES, LATCH_BAY)):
        f.put(it, box, Opcode(content.opcode), content.argument1)
    it.run(2.0)
    ledger = {each.rule for each in it.judge.unsafe if each.what == "the plant's ledger"}
    assert (ledger == set()) is watched
    assert (it.plant.truth().carriage.arms.position < FIRST_MM) is watched


def test_no_interlock_is_left_out_here() -> None:
    assert {lack.condition for lack in TOWER} == TOWER_INTERLOCKS.names
    assert {lack.condition for lack in BAYS} == BAY_INTERLOCKS.names


def test_the_table_is_nobody_elses() -> None:
    """A mistake that the programs and the daemon share would be seen by neither, nor by a judge that asks them."""
    for module in (safety_table, safety_facts):
        imports = [line for line in inspect.getsource(module).splitlines() if line.startswith(("import ", "from "))]
        assert not any("controller" in line or "sim_plc.program" in line for line in imports)


def hold(figures: Figures) -> None:
    print(figures)
    for seed, unsafe in figures.unsafe[:20]:
        print(f"  UNSAFE, episode {seed}: {unsafe}")
    assert not figures.unsafe
    assert figures.well_formed >= figures.written // 2
    assert figures.accepted >= figures.written // 10
    assert figures.motions >= figures.written // 20


def test_a_master_that_means_harm_moves_nothing_that_the_table_forbids() -> None:
    hold(attack(1, 3 * EPISODE))


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(CHUNKS), ids=lambda part: f"part-{part}")
def test_a_million_writes_of_it(part: int) -> None:
    writes = MILLION // CHUNKS
    hold(attack(1_000_000 + part * (writes // EPISODE), writes))
