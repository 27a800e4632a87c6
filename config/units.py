"""Units of keys: they stand in the names."""

from typing import Final

UNITS: Final = {
    "_mdeg_s2": "mdeg/s2",
    "_mdeg_s": "mdeg/s",
    "_mdeg": "mdeg",
    "_mm_s2": "mm/s2",
    "_mm_s": "mm/s",
    "_mm": "mm",
    "_deg": "deg",
    "_m": "m",
    "_kg": "kg",
    "_s": "s",
}
"""Unit by the end of a key's name; the longer ends first."""


def unit_of(key: str) -> str:
    """Return the unit of a key's value, or nothing for a value without one."""
    return "Bd" if key == "baud" else next((unit for end, unit in UNITS.items() if key.endswith(end)), "")
