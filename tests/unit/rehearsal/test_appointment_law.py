"""Who came and heard of a failing disk may have been met all the same, as the journal tells the next daemon."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from controller.domain.appointments import AppointmentState
from controller.domain.events import Arrive, Retrieve, Store
from sim_plc.rehearsal.appointment_law import UNKNOWN, AppointmentLaw

DUE = 100


@pytest.mark.parametrize(
    ("before", "rule", "found"),
    [
        pytest.param((), UNKNOWN, [], id="in doubt"),
        pytest.param((), "LEVEL_BLOCKED", ["I12"], id="for certain"),
        pytest.param(("ROOM_IN_USE",), UNKNOWN, [], id="in doubt behind another refusal"),
        pytest.param((UNKNOWN,), UNKNOWN, ["I12"], id="not even tried behind the one in doubt"),
    ],
)
def test_an_appointment_is_met_by_who_was_not_refused_for_certain(
    before: Sequence[str], rule: str, found: list[str]
) -> None:
    book = SimpleNamespace(appointments={}, where=lambda _car: None, appointment_of_car=lambda _car: None)
    world: Any = SimpleNamespace(life_witnesses=[], now=0.0, daemon=SimpleNamespace(book=book))
    accused: list[str] = []
    law = AppointmentLaw(world, lambda invariant, _text: accused.append(invariant))
    world.tower = SimpleNamespace(shape=SimpleNamespace(bays=()))
    law.on_answered(Retrieve(car="C1", due=DUE), {"appointment": 3})
    for other in before:
        law.refused(Store(car="N1"), other)
    arrival = Arrive(car="C1")
    law.asked(arrival)
    law.refused(arrival, rule)
    law.told({"event": "appointment", "appointment": 3, "state": AppointmentState.MET.value})
    assert accused == found
