"""What every activity works with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from controller.activities.motions import Motions
from controller.activities.waiting import News
from controller.domain.jobs import JobKind
from controller.domain.ports import Keeper
from controller.domain.restrictions import Restricted, Restrictions, speeds
from controller.domain.travel import Kinematics
from hal.plcmap.shape import TowerShape
from hal.tower import Tower


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for people. Seconds."""

    customer_s: float
    gate_delay_s: float
    grace_s: float
    """After its time an appointment lapses if nobody has come."""


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
class Standby:
    """What the tower does on its generator."""

    jobs: frozenset[JobKind] = frozenset({JobKind.RETRIEVE})
    """The kinds of jobs that are begun; a storing that was granted before is finished all the same."""
    axes: int = 1
    """How many axes may move at the same time."""


@dataclass(frozen=True, slots=True)
class Slotting:
    """Which bay a car stands in, and when the tower moves one by itself."""

    by_demand: bool = False
    """Whether a car is stored by how often it is fetched."""
    moves_per_hour: int = 0
    """0: the tower moves no car by itself."""
    saves_s: float = 0.0
    """What a move must save, expected within a day."""
    idle_s: float = 0.0
    """For how long nobody has needed the tower before."""
    meets: float = 0.0
    """How likely somebody may come during such a move."""


@dataclass(frozen=True, slots=True)
class Dwell:
    """When the empty carriage goes to where it is likely wanted next."""

    goes: bool = False
    idle_s: float = 0.0
    """For how long nobody has needed the tower before."""
    saves_s: float = 0.0
    """What going there must save of the expected way."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Hardware, the machine's numbers, the journal's door, and the limits: one a daemon."""

    tower: Tower
    shape: TowerShape
    built: Kinematics
    """The machine's numbers with every axis at its rated speed."""
    keeper: Keeper
    patience: Patience
    envelope: Envelope
    rounds: Rounds
    news: News
    sensors_out: Mapping[str, object] = field(default_factory=dict)
    """By name: the sensors that are out of service, as the book holds them now."""
    restrictions: Restrictions = field(default_factory=dict)
    """What people keep the tower from, as the book holds it now."""
    standby: Standby = Standby()
    slotting: Slotting = field(default_factory=Slotting)
    dwell: Dwell = field(default_factory=Dwell)
    motions: Motions = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "motions", Motions(lambda: self.axes))

    @property
    def on_generator(self) -> bool:
        """Whether the tower runs on its generator."""
        return (Restricted.GENERATOR, 0) in self.restrictions

    @property
    def axes(self) -> int | None:
        """How many axes may move at the same time; None: as many as the interlocks let."""
        return self.standby.axes if self.on_generator else None

    @property
    def kinematics(self) -> Kinematics:
        """The machine's numbers with its axes at the speeds that people have stated."""
        return self.built.at(speeds(self.restrictions))

    @property
    def motion(self) -> Kinematics:
        """The machine's numbers as it may move now."""
        return replace(self.kinematics, in_turn=True) if self.axes == 1 else self.kinematics
