"""What the program of the tower refuses, the controller explains by the same name, and refuses nothing else.

The wired images are those of the interlock table; the controller sees them through its drivers alone.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

import pytest

from controller.activities.situation import situation
from controller.domain.interlocks import Wish, WishKind, explain, refusal
from controller.domain.jogging import AXES
from hal.plcmap.codes import Opcode, Reason, SubStep
from hal.tower import TowerPlan, _compose, _NoLog
from sim_plc.program.axis import AxisEvent
from tests.support.interlock_rig import BAY, ROOM, Bench, Change, at_bay_source, at_source, cut, nothing, put
from tests.support.interlock_table import CASES, TABLE

KINDS: Final = {
    ("lift", Opcode.MOVE_TO): WishKind.MOVE_LIFT,
    ("lift", Opcode.HOME): WishKind.HOME_LIFT,
    ("lift", Opcode.JOG): AXES["lift"].wish,
    ("turntable", Opcode.MOVE_TO): WishKind.MOVE_TURNTABLE,
    ("turntable", Opcode.HOME): WishKind.HOME_TURNTABLE,
    ("turntable", Opcode.JOG): AXES["turntable"].wish,
    ("shuttle", Opcode.PICK): WishKind.PICK,
    ("shuttle", Opcode.PLACE): WishKind.PLACE,
    ("shuttle", Opcode.RESUME): WishKind.RESUME,
    ("shuttle", Opcode.UNDO): WishKind.UNDO,
    ("shuttle", Opcode.HOME): WishKind.HOME_SHUTTLE,
    ("shuttle", Opcode.RETRACT): WishKind.RETRACT,
    ("shuttle", Opcode.JOG): AXES["shuttle"].wish,
    ("room1.inner_door", Opcode.OPEN): WishKind.OPEN_INNER_DOOR,
    ("room1.inner_door", Opcode.CLOSE): WishKind.CLOSE_INNER_DOOR,
    ("room1.outer_gate", Opcode.OPEN): WishKind.OPEN_OUTER_GATE,
    ("room1.outer_gate", Opcode.CLOSE): WishKind.CLOSE_OUTER_GATE,
}
"""The controller's name of each wish that the tower's table has, but for those of the station itself."""

ONLY_THE_PLC: Final = {Reason.MODE}
"""Said of the unit's mode, which is in the journal, by `controller.runtime.jog`."""


class Seen:
    """Stands for a station that shows what a program would show now."""

    online = True

    def __init__(self, bench: Bench, name: str) -> None:
        self.name = name
        self.map = bench.tower.maps[name]
        self._bench = bench

    @property
    def image(self) -> Any:
        return self._bench.program._image()

    last_image = image

    def on_image(self, _callback: object) -> None:
        return

    on_adopt = on_image


def seen(bench: Bench) -> Any:
    """Return the situation as the controller sees it, from what the program shows after its input filters."""
    bench.settle()
    shape = bench.tower.shape
    stations: Any = {name: Seen(bench, name) for name in bench.tower.maps}
    tower = _compose(TowerPlan(shape, (), 1), stations, _NoLog())
    context: Any = SimpleNamespace(tower=tower, shape=shape)
    return situation(context)


def wish_of(mechanism: str, opcode: Opcode, arguments: tuple[int, int]) -> Wish:
    kind = KINDS[mechanism, opcode]
    return Wish(kind, arguments[0] if opcode in (Opcode.PICK, Opcode.PLACE) else ROOM)


MOVES: Final = [row[:5] for row in TABLE if row[0] != "station"]


def test_every_wish_of_the_controller_but_the_latches_is_tried() -> None:
    assert set(KINDS.values()) == set(WishKind) - {WishKind.LATCH, WishKind.UNLATCH}
    assert {row[:2] for row in MOVES} == set(KINDS)


@pytest.mark.parametrize(("mechanism", "opcode", "arguments", "place", "prepare"), MOVES)
def test_what_the_program_allows_is_not_refused_here(
    mechanism: str, opcode: Opcode, arguments: tuple[int, int], place: int, prepare: Change
) -> None:
    bench = Bench(place)
    prepare(bench)
    assert refusal(wish_of(mechanism, opcode, arguments), seen(bench)) is None


MORE: Final[list[tuple[str, Opcode, tuple[int, int], int, Change, Change, Reason]]] = [
    (
        "shuttle",
        Opcode.PICK,
        (BAY, 0),
        BAY,
        at_bay_source,
        put("carriage.arms_centred", False),
        Reason.SHUTTLE_NOT_CENTRED,
    ),
    (
        "shuttle",
        Opcode.UNDO,
        (0, 0),
        ROOM,
        cut(SubStep.RETRACTING, picking=False),
        put("carriage.place_occupied_a", False),
        Reason.SOURCE_NOT_OCCUPIED,
    ),
    (
        "shuttle",
        Opcode.UNDO,
        (0, 0),
        ROOM,
        cut(SubStep.RETRACTING, picking=True),
        put("carriage.place_occupied_b", True),
        Reason.TARGET_NOT_EMPTY,
    ),
    ("shuttle", Opcode.RESUME, (0, 0), ROOM, at_source, nothing, Reason.NOTHING_TO_RESUME),
]


@pytest.mark.parametrize(("mechanism", "opcode", "arguments", "place", "prepare", "breaks", "reason"), MORE)
def test_what_the_table_has_no_case_of_is_refused_by_the_program_too(
    mechanism: str,
    opcode: Opcode,
    arguments: tuple[int, int],
    place: int,
    prepare: Change,
    breaks: Change,
    reason: Reason,
) -> None:
    bench = Bench(place)
    prepare(bench)
    breaks(bench)
    assert bench.wish(mechanism, opcode, *arguments) == reason


def explained() -> Iterator[Any]:
    """Yield every case of the table; the quick suite has one a reason, and of the shuttle one a wish and reason."""
    had: set[tuple[Opcode | None, Reason]] = set()
    for case in (*CASES, *MORE):
        if case[0] == "station" or case[-1] in ONLY_THE_PLC:
            continue
        key = (case[1] if case[0] == "shuttle" else None, case[-1])
        yield pytest.param(*case, marks=[pytest.mark.campaign] if key in had else [])
        had.add(key)


@pytest.mark.parametrize(
    ("mechanism", "opcode", "arguments", "place", "prepare", "breaks", "reason"), list(explained())
)
def test_what_the_program_refuses_is_named_here(
    mechanism: str,
    opcode: Opcode,
    arguments: tuple[int, int],
    place: int,
    prepare: Change,
    breaks: Change,
    reason: Reason,
) -> None:
    bench = Bench(place)
    prepare(bench)
    breaks(bench)
    conditions = explain(wish_of(mechanism, opcode, arguments), seen(bench))
    missing = [each.name for each in conditions if not (each.met and each.known)]
    assert reason.name in missing


@pytest.mark.parametrize(
    ("axis", "kind"),
    [("lift", WishKind.HOME_LIFT), ("turntable", WishKind.HOME_TURNTABLE), ("shuttle", WishKind.HOME_SHUTTLE)],
)
def test_a_drive_in_fault_is_named_beside_the_power_of_the_others(axis: str, kind: WishKind) -> None:
    bench = Bench(ROOM)
    bench.program.mechanism(axis).machine.axis.fire(AxisEvent.ERROR)  # type: ignore[attr-defined]
    assert bench.wish(axis, Opcode.HOME) == Reason.POWER
    missing = refusal(Wish(kind), seen(bench))
    assert missing is not None
    assert missing.name == "POWER"
    assert axis in missing.text
