"""What can reach the control task from people and programs: requests, and how they are refused.

Each request is a frozen dataclass; ``by`` names who asked (audit). A request that a rule forbids is answered with
`Refusal`: nothing has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from controller.domain.roles import Role
from controller.domain.unit import UnitEvent, UnitMode


@dataclass(frozen=True, slots=True)
class Request:
    """Anything that a person or program asks for: who asks, as whom, and whether they say that they are there.

    Whoever makes a request without a role asks as a viewer, and may look.
    """

    by: str = ""
    role: Role = field(default=Role.VIEWER, kw_only=True, compare=False)
    """Follows from who asks: the same is asked for, whatever it is."""
    on_site: bool = field(default=False, kw_only=True)
    """Somebody says: I am at the tower, and I have looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCommand(Request):
    """One of the nine PackML commands. Answer: ``{"state": new state}``."""

    event: UnitEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMode(Request):
    """Change the unit's mode, in Stopped, Idle or Aborted.

    Answer: ``{"mode": mode, "state": unit state, "behind": [stations that do not show the mode yet]}``.
    """

    mode: UnitMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Jog(Request):
    """Move an axis by hand, for as long as `JogHold` comes every ``renew_s``; the hold begins now.

    ``mechanism`` and ``direction`` as in `controller.domain.jogging.AXES`. Answer: ``{"jog": number, "renew_s": s}``.
    """

    mechanism: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JogHold(Request):
    """Renew the hold of a jog, or let go. A hold that has ended is never taken up again.

    Answer: ``{"jog", "held", "position", "unit", "outcome": None while it runs, else {"verdict", "reason", "text"}}``.
    """

    jog: int
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Interlocks(Request):
    """Read every condition of a jog. Answer: ``{"mechanism", "conditions": [{"name", "met", "text"}]}``."""

    mechanism: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StockedCar:
    """One line of an inventory file."""

    id: str
    place: int
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportInventory(Request):
    """State which car stands where; what the sensors agree to becomes verified.

    Bays that the file does not name are stated to be empty. Answer: ``{"agreed": n, "disagreements": [{"place",
    "stated", "sensed"}]}``.
    """

    cars: tuple[StockedCar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieve(Request):
    """Bring a car to a room (any free one, or ``room`` by its place). Answer: ``{"job": id}``.

    ``due``: not now, but at that wall time in seconds since the epoch, when somebody comes for it. Answer then:
    ``{"appointment": id, "due": due}``.
    """

    car: str
    room: int | None = None
    due: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrive(Request):
    """Say that whoever has an appointment for a car has come. Answer: ``{"job": which brings the car}``."""

    car: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTheWay(Request):
    """Say that whoever has an appointment for a car is on the way, and will be there in so many seconds.

    The car is brought ahead by then, if it can be; what is said last holds, and the appointment stands as long behind
    it as behind its own time. Answer: ``{"appointment": id, "expected": wall time in seconds since the epoch}``.
    """

    car: str
    in_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Store(Request):
    """Take a car in through a room; None: through the one that is vacant in turn. Answer: ``{"job": id}``."""

    car: str
    room: int | None = None
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocate(Request):
    """Move a car to another bay. Answer: ``{"job": id}``."""

    car: str
    bay: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Request):
    """Cancel a job: at once before the pick, by a diversion after it; or an appointment, by its number.

    Answer: ``{"state": state}``; of an appointment with its number under ``appointment``.
    """

    job: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve(Request):
    """Decide on a parked job: one of its choices, with the place that the choice needs.

    Answer: ``{"state": job state}``.
    """

    job: int
    choice: str
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlace(Request):
    """Take a bay out of use until somebody gives it back; ``why`` is shown wherever the bay is.

    Answer: ``{"place": number, "status": "blocked", "reason": text}``.
    """

    place: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FreePlace(Request):
    """Give a blocked bay back. Answer: ``{"place": number, "status": place status, "reason": text}``."""

    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLevel(Request):
    """Take the bays of a level out of use until somebody gives it back; the carriage passes it as before.

    Answer: ``{"restrictions": [those that are in force: {"kind", "number", "why", "by", "text"}]}``.
    """

    level: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeLevel(Request):
    """Give a blocked level back. Answer as to `BlockLevel`."""

    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOut(Request):
    """Take a room out of service, by its place: at once if it serves nobody, else behind whoever is in it.

    Answer as to `BlockLevel`.
    """

    room: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomIn(Request):
    """Take a room back into service, by its place. Answer as to `BlockLevel`."""

    room: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGenerator(Request):
    """Say that the tower runs on its generator from now on, or on the mains again; ``why`` is shown to who waits.

    Answer as to `BlockLevel`.
    """

    on: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSpeed(Request):
    """Say at what speed the drive of an axis runs, from its next motion on; ``why`` is shown to who waits.

    ``axis``: lift, turntable or shuttle. ``percent``: of its rated speed, 10 to 100. Answer as to `BlockLevel`.
    """

    axis: str
    percent: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPlace(Request):
    """State what stands in one bay after a look into it; its sensors must agree. ``car`` None: nothing.

    Answer: ``{"place": number, "status": "occupied" or "free", "reason": ""}``.
    """

    place: int
    car: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlace(Request):
    """Tell what somebody has seen in one bay; believed as `ConfirmPlace` is, and where it is not, the bay is locked.

    ``car`` None: nothing. Answer: ``{"place": number, "status": place status, "reason": text, "finding": finding}``.
    """

    place: int
    car: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorOut(Request):
    """Take a sensor out of service, with what follows from that. Answer: ``{"sensors": [those that are out]}``."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorIn(Request):
    """Take a sensor back into service. Answer: ``{"sensors": [those that are out]}``."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt(Request):
    """Take the stations over although another master was seen. Answer: ``{"stations": [names]}``."""


class AlarmAct(StrEnum):
    """What a person may do to an alarm."""

    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    REMOVE = "remove"
    """Out of service."""
    RETURN = "return"
    """Back to service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCommand(Request):
    """Do something to an alarm by its number (``102``, ``701.2``), or acknowledge ``all`` that are shown.

    ``seconds`` is for how long it is shelved, ``why`` is needed of whoever hides one. Answer: ``{"numbers": [those
    that have changed]}``.
    """

    act: AlarmAct
    number: str
    seconds: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveTrace(Request):
    """Keep a trace of the last minutes, as after a fault; ``why`` names it.

    Answer: ``{"trace": number, "ready_in_s": seconds until it is written}``.
    """

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteService(Request):
    """Record that a component was serviced; what counts since the last service begins anew.

    Answer: the component as the query ``service`` has it.
    """

    component: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateService(Request):
    """State the counters of a component that ran before: in all, or with ``since_service`` since its last service.

    What is None stays. ``way`` is in m or degrees; ``serviced_at`` is the wall time of the last service. Answer: the
    component as the query ``service`` has it.
    """

    component: str
    note: str
    since_service: bool = False
    cycles: int | None = None
    starts: int | None = None
    hours: int | None = None
    way: int | None = None
    serviced_at: int | None = None


ServiceRequest = CompleteService | StateService


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(Request):
    """Read, changing nothing: ``status cars jobs places audit alarms service traces`` and others by their names."""

    what: str
    params: Mapping[str, object] = field(default_factory=dict)
