"""From a method and its parameters to a request of the control task."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from controller.api.messages import METHOD_NOT_FOUND, BadMessage
from controller.api.params import Params
from controller.domain import events
from controller.domain.jogging import AXES
from controller.domain.restrictions import RATED_PERCENT
from controller.domain.roles import Role
from controller.domain.unit import UnitEvent, UnitMode

COMMANDS: Final[Mapping[str, UnitEvent]] = MappingProxyType(
    {event.value.lower(): event for event in UnitEvent if event is not UnitEvent.DONE}
)
"""The nine commands by the name that a person types. DONE is the unit's own word."""


MODES: Final[Mapping[str, UnitMode]] = MappingProxyType({mode.value.lower(): mode for mode in UnitMode})
"""The unit's modes by the name that a person types."""


def to_request(method: str, params: Mapping[str, Any], by: str, role: Role = Role.VIEWER) -> events.Request:
    """Return the request that a call means; ``by`` names who asks, as ``role``.

    Every method takes ``on_site``: whoever asks says that they are at the tower and have looked.

    Raises:
        BadMessage: an unknown method, or a parameter that is missing, unknown or out of range.

    """
    make = _METHODS.get(method)
    if make is None:
        raise BadMessage(METHOD_NOT_FOUND, f"no method {method!r}; known: {', '.join(METHODS)}")
    taken = Params(params)
    on_site = taken.flag("on_site")
    request = make(taken, by)
    taken.end()
    return replace(request, role=role, on_site=on_site)


def _unit(params: Params, by: str) -> events.Request:
    return events.UnitCommand(by, event=COMMANDS[params.one_of("command", COMMANDS)])


def _mode(params: Params, by: str) -> events.Request:
    return events.SetMode(by, mode=MODES[params.one_of("mode", MODES)])


def _jog(params: Params, by: str) -> events.Request:
    mechanism = params.one_of("mechanism", AXES)
    axis = AXES[mechanism]
    return events.Jog(by, mechanism=mechanism, direction=params.one_of("direction", (axis.forward, axis.back)))


def _jog_hold(params: Params, by: str) -> events.Request:
    return events.JogHold(by, jog=params.number("jog"), held=params.flag("held"))


def _interlocks(params: Params, by: str) -> events.Request:
    return events.Interlocks(by, mechanism=params.one_of("mechanism", AXES))


def _inventory(params: Params, by: str) -> events.Request:
    return events.ImportInventory(by, cars=tuple(_stocked(each) for each in params.items("cars")))


def _stocked(car: Params) -> events.StockedCar:
    stocked = events.StockedCar(
        id=car.text("id"), place=car.number("place"), model=car.text("model", default="")
    )
    car.end()
    return stocked


def _retrieve(params: Params, by: str) -> events.Request:
    room, due = params.optional_number("room"), params.optional_number("due")
    return events.Retrieve(by, car=params.text("car"), room=room, due=due)


def _arrive(params: Params, by: str) -> events.Request:
    return events.Arrive(by, car=params.text("car"))


def _on_the_way(params: Params, by: str) -> events.Request:
    return events.OnTheWay(by, car=params.text("car"), in_s=params.number("in_s"))


def _store(params: Params, by: str) -> events.Request:
    model = params.text("model", default="")
    return events.Store(by, car=params.text("car"), room=params.optional_number("room"), model=model)


def _relocate(params: Params, by: str) -> events.Request:
    return events.Relocate(by, car=params.text("car"), bay=params.number("bay"))


def _cancel(params: Params, by: str) -> events.Request:
    return events.Cancel(by, job=params.number("job"))


def _resolve(params: Params, by: str) -> events.Request:
    place = params.optional_number("place")
    return events.Resolve(by, job=params.number("job"), choice=params.text("choice"), place=place)


def _block(params: Params, by: str) -> events.Request:
    return events.BlockPlace(by, place=params.number("place"), why=params.text("why"))


def _free(params: Params, by: str) -> events.Request:
    return events.FreePlace(by, place=params.number("place"))


def _level_block(params: Params, by: str) -> events.Request:
    return events.BlockLevel(by, level=params.number("level"), why=params.text("why"))


def _level_free(params: Params, by: str) -> events.Request:
    return events.FreeLevel(by, level=params.number("level"))


def _room_out(params: Params, by: str) -> events.Request:
    return events.RoomOut(by, room=params.number("room"), why=params.text("why"))


def _room_in(params: Params, by: str) -> events.Request:
    return events.RoomIn(by, room=params.number("room"))


def _generator(params: Params, by: str) -> events.Request:
    on = params.flag("on")
    return events.SetGenerator(by, on=on, why=params.text("why") if on else params.text("why", default=""))


