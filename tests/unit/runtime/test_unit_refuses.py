"""The unit that runs, against the cells that PackML refuses: nothing changes, nothing is kept, nothing is written.

Which cells those are is typed from the standard (ISA-TR88.00.02: the states that each command leaves) and not
taken from the rules.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest

from controller.domain.book import Book
from controller.domain.events import SetMode
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitEvent as E
from controller.domain.unit import UnitMode
from controller.domain.unit import UnitState as S
from controller.runtime.inbox import Board
from controller.runtime.ledger import Ledger
from controller.runtime.unit import Unit

LEAVES: Mapping[E, frozenset[S]] = {
    E.RESET: frozenset({S.STOPPED, S.COMPLETE}),
    E.START: frozenset({S.IDLE}),
    E.STOP: frozenset(S) - {S.CLEARING, S.STOPPED, S.STOPPING, S.ABORTING, S.ABORTED},
    E.HOLD: frozenset({S.EXECUTE, S.STARTING, S.UNHOLDING, S.SUSPENDING, S.SUSPENDED, S.UNSUSPENDING}),
    E.UNHOLD: frozenset({S.HELD}),
    E.SUSPEND: frozenset({S.EXECUTE}),
    E.UNSUSPEND: frozenset({S.SUSPENDED}),
    E.ABORT: frozenset(S) - {S.ABORTING, S.ABORTED},
    E.CLEAR: frozenset({S.ABORTED}),
    E.DONE: frozenset(S) - {S.STOPPED, S.IDLE, S.SUSPENDED, S.ABORTED, S.HELD, S.COMPLETE},
}
"""The states in which each event is taken."""

CELLS = [(state, event) for state, event in itertools.product(S, E) if state not in LEAVES[event]]


class Blank:
    """Stands where hardware, jobs and rooms would: the unit must not touch any of it."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"a refused command reached for {name}")


class Log:
    """A journal that counts what it is given."""

    def __init__(self) -> None:
        self.kept: list[object] = []

    async def append(self, records: Sequence[tuple[str, Mapping[str, object]]]) -> float:
        self.kept.extend(records)
        return 0.0


def test_the_standard_refuses_119_cells_and_takes_51() -> None:
    assert len(CELLS) == 119
    assert sum(map(len, LEAVES.values())) == 51


@pytest.mark.parametrize("event", E, ids=lambda event: event.name)
def test_a_refused_command_has_no_side_effect(event: E) -> None:
    async def scenario() -> None:
        for state in (state for state, refused in CELLS if refused is event):
            await refuses(state, lambda unit: unit.command(event), "UNIT_STATE")

    asyncio.run(scenario())


@pytest.mark.parametrize("mode", UnitMode)
def test_a_mode_is_refused_without_side_effect_in_the_states_that_do_not_wait(mode: UnitMode) -> None:
    async def scenario() -> None:
        taken = list[SetMode]()
        refusing = [state for state in S if state not in (S.STOPPED, S.IDLE, S.ABORTED)]
        assert len(refusing) == 14
        for state in refusing:
            await refuses(state, lambda unit: unit.change_mode(SetMode("7:kim", mode=mode), taken.append), "MODE_STATE")
        assert taken == []

    asyncio.run(scenario())


async def refuses(state: S, ask: Callable[[Unit], Awaitable[object]], rule: str) -> None:
    """See that a unit in a state refuses something by a rule, and that nothing at all comes of it.

    Raises:
        AssertionError: something does.

    """
    log, board = Log(), Board()
    ledger = Ledger(Book.empty(()), log)
    before = ledger.book.to_body()
    nobody: Any = Blank()
    unit = Unit(nobody, ledger, nobody, nobody, nobody, nobody, board, nobody, lambda: 7.0)
    unit._machine.restore(state)
    seen = (unit.state, unit.cause, unit.since, unit.mode, board.version, board.last_event)
    with pytest.raises(Refusal) as refusal:
        await ask(unit)
    assert refusal.value.rule == rule
    assert state.name in refusal.value.text
    await ledger.drain()
    assert seen == (unit.state, unit.cause, unit.since, unit.mode, board.version, board.last_event)
    assert not unit._runner.busy
    assert log.kept == []
    assert ledger.book.to_body() == before
