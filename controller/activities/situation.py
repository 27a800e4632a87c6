"""The situation as the newest images show it, for `controller.domain.interlocks` to explain."""

from collections.abc import Sequence

from controller.activities.context import Bench
from controller.activities.primitive import StepFailed
from controller.domain.interlocks import Condition, CutAt, RoomSituation, Situation, Wish, refusal
from hal.plcmap.codes import Room, SubStep
from hal.readings import Loaded

PEOPLE = frozenset({"PERSON_INSIDE", "PERSON_SENSOR", "LIGHT_CURTAIN", "DOOR_PLANE", "CAR_HALF_WAY"})
"""What somebody in the way causes, and what passes when they go."""

PASSING = PEOPLE | {"OUTER_GATE_NOT_LOCKED"}
"""What a step waits for: people go, and a gate that somebody opened by hand is shut by its room."""

NEWS_S = 2.0
"""How long the sensors of every station may take to show what was just done: an idle poll and a debounce."""

_CUT_AT = {
    SubStep.CENTRED: CutAt.NOWHERE,
    SubStep.EXTENDING: CutAt.EXTENDING,
    SubStep.TRANSFERRING: CutAt.TRANSFERRING,
    SubStep.RETRACTING: CutAt.RETRACTING,
    None: CutAt.TRANSFERRING,
}
"""A sub-step that is in no table counts as the one which allows least: a car that hangs between the combs."""

PROVEN = {Loaded.YES: True, Loaded.NO: False, Loaded.DOUBTFUL: None}


def situation(bench: Bench) -> Situation:
    """Return what is seen of the tower now.

    Raises:
        NotOnline: the tower's image may not be trusted.

    """
    tower = bench.tower
    return Situation(
        safety_ok=tower.safety.ok,
        powered=tower.safety.powered,
        lift_ready=tower.lift.ready,
        turntable_ready=tower.turntable.ready,
        shuttle_ready=tower.shuttle.ready,
        latches_powered={level: latches.powered for level, latches in tower.latches.items()},
        lift_homed=tower.lift.homed,
        turntable_homed=tower.turntable.homed,
        lift_held=tower.lift.held,
        turntable_held=tower.turntable.held,
        docked=tower.dock.docked_at,
        stands_at=tower.dock.stands_at,
        shuttle_centred=tower.shuttle.centred,
        loaded=PROVEN[tower.shuttle.loaded],
        secured=tower.shuttle.secured,
        resumable=tower.shuttle.resumable,
        picking=tower.shuttle.picking,
        substep=_CUT_AT[tower.shuttle.substep] if tower.shuttle.resumable else CutAt.NOWHERE,
        all_latches_locked=tower.dock.all_latches_locked,
        latch_open=tower.dock.latch_open,
        place_occupied=PROVEN[tower.dock.occupied],
        rooms={place: _room(bench, place) for place in bench.shape.rooms},
    )


async def require(bench: Bench, *wishes: Wish) -> None:
    """Say before a command what the PLC would miss; it decides all the same.

    People who stand in the way are waited for, as long as a customer is, and so is an open gate.

    Raises:
        StepFailed: a condition of a wish is not met; the rule is the PLC's own reason.
        NotOnline: the tower's image may not be trusted.

    """
    missing = _missing(bench, wishes)
    if missing is not None and missing[1].name in PASSING:
        await bench.news.until(lambda: not _to_wait_for(bench, wishes), bench.patience.customer_s)
        missing = _missing(bench, wishes)
    if missing is not None:
        raise _lacking(*missing)


async def insist(bench: Bench, *wishes: Wish) -> None:
    """Say before a command of a reset what the PLC would miss: nobody is waited for, only the newest images.

    Raises:
        StepFailed: a condition of a wish is not met; the rule is the PLC's own reason.
        NotOnline: the tower's image may not be trusted.

    """
    await bench.news.until(lambda: _missing(bench, wishes) is None, NEWS_S)
    missing = _missing(bench, wishes)
    if missing is not None:
        raise _lacking(*missing)


def _lacking(wish: Wish, condition: Condition) -> StepFailed:
    return StepFailed(condition.name, f"{wish.kind.name.lower()} of {wish.place}: {condition.text}")


def _missing(bench: Bench, wishes: Sequence[Wish]) -> tuple[Wish, Condition] | None:
    now = situation(bench)
    for wish in wishes:
        condition = refusal(wish, now)
        if condition is not None:
            return wish, condition
    return None


def _to_wait_for(bench: Bench, wishes: Sequence[Wish]) -> bool:
    missing = _missing(bench, wishes)
    return missing is not None and missing[1].name in PASSING


def _room(bench: Bench, place: int) -> RoomSituation:
    room = bench.tower.rooms[place]
    word = room.sensors()
    seen = (Room.OCCUPIED_A in word, Room.OCCUPIED_B in word, Room.WEIGHT in word)
    return RoomSituation(
        inner_door_locked=room.inner_door.is_locked,
        inner_door_open=room.inner_door.is_open,
        outer_gate_locked=room.outer_gate.is_locked,
        person_sensor_ok=Room.PERSON_SENSOR_OK in word,
        nobody_inside=Room.PERSON not in word,
        car_in_marks=Room.IN_MARKS in word,
        door_plane_clear=Room.DOOR_PLANE_CLEAR in word,
        curtain_clear=Room.CURTAIN_CLEAR in word,
        no_car_half_way=all(seen) or not any(seen),
    )
