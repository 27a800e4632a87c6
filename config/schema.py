"""What a tower is: every key, its unit and its allowed range.

The models are frozen: a configuration is parsed once, completely, and handed on. Lengths in mm, angles in
mdeg (thousandths of a degree), speeds in mm/s or mdeg/s, accelerations in mm/s2 or mdeg/s2, times in s.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from config.access import Access, Holders
from config.bus import Bus, RtuBus, TcpBus
from config.machine import Door, Interval, Latch, Lift, Machine, Plc, Shuttle, Turntable
from config.table import Mm, Table
from hal.plcmap.registers import StationMap, station_maps
from hal.plcmap.shape import PlacePose, TowerShape, level_of, place_number, position_of

__all__ = [
    "Access",
    "Audit",
    "Bus",
    "Door",
    "Generator",
    "Hoistway",
    "Holders",
    "Interval",
    "Latch",
    "Lift",
    "Limits",
    "Machine",
    "PlaceOffset",
    "Plc",
    "Ring",
    "RtuBus",
    "Shuttle",
    "Site",
    "TcpBus",
    "Timing",
    "Tower",
    "Trace",
    "Travel",
    "Turntable",
]

END_MARGIN_MM: Final = 150
"""How far beyond the working limits the over-travel switches sit, where a tower's file says nothing."""


class Ring(Table):
    """Topology: levels around a hoistway, positions on a ring, rooms on level 1."""

    levels: Annotated[int, Field(ge=1, le=60)]
    """Levels of the tower; level 1 is the ground."""
    positions: Annotated[int, Field(ge=2, le=60)]
    """Positions of each level, evenly spaced; position 1 stands at 0 degrees."""
    rooms: Annotated[tuple[int, ...], Field(min_length=1, max_length=8, strict=False)]
    """Places (level x 100 + position) of level 1 that are transfer rooms."""
    omitted: Annotated[tuple[int, ...], Field(strict=False)] = ()
    """Places that the steel leaves out."""
    bays: Annotated[int, Field(ge=1, le=3600)] | None = None
    """How many bays the drawing shows: a sum to check the others by."""
    level_pitch_mm: Mm = 2500
    """Height from one level to the next."""
    height_tolerance_mm: Annotated[int, Field(ge=1, le=100)] = 10
    """How far from a place's height the lift may stand and be level."""
    angle_tolerance_mdeg: Annotated[int, Field(ge=1, le=5000)] = 200
    """How far from a place's angle the turntable may stand and be in line."""


Height = Annotated[int, Field(ge=-20_000, le=220_000)]


class Hoistway(Table):
    """Travel of the lift, as heights above level 1. Commissioning measures it; the defaults follow from the places."""

    lowest_mm: Height | None = None
    """Working limit below: the lift is sent no lower. Default: the lowest place."""
    highest_mm: Height | None = None
    """Working limit above: the lift is sent no higher. Default: the highest place."""
    low_end_mm: Height | None = None
    """Over-travel switch below. Default: 150 mm below the working limit."""
    high_end_mm: Height | None = None
    """Over-travel switch above. Default: 150 mm above the working limit."""


class Limits(Table):
    """Largest car taken in. Default: EN 14010, scope."""

    length_mm: Annotated[int, Field(ge=1000, le=10_000)] = 5300
    """Bumper to bumper."""
    width_mm: Annotated[int, Field(ge=1000, le=5_000)] = 2300
    """Over the mirrors."""
    height_mm: Annotated[int, Field(ge=1000, le=5_000)] = 2200
    """With whatever is on the roof."""
    weight_kg: Annotated[int, Field(ge=400, le=10_000)] = 2500
    """With whatever is in it."""


class Timing(Table):
    """Patience with people and polls."""

    poll_s: Annotated[float, Field(ge=0.02, le=1)] = 0.1
    """Period of the tower PLC's poll while anything moves, and of the level that is served."""
    idle_poll_s: Annotated[float, Field(ge=0.05, le=2)] = 0.5
    """Period of every other poll."""
    customer_patience_s: Annotated[float, Field(ge=1, le=86_400)] = 600.0
    """After this a car that is not collected is a no-show, and a room not driven into is given back."""
    appointment_grace_s: Annotated[float, Field(ge=60, le=86_400)] = 900.0
    """So long after its time an appointment lapses if nobody has come, and its car goes back if it was brought."""
    gate_delay_s: Annotated[float, Field(ge=0, le=60)] = 2.0
    """How long a room must be clear before its gate closes."""


class Trace(Table):
    """What is kept of the minutes around a fault."""

    before_s: Annotated[float, Field(ge=0, le=1800)] = 300.0
    """How far back a trace goes. 0: nothing is recorded."""
    after_s: Annotated[float, Field(ge=1, le=300)] = 30.0
    """How long a trace goes on behind its cause; what happens meanwhile is in it, and makes no trace of its own."""
    keep: Annotated[int, Field(ge=1, le=1000)] = 50
    """How many traces are kept; the oldest go."""
    keep_mib: Annotated[int, Field(ge=1, le=10_000)] = 64
    """How much room they may take together, in MiB; the oldest go."""


class Audit(Table):
    """Looks into bays by the idle carriage, one after another: whether the bays' own contacts tell the truth."""

    visits_per_day: Annotated[int, Field(ge=0, le=8640)] = 4
    """How many bays a day the carriage visits while nobody needs it; 0: none."""
    idle_s: Annotated[float, Field(ge=1, le=86_400)] = 600.0
    """For how long nobody must have needed the tower before it visits one."""


