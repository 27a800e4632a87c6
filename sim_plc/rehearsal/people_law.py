"""People: nothing moves towards somebody, and no wait alone makes somebody gone (I3, I23).

Judged are what the PLCs start and what the daemon tells of its rooms, against who is really inside. Somebody who came
within the last second may not be known yet; a sensor that is stuck, so that nobody could know, excuses.
"""

from typing import TYPE_CHECKING, Final

from controller.domain.rooms import RoomState
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from sim_plc.rehearsal.roll import Accuse

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

KNOWN_S: Final = 1.5
"""Whoever has been inside for this long is known: filters of the input, a poll, and a slow answer."""

PROVEN_ALONE: Final = frozenset({RoomState.VACANT.name, RoomState.ACCEPTED.name})
"""States that a room enters only when nobody is inside."""

_MOVES_IN: Final = {"inner_door": Opcode.OPEN, "outer_gate": Opcode.CLOSE}
"""What a room's leaves may not begin with somebody inside."""


class PeopleLaw:
    """Keeps since when somebody is, or may be, in each room."""

    def __init__(self, world: "World", accuse: Accuse) -> None:
        self._world = world
        self._accuse = accuse
        self._since_s: dict[int, float] = {}
        """By room: since when somebody cannot be excluded there."""

    def look(self, persons: dict[int, int]) -> None:
        """Take how many people are in each room now."""
        now_s, images = self._world.now, self._world.plant.tower_image.rooms
        for room, count in persons.items():
            if (count and not self._hidden(room)) or not images[room].sensors.person_sensor_ok:
                self._since_s.setdefault(room, now_s)
            else:
                self._since_s.pop(room, None)

    def begins(self, mechanism: str, content: Content) -> None:
        """Judge something that a PLC begins."""
        name, _, part = mechanism.partition(".")
        if content.opcode == _MOVES_IN.get(part):
            self._judge(self._place(name), f"{part} of {name} begins to {Opcode(content.opcode).name}")
        if mechanism == "shuttle" and content.opcode in {Opcode.PICK, Opcode.PLACE}:
            self._judge(content.argument1, f"{Opcode(content.opcode).name} at {content.argument1} begins")

    def enters(self, room: int, state: str) -> None:
        """Judge a state that the daemon has let a room enter."""
        if state in PROVEN_ALONE:
            self._judge(room, f"room {room} is called {state}")

    def _judge(self, room: int, what: str) -> None:
        since_s = self._since_s.get(room)
        if since_s is not None and self._world.now - since_s > KNOWN_S:
            self._accuse("I23", f"{what}, and somebody may be inside since {since_s:.2f} s")

    def _hidden(self, room: int) -> bool:
        """Tell whether a lying sensor keeps whoever is in a room from being seen."""
        return self._world.plant.overrides.get(("room", room, "person")) is False

    def _place(self, name: str) -> int:
        """Return the place of a room by the name of its mechanisms, ``room1``."""
        return self._world.tower.shape.rooms[int(name.removeprefix("room")) - 1]
