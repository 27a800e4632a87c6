"""Contacts chatter when they switch; the filters of the program let none of it through and name what never rests."""

from itertools import pairwise

import pytest

from hal.plcmap.codes import Bay, Carriage, Flag, Opcode, Reason, Result
from sim_plc.image import BayInputs, DoorInputs
from sim_plc.plant.contacts import BROKEN_PERIOD_S, SWITCH_S
from sim_plc.plant.plant import Car
from sim_plc.program.input_filter import CONTACT_S, DOOR, RESTLESS_S, InputFilter
from tests.support.plant_rig import Rig as Hand
from tests.support.program_rig import Rig

LATCH = ("latch_open", "latch_closed")


def edges(rig: Hand, until_s: float) -> list[tuple[float, str]]:
    """Return every change of a gate's contacts, exactly."""
    gate, seen = rig.image.rooms[101].gate_in, []
    last = {name: getattr(gate, name) for name in DOOR}
    while (t := rig.plant.next_event()) is not None and t <= until_s:
        rig.step()
        now = {name: getattr(gate, name) for name in DOOR}
        seen += [(rig.t, name) for name in DOOR if now[name] != last[name]]
        last = now
    return seen


def test_a_switch_bounces_for_some_milliseconds_and_tells_the_truth_afterwards() -> None:
    bounced = 0
    for seed in range(6):
        rig = Hand(seed=seed)
        rig.open(rig.image.rooms[101].gate_out)
        seen = edges(rig, 100.0)
        for name in ("opened", "closed_a", "closed_b"):
            at = [t for t, changed in seen if changed == name]
            assert len(at) % 2 == 1
            assert at[-1] - at[0] <= SWITCH_S
            bounced += len(at) > 1
        gate = rig.image.rooms[101].gate_in
        assert (gate.opened, gate.closed_a, gate.closed_b, gate.bolted_a) == (True, False, False, False)
    assert bounced > 6


def follow(filter_: InputFilter, raw: DoorInputs, seen: DoorInputs, values: str) -> str:
    """Feed ``closed_a`` scan by scan (10 ms each); return what the program sees."""
    told = ""
    for number, value in enumerate(values):
        raw.closed_a = value == "1"
        filter_.take(number * 0.01)
        told += str(int(seen.closed_a))
    return told


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("0000", "0000"),
        ("0111111", "0001111"),
        ("01011111", "00000111"),
        ("0110000", "0000000"),
        ("010101010101", "000000000000"),
        ("011110111111", "000111111111"),
        ("0111100000", "0001111000"),
    ],
)
def test_a_change_counts_once_it_has_lasted_for_the_filter_time(raw: str, seen: str) -> None:
    wired, known = DoorInputs(), DoorInputs()
    assert pytest.approx(2 * 0.01) == CONTACT_S
    assert follow(InputFilter(wired, known, DOOR), wired, known, raw) == seen


def test_what_has_no_filter_time_passes_at_once() -> None:
    wired, known = DoorInputs(), DoorInputs()
    filter_ = InputFilter(wired, known, DOOR)
    wired.obstructed = wired.opened = True
    filter_.take(0.0)
    assert (known.obstructed, known.opened) == (True, False)
    assert filter_.due == pytest.approx(CONTACT_S)
    filter_.take(CONTACT_S)
    assert (known.opened, filter_.due) == (True, None)


def test_a_contact_is_restless_when_it_chatters_for_longer_than_a_sound_one() -> None:
    wired, known = BayInputs(), BayInputs()
    filter_ = InputFilter(wired, known, dict.fromkeys(LATCH, CONTACT_S))
    told = []
    for number in range(60):
        wired.latch_open = number % 2 == 1 and number < 50
        filter_.take(number * 0.01)
        told.append(filter_.restless(number * 0.01, LATCH))
    assert told.index(True) == pytest.approx(RESTLESS_S / 0.01, abs=4)
    assert told[49]
    assert not filter_.restless(1.0, LATCH)


