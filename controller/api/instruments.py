"""Looks at the wires that the control task has no part in: which there are, and how a call becomes one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

from controller.api.params import Params

Look = Mapping[str, object]

SPACES: Final = ("input", "holding")


class Instruments(Protocol):
    """Read only, beside the control task, through the one master of each bus."""

    async def signals(self, station: str, *, live: bool, only: Sequence[str]) -> Look:
        """Return every register of a station; with ``live`` those of the newest image alone, without any request.

        ``only``: names as in the answer; if any are given, the others are neither read nor told.

        Raises:
            Refusal: UNKNOWN_STATION, or the station cannot be read.

        """
        ...

    async def registers(self, station: str, space: str, address: int, count: int) -> Look:
        """Return raw registers.

        Raises:
            Refusal: UNKNOWN_STATION, a count or address out of range, or the station cannot be read.

        """
        ...

    async def buses(self) -> Look:
        """Return how each bus and each station on it has fared."""
        ...


async def look(method: str, values: Mapping[str, Any], instruments: Instruments) -> Look:
    """Answer a call of one of `LOOKS`.

    Raises:
        BadMessage: a parameter that is missing, unknown or out of range.
        Refusal: see `Instruments`.

    """
    params = Params(values)
    ask = _MAKE[method](params)
    params.end()
    return await ask(instruments)


Ask = Callable[[Instruments], Awaitable[Look]]


def _io(params: Params) -> Ask:
    station, live, only = params.text("station"), params.flag("live"), params.texts("only")
    return lambda instruments: instruments.signals(station, live=live, only=only)


def _bus_read(params: Params) -> Ask:
    station, space = params.text("station"), params.one_of("space", SPACES)
    address, count = params.number("address"), params.number("count")
    return lambda instruments: instruments.registers(station, space, address, count)


def _bus_stats(_params: Params) -> Ask:
    return lambda instruments: instruments.buses()


_MAKE: Final[Mapping[str, Callable[[Params], Ask]]] = MappingProxyType(
    {"io": _io, "bus.read": _bus_read, "bus.stats": _bus_stats}
)

LOOKS: Final = tuple(_MAKE)
