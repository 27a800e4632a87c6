"""What a tower is: every key, its unit and its allowed range.

The models are frozen: a configuration is parsed once, completely, and handed on. Lengths in mm, angles in
mdeg (thousandths of a degree), speeds in mm/s or mdeg/s, accelerations in mm/s2 or mdeg/s2, times in s.
"""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hal.plcmap.shape import PlacePose, TowerShape, level_of, place_number, position_of


class _Table(BaseModel):
    # Strict: `port = "502"` and `levels = true` are mistakes, not numbers. TOML has no tuples, so these alone are lax.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


Mm = Annotated[int, Field(ge=1, le=200_000)]
Seconds = Annotated[float, Field(gt=0, le=600)]
Rate = Annotated[int, Field(ge=1, le=1_000_000)]


class Ring(_Table):
    """Topology: levels around a hoistway, positions on a ring, rooms on level 1."""

    levels: Annotated[int, Field(ge=1, le=60)]
    positions: Annotated[int, Field(ge=2, le=60)]
    rooms: Annotated[tuple[int, ...], Field(min_length=1, max_length=8, strict=False)]
    """Places (level x 100 + position) of level 1 that are transfer rooms."""
    omitted: Annotated[tuple[int, ...], Field(strict=False)] = ()
    """Places that the steel leaves out."""
    level_pitch_mm: Mm = 2500
    height_tolerance_mm: Annotated[int, Field(ge=1, le=100)] = 10
    angle_tolerance_mdeg: Annotated[int, Field(ge=1, le=5000)] = 200


class Lift(_Table):
    """Height axis of the carriage."""

    speed_mm_s: Rate
    acceleration_mm_s2: Rate
    stop_mm_s2: Rate
    """Deceleration of a safety or silence stop."""
    home_speed_mm_s: Rate
    levelling_s: Annotated[float, Field(ge=0, le=60)]
    brake_s: Annotated[float, Field(ge=0, le=5)]
    """Time to release or to set the brake, each."""


class Turntable(_Table):
    """Rotation axis of the carriage; endless, it takes the shorter way."""

    speed_mdeg_s: Rate
    acceleration_mdeg_s2: Rate
    stop_mdeg_s2: Rate
    home_speed_mdeg_s: Rate
    brake_s: Annotated[float, Field(ge=0, le=5)]


class Shuttle(_Table):
    """Comb exchange: arms extend, the comb raises or lowers, arms retract."""

    stroke_mm: Mm
    speed_mm_s: Rate
    acceleration_mm_s2: Rate
    comb_stroke_mm: Mm
    comb_speed_mm_s: Rate
    comb_acceleration_mm_s2: Rate
    home_speed_mm_s: Rate


class Door(_Table):
    """Inner doors and outer gates: a leaf that travels, then a bolt."""

    stroke_mm: Mm
    speed_mm_s: Rate
    acceleration_mm_s2: Rate
    bolt_s: Annotated[float, Field(ge=0, le=10)]


class Latch(_Table):
    """Latch of a bay."""

    travel_s: Seconds


class Plc(_Table):
    """What the daemon must know of the PLC's program."""

    scan_s: Annotated[float, Field(gt=0, le=0.2)] = 0.01
    silence_s: Annotated[float, Field(gt=0, le=10)] = 1.5


class Machine(_Table):
    """Kinematics: what a profile fills and a tower's file may override key by key."""

    lift: Lift
    turntable: Turntable
    shuttle: Shuttle
    door: Door
    gate: Door
    latch: Latch
    plc: Plc = Plc()


class Limits(_Table):
    """Largest car taken in. Default: EN 14010, scope."""

    length_mm: Annotated[int, Field(ge=1000, le=10_000)] = 5300
    width_mm: Annotated[int, Field(ge=1000, le=5_000)] = 2300
    height_mm: Annotated[int, Field(ge=1000, le=5_000)] = 2200
    weight_kg: Annotated[int, Field(ge=400, le=10_000)] = 2500


class Timing(_Table):
    """Patience with people and polls."""

    poll_s: Annotated[float, Field(ge=0.02, le=1)] = 0.1
    idle_poll_s: Annotated[float, Field(ge=0.05, le=2)] = 0.5
    customer_patience_s: Annotated[float, Field(ge=1, le=86_400)] = 600.0
    """After this a car that is not collected is a no-show, and a room not driven into is given back."""
    gate_delay_s: Annotated[float, Field(ge=0, le=60)] = 2.0
    """How long a room must be clear before its gate closes."""


class TcpBus(_Table):
    """Modbus TCP."""

    kind: Literal["tcp"]
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    stations: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    timeout_s: Annotated[float, Field(ge=0.2, le=0.5)] = 0.3
    fc23: bool = True
    """Whether the stations know FC23; without it the daemon uses FC16 and FC4."""


class RtuBus(_Table):
    """Modbus RTU on one RS-485 line."""

    kind: Literal["rtu"]
    device: str
    """Serial device; a relative name stands in the run directory."""
    stations: Annotated[tuple[str, ...], Field(min_length=1, max_length=5, strict=False)]
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 115200
    parity: Literal["E", "O", "N"] = "E"
    stop_bits: Literal[1, 2] = 1
    timeout_s: Annotated[float, Field(ge=0.2, le=0.5)] = 0.2
    turnaround_s: Annotated[float, Field(ge=0, le=0.1)] = 0.003
    """Slowest silence of a bay controller before its answer."""
    fc23: bool = True


Bus = Annotated[TcpBus | RtuBus, Field(discriminator="kind")]


class PlaceOffset(_Table):
    """What commissioning measured at one place, against the drawing."""

    height_mm: Annotated[int, Field(ge=-200, le=200)] = 0
    angle_mdeg: Annotated[int, Field(ge=-5000, le=5000)] = 0


class Tower(_Table):
    """One tower: topology, machine, buses, limits."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
    title: str = ""
    tower_id: Annotated[int, Field(ge=1, le=65535)]
    """Identity on the wire: the driver stays offline on another."""
    profile: str = "medium"
    ring: Ring
    machine: Machine
    bus: Annotated[dict[str, Bus], Field(min_length=1)]
    limits: Limits = Limits()
    timing: Timing = Timing()
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


class Site(_Table):
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
