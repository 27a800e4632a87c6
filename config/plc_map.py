"""The tables for the PLC engineer, generated from the contract that the drivers use.

Registers of one tower (`plc_map_csv`), its place table (`plc_places_csv`), and the numbers that stand in the
registers, the same for every tower (`plc_codes_csv`, in `config.plc_codes`). ``python -m config.plc_map`` writes
the three for the reference tower beside this file; a test fails when they are stale.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from config.load import load_tower
from config.plc_codes import plc_codes_csv
from hal.plcmap.registers import CONTROLLER_FIELDS, Block, Field, StationMap, latches_station, station_maps
from hal.plcmap.shape import TowerShape

REFERENCE_TOWER: Final = "guangzhou"

MAP_COLUMNS: Final = (
    *("station", "unit", "space", "address", "words", "name"),
    *("unit_of_measure", "owner", "access", "text"),
)
PLACE_COLUMNS: Final = ("place", "kind", "station", "height_mm", "angle_mdeg")

FRAME_FIELDS: Final = (
    Field("epoch", 0, 2, "", "epoch of the controller that writes"),
    Field("boot_id", 2, 1, "", "boot id that the command is meant for"),
    Field("opcode", 3, 1, "", "opcode"),
    Field("argument1", 4, 2, "", "argument 1, signed"),
    Field("argument2", 6, 2, "", "argument 2, signed"),
    Field("expected_from", 8, 1, "", "state that the mechanism must be in; 0: any"),
    Field("check", 9, 1, "", "CRC-16/MODBUS over all other words of the frame in order, high bytes first"),
    Field("sequence", 10, 1, "", "sequence, the commit; 0: empty. FC16 over the whole frame only, never FC6"),
)
"""A mailbox, word by word, as `hal.plcmap.frame` builds it."""

Row = tuple[str | int, ...]


def plc_map_csv(shape: TowerShape) -> str:
    """Return the register table of every station: addresses from 0 as on the wire, 32-bit values high word first."""
    rows = (row for station in station_maps(shape).values() for row in _station_rows(station))
    return to_csv(MAP_COLUMNS, rows)


def plc_places_csv(shape: TowerShape) -> str:
    """Return the place table that the PLC holds too; its CRC-16 and the tolerances stand in the last rows."""
    rows: list[Row] = []
    for place in shape.places:
        pose = shape.poses[place]
        kind, station = ("room", "tower") if place in shape.rooms else ("bay", latches_station(place))
        rows.append((place, kind, station, pose.height_mm, pose.angle_mdeg))
    rows.append(("tolerance", "", "", shape.height_tolerance_mm, shape.angle_tolerance_mdeg))
    rows.append(("table_crc", f"0x{shape.table_crc():04X}", "", "", ""))
    return to_csv(PLACE_COLUMNS, rows)


def to_csv(columns: Row, rows: Iterable[Row]) -> str:
    """Return a table as CSV with line feeds."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _station_rows(station: StationMap) -> Iterator[Row]:
    for name, block in _named_blocks(station):
        for field in block.fields:
            yield _row(station, "input", block.address, name, field, "plc", "read")
    for name, block in _named_blocks(station):
        mirror = Field("mirror", 0, block.count, "", f"the input registers of block {name} again, for FC3 and FC23")
        yield _row(station, "holding", block.address, name, mirror, "plc", "read")
    for field in CONTROLLER_FIELDS:
        yield _row(station, "holding", station.controller_block, "controller", field, "controller", "read/write")
    for mechanism in station.mechanisms:
        address = station.mailbox(mechanism.name)
        for field in FRAME_FIELDS:
            yield _row(station, "holding", address, f"mailbox.{mechanism.name}", field, "controller", "read/write")


def _named_blocks(station: StationMap) -> Iterator[tuple[str, Block]]:
    """Yield the blocks by address; several of one name are numbered from 1."""
    for blocks in ((station.identity,), station.fast, station.slow):
        for i, block in enumerate(blocks, start=1):
            yield (f"{block.name}{i}" if len(blocks) > 1 else block.name), block


def _row(station: StationMap, space: str, base: int, name: str, field: Field, owner: str, access: str) -> Row:
    place = (station.name, station.unit, space, base + field.offset, field.words)
    return (*place, f"{name}.{field.name}", field.unit, owner, access, field.text)


def tables(shape: TowerShape) -> dict[str, str]:
    """Return the three tables by file name."""
    return {
        "plc_map.csv": plc_map_csv(shape),
        "plc_places.csv": plc_places_csv(shape),
        "plc_codes.csv": plc_codes_csv(),
    }


def main() -> None:
    """Write the tables of the reference tower beside this file."""
    for name, text in tables(load_tower(REFERENCE_TOWER).shape).items():
        Path(__file__).with_name(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
