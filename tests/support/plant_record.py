"""What the steel of a rehearsed tower has really done: ways, motions and times, taken where the physics set out."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sim_plc.image import Drive, DriveRequest
from sim_plc.plant.axis import Axis
from sim_plc.plant.latch import Latch
from sim_plc.plant.leaf import Leaf
from sim_plc.plant.plant import Plant

SENT = (Drive.MOVE, Drive.HOME, Drive.JOG)
"""Requests that send an axis somewhere; levelling at the end of a way belongs to it."""


@dataclass(slots=True)
class _Leg:
    began_s: float
    position: float
    ends_s: float


class PlantRecord:
    """Looks over the shoulder of every axis, leaf and latch of a plant from now on, by the names of components."""

    def __init__(self, plant: Plant, now: Callable[[], float]) -> None:
        self._now = now
        self.sent: Counter[str] = Counter()
        """How often an axis was sent somewhere, a leaf set out, a latch was drawn or fell."""
        self._way: dict[str, float] = defaultdict(float)
        self._moving_s: dict[str, float] = defaultdict(float)
        self._legs: dict[str, _Leg] = {}
        self._axes: dict[str, Axis] = {}
        steel = plant._steel
        for name, axis in (("lift", steel.lift), ("turntable", steel.turntable), ("shuttle", steel.arms)):
            self._watch_axis(name, axis)
        for number, room in enumerate(steel.rooms.values(), start=1):
            self._watch_leaf(f"room{number}.inner_door", room.door)
            self._watch_leaf(f"room{number}.outer_gate", room.gate)
        for place, latch in steel.latches.items():
            self._watch_latch(f"bay{place}.latch", latch)

    def way(self, name: str) -> float:
        """Return how far an axis went until now, there and back added up, in mm or mdeg."""
        self._close(name, self._now())
        return self._way[name]

    def moving_s(self, name: str) -> float:
        """Return for how long an axis was in motion until now."""
        self._close(name, self._now())
        return self._moving_s[name]

    def _watch_axis(self, name: str, axis: Axis) -> None:
        self._axes[name] = axis
        follow, command = axis._follow, axis.command

        def followed(t: float, *args: Any, **more: Any) -> None:
            self._close(name, t)
            follow(t, *args, **more)
            self._legs[name] = _Leg(t, axis.at(t)[0], axis._profile.end_s)

        def commanded(t: float, *, power: bool, release: bool, request: DriveRequest) -> None:
            # Its drive is switched and its brake lifts, though it be called back before it is in motion.
            self.sent[name] += power and request.kind in SENT and request.serial != axis._request.serial
            command(t, power=power, release=release, request=request)

        vars(axis).update(_follow=followed, command=commanded)

    def _close(self, name: str, t: float) -> None:
        """End the leg that an axis is on, as far as it has come."""
        leg = self._legs.pop(name, None)
        if leg is None:
            return
        position = self._axes[name].at(t)[0]
        self._way[name] += abs(position - leg.position)
        self._moving_s[name] += min(t, leg.ends_s) - leg.began_s
        if t < leg.ends_s:
            self._legs[name] = _Leg(t, position, leg.ends_s)

    def _watch_leaf(self, name: str, leaf: Leaf) -> None:
        go = leaf._go

        def gone(t: float, goal: str) -> None:
            at_rest = not leaf.moving
            go(t, goal)
            self.sent[name] += at_rest and leaf.moving

        vars(leaf).update(_go=gone)

    def _watch_latch(self, name: str, latch: Latch) -> None:
        slide = latch._slide
        go = slide.go

        def gone(t: float, end: float) -> None:
            self.sent[name] += not slide.stands_at(end) and slide.still
            go(t, end)

        vars(slide).update(go=gone)
