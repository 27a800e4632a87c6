"""What stations show and what the controller writes, as values: the images that both ends exchange."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hal.plcmap import codes
from hal.plcmap.frame import join32, split32

_NOTHING_AT_CARRIAGE: Final = codes.Carriage(0)
_NO_WIRES: Final = codes.BayStation(0)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a station is."""

    boot_id: int
    heartbeat: int
    map_id: int
    map_version: int
    station_kind: int
    tower_id: int
    table_crc: int
    program_state: int
    level: int
    scan_time_us: int
    scan_time_max_us: int
    epoch_in_force: int


@dataclass(frozen=True, slots=True)
class Status:
    """One mechanism in the fast block. Positions in mm (lift, shuttle) or mdeg (turntable)."""

    state: int
    substep: int
    accepted: int
    accepted_check: int
    executing: int
    outcome_sequence: int
    result: int
    reason: int
    flags: codes.Flag
    position: int = 0


@dataclass(frozen=True, slots=True)
class Image:
    """What a station shows with every poll."""

    boot_id: int
    heartbeat: int
    epoch_in_force: int
    owner_in_force: int
    safety: codes.Safety
    status: codes.Status
    mechanisms: Mapping[str, Status]
    carriage: codes.Carriage = _NOTHING_AT_CARRIAGE
    """Tower station only."""
    rooms: Mapping[int, codes.Room] = field(default_factory=dict)
    """By place; tower station only."""
    inputs: codes.BayStation = _NO_WIRES
    """Bay controllers only."""
    bays: Mapping[int, codes.Bay] = field(default_factory=dict)
    """By place; bay controllers only."""


@dataclass(frozen=True, slots=True)
class PastOutcome:
    """One kept outcome: the check word tells whose frame it was."""

    sequence: int
    check: int
    result: int
    reason: int


@dataclass(frozen=True, slots=True)
class History:
    """One mechanism in the slow blocks."""

    outcomes: tuple[PastOutcome, ...]
    """Newest first; empty places (sequence 0) left out."""
    untrusted_sequence: int
    untrusted_check: int
    untrusted_reason: int
    untrusted_count: int
    fault: int
    velocity: int
    starts: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """The measuring frame of a room."""

    length_mm: int
    width_mm: int
    height_mm: int
    weight_kg: int
    wheels: int
    crossings: int


@dataclass(frozen=True, slots=True)
class SlowImage:
    """What a station shows on demand."""

    boot_id: int
    first_out: int
    histories: Mapping[str, History]
    measurements: Mapping[int, Measurement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ControllerBlock:
    """What the controller writes with every poll."""

    epoch: int
    owner: int
    heartbeat_echo: int
    dead_man: int = 0

    def to_words(self) -> tuple[int, ...]:
        """Return the registers of the block."""
        return (*split32(self.epoch), self.owner, self.heartbeat_echo, self.dead_man, 0, 0, 0)

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "ControllerBlock":
        """Read the block from its registers."""
        return cls(join32(words[0], words[1]), words[2], words[3], words[4])
