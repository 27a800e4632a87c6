"""A portrait of a tower."""

from collections.abc import Mapping
from typing import Any

from hal.plcmap.shape import TowerShape
from sim_plc.view.svg import document


def tower_svg(status: Mapping[str, Any], shape: TowerShape) -> str:
    """Return a portrait of a tower as its status shows it."""
    del status, shape
    return document(10, 10, "tower", [])
