"""Calls that look at the wires: checked by name like every other, and beside the control task."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from controller.api.client import ApiClient, ApiError
from controller.api.instruments import Look, look
from controller.api.messages import INVALID_PARAMS, METHOD_NOT_FOUND, BadMessage
from controller.domain.refusal import Refusal
from tests.support.scripted_control import ScriptedControl


class Wires:
    """Remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def signals(self, station: str, *, live: bool, only: Sequence[str]) -> Look:
        self.asked.append((station, live, list(only)))
        return {"signals": []}

    async def registers(self, station: str, space: str, address: int, count: int) -> Look:
        self.asked.append((station, space, address, count))
        raise Refusal("NO_ANSWER", "tower: late")

    async def buses(self) -> Look:
        return {"buses": []}


@pytest.mark.parametrize(
    ("method", "params", "asked"),
    [
        ("io", {"station": "tower"}, ("tower", False, [])),
        ("io", {"station": "tower", "live": True, "only": ["tower/x"]}, ("tower", True, ["tower/x"])),
    ],
)
def test_a_look_is_what_was_asked_for(method: str, params: Mapping[str, Any], asked: tuple[Any, ...]) -> None:
    wires = Wires()
    assert asyncio.run(_look(method, params, wires)) == {"signals": []}
    assert wires.asked == [asked]


async def _look(method: str, params: Mapping[str, Any], wires: Wires) -> Look:
    return await look(method, params, wires)


@pytest.mark.parametrize(
    ("method", "params", "named"),
    [
        ("io", {}, "station"),
        ("io", {"station": "tower", "live": 1}, "live"),
        ("io", {"station": "tower", "only": "x"}, "only"),
        ("io", {"station": "tower", "all": True}, "all"),
        ("bus.read", {"station": "tower", "space": "coils", "address": 0, "count": 1}, "space"),
        ("bus.read", {"station": "tower", "space": "input", "address": -1, "count": 1}, "address"),
        ("bus.read", {"station": "tower", "space": "input", "address": 0}, "count"),
        ("bus.stats", {"bus": "tower"}, "bus"),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_is_asked(method: str, params: Mapping[str, Any], named: str) -> None:
    wires = Wires()
    with pytest.raises(BadMessage, match=f"parameter {named}") as bad:
        asyncio.run(_look(method, params, wires))
    assert bad.value.code == INVALID_PARAMS
    assert wires.asked == []


@pytest.mark.realtime
def test_a_daemon_with_wires_answers_and_one_without_knows_no_such_method(tmp_path: Path) -> None:
    async def talk(path: Path, wires: Wires | None) -> Look:
        control = ScriptedControl(path, AssertionError, wires)
        async with control.serving(), await ApiClient.connect(path) as client:
            with pytest.raises(Refusal if wires else ApiError) as refused:
                await client.call("bus.read", station="tower", space="input", address=0, count=1)
            assert (wires is not None) or getattr(refused.value, "code", None) == METHOD_NOT_FOUND
            assert control.asked == [], "the control task has no part in it"
            return await client.call("bus.stats") if wires else {}

    assert asyncio.run(talk(tmp_path / "with", Wires())) == {"buses": []}
    assert asyncio.run(talk(tmp_path / "without", None)) == {}
