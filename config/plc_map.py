"""The tables for the PLC engineer, generated from the contract that the drivers use.

Registers of one tower (`plc_map_csv`), its place table (`plc_places_csv`), and the numbers that stand in the
registers, the same for every tower (`plc_codes_csv`, in `config.plc_codes`). ``python -m config.plc_map`` writes
the three for the reference tower beside this file; a test fails when they are stale.
"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from config.load import load_tower
from config.plc_codes import plc_codes_csv
from hal.plcmap.catalogue import Register, catalogue
from hal.plcmap.registers import StationMap, latches_station, station_maps
from hal.plcmap.shape import TowerShape

REFERENCE_TOWER: Final = "guangzhou"

MAP_COLUMNS: Final = (
    *("station", "unit", "space", "address", "words", "name"),
    *("unit_of_measure", "owner", "access", "text"),
)
PLACE_COLUMNS: Final = ("place", "kind", "station", "height_mm", "angle_mdeg")

Row = tuple[str | int, ...]


def plc_map_csv(shape: TowerShape) -> str:
    """Return the register table of every station: addresses from 0 as on the wire, 32-bit values high word first."""
    rows = (_row(station, each) for station in station_maps(shape).values() for each in catalogue(station))
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


def _row(station: StationMap, register: Register) -> Row:
    place = (station.name, station.unit, register.space, register.address, register.words)
    return (*place, register.name, register.unit, register.owner, register.access, register.text)


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
