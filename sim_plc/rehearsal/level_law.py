"""While a level is blocked the carriage is brought to none of its bays (I14), by where the plant shows it docked."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from controller.domain.restrictions import Restricted
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from hal.plcmap.shape import level_of
from sim_plc.plant.truth import Truth
from sim_plc.rehearsal.roll import Accuse

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

ON_ITS_WAY_S: Final = 2.0
"""A command that was written before the level was blocked may begin for so long behind that."""


class LevelLaw:
    """Keeps which levels are blocked since when, and when the carriage set out last."""

    def __init__(self, world: "World", accuse: Accuse) -> None:
        self._world = world
        self._accuse = accuse
        self._blocked_s: dict[int, float] = {}
        self._set_out_s = 0.0
        self._docked: int | None = None

    def told(self, event: Mapping[str, object]) -> None:
        """Take notice of a restriction."""
        if event["event"] != "restriction" or event["kind"] != Restricted.LEVEL.value:
            return
        level = int(str(event["number"]))
        if event["on"]:
            self._blocked_s.setdefault(level, self._world.now)
        else:
            self._blocked_s.pop(level, None)

    def lose_the_past(self) -> None:
        """Expect no level to be blocked: the journal that held it is another one."""
        self._blocked_s.clear()

    def begins(self, mechanism: str, content: Content) -> None:
        """Take what the tower PLC begins. A reference run, and a hand at the desk, may end anywhere."""
        if mechanism in ("lift", "turntable") and content.opcode == Opcode.MOVE_TO:
            self._set_out_s = self._world.now

    def look(self, truth: Truth) -> None:
        """Judge where the carriage is docked."""
        docked, before = truth.carriage.docked, self._docked
        self._docked = docked
        if docked is None or docked == before or docked in self._world.tower.shape.rooms:
            return
        if truth.carriage.lift.moving or truth.carriage.turntable.moving:
            self._docked = None  # it passes by
            return
        since_s = self._blocked_s.get(level_of(docked))
        if since_s is not None and self._set_out_s > since_s + ON_ITS_WAY_S:
            self._accuse("I14", f"the carriage is brought to {docked}, whose level is blocked since {since_s:.2f} s")
