"""What reaches the control task from inside: sensors, stations, ended activities."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.domain.alarms import Tag
from controller.domain.room_facts import RoomFacts
from hal.plcmap.codes import Safety
from hal.plcmap.codes import Status as StatusBits


@dataclass(frozen=True, slots=True)
class RoomSensed:
    """A room's sensors, door or gate have changed."""

    place: int
    facts: RoomFacts


@dataclass(frozen=True, slots=True)
class SafetyChanged:
    """The safety word or the tower station's status has changed."""

    safety: Safety
    status: StatusBits


@dataclass(frozen=True, slots=True)
class StationChanged:
    """A station came, went or changed its standing (`hal.interfaces.StationState` by name)."""

    station: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class ActivityEnded:
    """An activity of ``owner`` has ended by itself, with a result or an error. ``serial`` tells which one."""

    owner: str
    serial: int
    result: object = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Stirred:
    """Time has come to look again (a job may be ready, a proof may hold).

    ``news``: some station has shown something else since the last time, other than signs of life.
    """

    news: bool


@dataclass(frozen=True, slots=True)
class JournalBroke:
    """A commit failed, whoever asked for it: nothing will be durable until the next start."""

    error: OSError


@dataclass(frozen=True, slots=True)
class Measured:
    """Values that alarms watch were measured anew; what is not among them is as it was."""

    values: Mapping[Tag, float]


Signal = RoomSensed | SafetyChanged | StationChanged | ActivityEnded | Stirred | JournalBroke | Measured
