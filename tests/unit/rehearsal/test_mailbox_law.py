"""The law of mailboxes: two leaves never set out so that both ways could be open; what is owed has an end."""

import pytest

from hal.plcmap.codes import Opcode, Reason, Result
from hal.plcmap.frame import Content
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.rehearsal.mailbox_law import MailboxLaw

DOOR, GATE, OTHER_GATE = "room1.inner_door", "room1.outer_gate", "room2.outer_gate"


def begin(law: MailboxLaw, mechanism: str, opcode: Opcode) -> set[str]:
    """Return the invariants that break when a mechanism accepts its first command and starts it."""
    return {
        invariant
        for event in (Event.ACCEPTED, Event.STARTED)
        for invariant, _ in law.take("tower", LogEntry(1.0, mechanism, 1, event, Content(opcode)))
    }


@pytest.mark.parametrize(
    ("running", "starting", "opcode", "broken"),
    [
        ((DOOR, Opcode.OPEN), GATE, Opcode.OPEN, {"I6"}),
        ((DOOR, Opcode.CLOSE), GATE, Opcode.OPEN, {"I6"}),
        ((GATE, Opcode.CLOSE), DOOR, Opcode.OPEN, {"I6"}),
        ((DOOR, Opcode.OPEN), GATE, Opcode.CLOSE, set()),
        ((DOOR, Opcode.OPEN), OTHER_GATE, Opcode.OPEN, set()),
    ],
)
def test_a_leaf_may_close_beside_the_other_and_never_set_out_to_open(
    running: tuple[str, Opcode], starting: str, opcode: Opcode, broken: set[str]
) -> None:
    law = MailboxLaw()
    assert begin(law, *running) == set()
    assert begin(law, starting, opcode) == broken


def test_a_leaf_opens_again_once_the_other_has_come_to_rest() -> None:
    law = MailboxLaw()
    begin(law, DOOR, Opcode.CLOSE)
    assert list(law.take("tower", LogEntry(2.0, DOOR, 1, Event.OUTCOME, None, Result.OK, Reason.NONE))) == []
    assert begin(law, GATE, Opcode.OPEN) == set()


def test_a_stop_is_owed_its_outcome_only_when_what_it_stops_stands() -> None:
    law = MailboxLaw()
    begin(law, DOOR, Opcode.CLOSE)
    assert law.owed() == []
    assert list(law.take("tower", LogEntry(2.0, DOOR, 2, Event.ACCEPTED, Content(Opcode.STOP)))) == []
    assert law.owed() == []
    assert list(law.take("tower", LogEntry(3.0, DOOR, 1, Event.OUTCOME, None, Result.STOPPED, Reason.NONE))) == []
    assert law.owed() == [("tower", DOOR)]
    assert list(law.take("tower", LogEntry(3.0, DOOR, 2, Event.OUTCOME, None, Result.OK, Reason.NONE))) == []
    assert law.owed() == []


def test_another_command_beside_one_that_runs_is_owed_its_outcome() -> None:
    law = MailboxLaw()
    begin(law, DOOR, Opcode.CLOSE)
    assert list(law.take("tower", LogEntry(2.0, DOOR, 2, Event.ACCEPTED, Content(Opcode.OPEN)))) == []
    assert law.owed() == [("tower", DOOR)]
