"""The PLC engineer's tables: complete, without overlaps, and never stale."""

import csv
import io
from pathlib import Path

import pytest

import config.plc_map
from config.load import load_tower
from config.plc_codes import plc_codes_csv
from config.plc_map import MAP_COLUMNS, REFERENCE_TOWER, plc_map_csv, plc_places_csv, tables
from hal.plcmap import codes
from hal.plcmap.catalogue import FRAME_FIELDS
from hal.plcmap.frame import FRAME_WORDS, Content, Frame
from hal.plcmap.registers import MAX_READ, station_maps

TOWER = load_tower(REFERENCE_TOWER)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", ["plc_map.csv", "plc_places.csv", "plc_codes.csv"])
def test_the_generated_tables_are_not_stale(name: str) -> None:
    file = Path(config.plc_map.__file__).with_name(name)
    assert file.read_text("utf-8") == tables(TOWER.shape)[name], "run: python -m config.plc_map"


@pytest.mark.parametrize("name", ["guangzhou", "small"])
def test_no_two_fields_share_a_register_and_every_unit_is_there(name: str) -> None:
    shape = load_tower(name).shape
    taken: set[tuple[str, str, int]] = set()
    for row in rows(plc_map_csv(shape)):
        assert tuple(row) == MAP_COLUMNS
        words = range(int(row["address"]), int(row["address"]) + int(row["words"]))
        cells = {(row["unit"], row["space"], address) for address in words}
        assert not cells & taken, row
        taken |= cells
    assert {unit for unit, _, _ in taken} == {str(station.unit) for station in station_maps(shape).values()}


def test_the_controller_owns_its_block_and_every_mailbox_and_nothing_else() -> None:
    station = station_maps(TOWER.shape)["tower"]
    owned = {
        address
        for row in rows(plc_map_csv(TOWER.shape))
        if row["station"] == "tower" and row["owner"] == "controller"
        for address in range(int(row["address"]), int(row["address"]) + int(row["words"]))
    }
    expected = set(range(station.controller_block, station.controller_block + 8))
    for mechanism in station.mechanisms:
        first = station.mailbox(mechanism.name)
        expected |= set(range(first, first + FRAME_WORDS))
    assert owned == expected


def test_the_words_of_the_frame_stand_where_the_codec_puts_them() -> None:
    frame = Frame(0x0001_0002, 3, Content(4, 0x0005_0006, 0x0007_0008, 9), 10, 11)
    words = frame.to_words()
    at = {field.name: words[field.offset : field.offset + field.words] for field in FRAME_FIELDS}
    assert at == {
        "epoch": (1, 2),
        "boot_id": (3,),
        "opcode": (4,),
        "argument1": (5, 6),
        "argument2": (7, 8),
        "expected_from": (9,),
        "check": (10,),
        "sequence": (11,),
    }


def test_every_block_fits_one_read() -> None:
    mirrors = [row for row in rows(plc_map_csv(TOWER.shape)) if row["name"].endswith(".mirror")]
    assert mirrors
    assert all(int(row["words"]) <= MAX_READ for row in mirrors)


def test_the_place_table_is_the_one_whose_crc_the_identity_carries() -> None:
    table = rows(plc_places_csv(TOWER.shape))
    places = [row for row in table if row["kind"] in {"bay", "room"}]
    assert len(places) == 45
    assert {row["place"] for row in places if row["kind"] == "room"} == {"101", "104", "107"}
    [place] = [row for row in places if row["place"] == "303"]
    assert (place["station"], place["height_mm"], place["angle_mdeg"]) == ("bays3", "5000", "80000")
    assert table[-1]["kind"] == f"0x{TOWER.shape.table_crc():04X}"


def test_every_code_is_in_the_table_with_its_number() -> None:
    table = rows(plc_codes_csv())
    by_word = {(row["word"], row["name"]): row for row in table}
    assert len(by_word) == len(table)
    for reason in codes.Reason:
        assert int(by_word["reason", reason.name]["number"]) == reason
    for bit in codes.Safety:
        assert 1 << int(by_word["safety", str(bit.name)]["number"]) == bit
    assert by_word["opcode", "PICK"]["known_to"] == "shuttle"
    assert by_word["reason", "TABLE"]["text"] == "Value and place disagree with the place table."
    assert all(row["text"] for row in table if row["word"] == "opcode")
    assert by_word["room", "CROSSINGS"]["number"] == "12 to 15"
