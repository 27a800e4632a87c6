"""What a picture of a run keeps of each status."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RoomSample:
    """One room."""

    place: int
    state: str
    car: str | None
    door: str
    gate: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Where everything was at ``t`` seconds; mm and mdeg."""

    t: float
    height_mm: int
    angle_mdeg: int
    car: str | None
    job: int | None
    kind: str
    job_car: str
    step: str
    rooms: tuple[RoomSample, ...]

    @classmethod
    def of(cls, t: float, status: Mapping[str, Any]) -> "Sample | None":
        """Return the sample of a status, None while nobody knows where the carriage is."""
        carriage, job = status["carriage"], status["job"] or {}
        if carriage["height_mm"] is None or carriage["angle_mdeg"] is None:
            return None
        rooms = tuple(
            RoomSample(room["place"], room["state"], room["car"], str(room["door"]), str(room["gate"]))
            for room in status["rooms"]
        )
        return cls(
            t,
            carriage["height_mm"],
            carriage["angle_mdeg"],
            carriage["car"],
            job.get("id"),
            job.get("kind", ""),
            job.get("car", ""),
            job.get("state", ""),
            rooms,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """A time during which ``key`` did not change."""

    key: Any
    begin_s: float
    end_s: float


def spans(keyed: Sequence[tuple[float, Any]], end_s: float) -> Iterator[Span]:
    """Yield the spans of equal keys; each ends where the next begins."""
    start = 0
    for i in range(1, len(keyed) + 1):
        if i == len(keyed) or keyed[i][1] != keyed[start][1]:
            yield Span(keyed[start][1], keyed[start][0], keyed[i][0] if i < len(keyed) else end_s)
            start = i
