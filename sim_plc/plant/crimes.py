"""Physical crimes: what must never happen to the steel, the cars and the people, judged from the true state."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class CrimeCode(Enum):
    """What was done. Motion counts as long as a drive drives it: a stop ramp after a trip is none."""

    MOVED_WITH_ARMS_OUT = "lift or turntable driven with the arms not centred"
    MOVED_WITH_DOOR_UNLOCKED = "lift or turntable driven with an inner door not closed and bolted"
    MOVED_WITH_LATCH_UNLOCKED = "lift or turntable driven with a latch not home"
    MOVED_WITH_LOAD_LOOSE = "lift or turntable driven with a load that is not clamped"
    ARMS_OUT_UNDOCKED = "arms driven out while the carriage is not docked and held"
    ARMS_INTO_WAY = "arms driven out against a latch or door that is not open"
    ARMS_WITH_GATE_UNLOCKED = "arms driven in a room whose gate is not closed and bolted"
    ARMS_INTO_CAR = "arms driven out with the comb up against a car"
    RAISED_HALF_ON = "comb raised beneath a car with the arms not fully extended"
    RAISED_LOADED = "comb raised beneath a second car"
    LOWERED_ONTO_CAR = "load lowered onto an occupied place"
    LOWERED_HALF_OUT = "load lowered with the arms neither extended at a place nor centred"
    LOWERED_INSIDE = "load lowered on the carriage"
    DOOR_OPEN_UNDOCKED = "inner door open without a carriage docked and held behind it"
    DOOR_OPENED_ON_PERSON = "inner door opening with a person in the room"
    DOOR_ON_ARMS = "inner door closing on the arms"
    BOTH_WAYS_OPEN = "inner door and outer gate of a room not closed and bolted together"
    GATE_ON_BODY = "gate closing on a car or person in its plane"
    GATE_ON_PERSON = "gate closing with a person inside"
    LATCH_ON_ARMS = "latch let go while the arms reach through it"
    DRIVEN_NEAR_PERSON = "carriage or arms driven with somebody in the shaft or in a room that is open to it"


@dataclass(frozen=True, slots=True)
class Crime:
    """One crime, at the instant it began."""

    t: float
    code: CrimeCode
    text: str


class Ledger:
    """Records each crime once, when it begins."""

    def __init__(self) -> None:
        self.crimes: list[Crime] = []
        self._going_on: frozenset[tuple[CrimeCode, int]] = frozenset()

    def record(self, t: float, code: CrimeCode, place: int) -> None:
        """Record a crime of an instant; ``place`` 0: at no place."""
        self.crimes.append(Crime(t, code, f"{code.value} (place {place})" if place else code.value))

    def judge(self, t: float, going_on: Iterable[tuple[CrimeCode, int]]) -> None:
        """Take every crime that goes on now."""
        now = frozenset(going_on)
        if now != self._going_on:
            for code, place in sorted(now - self._going_on, key=lambda crime: (crime[0].name, crime[1])):
                self.record(t, code, place)
            self._going_on = now
