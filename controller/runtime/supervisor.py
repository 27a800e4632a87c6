"""Turns images into events: only what has changed reaches the control task."""

import asyncio
from collections.abc import Callable
from functools import partial

from controller.activities.context import Bench
from controller.activities.readings import standing
from controller.activities.room import facts_of
from controller.domain.room_facts import RoomFacts
from controller.runtime.inbox import Inbox
from controller.runtime.signals import RoomSensed, SafetyChanged, Signal, StationChanged, Stirred
from hal.plcmap.codec import Image
from hal.scan import Station

PULSE_S = 1.0
"""How often the status is looked over even if nothing has changed (waiting times, stale images)."""


class Supervisor:
    """Watches every station of a tower."""

    def __init__(self, bench: Bench, inbox: Inbox[Signal], publish: Callable[[], None]) -> None:
        self._bench = bench
        self._inbox = inbox
        self._publish = publish
        self._safety: tuple[int, int] | None = None
        self._facts: dict[int, RoomFacts] = {}
        self._parts: dict[int, tuple[object, ...]] = {}
        """By room: what its facts were read from last."""
        self._online: dict[str, bool] = {}
        self._shown: dict[str, object] = {}
        """By station: what its newest image shows of its mechanisms, the same object as long as nothing changes."""
        self._news = True

    def watch(self) -> None:
        """Register with every station."""
        for name, station in self._bench.tower.stations.items():
            self._online[name] = False
            station.on_state(self._on_state)
            station.on_image(partial(self._on_image, name))

    async def pulse(self) -> None:
        """Let the control task look again from time to time; notice images that went stale, or are fresh again."""
        while True:
            await asyncio.sleep(PULSE_S)
            for name, station in self._bench.tower.stations.items():
                if self._online[name] is not station.online:
                    self._tell(station)
            self._inbox.post(Stirred(self._news))
            self._news = False

    def _on_state(self, station: Station) -> None:
        self._tell(station)

    def _tell(self, station: Station) -> None:
        self._online[station.name] = station.online
        if station.name == "tower" and not station.online:
            self._facts.clear()
            self._parts.clear()
            self._safety = None
            self._shown.pop("tower", None)
        self._inbox.post(StationChanged(station.name, standing(station), station.trouble), urgent=not station.online)

    def _on_image(self, name: str, image: Image) -> None:
        if image.mechanisms is self._shown.get(name):
            return
        self._shown[name], self._news = image.mechanisms, True
        if name == "tower":
            self._on_tower_image(image)

    def _on_tower_image(self, image: Image) -> None:
        if not self._online["tower"]:
            self._tell(self._bench.tower.stations["tower"])
        safety = (int(image.safety), int(image.status))
        if safety != self._safety:
            self._safety = safety
            self._inbox.post(SafetyChanged(image.safety, image.status), urgent=True)
        for place in self._bench.shape.rooms:
            parts = self._bench.tower.rooms[place].parts(image)
            if parts == self._parts.get(place):
                continue
            self._parts[place] = parts
            facts = facts_of(self._bench, place)
            if facts != self._facts.get(place):
                self._facts[place] = facts
                self._inbox.post(RoomSensed(place, facts))
        self._publish()
