"""The ring of a tower seen obliquely from above: from height, angle and distance to a point on the page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim_plc.view.svg import Point


@dataclass(frozen=True, slots=True)
class Ring:
    """Parallel projection: circles become ellipses ``tilt`` as high as they are wide.

    Angles in turns (0 to 1) from position 1, which faces the viewer's left front; radii and heights in pixels.
    """

    centre_x: float
    floor_y: float
    """Where the middle of level 1's floor lies on the page."""
    tilt: float = 0.25
    front: float = 0.0
    """The angle, in turns, that faces the viewer."""

    def at(self, turn: float, radius: float, height: float = 0.0) -> Point:
        """Return a point on the page."""
        angle = 2 * math.pi * (turn - self.front)
        x = self.centre_x + radius * math.sin(angle)
        return x, self.floor_y - height + radius * math.cos(angle) * self.tilt

    def depth(self, turn: float) -> float:
        """Return how near the viewer an angle is: -1 at the back, 1 in front."""
        return math.cos(2 * math.pi * (turn - self.front))

    def sector(self, turn: float, half: float, inner: float, outer: float, height: float) -> list[Point]:
        """Return the corners of a piece of the ring's floor, ``half`` turns to each side."""
        arc = [turn + half * (i / 6 - 1) for i in range(13)]
        far = [self.at(t, outer, height) for t in arc]
        near = [self.at(t, inner, height) for t in reversed(arc)]
        return far + near

    def wall(self, turn: float, half: float, radius: float, low: float, high: float) -> list[Point]:
        """Return the corners of a piece of the ring's outer wall."""
        arc = [turn + half * (i / 6 - 1) for i in range(13)]
        return [self.at(t, radius, low) for t in arc] + [self.at(t, radius, high) for t in reversed(arc)]

    def block(
        self, turn: float, radii: tuple[float, float], width: float, low: float, high: float, taper: float = 0.0
    ) -> tuple[list[tuple[float, Sequence[Point]]], Sequence[Point]]:
        """Return the sides of a block that lies along a radius, each with its depth, farthest first; and its top.

        ``radii`` are its inner and outer end, ``width`` its size across; its top is smaller by ``taper`` all round.
        """
        foot = self._rectangle(turn, radii, width)
        head = self._rectangle(turn, (radii[0] + taper, radii[1] - taper), width - 2 * taper)
        sides: list[tuple[float, Sequence[Point]]] = []
        for i in range(4):
            j = (i + 1) % 4
            corners = [self._page(*foot[i], low), self._page(*foot[j], low)]
            corners += [self._page(*head[j], high), self._page(*head[i], high)]
            sides.append(((foot[i][1] + foot[j][1]) / 2, corners))
        sides.sort(key=lambda side: side[0])
        return sides, [self._page(x, z, high) for x, z in head]

    def _rectangle(self, turn: float, radii: tuple[float, float], width: float) -> list[Point]:
        """Return the corners of a rectangle along a radius, on the floor."""
        angle = 2 * math.pi * (turn - self.front)
        along, across = (math.sin(angle), math.cos(angle)), (math.cos(angle), -math.sin(angle))
        ends = ((radii[0], -1), (radii[1], -1), (radii[1], 1), (radii[0], 1))
        return [
            (along[0] * r + across[0] * side * width / 2, along[1] * r + across[1] * side * width / 2)
            for r, side in ends
        ]

    def _page(self, x: float, z: float, height: float) -> Point:
        return self.centre_x + x, self.floor_y - height + z * self.tilt
