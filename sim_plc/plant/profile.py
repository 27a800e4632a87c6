"""Motion of one axis as a function of elapsed time: pieces of constant acceleration, then rest.

Units are the axis's own (mm or mdeg, and these per s and s2). A plan starts from any position and velocity, so
joining one to another is continuous in both.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

_NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Piece:
    """Constant acceleration from one instant to another."""

    start_s: float
    end_s: float
    position: float
    velocity: float
    acceleration: float

    def at(self, t: float) -> tuple[float, float]:
        """Return position and velocity at ``t`` within the piece."""
        dt = t - self.start_s
        speed_gained = self.acceleration * dt
        return self.position + (self.velocity + speed_gained / 2) * dt, self.velocity + speed_gained


@dataclass(frozen=True, slots=True)
class Profile:
    """Pieces in order; from ``end_s`` on the axis rests at ``rest``. An endless one never rests."""

    pieces: tuple[Piece, ...]
    end_s: float
    rest: float

    def at(self, t: float) -> tuple[float, float]:
        """Return position and velocity at ``t``, not before the start."""
        if t >= self.end_s:
            return self.rest, 0.0
        for piece in self.pieces:
            if t < piece.end_s:
                return piece.at(t)
        return self.rest, 0.0

    def next_crossing(self, lower: float, upper: float, after_s: float) -> tuple[float, int]:
        """Return when the axis first leaves downward through ``lower`` (-1) or upward through ``upper`` (+1).

        Returns:
            The instant, not before ``after_s``, and the direction; infinity and 0 if it stays between.

        """
        for piece in self._monotone(after_s):
            end = self._end_of(piece)
            if end >= upper and end > piece.position:
                return _reach(piece, upper), 1
            if end <= lower and end < piece.position:
                return _reach(piece, lower), -1
        return _NEVER, 0

    def speed_exceeds_at(self, speed: float) -> float:
        """Return the instant at which the magnitude of the velocity first exceeds ``speed``; infinity if never."""
        for piece in self.pieces:
            if abs(piece.velocity) > speed:
                return piece.start_s
            gained = piece.acceleration * (piece.end_s - piece.start_s) if piece.acceleration else 0.0
            end = piece.velocity + gained
            if abs(end) > speed and piece.acceleration:
                return piece.start_s + (math.copysign(speed, end) - piece.velocity) / piece.acceleration
        return _NEVER

    def _end_of(self, piece: Piece) -> float:
        if piece.end_s == _NEVER:
            return math.copysign(_NEVER, piece.velocity)
        return self.rest if piece.end_s == self.end_s else piece.at(piece.end_s)[0]

    def _monotone(self, after_s: float) -> Iterator[Piece]:
        for piece in self.pieces:
            if piece.end_s <= after_s:
                continue
            start_s = max(after_s, piece.start_s)
            position, velocity = piece.at(start_s)
            turn_s = start_s - velocity / piece.acceleration if velocity * piece.acceleration < 0 else _NEVER
            if start_s < turn_s < piece.end_s:
                yield Piece(start_s, turn_s, position, velocity, piece.acceleration)
                position, start_s, velocity = piece.at(turn_s)[0], turn_s, 0.0
            yield Piece(start_s, piece.end_s, position, velocity, piece.acceleration)


def at_rest(position: float) -> Profile:
    """Return the profile of an axis that stands."""
    return Profile((), -_NEVER, position)


def stop(t: float, position: float, velocity: float, rate: float) -> Profile:
    """Ramp down to rest."""
    plan = _Plan(t, position, velocity)
    plan.to_velocity(0.0, rate)
    return plan.finish(plan.position)


def move(t: float, position: float, velocity: float, target: float, speed: float, rate: float) -> Profile:
    """Come to rest at ``target``: trapezoid or triangle, after slowing down where direction or speed ask for it."""
    plan = _Plan(t, position, velocity)
    way = target - position
    stopping = velocity * abs(velocity) / (2 * rate)
    if velocity * way <= 0 or abs(stopping) > abs(way):
        plan.to_velocity(0.0, rate)
    elif abs(velocity) > speed:
        plan.to_velocity(math.copysign(speed, velocity), rate)
    way = target - plan.position
    peak = min(speed, math.sqrt(rate * abs(way) + plan.velocity**2 / 2))
    peak = max(peak, abs(plan.velocity))
    ramps = (2 * peak**2 - plan.velocity**2) / (2 * rate)
    plan.to_velocity(math.copysign(peak, way), rate)
    plan.cruise((abs(way) - ramps) / peak if peak > 0 else 0.0)
    plan.to_velocity(0.0, rate)
    return plan.finish(target)


def run(t: float, position: float, velocity: float, speed: float, rate: float) -> Profile:
    """Reach the signed ``speed`` and keep it: endless unless ``speed`` is 0."""
    if speed == 0:
        return stop(t, position, velocity, rate)
    plan = _Plan(t, position, velocity)
    plan.to_velocity(speed, rate)
    plan.cruise(_NEVER)
    return plan.finish(plan.position)


def creep(t: float, position: float, target: float, duration_s: float) -> Profile:
    """Go from rest to rest in exactly ``duration_s`` > 0: a triangle, or just the time if there is no way to go."""
    half, way = duration_s / 2, target - position
    rate = way / half**2
    middle = Piece(t + half, t + duration_s, position + way / 2, rate * half, -rate)
    return Profile((Piece(t, t + half, position, 0.0, rate), middle), t + duration_s, target)


class _Plan:
    """Pieces joined end to end."""

    def __init__(self, t: float, position: float, velocity: float) -> None:
        self.t, self.position, self.velocity = t, position, velocity
        self._pieces: list[Piece] = []

    def to_velocity(self, velocity: float, rate: float) -> None:
        duration_s = abs(velocity - self.velocity) / rate
        if duration_s > 0:
            self._add(duration_s, math.copysign(rate, velocity - self.velocity))
        self.velocity = velocity

    def cruise(self, duration_s: float) -> None:
        if duration_s > 0:
            self._add(duration_s, 0.0)

    def finish(self, rest: float) -> Profile:
        return Profile(tuple(self._pieces), self.t, rest)

    def _add(self, duration_s: float, acceleration: float) -> None:
        piece = Piece(self.t, self.t + duration_s, self.position, self.velocity, acceleration)
        self._pieces.append(piece)
        self.t = piece.end_s
        if duration_s < _NEVER:
            self.position, self.velocity = (
                self.position + (self.velocity + acceleration * duration_s / 2) * duration_s,
                self.velocity + acceleration * duration_s,
            )


def _reach(piece: Piece, position: float) -> float:
    """Return when a piece that keeps its direction reaches ``position``."""
    way = abs(position - piece.position)
    direction = math.copysign(1.0, position - piece.position)
    speed, rate = max(piece.velocity * direction, 0.0), piece.acceleration * direction
    divisor = speed + math.sqrt(max(speed**2 + 2 * rate * way, 0.0))
    return min(piece.start_s + (2 * way / divisor if divisor > 0 else 0.0), piece.end_s)