class Generator(Table):
    """What the tower does on standby power, once somebody has said that it runs on that."""

    jobs: Annotated[tuple[Literal["retrieve", "store", "relocate"], ...], Field(strict=False)] = ("retrieve",)
    """Kinds of jobs that are taken on: retrieve, store, relocate. A storing that was granted before is finished."""
    simultaneous_axes: Annotated[int, Field(ge=1, le=20)] = 1
    """How many axes may move at the same time: lift, turntable, arms, each door, gate and latch is one. With 1 the
    lift and the turntable move one after the other."""


class Slotting(Table):
    """Which bay a car stands in: when it is stored, and while nobody needs the tower."""

    by_demand: bool = False
    """Whether a car that is stored goes where how often it is fetched says; else to the bay with the shortest way."""
    moves_per_hour: Annotated[int, Field(ge=0, le=60)] = 0
    """How many cars an hour the tower moves to better bays by itself while nobody is expected; 0: none."""
    saves_s: Annotated[float, Field(ge=0, le=600)] = 5.0
    """A car is moved only if that saves whoever fetches it so much: expected seconds within a day."""
    idle_s: Annotated[float, Field(ge=1, le=86_400)] = 600.0
    """For how long nobody must have needed the tower before it moves one."""
    meets: Annotated[float, Field(ge=0, le=1)] = 0.01
    """How likely somebody may come during such a move, by the hours at which people came before; 1: at any time."""


class Dwell(Table):
    """Where the empty carriage waits while nobody needs the tower."""

    goes: bool = False
    """Whether it goes to where the next request is likely nearest; else it stays where its last job ended."""
    idle_s: Annotated[float, Field(ge=1, le=86_400)] = 30.0
    """For how long nobody must have needed the tower before it goes."""
    saves_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    """It goes only if that saves so much of the expected way to the next request."""


class PlaceOffset(Table):
    """What commissioning measured at one place, against the drawing."""

    height_mm: Annotated[int, Field(ge=-200, le=200)] = 0
    """Measured height less the drawing's."""
    angle_mdeg: Annotated[int, Field(ge=-5000, le=5000)] = 0
    """Measured angle less the drawing's."""


@dataclass(frozen=True, slots=True)
class Travel:
    """Heights that bound the lift: working limits, and the over-travel switches beyond them."""

    lowest_mm: int
    highest_mm: int
    low_end_mm: int
    high_end_mm: int


class Tower(Table):
    """One tower: topology, machine, buses, limits."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
    """Short name, in file names and messages: small letters, digits, - and _."""
    title: str = ""
    """Name for people."""
    tower_id: Annotated[int, Field(ge=1, le=65535)]
    """Identity on the wire: the driver stays offline on another."""
    profile: str = "medium"
    """Machine that fills every key of [machine] which this file does not name."""
    ring: Ring
    hoistway: Hoistway = Field(default_factory=Hoistway)
    machine: Machine
    bus: Annotated[dict[str, Bus], Field(min_length=1)]
    """Every wire by a name of your choice; each station hangs on one of them."""
    limits: Limits = Field(default_factory=Limits)
    timing: Timing = Field(default_factory=Timing)
    trace: Trace = Field(default_factory=Trace)
    access: Access = Field(default_factory=Access)
    audit: Audit = Field(default_factory=Audit)
    generator: Generator = Field(default_factory=Generator)
    slotting: Slotting = Field(default_factory=Slotting)
    dwell: Dwell = Field(default_factory=Dwell)
    calibration: dict[str, PlaceOffset] = Field(default_factory=dict)
    """Measured poses by place, from the calibration file beside the tower's: never edited in the tower's file."""

    @cached_property
    def shape(self) -> TowerShape:
        """The tower as the wire sees it."""
        return TowerShape(
            tower_id=self.tower_id,
            levels=self.ring.levels,
            positions=self.ring.positions,
            rooms=self.ring.rooms,
            poses={place: self._pose(place) for place in self._places()},
            height_tolerance_mm=self.ring.height_tolerance_mm,
            angle_tolerance_mdeg=self.ring.angle_tolerance_mdeg,
        )

    @cached_property
    def maps(self) -> dict[str, StationMap]:
        """The register map of every station by its name."""
        return station_maps(self.shape)

    @cached_property
    def travel(self) -> Travel:
        """The lift's travel, with what the file leaves open filled from the places; 0 is its reference mark."""
        way, heights = self.hoistway, [0, *(pose.height_mm for pose in self.shape.poses.values())]
        lowest = min(heights) if way.lowest_mm is None else way.lowest_mm
        highest = max(heights) if way.highest_mm is None else way.highest_mm
        return Travel(
            lowest,
            highest,
            lowest - END_MARGIN_MM if way.low_end_mm is None else way.low_end_mm,
            highest + END_MARGIN_MM if way.high_end_mm is None else way.high_end_mm,
        )

    def _places(self) -> list[int]:
        ring, omitted = self.ring, set(self.ring.omitted)
        every = (
            place_number(level, position)
            for level in range(1, ring.levels + 1)
            for position in range(1, ring.positions + 1)
        )
        return [place for place in every if place not in omitted]

    def _pose(self, place: int) -> PlacePose:
        offset = self.calibration.get(str(place), PlaceOffset())
        return PlacePose(
            (level_of(place) - 1) * self.ring.level_pitch_mm + offset.height_mm,
            ((position_of(place) - 1) * 360_000 // self.ring.positions + offset.angle_mdeg) % 360_000,
        )


class Site(Table):
    """Where a process runs: not part of the tower."""

    run_dir: Annotated[Path, Field(strict=False)]
    """Holds the journal, the socket, and the pseudo terminals that a relative device names."""

    @property
    def socket(self) -> Path:
        """The daemon's local socket."""
        return self.run_dir / "cartower.sock"

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.run_dir / "journal.sqlite"
