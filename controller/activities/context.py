"""What every activity works with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.activities.waiting import News
from controller.domain.ports import Keeper
from controller.domain.restrictions import Restrictions
from controller.domain.travel import Kinematics
from hal.plcmap.shape import TowerShape
from hal.tower import Tower


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for people. Seconds."""

    customer_s: float
    gate_delay_s: float


@dataclass(frozen=True, slots=True)
class Envelope:
    """The largest car that the tower takes: EN 14010, scope, unless the configuration says less."""

    length_mm: int
    width_mm: int
    height_mm: int
    weight_kg: int


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often the idle carriage looks into a bay."""

    visits_per_day: int
    """0: never."""
    idle_s: float
    """For how long nobody has needed the tower before."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Hardware, the machine's numbers, the journal's door, and the limits: one a daemon."""

    tower: Tower
    shape: TowerShape
    kinematics: Kinematics
    keeper: Keeper
    patience: Patience
    envelope: Envelope
    rounds: Rounds
    news: News
    sensors_out: Mapping[str, object] = field(default_factory=dict)
    """By name: the sensors that are out of service, as the book holds them now."""
    restrictions: Restrictions = field(default_factory=dict)
    """What people keep the tower from, as the book holds it now."""
