"""What a station keeps of its blocks instead of working it out again: never anything old."""

import pytest

from hal.plcmap.codec import StationCodec
from hal.plcmap.codes import Bay, Room
from sim_plc.plant.plant import Car
from sim_plc.program.passing import passing
from sim_plc.program.shown import Statuses
from sim_plc.program.words import word
from tests.support.program_day import day
from tests.support.program_rig import Rig


def fresh_words(rig: Rig) -> list[list[list[int]]]:
    """Return what each station shows, worked out anew, without what it shows in passing."""
    shown = []
    for master in rig.masters:
        program = master.program
        words = StationCodec(program.station).encode_fast(master.image(), 0)
        words[0][1] = 0
        passing(program.station).leave_out(words)
        shown.append(words)
    return shown


def test_at_every_scan_the_blocks_show_what_the_machines_are_and_what_is_new_is_told() -> None:
    rig = Rig(cars={203: Car("A7")}, profile="brisk")
    before = fresh_words(rig), [master.program.showings for master in rig.masters]
    scans = 0

    def look() -> None:
        nonlocal before, scans
        scans += 1
        for master in rig.masters:
            master.program.refresh(rig.stepper.now)
            assert dict(master.image().mechanisms) == Statuses(master.program.mechanisms).now()
        now = fresh_words(rig), [master.program.showings for master in rig.masters]
        for was, is_so, told_before, told in zip(before[0], now[0], before[1], now[1], strict=True):
            assert was == is_so or told != told_before
        before = now

    rig.stepper.on_scan = look
    day(rig)
    assert scans > 100


def test_an_image_is_encoded_alike_whatever_was_encoded_before() -> None:
    rig = Rig()
    codec = StationCodec(rig.tower.station)
    early = rig.master.image()
    rig.up()
    late = rig.master.image()
    for image in (early, late, early, late):
        assert codec.encode_fast(image, 7) == StationCodec(rig.tower.station).encode_fast(image, 7)


def test_a_word_has_the_bits_of_its_wires() -> None:
    of = word(Bay.LATCH_OPEN, Bay.DOCKED)
    assert [of((False, False)), of((True, False)), of((True, True))] == [Bay(0), Bay.LATCH_OPEN, Bay(0x11)]
    assert word(Room.PERSON)((True,)) is Room.PERSON


def test_a_word_takes_one_wire_a_bit() -> None:
    with pytest.raises(ValueError, match="1 wires for 2 bits"):
        word(Bay.LATCH_OPEN, Bay.DOCKED)((True,))
