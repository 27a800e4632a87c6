"""A register map that does not fit the wire is told, whatever made it."""

from dataclasses import replace

from config.load import load_tower
from config.rules.registers import complaints

STATION = load_tower("small").maps["tower"]


def told(**changes: object) -> list[str]:
    return [message for message, _ in complaints(replace(STATION, **changes))]  # type: ignore[arg-type]


def test_a_sound_map_gives_no_cause() -> None:
    for name in ("small", "guangzhou", "autostadt"):
        for station in load_tower(name).maps.values():
            assert list(complaints(station)) == []
            assert station.owned_end - 1 <= 1023


def test_a_block_too_long() -> None:
    assert "a fast block of 126 registers is too long to read" in told(fast=(replace(STATION.fast[0], count=126),))


def test_registers_behind_the_last_address() -> None:
    assert "its registers end behind address 65535" in told(owned_base=65_500)


def test_blocks_that_overlap() -> None:
    [message] = told(fast=(replace(STATION.fast[0], address=10),))
    assert message == "the identity block at 0 to 14 overlaps the fast block at 10"
    first_slow = STATION.slow[0].address
    assert any("overlaps the controller block" in each for each in told(owned_base=first_slow + 1))


def test_a_unit_id_that_no_line_carries() -> None:
    assert told(unit=248) == ["has unit id 248"]
