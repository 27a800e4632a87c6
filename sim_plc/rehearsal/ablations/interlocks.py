"""Interlocks are held twice: the PLC enforces them, and the daemon looks before it asks. Both are taken away."""

from typing import Any, Final

from controller.activities import homing, room, situation
from controller.activities.context import Bench
from controller.activities.transfer import Done
from controller.domain.interlocks import Condition, Situation, Wish, explain
from controller.domain.jobs import JobState
from controller.domain.room_facts import RoomFacts
from controller.runtime import barred, steps
from hal.plcmap.codes import Signal
from sim_plc.rehearsal.ablations.ablation import Ablation, Cut, Swap
from sim_plc.rehearsal.ablations.stand_ins import awaits_nothing, resolves_to, shows

PLC_REFUSES: Final = "the tower PLC's own interlock, which refuses."


def unlooked(*names: str) -> Cut:
    """Return a daemon that looks at no condition of these names before it asks."""

    def stand_in(_original: Any) -> object:
        def refusal(wish: Wish, now: Situation) -> Condition | None:
            return next((each for each in explain(wish, now) if each.refuses and each.name not in names), None)

        return refusal

    return Cut((Swap(situation, "refusal", stand_in), Swap(barred, "refusal", stand_in)))


def _leaving_ways_open(original: dict[JobState, tuple[object, object]]) -> object:
    """Stand in for the table of steps: nothing is closed."""
    left = resolves_to(Done())(None)
    return original | {state: (left, original[state][1]) for state in (JobState.CLOSING, JobState.CLOSING_TO)}


def _admitting_at_once(_original: Any) -> object:
    """Stand in for the admission of a customer: the inner door is not waited for."""

    async def admit_customer(bench: Bench, place: int) -> None:
        await room.show(bench, place, Signal.TAKE_CAR)
        await room._open_gate(bench, place)  # noqa: SLF001 - it stands in for a function of that module

    return admit_customer


INTERLOCKS: Final = (
    Ablation(
        "gate-beside-open-door",
        "The daemon opens a room's gate whatever its inner door shows.",
        ("I3",),
        unlooked("INNER_DOOR_NOT_LOCKED") + Cut((Swap(room, "admit_customer", _admitting_at_once),)),
        Cut(tower=("inner_door_locked",)),
        PLC_REFUSES,
    ),
    Ablation(
        "way-left-open",
        "The daemon leaves latch and inner door open behind an exchange, and looks at neither before it moves on.",
        ("I3",),
        unlooked("LATCH_NOT_LOCKED", "INNER_DOOR_NOT_LOCKED") + Cut((Swap(steps, "STRAIGHT", _leaving_ways_open),)),
        Cut(tower=("inner_doors_locked", "latches_locked")),
        PLC_REFUSES,
    ),
    Ablation(
        "axes-unhomed",
        "The daemon references no axis, and takes each for homed.",
        ("I5",),
        unlooked("NOT_HOMED") + Cut((Swap(homing, "reference", awaits_nothing),)),
        Cut(tower=("lift_homed", "turntable_homed")),
        PLC_REFUSES,
    ),
    Ablation(
        "gate-onto-people",
        "The daemon closes a gate whoever is inside, and calls each room empty of people.",
        ("I3", "I23"),
        unlooked("PERSON_INSIDE") + Cut((Swap(RoomFacts, "maybe_person", shows(value=False)),)),
        Cut(tower=("nobody_inside", "nobody_at_room")),
        PLC_REFUSES,
        ("PERSON", "CURTAIN"),
    ),
)
