"""What a person reads at a register: numbers typed by hand from the contract."""

import csv
from pathlib import Path

import pytest

from hal.plcmap.catalogue import MIRROR, catalogue
from hal.plcmap.meaning import meaning
from hal.plcmap.registers import bay_map, tower_map
from tests.support.fake_plc import SHAPE


@pytest.mark.parametrize(
    ("name", "words", "value", "text"),
    [
        ("fast.lift.position", (0xFFFF, 0xFFFE), -2, "-2"),
        ("fast.lift.position", (1, 0), 65536, "65536"),
        ("slow.turntable.velocity", (0xFFFF, 0xFC18), -1000, "-1000"),
        ("mailbox.lift.argument1", (0, 2500), 2500, "2500"),
        ("fast.lift.state", (0x0200,), 0x0200, "STANDSTILL"),
        ("fast.shuttle.state", (0x0402,), 0x0402, "DISCRETE_MOTION TRANSFERRING"),
        ("fast.room1.signal.state", (0x1405,), 0x1405, "SHOWING TAKE_CAR"),
        ("fast.room1.signal.state", (0x1400,), 0x1400, "SHOWING DARK"),
        ("fast.lift.outcome", (0x0100,), 0x0100, "OK"),
        ("fast.lift.outcome", (0x0719,), 0x0719, "REFUSED NOT_DOCKED"),
        ("slow1.lift.outcome3.result", (0x0500,), 0x0500, "STOPPED_RESTART"),
        ("slow.lift.fault", (51,), 51, "DRIVE"),
        ("slow.lift.untrusted_reason", (5,), 5, "GAP"),
        ("slow.lift.untrusted_reason", (99,), 99, "99?"),
        ("fast.epoch_in_force", (0x0002, 0x0003), 0x00020003, "0x00020003"),
        ("fast.lift.accepted_check", (0xBEEF,), 0xBEEF, "0xBEEF"),
        ("fast.heartbeat", (41,), 41, "41"),
        ("mailbox.lift.opcode", (3,), 3, "MOVE_TO"),
        ("mailbox.lift.opcode", (0,), 0, "none"),
        ("mailbox.lift.expected_from", (0,), 0, "ANY"),
        ("identity.program_state", (1,), 1, "RUNNING"),
        ("fast.safety", (1,), 1, "CHAIN_CLOSED"),
        ("fast.status", (0,), 0, "none"),
        ("fast.room1.sensors", (0x3011,), 0x3011, "OCCUPIED_A PERSON_SENSOR_OK crossings 3"),
        ("fast.bay12", (0b1110,), 14, "LATCH_CLOSED OCCUPIED_A OCCUPIED_B"),
    ],
)
def test_words_are_told_as_what_they_mean(name: str, words: tuple[int, ...], value: int, text: str) -> None:
    found = meaning(name, words)
    assert (found.value, found.text) == (value, text)


def test_the_bits_of_a_word_have_their_names() -> None:
    bits = meaning("fast.safety", (0b101,)).bits
    assert (bits["CHAIN_CLOSED"], bits["E_STOP"], bits["E_STOP_LATCHED"]) == (True, False, True)
    assert meaning("fast.heartbeat", (1,)).bits == {}


def test_the_catalogue_is_the_engineers_table() -> None:
    with Path("config/plc_map.csv").open(encoding="utf-8") as table:
        names = {(row["station"], row["name"]) for row in csv.DictReader(table)}
    stations = {station for station, _ in names}
    assert {"tower", "bays2"} <= stations
    assert ("tower", "fast.lift.position") in names
    assert ("bays2", "fast.latches.state") in names
    small = {each.name for each in catalogue(bay_map(SHAPE, 2))}
    assert {"fast.latches.state", "mailbox.latches.sequence", "controller.epoch"} <= small


def test_registers_do_not_overlap_and_are_the_mirrors_alone_twice() -> None:
    for station in (tower_map(SHAPE), bay_map(SHAPE, 2)):
        for space in ("input", "holding"):
            taken: set[int] = set()
            for each in catalogue(station):
                if each.space == space:
                    span = set(range(each.address, each.address + each.words))
                    assert not span & taken, each
                    taken |= span
        assert all(each.access == "read" for each in catalogue(station) if each.name.endswith(MIRROR))
