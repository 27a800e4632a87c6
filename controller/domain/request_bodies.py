"""Requests as plain data and back: what a recording of a run keeps of those who asked for something."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Final

from controller.domain import events
from controller.domain.events import Request
from controller.domain.roles import Role
from controller.domain.unit import UnitEvent, UnitMode

LOOKS: Final = (events.Query, events.Interlocks)
"""Requests that change nothing, whatever they answer."""


def to_body(request: Request) -> dict[str, object]:
    """Return a request as data that JSON can hold: its name under ``request``, then its fields."""
    return {"request": type(request).__name__, **asdict(request)}


def from_body(body: Mapping[str, Any]) -> Request:
    """Return the request that `to_body` made a body of.

    Raises:
        ValueError: it is none, or one that only looks.

    """
    values = {name: _REVIVED.get(name, _as_it_is)(value) for name, value in body.items() if name != "request"}
    kind = _KINDS.get(str(body.get("request")))
    if kind is None:
        raise ValueError(f"no request: {body.get('request')!r}")
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"no {kind.__name__}: {error}") from error


_KINDS: Final[Mapping[str, Callable[..., Request]]] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (
            events.Adopt,
            events.AlarmCommand,
            events.Arrive,
            events.AuditPlace,
            events.BlockLevel,
            events.BlockPlace,
            events.Cancel,
            events.CompleteService,
            events.ConfirmPlace,
            events.FreeLevel,
            events.FreePlace,
            events.ImportInventory,
            events.Jog,
            events.JogHold,
            events.OnTheWay,
            events.Relocate,
            events.Resolve,
            events.Retrieve,
            events.RoomIn,
            events.RoomOut,
            events.SaveTrace,
            events.SensorIn,
            events.SensorOut,
            events.SetGenerator,
            events.SetMode,
            events.SetSpeed,
            events.StateService,
            events.Store,
            events.UnitCommand,
        )
    }
)


def _as_it_is(value: Any) -> Any:
    return value


def _stock(cars: list[dict[str, Any]]) -> tuple[events.StockedCar, ...]:
    return tuple(events.StockedCar(**car) for car in cars)


_REVIVED: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {"role": Role, "event": UnitEvent, "mode": UnitMode, "act": events.AlarmAct, "cars": _stock}
)
"""By the name of a field: what is more than text and numbers."""
