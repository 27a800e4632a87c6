"""A command is judged by whoever may have planned it: the daemon of now, or the one before its log was lost."""

from types import SimpleNamespace
from typing import Any

import pytest

from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.rehearsal.intent_law import IntentLaw

MOVE = Content(Opcode.MOVE_TO, 2500, 202, 0)


@pytest.mark.parametrize(
    ("then", "now", "found"),
    [
        pytest.param(None, 6, [], id="planned now"),
        pytest.param(None, 5, ["I6"], id="not planned"),
        pytest.param(6, 0, [], id="left by the daemon before, which had planned it"),
        pytest.param(5, 0, ["I6"], id="left by the daemon before, which had not"),
        pytest.param(5, 6, [], id="left unplanned, and planned again as the same by the daemon of now"),
    ],
)
def test_who_planned_what_is_accepted(then: int | None, now: int, found: list[str]) -> None:
    accused: list[str] = []
    world: Any = SimpleNamespace(
        daemon=SimpleNamespace(book=SimpleNamespace(sequences={"tower/lift": now})), has_rivals=False
    )
    law = IntentLaw(world, lambda invariant, _text: accused.append(invariant))
    if then is not None:
        law._left["tower", "lift", 6, MOVE] = then
    law.accepted("tower", LogEntry(0.0, "lift", 6, Event.ACCEPTED, MOVE))
    assert accused == found
