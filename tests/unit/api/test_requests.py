from typing import Any

import pytest

from controller.api.messages import INVALID_PARAMS, METHOD_NOT_FOUND, BadMessage
from controller.api.requests import COMMANDS, METHODS, to_request
from controller.domain import events
from controller.domain.unit import UnitEvent, UnitMode

BY = "1000:ann"


@pytest.mark.parametrize(
    ("method", "params", "request_"),
    [
        ("unit", {"command": "reset"}, events.UnitCommand(BY, event=UnitEvent.RESET)),
        ("unit.mode", {"mode": "manual"}, events.SetMode(BY, mode=UnitMode.MANUAL)),
        (
            "axis.speed",
            {"axis": "lift", "percent": 50, "why": "derated"},
            events.SetSpeed(BY, axis="lift", percent=50, why="derated"),
        ),
        ("axis.speed", {"axis": "lift", "percent": 100}, events.SetSpeed(BY, axis="lift", percent=100)),
        ("jog", {"mechanism": "lift", "direction": "up"}, events.Jog(BY, mechanism="lift", direction="up")),
        ("jog", {"mechanism": "shuttle", "direction": "in"}, events.Jog(BY, mechanism="shuttle", direction="in")),
        ("jog.hold", {"jog": 4, "held": True}, events.JogHold(BY, jog=4, held=True)),
        ("jog.hold", {"jog": 4}, events.JogHold(BY, jog=4, held=False)),
        ("interlocks", {"mechanism": "turntable"}, events.Interlocks(BY, mechanism="turntable")),
        (
            "inventory.import",
            {"cars": [{"id": "A", "place": 102, "model": "M"}, {"id": "B", "place": 103}]},
            events.ImportInventory(
                BY,
                cars=(events.StockedCar(id="A", place=102, model="M"), events.StockedCar(id="B", place=103)),
            ),
        ),
        ("retrieve", {"car": "A"}, events.Retrieve(BY, car="A")),
        ("retrieve", {"car": "A", "room": 104}, events.Retrieve(BY, car="A", room=104)),
        ("retrieve", {"car": "A", "room": None}, events.Retrieve(BY, car="A")),
        ("retrieve", {"car": "A", "due": 1_800_000_000}, events.Retrieve(BY, car="A", due=1_800_000_000)),
        ("arrive", {"car": "A"}, events.Arrive(BY, car="A")),
        ("on_the_way", {"car": "A", "in_s": 90}, events.OnTheWay(BY, car="A", in_s=90)),
        ("store", {"car": "A", "room": 101, "model": "M"}, events.Store(BY, car="A", room=101, model="M")),
        ("store", {"car": "A", "room": 101}, events.Store(BY, car="A", room=101)),
        ("store", {"car": "A"}, events.Store(BY, car="A")),
        ("relocate", {"car": "A", "bay": 503}, events.Relocate(BY, car="A", bay=503)),
        ("cancel", {"job": 4}, events.Cancel(BY, job=4)),
        ("resolve", {"job": 4, "choice": "RESUME"}, events.Resolve(BY, job=4, choice="RESUME")),
        (
            "resolve",
            {"job": 4, "choice": "DIVERT", "place": 302},
            events.Resolve(BY, job=4, choice="DIVERT", place=302),
        ),
        ("adopt", {}, events.Adopt(BY)),
        ("service", {}, events.Query(BY, what="service", params={"component": ""})),
        ("service", {"component": "lift"}, events.Query(BY, what="service", params={"component": "lift"})),
        (
            "service.done",
            {"component": "lift", "note": "new ropes"},
            events.CompleteService(BY, component="lift", note="new ropes"),
        ),
        (
            "service.set",
            {"component": "lift", "cycles": 0, "hours": 4, "since_service": True},
            events.StateService(BY, component="lift", note="", cycles=0, hours=4, since_service=True),
        ),
        ("status", {}, events.Query(BY, what="status")),
        ("cars", {}, events.Query(BY, what="cars")),
        ("places", {}, events.Query(BY, what="places")),
        ("plan", {}, events.Query(BY, what="plan")),
        ("slots", {}, events.Query(BY, what="slots", params={"begin": None, "count": None})),
        ("slots", {"begin": 9, "count": 4}, events.Query(BY, what="slots", params={"begin": 9, "count": 4})),
        ("jobs", {}, events.Query(BY, what="jobs", params={"all": False})),
        ("jobs", {"all": True}, events.Query(BY, what="jobs", params={"all": True})),
    ],
)
def test_a_method_means_its_request(method: str, params: dict[str, Any], request_: events.Request) -> None:
    assert to_request(method, params, BY) == request_