def _speed(params: Params, by: str) -> events.Request:
    axis, percent = params.text("axis"), params.number("percent")
    why = params.text("why", default="" if percent == RATED_PERCENT else None)
    return events.SetSpeed(by, axis=axis, percent=percent, why=why)


def _alarm(params: Params, by: str) -> events.Request:
    act = events.AlarmAct(params.one_of("act", events.AlarmAct))
    seconds = params.optional_number("seconds") or 0
    number, why = params.text("number"), params.text("why", default="")
    return events.AlarmCommand(by, act=act, number=number, seconds=seconds, why=why)


def _alarms(_params: Params, by: str) -> events.Request:
    return events.Query(by, what="alarms")


def _confirm(params: Params, by: str) -> events.Request:
    return events.ConfirmPlace(by, place=params.number("place"), car=params.text("car", default="") or None)


def _audit(_params: Params, by: str) -> events.Request:
    return events.Query(by, what="audit")


def _audited(params: Params, by: str) -> events.Request:
    return events.AuditPlace(by, place=params.number("place"), car=params.text("car", default="") or None)


def _sensor_out(params: Params, by: str) -> events.Request:
    return events.SensorOut(by, name=params.text("name"), why=params.text("why"))


def _sensor_in(params: Params, by: str) -> events.Request:
    return events.SensorIn(by, name=params.text("name"))


def _sensors(_params: Params, by: str) -> events.Request:
    return events.Query(by, what="sensors")


def _service(params: Params, by: str) -> events.Request:
    return events.Query(by, what="service", params={"component": params.text("component", default="")})


def _service_done(params: Params, by: str) -> events.Request:
    return events.CompleteService(by, component=params.text("component"), note=params.text("note"))


def _service_set(params: Params, by: str) -> events.Request:
    return events.StateService(
        by,
        component=params.text("component"),
        note=params.text("note", default=""),
        since_service=params.flag("since_service"),
        cycles=params.optional_number("cycles"),
        starts=params.optional_number("starts"),
        hours=params.optional_number("hours"),
        way=params.optional_number("way"),
        serviced_at=params.optional_number("serviced_at"),
    )


def _adopt(_params: Params, by: str) -> events.Request:
    return events.Adopt(by)


def _trace_save(params: Params, by: str) -> events.Request:
    return events.SaveTrace(by, why=params.text("why"))


def _traces(_params: Params, by: str) -> events.Request:
    return events.Query(by, what="traces")


def _status(_params: Params, by: str) -> events.Request:
    return events.Query(by, what="status")


def _cars(_params: Params, by: str) -> events.Request:
    return events.Query(by, what="cars")


def _jobs(params: Params, by: str) -> events.Request:
    return events.Query(by, what="jobs", params={"all": params.flag("all")})


def _places(_params: Params, by: str) -> events.Request:
    return events.Query(by, what="places")


def _plan(_params: Params, by: str) -> events.Request:
    return events.Query(by, what="plan")


def _slots(params: Params, by: str) -> events.Request:
    wanted = {"begin": params.optional_number("begin"), "count": params.optional_number("count")}
    return events.Query(by, what="slots", params=wanted)


_METHODS: Final[Mapping[str, Callable[[Params, str], events.Request]]] = MappingProxyType(
    {
        "unit": _unit,
        "unit.mode": _mode,
        "unit.generator": _generator,
        "axis.speed": _speed,
        "jog": _jog,
        "jog.hold": _jog_hold,
        "interlocks": _interlocks,
        "inventory.import": _inventory,
        "inventory.audit": _audit,
        "retrieve": _retrieve,
        "arrive": _arrive,
        "on_the_way": _on_the_way,
        "store": _store,
        "relocate": _relocate,
        "cancel": _cancel,
        "resolve": _resolve,
        "place.block": _block,
        "place.free": _free,
        "place.confirm": _confirm,
        "place.audit": _audited,
        "level.block": _level_block,
        "level.free": _level_free,
        "room.out": _room_out,
        "room.in": _room_in,
        "sensor.out": _sensor_out,
        "sensor.in": _sensor_in,
        "sensors": _sensors,
        "plan": _plan,
        "slots": _slots,
        "service": _service,
        "service.done": _service_done,
        "service.set": _service_set,
        "adopt": _adopt,
        "alarm": _alarm,
        "alarms": _alarms,
        "trace.save": _trace_save,
        "traces": _traces,
        "status": _status,
        "cars": _cars,
        "jobs": _jobs,
        "places": _places,
    }
)

SUBSCRIBE: Final = "subscribe"
"""Served by the server itself, from the board."""

WHOAMI: Final = "whoami"
"""Served by the server itself, which knows who is at the other end."""

METHODS: Final = (*_METHODS, SUBSCRIBE, WHOAMI)
"""What every daemon serves; one with wires serves `controller.api.instruments.LOOKS` too."""
