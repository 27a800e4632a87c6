"""The door to `transitions`: refusals change nothing, tables are checked cell by cell."""

from enum import StrEnum
from pathlib import Path

import pytest

from controller.fsm import IllegalTransition, Rule, StateMachine, Transition, check_complete, mermaid

ROOT = Path(__file__).parents[3]


class Lamp(StrEnum):
    OFF = "OFF"
    ON = "ON"
    BROKEN = "BROKEN"


class Act(StrEnum):
    PRESS = "PRESS"
    DROP = "DROP"


RULES = (
    Rule(Lamp.OFF, Act.PRESS, Lamp.ON),
    Rule(Lamp.ON, Act.PRESS, Lamp.OFF),
    Rule(Lamp.OFF, Act.DROP, Lamp.BROKEN),
    Rule(Lamp.ON, Act.DROP, Lamp.BROKEN),
    Rule(Lamp.BROKEN, Act.DROP, Lamp.BROKEN),
)
REFUSED = {Act.PRESS: {Lamp.BROKEN}}


def lamp(initial: Lamp = Lamp.OFF) -> StateMachine[Lamp, Act]:
    return StateMachine("lamp", RULES, initial)


def test_firing_changes_the_state_and_tells_how() -> None:
    machine = lamp()
    assert machine.fire(Act.PRESS) == Transition(Lamp.OFF, Act.PRESS, Lamp.ON)
    assert machine.state is Lamp.ON


def test_an_event_may_be_accepted_without_a_change() -> None:
    machine = lamp(Lamp.BROKEN)
    assert machine.fire(Act.DROP) == Transition(Lamp.BROKEN, Act.DROP, Lamp.BROKEN)
    assert machine.state is Lamp.BROKEN


def test_a_refused_event_names_what_is_allowed_and_changes_nothing() -> None:
    machine = lamp(Lamp.BROKEN)
    with pytest.raises(IllegalTransition) as caught:
        machine.fire(Act.PRESS)
    assert str(caught.value) == "lamp: PRESS is refused in BROKEN; allowed: DROP"
    assert (caught.value.machine, caught.value.state, caught.value.event) == ("lamp", Lamp.BROKEN, Act.PRESS)
    assert caught.value.allowed == {Act.DROP}
    assert machine.state is Lamp.BROKEN


def test_legal_and_can_follow_the_state() -> None:
    machine = lamp()
    assert machine.legal() == {Act.PRESS, Act.DROP}
    machine.restore(Lamp.BROKEN)
    assert machine.legal() == {Act.DROP}
    assert not machine.can(Act.PRESS)
    assert machine.can(Act.DROP)


def test_restore_stands_anywhere_and_goes_on_from_there() -> None:
    machine = lamp()
    machine.restore(Lamp.ON)
    assert machine.state is Lamp.ON
    assert machine.fire(Act.PRESS).target is Lamp.OFF


def test_machines_of_one_table_do_not_share_their_state() -> None:
    one, other = lamp(), lamp()
    one.fire(Act.PRESS)
    assert other.state is Lamp.OFF


def test_a_complete_table_has_nothing_to_complain_of() -> None:
    assert check_complete(Lamp, tuple(Act), RULES, REFUSED) == ()


def test_holes_doubles_and_contradictions_are_named() -> None:
    assert check_complete(Lamp, tuple(Act), RULES, {}) == ("BROKEN x PRESS: neither",)
    both = {Act.PRESS: {Lamp.BROKEN, Lamp.ON}}
    assert check_complete(Lamp, tuple(Act), RULES, both) == ("ON x PRESS: both",)
    double = (*RULES, Rule(Lamp.ON, Act.PRESS, Lamp.BROKEN))
    assert check_complete(Lamp, tuple(Act), double, REFUSED) == ("ON x PRESS: 2 rules",)


def test_the_diagram_joins_events_between_the_same_states() -> None:
    rules = (*RULES, Rule(Lamp.BROKEN, Act.PRESS, Lamp.BROKEN))
    assert mermaid(rules).splitlines() == [
        "stateDiagram-v2",
        "    OFF --> ON: PRESS",
        "    ON --> OFF: PRESS",
        "    OFF --> BROKEN: DROP",
        "    ON --> BROKEN: DROP",
        "    BROKEN --> BROKEN: DROP, PRESS",
    ]
