"""State machines from declarative tables; the only door to `transitions`.

A table is a tuple of `Rule`; what is no rule is refused. A change of state is synchronous and pure: no callback
runs, nothing is queued, a refused event changes nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Generic, TypeVar

import transitions

S = TypeVar("S", bound=Enum)
E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Rule(Generic[S, E]):
    """In state ``source`` the event ``event`` leads to ``target`` (which may be ``source``: accepted, no change)."""

    source: S
    event: E
    target: S


@dataclass(frozen=True, slots=True)
class Transition(Generic[S, E]):
    """A change of state that happened; ``source == target`` is an accepted event that changed nothing."""

    source: S
    event: E
    target: S


class IllegalTransition(Exception, Generic[S, E]):
    """An event that the table refuses in this state; the machine stands where it stood."""

    def __init__(self, machine: str, state: S, event: E, allowed: frozenset[E]) -> None:
        names = ", ".join(sorted(each.name for each in allowed)) or "nothing"
        super().__init__(f"{machine}: {event.name} is refused in {state.name}; allowed: {names}")
        self.machine = machine
        self.state = state
        self.event = event
        self.allowed = allowed


class _Model:
    """What `transitions` keeps the state in."""

    def __init__(self, state: Enum) -> None:
        self.state = state


class StateMachine(Generic[S, E]):
    """One machine that follows a table of rules."""

    def __init__(self, name: str, rules: tuple[Rule[S, E], ...], initial: S) -> None:
        self.name = name
        self._table = _table(_Same(type(initial), rules))
        self._model = _Model(initial)
        self._state = initial

    @property
    def state(self) -> S:
        """The state it stands in."""
        return self._state

    def legal(self) -> frozenset[E]:
        """Return the events that this state accepts."""
        legal: frozenset[E] = self._table.legal.get(self._state, frozenset())
        return legal

    def can(self, event: E) -> bool:
        """Say whether this state accepts ``event``."""
        return event in self.legal()

    def fire(self, event: E) -> Transition[S, E]:
        """Take ``event`` and return the change.

        Raises: IllegalTransition, and nothing changed.
        """
        source = self._state
        stay: Transition[S, E] | None = self._table.stays.get(source, {}).get(event)
        if stay is not None:
            return stay
        if not self.can(event):
            raise IllegalTransition(self.name, source, event, self.legal())
        self._table.engine.events[event.name].trigger(self._model)
        self._state = type(source)(self._model.state)
        return Transition(source, event, self._state)

    def restore(self, state: S) -> None:
        """Stand in ``state`` without an event: what a journal or a proof says."""
        self._model.state = state
        self._state = state


class _Same:
    """A table that is looked up as the very object that it is: its rules are hashed by nobody."""

    __slots__ = ("rules", "states")

    def __init__(self, states: type[Enum], rules: tuple[Rule[Any, Any], ...]) -> None:
        self.states, self.rules = states, rules

    def __hash__(self) -> int:
        return id(self.rules)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.rules is other.rules and self.states is other.states


@dataclass(frozen=True, slots=True)
class _Table:
    """A table made ready; all its machines share it, since it keeps no state of its own."""

    engine: transitions.Machine
    legal: Mapping[Any, frozenset[Any]]
    """The events that each state accepts."""
    stays: Mapping[Any, Mapping[Any, Transition[Any, Any]]]
    """Of these, those that leave it as it is: most looks at a tower at rest change nothing."""


@lru_cache(maxsize=32)
def _table(same: _Same) -> _Table:
    engine = transitions.Machine(
        model=None, states=same.states, initial=None, auto_transitions=False, queued=False, send_event=False
    )
    for rule in same.rules:
        engine.add_transition(rule.event.name, rule.source, rule.target)
    stays: dict[Any, dict[Any, Transition[Any, Any]]] = {}
    for rule in same.rules:
        if rule.source is rule.target:
            stays.setdefault(rule.source, {})[rule.event] = Transition(rule.source, rule.event, rule.source)
    return _Table(engine, _by_state(same.rules), stays)


def _by_state(rules: Iterable[Rule[Any, Any]]) -> dict[Any, frozenset[Any]]:
    events: dict[Any, set[Any]] = {}
    for rule in rules:
        events.setdefault(rule.source, set()).add(rule.event)
    return {state: frozenset(each) for state, each in events.items()}


def check_complete(
    states: Iterable[S],
    events: Collection[E],
    rules: Iterable[Rule[S, E]],
    refused: Mapping[E, Collection[S]],
) -> tuple[str, ...]:
    """Return what is wrong with a table: cells without an answer, with two rules, or both ruled and refused."""
    ruled: dict[tuple[S, E], int] = {}
    for rule in rules:
        ruled[rule.source, rule.event] = ruled.get((rule.source, rule.event), 0) + 1
    complaints = [f"{state.name} x {event.name}: {count} rules" for (state, event), count in ruled.items() if count > 1]
    for state in states:
        for event in events:
            is_refused = state in refused.get(event, ())
            if is_refused == ((state, event) in ruled):
                complaints.append(f"{state.name} x {event.name}: {'both' if is_refused else 'neither'}")
    return tuple(complaints)


def mermaid(rules: Iterable[Rule[S, E]]) -> str:
    """Return the table as a mermaid state diagram; events between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for rule in rules:
        arrows.setdefault((rule.source.name, rule.target.name), []).append(rule.event.name)
    lines = [f"    {source} --> {target}: {', '.join(events)}" for (source, target), events in arrows.items()]
    return "\n".join(["stateDiagram-v2", *lines])
