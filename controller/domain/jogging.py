"""What a person can move by hand: which axes, which ways, and what each way is called. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from controller.domain.interlocks import WishKind


@dataclass(frozen=True, slots=True)
class HandAxis:
    """An axis that can be jogged."""

    forward: str
    """The way to rising positions."""
    back: str
    unit: str
    """Of its positions: mm or mdeg."""
    wish: WishKind
    """Whose interlocks are those of its JOG: of no axis is a reference asked, since a jog may be the way to one."""


AXES: Final[Mapping[str, HandAxis]] = MappingProxyType(
    {
        "lift": HandAxis("up", "down", "mm", WishKind.HOME_LIFT),
        "turntable": HandAxis("ahead", "back", "mdeg", WishKind.HOME_TURNTABLE),
        "shuttle": HandAxis("out", "in", "mm", WishKind.JOG_SHUTTLE),
    }
)
"""By the mechanism's name in the tower station."""

RENEW_S: Final = 0.05
"""How often a client renews its hold."""

HOLD_S: Final = 0.12
"""A hold that was not renewed for so long is over: two renewals may be lost.

The counter that the PLC watches follows each renewal, so that it would stop too, within 200 ms of the last.
"""

LIMIT_S: Final = 60.0
"""The longest jog in one go; then the button is let go and pressed again."""
