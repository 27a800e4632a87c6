"""Requests as plain data: each comes back as it was."""

import json

import pytest

from controller.domain import events
from controller.domain.request_bodies import LOOKS, from_body, to_body
from controller.domain.roles import Role
from controller.domain.unit import UnitEvent, UnitMode

EACH: list[events.Request] = [
    events.Adopt("e"),
    events.AlarmCommand("o", act=events.AlarmAct.SHELVE, number="701.2", seconds=60, why="known"),
    events.Arrive("o", car="C1"),
    events.OnTheWay("o", car="C1", in_s=300),
    events.AuditPlace("o", place=102, car=None),
    events.BlockLevel("t", level=2, why="beam"),
    events.BlockPlace("t", place=102, why="latch"),
    events.Cancel("o", job=3),
    events.CompleteService("t", component="lift", note="greased"),
    events.ConfirmPlace("o", place=102, car="C1", on_site=True),
    events.FreeLevel("t", level=2),
    events.FreePlace("t", place=102),
    events.ImportInventory("e", cars=(events.StockedCar(id="C1", place=102), events.StockedCar(id="C2", place=203))),
    events.Jog("t", mechanism="lift", direction="up"),
    events.JogHold("t", jog=1, held=False),
    events.Relocate("o", car="C1", bay=203),
    events.Resolve("o", job=3, choice="divert", place=203),
    events.Retrieve("o", car="C1"),
    events.Retrieve("o", car="C1", room=101, due=1_800_000_000),
    events.RoomIn("o", room=101),
    events.RoomOut("o", room=101, why="gate"),
    events.SaveTrace("o", why="a look"),
    events.SensorIn("t", name="bay102.occupied_a"),
    events.SensorOut("t", name="bay102.occupied_a", why="torn"),
    events.SetGenerator("o", on=True, why="mains failed"),
    events.SetSpeed("t", axis="lift", percent=50, why="derated"),
    events.SetMode("t", mode=UnitMode.MANUAL),
    events.StateService("t", component="lift", note="", cycles=7, serviced_at=1_800_000_000),
    events.Store("o", car="C1", room=101, model="aster"),
    events.UnitCommand("o", event=UnitEvent.RESET, role=Role.TECHNICIAN, on_site=True),
]


@pytest.mark.parametrize("request_", EACH, ids=lambda each: type(each).__name__)
def test_a_request_comes_back_as_it_was(request_: events.Request) -> None:
    again = from_body(json.loads(json.dumps(to_body(request_))))
    assert again == request_
    assert again.role is request_.role


def test_every_request_that_does_not_only_look_has_a_body() -> None:
    looks = {look.__name__ for look in LOOKS}
    known = {kind.__name__ for kind in events.Request.__subclasses__() if kind.__module__ == events.__name__}
    assert {type(each).__name__ for each in EACH} == known - looks


@pytest.mark.parametrize(
    "body", [{}, {"request": "Query"}, {"request": "Retrieve"}, {"request": "Cancel", "job": 1, "odd": 2}]
)
def test_what_is_no_request_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no "):
        from_body(body)
