"""Who may do what: for each request the least role, and whether somebody must be at the tower. Tables alone. Pure.

Looking is for viewers, the day for operators, the machine for technicians, and what the tower is to believe or to
leave out for engineers. One operator is on call at night: what gets a car out of a tower that works is theirs. What
clears an alarm follows from the alarm catalogue, and here alone it is said which act clears which alarm.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from controller.domain.alarms import ALARMS, BY_KEY, BY_NUMBER
from controller.domain.clearance import Clearance
from controller.domain.events import (
    Adopt,
    AlarmAct,
    AlarmCommand,
    Arrive,
    AuditPlace,
    BlockLevel,
    BlockPlace,
    Cancel,
    CompleteService,
    ConfirmPlace,
    FreeLevel,
    FreePlace,
    ImportInventory,
    Interlocks,
    Jog,
    JogHold,
    OnTheWay,
    Query,
    Relocate,
    Request,
    Resolve,
    Retrieve,
    RoomIn,
    RoomOut,
    SaveTrace,
    SensorIn,
    SensorOut,
    SetGenerator,
    SetMode,
    SetSpeed,
    StateService,
    Store,
    UnitCommand,
)
from controller.domain.refusal import Refusal
from controller.domain.roles import NEED_OF, Need, Role
from controller.domain.unit import UnitEvent


class NotAllowed(Refusal):
    """The act takes another role than the asker's (``ROLE``), or somebody at the tower (``ON_SITE``)."""

    def __init__(self, rule: str, text: str, need: Need) -> None:
        super().__init__(rule, text)
        self.need = need


@dataclass(frozen=True, slots=True)
class Act:
    """Something that people ask for, and what it takes. ``more``: what else it may take, in words."""

    words: str
    """Behind "to": ``bring a car down``."""
    need: Need
    more: str = ""


_VIEWER, _OPERATOR = Need(Role.VIEWER), Need(Role.OPERATOR)
_TECHNICIAN, _ENGINEER = Need(Role.TECHNICIAN), Need(Role.ENGINEER)


def _clearing(key: str) -> Need:
    return NEED_OF[BY_KEY[key].clearance]


ACTS: Final[Mapping[type[Request], Act]] = MappingProxyType(
    {
        Query: Act("look at the tower, its cars, jobs, places and alarms", _VIEWER),
        Interlocks: Act("ask why an axis may not move", _VIEWER),
        Retrieve: Act("bring a car down", _OPERATOR),
        Arrive: Act("say that somebody with an appointment has come", _OPERATOR),
        OnTheWay: Act("say that somebody with an appointment is on the way", _OPERATOR),
        Store: Act("take a car in", _OPERATOR),
        Relocate: Act("move a car to another bay", _OPERATOR),
        Cancel: Act("cancel a job or an appointment", _OPERATOR),
        SaveTrace: Act("keep a trace of the last minutes", _OPERATOR),
        ConfirmPlace: Act("say what stands in a bay", _clearing("PLACE_UNVERIFIED")),
        AuditPlace: Act("say what stands in a bay", _clearing("PLACE_UNVERIFIED")),
        BlockPlace: Act("take a bay out of use", _TECHNICIAN),
        FreePlace: Act("give a bay back", _TECHNICIAN),
        BlockLevel: Act("take a level out of use", _TECHNICIAN),
        FreeLevel: Act("give a level back", _TECHNICIAN),
        RoomOut: Act("take a room out of service", _OPERATOR),
        SetGenerator: Act("say whether the tower runs on its generator", _OPERATOR),
        SetSpeed: Act("say at what speed an axis runs", _TECHNICIAN),
        RoomIn: Act("take a room back into service", _OPERATOR),
        SetMode: Act("change the mode", _TECHNICIAN),
        Jog: Act("move an axis by hand", _TECHNICIAN),
        JogHold: Act("move an axis by hand", _TECHNICIAN),
        CompleteService: Act("record a service", _TECHNICIAN),
        StateService: Act("state the service counters of a component", _ENGINEER),
        SensorOut: Act("take a sensor out of service", _ENGINEER),
        SensorIn: Act("take a sensor back into service", _ENGINEER),
        ImportInventory: Act("import an inventory", _ENGINEER),
        Adopt: Act("take stations over from another master", _clearing("FOREIGN_MASTER")),
    }
)
"""Requests that always take the same. The others are told apart by what they say."""

