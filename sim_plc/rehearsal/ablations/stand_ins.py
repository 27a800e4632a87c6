"""What stands in for a safeguard: functions that do nothing, or answer one thing whatever is asked."""

from collections.abc import Callable
from typing import Any


def does_nothing(_original: Any) -> Callable[..., None]:
    """Stand in for a function that is called for its effect."""
    return lambda *_args, **_named: None


def awaits_nothing(_original: Any) -> object:
    """Stand in for a coroutine function that is awaited for its effect."""

    async def nothing(*_args: object, **_named: object) -> None:
        return

    return nothing


def answers(value: object) -> Callable[[Any], Callable[..., object]]:
    """Return what stands in for a function that is called for its answer."""
    return lambda _original: lambda *_args, **_named: value


def resolves_to(value: object) -> Callable[[Any], object]:
    """Return what stands in for a coroutine function that is awaited for its answer."""

    async def answer(*_args: object, **_named: object) -> object:
        return value

    return lambda _original: answer


def shows(value: object) -> Callable[[Any], property]:
    """Return what stands in for a property."""
    return lambda _original: property(lambda _self: value)


def is_now(value: object) -> Callable[[Any], object]:
    """Return what stands in for a constant."""
    return lambda _original: value
