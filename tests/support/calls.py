"""Every method of the socket with parameters that bring the least about, and the least role of each, typed once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.domain.roles import Role

V, O, T, E = Role.VIEWER, Role.OPERATOR, Role.TECHNICIAN, Role.ENGINEER  # noqa: E741 - a table reads by its letters

NOWHERE: Final = 999_999
"""No place, no job."""


@dataclass(frozen=True, slots=True)
class ACall:
    """One call, and who may make it. ``word``: whether it takes somebody at the tower."""

    method: str
    params: Mapping[str, Any]
    role: Role
    word: bool = False

    def __str__(self) -> str:
        return " ".join([self.method, *(str(value) for value in self.params.values() if isinstance(value, str))])


def _unit(command: str) -> ACall:
    return ACall("unit", {"command": command}, O)


def _alarm(act: str, number: str, role: Role, *, word: bool = False) -> ACall:
    return ACall("alarm", {"act": act, "number": number, "seconds": 60, "why": "w"}, role, word)


def _resolve(choice: str, role: Role) -> ACall:
    return ACall("resolve", {"job": NOWHERE, "choice": choice}, role)


CALLS: Final = (
    ACall("status", {}, V),
    ACall("cars", {}, V),
    ACall("jobs", {}, V),
    ACall("places", {}, V),
    ACall("alarms", {}, V),
    ACall("sensors", {}, V),
    ACall("traces", {}, V),
    ACall("inventory.audit", {}, V),
    ACall("plan", {}, V),
    ACall("slots", {"count": 1}, V),
    ACall("service", {}, V),
    ACall("interlocks", {"mechanism": "lift"}, V),
    ACall("whoami", {}, V),
    ACall("subscribe", {}, V),
    ACall("io", {"station": "tower", "live": True}, V),
    ACall("bus.read", {"station": "nobody", "space": "input", "address": 0, "count": 1}, V),
    ACall("bus.stats", {}, V),
    ACall("retrieve", {"car": "nobody's"}, O),
    ACall("arrive", {"car": "nobody's"}, O),
    ACall("on_the_way", {"car": "nobody's", "in_s": 60}, O),
    ACall("store", {"car": "N", "room": NOWHERE}, O),
    ACall("relocate", {"car": "nobody's", "bay": NOWHERE}, O),
    ACall("cancel", {"job": NOWHERE}, O),
    ACall("trace.save", {"why": "w"}, O),
    *(_resolve(choice, O) for choice in ("continue", "put-back", "divert")),
    *(_resolve(choice, T) for choice in ("by-hand", "lock")),
    ACall("place.confirm", {"place": NOWHERE}, O, word=True),
    ACall("place.audit", {"place": NOWHERE}, O, word=True),
    ACall("place.block", {"place": NOWHERE, "why": "w"}, T),
    ACall("place.free", {"place": NOWHERE}, T),
    ACall("unit.generator", {"on": False}, O),
    ACall("unit.mode", {"mode": "production"}, T),
    ACall("axis.speed", {"axis": "nothing", "percent": 100}, T),
    ACall("jog", {"mechanism": "lift", "direction": "up"}, T),
    ACall("jog.hold", {"jog": NOWHERE, "held": True}, T),
    ACall("service.done", {"component": "nothing", "note": "n"}, T),
    ACall("service.set", {"component": "nothing", "cycles": 1}, E),
    ACall("level.block", {"level": NOWHERE, "why": "w"}, T),
    ACall("level.free", {"level": NOWHERE}, T),
    ACall("room.out", {"room": NOWHERE, "why": "w"}, O),
    ACall("room.in", {"room": NOWHERE}, O),
    ACall("sensor.out", {"name": "nothing", "why": "w"}, E),
    ACall("sensor.in", {"name": "nothing"}, E),
    ACall("inventory.import", {"cars": [{"id": "N", "place": NOWHERE}]}, E),
    ACall("adopt", {}, E, word=True),
    _alarm("acknowledge", "102", O),
    _alarm("shelve", "999", O),
    _alarm("unshelve", "102", O),
    _alarm("reset", "601.1", O),
    _alarm("reset", "102", O, word=True),
    _alarm("reset", "106", T, word=True),
    _alarm("reset", "205", E, word=True),
    _alarm("remove", "999", E),
    _alarm("return", "102", E),
    *(_unit(command) for command in ("reset", "start", "unhold", "unsuspend", "hold", "suspend", "stop")),
    *(_unit(command) for command in ("abort", "clear")),
)
"""Those that change most come last."""

METHOD_ROLES: Final = {
    **dict.fromkeys(("status", "cars", "jobs", "places", "alarms", "sensors", "interlocks", "whoami"), V),
    **dict.fromkeys(("subscribe", "io", "bus.read", "bus.stats", "traces", "inventory.audit", "service"), V),
    **dict.fromkeys(("plan", "slots"), V),
    **dict.fromkeys(("retrieve", "arrive", "on_the_way", "store", "relocate", "cancel", "resolve", "unit", "alarm"), O),
    **dict.fromkeys(("place.confirm", "place.audit", "trace.save", "room.out", "room.in", "unit.generator"), O),
    **dict.fromkeys(("place.block", "place.free", "level.block", "level.free", "unit.mode", "axis.speed"), T),
    **dict.fromkeys(("jog", "jog.hold", "service.done"), T),
    **dict.fromkeys(("sensor.out", "sensor.in", "inventory.import", "adopt", "service.set"), E),
}
"""The least role with which a method is of any use."""
