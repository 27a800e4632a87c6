"""What a transfer room does while it stands in a state: its gate, its signal, its questions to the sensors.

Each activity serves one state; the events that end the state come from the sensors, never from the activity.
A person inside, or possibly inside, is waited for without a limit.
"""

from collections.abc import Callable

from controller.activities.context import Bench
from controller.activities.primitive import Errand, StepFailed, carry_out_ok
from controller.activities.situation import PEOPLE, require
from controller.domain.interlocks import Wish, WishKind
from controller.domain.room_facts import RoomFacts
from hal.interfaces import Prepared, Verdict
from hal.plcmap.codec import Measurement
from hal.plcmap.codes import ROOM_CROSSINGS_SHIFT, Room, Signal
from hal.room import RoomDriver

Predicate = Callable[[], bool]

WHEELS = 4
GATE_TRIES = 5
"""Closings that may be obstructed before a person has to look."""

PARKED_S = 6.0
"""How long a car may roll on from the gate to its marks before the driver is told to go on."""

LOOK_S = 3600.0
"""Waiting for people is unlimited; the predicate is looked at again after this at the latest."""


def facts_of(bench: Bench, place: int) -> RoomFacts:
    """Return one look at a room.

    Raises:
        NotOnline: the tower's image may not be trusted.

    """
    room = bench.tower.rooms[place]
    word = room.sensors()
    return RoomFacts(
        gate_open=room.outer_gate.is_open,
        gate_locked=room.outer_gate.is_locked,
        door_locked=room.inner_door.is_locked,
        occupied_a=Room.OCCUPIED_A in word,
        occupied_b=Room.OCCUPIED_B in word,
        weight=Room.WEIGHT in word,
        person=Room.PERSON in word,
        person_sensor_ok=Room.PERSON_SENSOR_OK in word,
        in_marks=Room.IN_MARKS in word,
        curtain_clear=Room.CURTAIN_CLEAR in word,
        measured=Room.MEASURED in word,
        crossings=int(word) >> ROOM_CROSSINGS_SHIFT,
        last_outward=Room.CROSSING_OUT in word,
    )


async def admit_customer(bench: Bench, place: int) -> None:
    """Open the gate once the inner door is locked, and show that the car may be taken."""
    await _until(bench, lambda: facts_of(bench, place).door_locked)
    await _show(bench, place, Signal.TAKE_CAR)
    await _open_gate(bench, place)


async def show(bench: Bench, place: int, code: Signal) -> None:
    """Let the sign say something; nothing moves."""
    await _show(bench, place, code)


async def admit_car(bench: Bench, place: int) -> None:
    """Open the gate and show that a car may drive in."""
    await _show(bench, place, Signal.DRIVE_IN)
    await _open_gate(bench, place)


async def let_out(bench: Bench, place: int) -> None:
    """Let a refused car out again and close behind it.

    While it stands there the sign says so, to whoever is beside it and to a driver who comes back: asked to leave, they
    would leave the car.
    """
    await _show(bench, place, Signal.REFUSED)
    await _open_gate(bench, place)
    await _until(bench, lambda: facts_of(bench, place).empty)
    await close_when_clear(bench, place)


async def close_when_clear(bench: Bench, place: int) -> None:
    """Close the gate once the room has been empty of cars and people for a while; ask out whoever stays too long."""

    def clear() -> bool:
        facts = facts_of(bench, place)
        return facts.empty and not facts.maybe_person and facts.curtain_clear

    if not await bench.news.until(clear, bench.patience.customer_s) and facts_of(bench, place).maybe_person:
        await _show(bench, place, Signal.STOP_AND_LEAVE)
    await _close_gate(bench, place, clear)
    await _show(bench, place, Signal.DARK)


async def shut_when_still(bench: Bench, place: int) -> None:
    """Close the gate of a room of which nothing is known yet, around a car or none, once nobody is in the way."""

    def still() -> bool:
        facts = facts_of(bench, place)
        return (facts.empty or facts.has_car) and not facts.maybe_person and facts.curtain_clear

    await _close_gate(bench, place, still)


async def wait_for_driver(bench: Bench, place: int) -> bool:
    """Invite a driver for as long as one may take to come, and on while somebody is in the room or the gate.

    Returns whether nobody came: the invitation is taken back and the gate closed while the room still counts as
    open, so that whoever drives in at the last moment is measured like everybody. False: somebody else shut the gate.
    """

    def nobody() -> bool:
        facts = facts_of(bench, place)
        return facts.empty and not facts.maybe_person and facts.curtain_clear

    await _show(bench, place, Signal.DRIVE_IN)
    if await bench.news.until(lambda: facts_of(bench, place).gate_locked, bench.patience.customer_s):
        return False
    await _until(bench, nobody)
    await _show(bench, place, Signal.WAIT)
    await _close_gate(bench, place, nobody)
    await _show(bench, place, Signal.DARK)
    return True


