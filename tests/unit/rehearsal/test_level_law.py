"""Bringing the carriage to a bay of a blocked level is told from passing by on the way to a room of that level."""

from types import SimpleNamespace
from typing import cast

import pytest

from controller.domain.events import FreeLevel
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from hal.plcmap.registers import latches_station
from hal.plcmap.shape import level_of, position_of
from sim_plc.plant.truth import Truth
from sim_plc.rehearsal.level_law import ON_ITS_WAY_S, LevelLaw
from sim_plc.rehearsal.promises import UNKNOWN
from sim_plc.rehearsal.world import World
from tests.support.places import BESIDE_ROOM, ROOM, TOP1, TOWER

HEIGHT_MM = 1000
AT = latches_station(BESIDE_ROOM)
UNLATCH = Content(Opcode.UNLATCH, position_of(BESIDE_ROOM))


class Scene:
    """A tower whose room's level is blocked, and what the law says of the carriage there."""

    def __init__(self) -> None:
        self.accused: list[str] = []
        self._world = SimpleNamespace(now=100.0, tower=TOWER)
        self._law = LevelLaw(cast("World", self._world), lambda invariant, _text: self.accused.append(invariant))
        self.block(on=True)

    def block(self, *, on: bool) -> None:
        self._law.told({"event": "restriction", "kind": "level", "number": level_of(BESIDE_ROOM), "on": on})

    def free(self, refused: str | None) -> None:
        """Let somebody ask for the level to be freed, and have no answer, or be refused."""
        request = FreeLevel(level=level_of(BESIDE_ROOM))
        self._law.asked(request)
        if refused is not None:
            self._law.refused(request, refused)

    def move(self, axis: str, place: int, *, ends_at: int | None = BESIDE_ROOM) -> None:
        """Let an axis go to a place, one that ends elsewhere included."""
        self._world.now += 2 * ON_ITS_WAY_S
        self.begin("tower", axis, Content(Opcode.MOVE_TO, HEIGHT_MM, place))
        self.look(None, moving=axis)
        self.look(ends_at, moving=axis)
        self.look(ends_at)

    def begin(self, station: str, mechanism: str, content: Content) -> None:
        self._law.begins(station, mechanism, content)

    def look(self, docked: int | None, *, moving: str = "") -> None:
        axes = {axis: SimpleNamespace(moving=axis == moving) for axis in ("lift", "turntable")}
        self._law.look(cast("Truth", SimpleNamespace(carriage=SimpleNamespace(docked=docked, **axes))))


@pytest.mark.parametrize("last", ["lift", "turntable"])
def test_a_carriage_that_is_brought_to_a_blocked_level_is_seen_at_once(last: str) -> None:
    scene = Scene()
    scene.move(last, BESIDE_ROOM)
    assert scene.accused == ["I14"]


def test_a_carriage_on_its_way_to_the_room_passes_by() -> None:
    """On the generator the lift had come, and the turntable was still to begin (`small`, seed 12833)."""
    scene = Scene()
    scene.move("lift", ROOM)
    scene.begin("tower", "shuttle", Content(Opcode.PICK, TOP1))
    scene.begin(latches_station(TOP1), "latches", UNLATCH)
    scene.move("turntable", ROOM, ends_at=ROOM)
    scene.begin("tower", "shuttle", Content(Opcode.PLACE, ROOM))
    assert scene.accused == []


@pytest.mark.parametrize(
    ("station", "mechanism", "content"),
    [
        (AT, "latches", UNLATCH),
        ("tower", "shuttle", Content(Opcode.PICK, BESIDE_ROOM)),
        ("tower", "shuttle", Content(Opcode.PLACE, BESIDE_ROOM)),
        ("tower", "turntable", Content(Opcode.MOVE_TO, 0, BESIDE_ROOM)),
    ],
    ids=["latch", "pick", "place", "sent there"],
)
def test_what_begins_at_a_bay_that_it_only_passes_by_is_seen(station: str, mechanism: str, content: Content) -> None:
    scene = Scene()
    scene.move("lift", ROOM)
    scene.begin(station, mechanism, content)
    scene.look(BESIDE_ROOM, moving="turntable")
    scene.look(BESIDE_ROOM)
    assert scene.accused == ["I14"]


def test_a_level_that_is_in_use_again_is_for_all() -> None:
    scene = Scene()
    scene.move("lift", ROOM)
    scene.block(on=False)
    scene.begin(AT, "latches", UNLATCH)
    scene.move("lift", BESIDE_ROOM)
    assert scene.accused == []


@pytest.mark.parametrize(
    ("rule", "accused"),
    [
        pytest.param(None, [], id="nobody heard"),
        pytest.param(UNKNOWN, [], id="the disk failed"),
        pytest.param("ROLE", ["I14"], id="refused"),
    ],
)
def test_a_level_may_be_free_once_somebody_has_asked_for_it_and_was_not_refused_for_certain(
    rule: str | None, accused: list[str]
) -> None:
    """The journal had it, the daemon died of its disk, and nobody was told (`small`, seed 20149)."""
    scene = Scene()
    scene.free(rule)
    scene.move("lift", BESIDE_ROOM)
    assert scene.accused == accused
