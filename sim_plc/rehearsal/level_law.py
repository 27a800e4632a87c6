"""While a level is blocked the carriage is brought to none of its bays (I14), by where the plant shows it docked.

On its way to a room of that level it may stand before a bay: where lift and turntable move in turn, the lift has come
and the turntable is still to begin. Its last move says where it is bound for; nothing may begin at the bay meanwhile.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from controller.domain.events import FreeLevel, Request
from controller.domain.restrictions import Restricted
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from hal.plcmap.registers import latches_station
from hal.plcmap.shape import level_of, position_of
from sim_plc.plant.truth import Truth
from sim_plc.rehearsal.promises import UNKNOWN
from sim_plc.rehearsal.roll import Accuse

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

ON_ITS_WAY_S: Final = 2.0
"""A command that was written before the level was blocked may begin for so long behind that."""


class LevelLaw:
    """Keeps which levels are blocked since when, and when and where to the carriage set out last."""

    def __init__(self, world: "World", accuse: Accuse) -> None:
        self._world = world
        self._accuse = accuse
        self._blocked_s: dict[int, float] = {}
        self._freed_s: dict[int, float] = {}
        """By level that somebody asks to free: since when it was blocked."""
        self._set_out_s = 0.0
        self._bound_for = 0
        self._docked: int | None = None
        self._passes_by: int | None = None
        """The bay before which the carriage stands on its way to a room of the same level."""

    def told(self, event: Mapping[str, object]) -> None:
        """Take notice of a restriction."""
        if event["event"] != "restriction" or event["kind"] != Restricted.LEVEL.value:
            return
        level = int(str(event["number"]))
        if event["on"]:
            self._blocked_s.setdefault(level, self._world.now)
        else:
            self._blocked_s.pop(level, None)

    def asked(self, request: Request) -> None:
        """Take that a level may be free from now on, whether anybody hears of it or not."""
        if isinstance(request, FreeLevel) and request.level in self._blocked_s:
            self._freed_s[request.level] = self._blocked_s.pop(request.level)

    def refused(self, request: Request, rule: str) -> None:
        """Take that it is not, but for a disk that has failed: what was asked may stand in its journal all the same."""
        since_s = self._freed_s.pop(request.level, None) if isinstance(request, FreeLevel) else None
        if since_s is not None and isinstance(request, FreeLevel) and rule != UNKNOWN:
            self._blocked_s[request.level] = since_s

    def lose_the_past(self) -> None:
        """Expect no level to be blocked: the journal that held it is another one."""
        self._blocked_s.clear()

    def begins(self, station: str, mechanism: str, content: Content) -> None:
        """Take what a PLC begins. A reference run, and a hand at the desk, may end anywhere."""
        if mechanism in ("lift", "turntable") and content.opcode == Opcode.MOVE_TO:
            self._set_out_s, self._bound_for = self._world.now, content.argument2
            if self._passes_by is not None:
                self._docked = self._passes_by = None  # where it stands is judged anew, by where it is bound for now
        elif self._passes_by is not None and _is_at(self._passes_by, station, content):
            self._judge(self._passes_by)

    def look(self, truth: Truth) -> None:
        """Judge where the carriage is docked."""
        docked, before, rooms = truth.carriage.docked, self._docked, self._world.tower.shape.rooms
        self._docked = docked
        if docked == before:
            return
        self._passes_by = None
        if docked is None or docked in rooms:
            return
        if truth.carriage.lift.moving or truth.carriage.turntable.moving:
            self._docked = None  # it passes by
        elif self._bound_for in rooms and level_of(self._bound_for) == level_of(docked):
            self._passes_by = docked
        else:
            self._judge(docked)

    def _judge(self, bay: int) -> None:
        since_s = self._blocked_s.get(level_of(bay))
        if since_s is not None and self._set_out_s > since_s + ON_ITS_WAY_S:
            self._accuse("I14", f"the carriage is brought to {bay}, whose level is blocked since {since_s:.2f} s")


def _is_at(bay: int, station: str, content: Content) -> bool:
    """Return whether a command begins an exchange with a bay, or opens its latch for one."""
    if content.opcode == Opcode.UNLATCH:
        return station == latches_station(bay) and content.argument1 == position_of(bay)
    return content.opcode in (Opcode.PICK, Opcode.PLACE) and content.argument1 == bay