async def measure(bench: Bench, place: int, *, kept: bool = False) -> str | None:
    """Measure the car in the room, and close the gate behind it if it fits.

    ``kept``: it waits for a customer who is not there; then the gate is opened for nobody who is not seen inside.
    Returns None when it fits (the gate is closed then), else the rule that it breaks.
    """
    if not await _in_marks(bench, place):
        return "CAR_NOT_IN_MARKS"
    await _show(bench, place, Signal.STOP_AND_LEAVE)

    def ready() -> bool:
        facts = facts_of(bench, place)
        return facts.has_car and facts.measured and not facts.maybe_person and facts.curtain_clear

    if not await bench.news.until(ready, bench.patience.gate_delay_s):
        await _let_people_out(bench, place, seen=kept)
    await _until(bench, ready)
    rule = judge(bench, await _room(bench, place).measure())
    if rule is None and not facts_of(bench, place).in_marks:
        rule = "CAR_NOT_IN_MARKS"
    if rule is None:
        await _close_gate(bench, place, ready)
        await _show(bench, place, Signal.WAIT)
    return rule


async def _in_marks(bench: Bench, place: int) -> bool:
    """Wait until a car stands in its marks; tell a driver who does not find them, for as long as a customer may take.

    Behind a closed gate nobody can be told.
    """

    def there() -> bool:
        return facts_of(bench, place).in_marks

    if await bench.news.until(there, PARKED_S):
        return True
    if facts_of(bench, place).gate_locked:
        return False
    await _show(bench, place, Signal.FORWARD)
    return await bench.news.until(there, bench.patience.customer_s)


async def _let_people_out(bench: Bench, place: int, *, seen: bool) -> None:
    """Open a gate that is shut, or was closing, in front of somebody who may be inside; ``seen``: who is."""
    facts = facts_of(bench, place)
    inside = facts.person if seen else facts.maybe_person
    if inside and facts.door_locked:
        await _open_gate(bench, place)


def judge(bench: Bench, car: Measurement) -> str | None:
    """Return the rule that a measured car breaks, None if it may be taken in."""
    limit = bench.envelope
    if car.length_mm > limit.length_mm:
        return "CAR_TOO_LONG"
    if car.width_mm > limit.width_mm:
        return "CAR_TOO_WIDE"
    if car.height_mm > limit.height_mm:
        return "CAR_TOO_HIGH"
    if car.weight_kg > limit.weight_kg:
        return "CAR_TOO_HEAVY"
    if car.wheels != WHEELS:
        return "CAR_NOT_IN_MARKS"
    return None


async def _until(bench: Bench, predicate: Predicate) -> None:
    while not await bench.news.until(predicate, LOOK_S):
        pass


async def _open_gate(bench: Bench, place: int) -> None:
    if facts_of(bench, place).gate_open:
        return
    await require(bench, Wish(WishKind.OPEN_OUTER_GATE, place))
    await _do(bench, place, "open_gate", _room(bench, place).outer_gate.open(), bench.kinematics.gate_s())


async def _close_gate(bench: Bench, place: int, may_close: Predicate) -> None:
    """Close the gate whenever ``may_close`` has held for the gate delay; obstructed, wait and try again."""
    for attempt in range(1, GATE_TRIES + 1):
        await _held(bench, may_close, bench.patience.gate_delay_s)
        if facts_of(bench, place).gate_locked:
            return
        try:
            await require(bench, Wish(WishKind.CLOSE_OUTER_GATE, place))
            await _do(bench, place, "close_gate", _room(bench, place).outer_gate.close(), bench.kinematics.gate_s())
        except StepFailed as failed:
            cause = _cause(failed)
            if cause not in _PEOPLE:
                raise
            if attempt == GATE_TRIES:
                raise StepFailed(cause, f"the gate of room {place} was kept from closing {attempt} times") from failed
        else:
            return


_PEOPLE = PEOPLE | {"OBSTRUCTED"}
"""Why a gate may not close for a moment: somebody is in the way."""


def _cause(failed: StepFailed) -> str:
    """Return why a step failed; of one that was stopped by a lost interlock, which one that was."""
    outcome = failed.outcome
    if outcome is None or outcome.verdict is not Verdict.STOPPED_SAFETY:
        return failed.rule
    return outcome.reason.name


async def _held(bench: Bench, predicate: Predicate, hold_s: float) -> None:
    """Wait until a predicate has held without a break for a time."""
    while True:
        await _until(bench, predicate)
        if hold_s == 0 or not await bench.news.until(lambda: not predicate(), hold_s):
            return


async def _show(bench: Bench, place: int, code: Signal) -> None:
    await _do(bench, place, "show", _room(bench, place).signal.show(code), 0.0)


async def _do(bench: Bench, place: int, step: str, command: Prepared, bound_s: float) -> None:
    errand = Errand(None, f"room {place} {step}")
    await bench.keeper.commit(*await carry_out_ok(bench, errand, command, bound_s=bound_s))


def _room(bench: Bench, place: int) -> RoomDriver:
    return bench.tower.rooms[place]