_BY_CAUSE: Final = "after a trip or a fault of a drive: whoever clears its cause, at the tower"

UNIT_ACTS: Final[Mapping[UnitEvent, Act]] = MappingProxyType(
    {
        UnitEvent.RESET: Act(
            "reset the unit",
            _OPERATOR,
            "with a blocked room or a fault of a drive: whoever clears it, at the tower; "
            "in maintenance and manual mode: a technician",
        ),
        UnitEvent.START: Act("start the unit", _OPERATOR),
        UnitEvent.STOP: Act("stop the unit", _OPERATOR),
        UnitEvent.HOLD: Act("hold the unit", _OPERATOR),
        UnitEvent.UNHOLD: Act("unhold the unit", _OPERATOR),
        UnitEvent.SUSPEND: Act("suspend the unit", _OPERATOR),
        UnitEvent.UNSUSPEND: Act("unsuspend the unit", _OPERATOR),
        UnitEvent.ABORT: Act("abort the unit", _OPERATOR),
        UnitEvent.CLEAR: Act("clear the unit", _OPERATOR, _BY_CAUSE),
    }
)

CHOICE_ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "continue": Act("let a parked job go on", _OPERATOR),
        "put-back": Act("have a parked job undone", _OPERATOR),
        "divert": Act("divert a parked job", _OPERATOR),
        "by-hand": Act("close a job by hand", _TECHNICIAN),
        "lock": Act("close a job by hand and lock its bay", _TECHNICIAN),
    }
)

ALARM_ACTS: Final[Mapping[AlarmAct, Act]] = MappingProxyType(
    {
        AlarmAct.ACKNOWLEDGE: Act("acknowledge an alarm", _OPERATOR),
        AlarmAct.SHELVE: Act("shelve an alarm", _OPERATOR),
        AlarmAct.UNSHELVE: Act("show a shelved alarm again", _OPERATOR),
        AlarmAct.REMOVE: Act("take an alarm out of service", _ENGINEER),
        AlarmAct.RETURN: Act("return an alarm to service", _ENGINEER),
    }
)
"""All acts but the reset, which its alarm's clearance decides."""

RESET_ACTS: Final[Mapping[Clearance, Act]] = MappingProxyType(
    {clearance: Act(f"reset an alarm that is cleared by: {clearance}", need) for clearance, need in NEED_OF.items()}
)

CLEARED_BY_CLEAR: Final = frozenset({"AXIS_FAULT"}) | {alarm.key for alarm in ALARMS if alarm.safety}
"""Alarms behind which a Clear of the unit is their clearing: what tripped the chain, and the fault of a drive."""

CLEARED_BY_RESET: Final = frozenset({"AXIS_FAULT", "ROOM_BLOCKED"})
"""Alarms that a Reset of the unit clears as long as they stand."""


def act_of(request: Request) -> Act:
    """Return what a request is, and what it takes whatever stands at the tower.

    What no table knows is for engineers alone.
    """
    match request:
        case UnitCommand(event=event) if event in UNIT_ACTS:
            return UNIT_ACTS[event]
        case Resolve(choice=choice):
            # A word that is no choice is refused as such, by whoever knows the job.
            return CHOICE_ACTS.get(choice, CHOICE_ACTS["continue"])
        case AlarmCommand(act=AlarmAct.RESET, number=number):
            return _reset_of(number)
        case AlarmCommand(act=act):
            return ALARM_ACTS[act]
        case _:
            return ACTS.get(type(request), Act(type(request).__name__, _ENGINEER))


def _reset_of(number: str) -> Act:
    """Return the reset of an alarm by its number; of one that nobody knows the least: it is refused as such."""
    kind = number.partition(".")[0]
    alarm = BY_NUMBER.get(int(kind)) if kind.isascii() and kind.isdecimal() else None
    if alarm is None:
        return RESET_ACTS[Clearance.OPERATOR]
    return Act(f"reset alarm {alarm.number} {alarm.key}", NEED_OF[alarm.clearance])


def every_act() -> Iterator[Act]:
    """Yield each act once, the most harmless first."""
    tables = (*ACTS.values(), *UNIT_ACTS.values(), *CHOICE_ACTS.values(), *ALARM_ACTS.values(), *RESET_ACTS.values())
    yield from sorted(dict.fromkeys(tables), key=lambda act: (act.need.role, act.need.at_tower))