def test_the_nine_commands_are_served_and_done_is_not() -> None:
    assert len(COMMANDS) == 9
    with pytest.raises(BadMessage, match="parameter command: must be one of"):
        to_request("unit", {"command": "done"}, BY)


def test_an_unknown_method_is_told_the_known_ones() -> None:
    with pytest.raises(BadMessage) as caught:
        to_request("launch", {}, BY)
    assert caught.value.code == METHOD_NOT_FOUND
    assert all(method in caught.value.text for method in METHODS)


@pytest.mark.parametrize(
    ("method", "params", "says"),
    [
        ("retrieve", {}, "parameter car: is missing"),
        ("retrieve", {"car": ""}, "parameter car: must not be empty"),
        ("retrieve", {"car": 7}, "parameter car: must be a text"),
        ("retrieve", {"car": "a\nb"}, "parameter car: must be at most 200 printable"),
        ("retrieve", {"car": " a"}, "parameter car: must be"),
        ("retrieve", {"car": "x" * 201}, "parameter car: must be"),
        ("retrieve", {"car": "A", "room": "101"}, "parameter room: must be a whole number"),
        ("retrieve", {"car": "A", "room": True}, "parameter room: must be a whole number"),
        ("retrieve", {"car": "A", "room": 101.0}, "parameter room: must be a whole number"),
        ("retrieve", {"car": "A", "room": -1}, "parameter room: must be a whole number"),
        ("retrieve", {"car": "A", "bay": 101}, "parameter bay: is not a parameter"),
        ("jobs", {"all": 1}, "parameter all: must be true or false"),
        ("cancel", {"job": 1 << 31}, "parameter job: must be a whole number"),
        ("unit", {"command": ["reset"]}, "parameter command: must be one of"),
        ("unit.mode", {"mode": "MANUAL"}, "parameter mode: must be one of production, maintenance, manual"),
        ("jog", {"mechanism": "gate", "direction": "up"}, "parameter mechanism: must be one of lift"),
        ("jog", {"mechanism": "lift", "direction": "out"}, "parameter direction: must be one of up, down"),
        ("jog", {"mechanism": "lift"}, "parameter direction: is missing"),
        ("jog.hold", {"jog": 4, "held": "yes"}, "parameter held: must be true or false"),
        ("jog.hold", {"held": True}, "parameter jog: is missing"),
        ("inventory.import", {"cars": {}}, "parameter cars: must be a list"),
        ("inventory.import", {"cars": [1]}, "parameter cars: must be a list"),
        ("inventory.import", {"cars": [{"id": "A", "place": 102}, {"id": "B"}]}, "parameter cars[1].place: is missing"),
        ("inventory.import", {"cars": [{"id": "A", "place": 102, "x": 1}]}, "parameter cars[0].x: is not"),
        ("adopt", {"force": True}, "parameter force: is not a parameter"),
    ],
)
def test_a_bad_parameter_is_named(method: str, params: dict[str, Any], says: str) -> None:
    with pytest.raises(BadMessage) as caught:
        to_request(method, params, BY)
    assert caught.value.code == INVALID_PARAMS
    assert says in caught.value.text