def open_gate(rig: Rig, contact: str, for_s: float) -> tuple[Result, Reason]:
    sequence = rig.send("room1.outer_gate", Opcode.OPEN)
    rig.run(1.5)
    rig.plant.shake_contact(("gate", 101, contact), for_s)
    outcome = rig.outcome("room1.outer_gate", sequence)
    return outcome.result, outcome.reason


def test_a_bounce_that_is_longer_than_the_filter_is_a_fault_by_name_and_a_short_one_is_none() -> None:
    rig = Rig()
    rig.up()
    assert open_gate(rig, "bolted_a", 2 * BROKEN_PERIOD_S) == (Result.OK, Reason.NONE)
    assert rig.do("room1.outer_gate", Opcode.CLOSE).result is Result.OK
    assert open_gate(rig, "bolted_a", 3.0) == (Result.FAULT, Reason.CONTACT)
    assert rig.status("room1.outer_gate").flags & Flag.FAULT
    rig.run(3.0)
    assert rig.do("station", Opcode.CLEAR_FAULT).result is Result.OK
    assert not rig.status("room1.outer_gate").flags & Flag.FAULT
    assert rig.do("room1.outer_gate", Opcode.OPEN).result is Result.OK


def test_a_latch_with_a_broken_contact_falls_home_and_says_so() -> None:
    rig = Rig(cars={203: Car("A")})
    rig.up()
    rig.dock(203)
    rig.plant.shake_contact(("bay", 203, "latch_open"), 2.5)
    outcome = rig.do("latches", Opcode.UNLATCH, 3, master=rig.bay_master[2])
    assert (outcome.result, outcome.reason) == (Result.FAULT, Reason.CONTACT)
    rig.run(3.0)
    assert rig.plant.truth().latches == {}
    assert rig.do("latches", Opcode.UNLATCH, 3, master=rig.bay_master[2]).result is Result.OK
    assert rig.plant.crimes == []


def test_no_chatter_gets_into_a_register() -> None:
    """Each bit that the daemon could read changes once for each true change, scan by scan."""
    rig = Rig(cars={203: Car("A")})
    rig.up()
    rig.dock(203)
    bays, bits, wires = rig.plant.bay_images[2].bays[203], [], []
    sequence = rig.send("latches", Opcode.UNLATCH, 3, master=rig.bay_master[2])
    rig.run(0.1)
    rig.plant.shake_contact(("bay", 203, "latch_closed"), 0.2)
    for _ in range(300):
        rig.run(0.01)
        bits.append(int(rig.bay_master[2].image().bays[203]) << 16 | int(rig.master.image().carriage))
        wires.append(bays.latch_closed)
    assert rig.outcome("latches", sequence, master=rig.bay_master[2]).result is Result.OK
    assert sum(before != after for before, after in pairwise(wires)) > 4
    ways = Bay.LATCH_OPEN << 16 | Carriage.LATCH_OPEN
    assert [before ^ after for before, after in pairwise(bits) if before != after] == [ways]


def test_two_stations_see_a_latch_leave_its_home_once() -> None:
    rig = Rig(cars={203: Car("A")})
    rig.up()
    rig.dock(203)
    seen = []
    rig.send("latches", Opcode.UNLATCH, 3, master=rig.bay_master[2])
    for _ in range(300):
        rig.run(0.01)
        seen.append((int(rig.bay_master[2].image().bays[203]), int(rig.master.image().carriage)))
    bay = [before[0] ^ after[0] for before, after in pairwise(seen) if before[0] != after[0]]
    carriage = [before[1] ^ after[1] for before, after in pairwise(seen) if before[1] != after[1]]
    assert bay == [Bay.LATCH_CLOSED, Bay.LATCH_OPEN]
    assert sum(carriage) == Carriage.LATCH_CLOSED | Carriage.ALL_LATCHES_LOCKED | Carriage.LATCH_OPEN
