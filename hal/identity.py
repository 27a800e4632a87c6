"""Whether a station is the one that the configuration names."""

from collections.abc import Iterator

from hal.errors import WrongStation
from hal.plcmap import codes
from hal.plcmap.codec import Identity
from hal.plcmap.registers import StationMap
from hal.plcmap.shape import TowerShape


def check_identity(identity: Identity, station: StationMap, shape: TowerShape) -> None:
    """Compare what a station says of itself with what it should be.

    Raises:
        WrongStation: something differs; the text names each difference with both values.

    """
    wrong = [
        f"{name} is {shown}, configured {expected}"
        for name, shown, expected in _pairs(identity, station, shape)
        if shown != expected
    ]
    if wrong:
        raise WrongStation(f"{station.name}: {'; '.join(wrong)}")


def _pairs(
    identity: Identity, station: StationMap, shape: TowerShape
) -> Iterator[tuple[str, int | str, int | str]]:
    yield "map id", f"{identity.map_id:#06x}", f"{codes.MAP_ID:#06x}"
    yield "map version", identity.map_version, codes.MAP_VERSION
    yield "station kind", identity.station_kind, int(station.kind)
    yield "tower id", identity.tower_id, shape.tower_id
    yield "level", identity.level, station_level(station)
    yield "place table CRC", f"{identity.table_crc:#06x}", f"{shape.table_crc():#06x}"
    yield "program state", identity.program_state, int(codes.ProgramState.RUNNING)


def station_level(station: StationMap) -> int:
    """Return the level of a bay controller, 0 for the tower station."""
    if station.kind is codes.StationKind.TOWER:
        return 0
    return station.mechanism("latches").place
