"""The explanations, held to the contract's interlock table typed here by hand.

For each wish: a situation in which all is well. For each single thing that may go wrong: the reason that it must
bring, with the wishes that it keeps back; all others do not mind.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from controller.domain.interlocks import CutAt, RoomSituation, Situation, Wish, WishKind, explain, refusal
from hal.plcmap.codes import Reason

BAY, ROOM, OTHER = 205, 103, 106

ROOM_SHUT = RoomSituation(
    inner_door_locked=True,
    inner_door_open=False,
    outer_gate_locked=True,
    person_sensor_ok=True,
    nobody_inside=True,
    car_in_marks=True,
    door_plane_clear=True,
    curtain_clear=True,
    no_car_half_way=True,
)
ROOM_OPEN = replace(ROOM_SHUT, inner_door_locked=False, inner_door_open=True)

TRAVEL = Situation(
    safety_ok=True,
    powered=True,
    lift_ready=True,
    turntable_ready=True,
    shuttle_ready=True,
    latches_powered={2: True},
    lift_homed=True,
    turntable_homed=True,
    lift_held=True,
    turntable_held=True,
    docked=None,
    stands_at=None,
    shuttle_centred=True,
    loaded=True,
    secured=True,
    resumable=False,
    picking=False,
    substep=CutAt.NOWHERE,
    all_latches_locked=True,
    latch_open=False,
    place_occupied=None,
    rooms={ROOM: ROOM_SHUT, OTHER: ROOM_SHUT},
)
AT_BAY = replace(TRAVEL, docked=BAY, stands_at=BAY, latch_open=True, all_latches_locked=False)
CUT = replace(AT_BAY, resumable=True, loaded=None, substep=CutAt.TRANSFERRING)
AT_ROOM = replace(TRAVEL, docked=ROOM, stands_at=ROOM, rooms={ROOM: ROOM_OPEN, OTHER: ROOM_SHUT})

WELL: dict[str, tuple[Wish, Situation]] = {
    "move lift": (Wish(WishKind.MOVE_LIFT), TRAVEL),
    "home lift": (Wish(WishKind.HOME_LIFT), TRAVEL),
    "move table": (Wish(WishKind.MOVE_TURNTABLE), TRAVEL),
    "home table": (Wish(WishKind.HOME_TURNTABLE), TRAVEL),
    "pick bay": (Wish(WishKind.PICK, BAY), replace(AT_BAY, loaded=False, place_occupied=True)),
    "place bay": (Wish(WishKind.PLACE, BAY), replace(AT_BAY, place_occupied=False)),
    "resume bay": (Wish(WishKind.RESUME, BAY), CUT),
    "undo bay": (Wish(WishKind.UNDO, BAY), CUT),
    "resume to pick": (
        Wish(WishKind.RESUME, ROOM),
        replace(AT_ROOM, resumable=True, picking=True, substep=CutAt.EXTENDING, loaded=False, place_occupied=True),
    ),
    "undo to put back": (
        Wish(WishKind.UNDO, BAY),
        replace(AT_BAY, resumable=True, picking=True, substep=CutAt.RETRACTING, place_occupied=False),
    ),
    "pick room": (Wish(WishKind.PICK, ROOM), replace(AT_ROOM, loaded=False, place_occupied=True)),
    "place room": (Wish(WishKind.PLACE, ROOM), replace(AT_ROOM, place_occupied=False)),
    "home shuttle": (Wish(WishKind.HOME_SHUTTLE), replace(AT_BAY, shuttle_centred=False)),
    "retract": (Wish(WishKind.RETRACT), replace(AT_ROOM, shuttle_centred=False, loaded=False)),
    "jog shuttle": (Wish(WishKind.JOG_SHUTTLE), replace(AT_BAY, place_occupied=False)),
    "unlatch": (Wish(WishKind.UNLATCH, BAY), replace(TRAVEL, docked=BAY)),
    "latch": (Wish(WishKind.LATCH, BAY), AT_BAY),
    "open door": (Wish(WishKind.OPEN_INNER_DOOR, ROOM), replace(TRAVEL, docked=ROOM)),
    "close door": (Wish(WishKind.CLOSE_INNER_DOOR, ROOM), AT_ROOM),
    "open gate": (Wish(WishKind.OPEN_OUTER_GATE, ROOM), TRAVEL),
    "close gate": (Wish(WishKind.CLOSE_OUTER_GATE, ROOM), TRAVEL),
}

EVERYTHING = list(WELL)
TRAVELS = ["move lift", "home lift", "move table", "home table"]
GOING_ON = ["resume bay", "undo bay", "resume to pick", "undo to put back"]
EXCHANGES = ["pick bay", "place bay", "pick room", "place room", *GOING_ON]
BY_SHUTTLE = [*EXCHANGES, "home shuttle", "retract", "jog shuttle"]
IN_ROOM = ["pick room", "place room", "resume to pick"]

TROUBLES: dict[str, dict[str, list[str]]] = {
    "safety": {"SAFETY": EVERYTHING},
    "power": {"POWER": [title for title in EVERYTHING if title not in ("latch", "unlatch")]},
    "lift-drive": {"POWER": ["move lift", "home lift"]},
    "table-drive": {"POWER": ["move table", "home table"]},
    "shuttle-drive": {"POWER": BY_SHUTTLE},
    "latch-power": {"POWER": ["unlatch"]},
    "lift-homed": {"NOT_HOMED": ["move lift"]},
    "table-homed": {"NOT_HOMED": ["move table"]},
    "lift-held": {"NOT_HELD": [*EXCHANGES, "home shuttle", "retract", "jog shuttle", "unlatch", "open door"]},
    "table-held": {"NOT_HELD": [*EXCHANGES, "home shuttle", "retract", "jog shuttle", "unlatch", "open door"]},
    "elsewhere": {
        "NOT_DOCKED": [*EXCHANGES, "unlatch", "open door"],
        "WAY_NOT_OPEN": ["home shuttle", "retract", "jog shuttle"],
    },
    "extended": {
        "SHUTTLE_NOT_CENTRED": [*TRAVELS, "latch", "close door", "pick bay", "place bay", "pick room", "place room"]
    },
    "loose": {"LOAD_NOT_SECURED": TRAVELS},
    "loose-unsure": {
        "LOAD_NOT_SECURED": TRAVELS,
        "CARRIAGE_LOADED": ["pick bay", "pick room", "retract"],
        "CARRIAGE_EMPTY": ["place bay", "place room"],
    },
    "loose-empty": {"CARRIAGE_EMPTY": ["place bay", "place room"]},
    "loaded": {"CARRIAGE_LOADED": ["pick bay", "pick room", "retract"]},
    "unlocked": {"LATCH_NOT_LOCKED": TRAVELS},
    "latch-shut": {
        "WAY_NOT_OPEN": [each for each in BY_SHUTTLE if each not in IN_ROOM and each != "retract"],
    },
    "place-unsure": {
        "SOURCE_NOT_OCCUPIED": ["pick bay", "pick room", "resume to pick"],
        "TARGET_NOT_EMPTY": ["place bay", "place room", "undo to put back"],
    },
    "place-empty": {"SOURCE_NOT_OCCUPIED": ["pick bay", "pick room", "resume to pick"]},
    "place-full": {"TARGET_NOT_EMPTY": ["place bay", "place room", "undo to put back"]},
    "whole": {"NOTHING_TO_RESUME": GOING_ON},
    "door-open": {"INNER_DOOR_NOT_LOCKED": [*TRAVELS, "open gate"]},
    "other-door": {"INNER_DOOR_NOT_LOCKED": TRAVELS},
    "door-between": {
        "INNER_DOOR_NOT_LOCKED": [*TRAVELS, "open gate"],
        "WAY_NOT_OPEN": [*IN_ROOM, "retract"],
    },
    "gate-open": {"OUTER_GATE_NOT_LOCKED": [*IN_ROOM, "open door", "retract"]},
    "person": {"PERSON_INSIDE": [*IN_ROOM, "open door", "close gate"]},
    "sensor": {"PERSON_SENSOR": [*IN_ROOM, "open door", "close gate"]},
    "off-marks": {"CAR_NOT_IN_MARKS": ["pick room", "resume to pick"]},
    "door-plane": {"DOOR_PLANE": ["close door"]},
    "curtain": {"LIGHT_CURTAIN": ["close gate"]},
    "half-way": {"CAR_HALF_WAY": ["close gate"]},
}


def in_room(situation: Situation, place: int = ROOM, **changes: bool) -> Situation:
    return replace(situation, rooms={**situation.rooms, place: replace(situation.rooms[place], **changes)})


HARM: dict[str, Callable[[Situation], Situation]] = {
    "safety": lambda now: replace(now, safety_ok=False),
    "power": lambda now: replace(now, powered=False),
    "lift-drive": lambda now: replace(now, lift_ready=False),
    "table-drive": lambda now: replace(now, turntable_ready=False),
    "shuttle-drive": lambda now: replace(now, shuttle_ready=False),
    "latch-power": lambda now: replace(now, latches_powered={2: False}),
    "lift-homed": lambda now: replace(now, lift_homed=False),
    "table-homed": lambda now: replace(now, turntable_homed=False),
    "lift-held": lambda now: replace(now, lift_held=False),
    "table-held": lambda now: replace(now, turntable_held=False),
    "elsewhere": lambda now: replace(now, docked=None, stands_at=None),
    "extended": lambda now: replace(now, shuttle_centred=False),
    "loose": lambda now: replace(now, secured=False),
    "loose-unsure": lambda now: replace(now, secured=False, loaded=None),
    "loose-empty": lambda now: replace(now, secured=False, loaded=False),
    "loaded": lambda now: replace(now, loaded=True),
    "unlocked": lambda now: replace(now, all_latches_locked=False),
    "latch-shut": lambda now: replace(now, latch_open=False),
    "place-unsure": lambda now: replace(now, place_occupied=None),
    "place-empty": lambda now: replace(now, place_occupied=False),
    "place-full": lambda now: replace(now, place_occupied=True),
    "whole": lambda now: replace(now, resumable=False),
    "door-open": lambda now: in_room(now, inner_door_locked=False, inner_door_open=True),
    "other-door": lambda now: in_room(now, OTHER, inner_door_locked=False),
    "door-between": lambda now: in_room(now, inner_door_locked=False, inner_door_open=False),
    "gate-open": lambda now: in_room(now, outer_gate_locked=False),
    "person": lambda now: in_room(now, nobody_inside=False),
    "sensor": lambda now: in_room(now, person_sensor_ok=False),
    "off-marks": lambda now: in_room(now, car_in_marks=False),
    "door-plane": lambda now: in_room(now, door_plane_clear=False),
    "curtain": lambda now: in_room(now, curtain_clear=False),
    "half-way": lambda now: in_room(now, no_car_half_way=False),
}


def cells() -> list[tuple[str, str, str | None]]:
    found: list[tuple[str, str, str | None]] = []
    for trouble, reasons in TROUBLES.items():
        by_title = {title: reason for reason, titles in reasons.items() for title in titles}
        found += [(title, trouble, by_title.get(title)) for title in WELL]
    return found


def test_the_table_here_speaks_of_every_wish_and_every_harm() -> None:
    assert {wish.kind for wish, _ in WELL.values()} == set(WishKind)
    assert set(TROUBLES) == set(HARM)


@pytest.mark.parametrize("title", WELL)
def test_all_is_well(title: str) -> None:
    wish, situation = WELL[title]
    assert refusal(wish, situation) is None
    assert all(condition.met and condition.text for condition in explain(wish, situation))


@pytest.mark.parametrize(("title", "trouble", "reason"), cells())
def test_cell(title: str, trouble: str, reason: str | None) -> None:
    wish, well = WELL[title]
    missing = refusal(wish, HARM[trouble](well))
    assert (missing.name if missing else None) == reason


@pytest.mark.parametrize("title", WELL)
def test_every_name_is_one_that_a_plc_gives(title: str) -> None:
    for condition in explain(*WELL[title]):
        assert condition.name in Reason.__members__


def test_the_explanation_names_every_door_and_shows_what_is_met_beside_what_is_not() -> None:
    conditions = explain(Wish(WishKind.MOVE_LIFT), HARM["other-door"](TRAVEL))
    doors = [(each.met, each.text) for each in conditions if each.name == "INNER_DOOR_NOT_LOCKED"]
    assert doors == [
        (True, "the inner door of room 103 must be closed and locked"),
        (False, "the inner door of room 106 must be closed and locked"),
    ]
    assert sum(not each.met for each in conditions) == 1


@pytest.mark.parametrize(
    "kind",
    [
        WishKind.OPEN_INNER_DOOR,
        WishKind.CLOSE_INNER_DOOR,
        WishKind.OPEN_OUTER_GATE,
        WishKind.CLOSE_OUTER_GATE,
    ],
)
def test_a_bay_has_no_doors(kind: WishKind) -> None:
    with pytest.raises(ValueError, match="205 is no transfer room"):
        explain(Wish(kind, BAY), TRAVEL)


def test_what_only_a_plc_sees_is_listed_and_refuses_nothing() -> None:
    wish = Wish(WishKind.JOG_SHUTTLE)
    beside_a_car = replace(CUT, shuttle_centred=False, place_occupied=True)
    unseen = {each.name: each.met for each in explain(wish, beside_a_car) if not each.known}
    assert unseen == {"CAR_HALF_WAY": False, "TARGET_NOT_EMPTY": False}
    assert refusal(wish, beside_a_car) is None


def test_a_free_shuttle_may_home_anywhere() -> None:
    assert refusal(Wish(WishKind.HOME_SHUTTLE), replace(TRAVEL, docked=None)) is None


def test_every_single_sensor_matters_to_some_wish() -> None:
    """A field that no row reads would be a condition forgotten."""
    read = set()
    for wish, well in WELL.values():
        whole = {field.name: opposite(getattr(well, field.name)) for field in fields(Situation)}
        changed: dict[str, Situation] = {
            name: replace(well, **{name: value}) for name, value in whole.items() if name != "rooms"
        }
        for field in fields(RoomSituation):
            changed[field.name] = in_room(well, **{field.name: not getattr(well.rooms[ROOM], field.name)})
        before = [condition.met for condition in explain(wish, well)]
        read |= {name for name, other in changed.items() if before != [each.met for each in explain(wish, other)]}
    assert read == {field.name for field in (*fields(Situation), *fields(RoomSituation))} - {"rooms"}


def opposite(value: Any) -> Any:
    """Return another value of a flag; of the docked place, none; of a table, an empty one; of a cut, another one."""
    if isinstance(value, CutAt):
        return CutAt.EXTENDING if value is CutAt.NOWHERE else CutAt.NOWHERE
    if isinstance(value, dict):
        return {}
    return None if value in (BAY, ROOM) else not value
