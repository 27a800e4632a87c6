"""Who came and heard of a failing disk may have been met all the same, as the journal tells the next daemon."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from controller.domain.appointments import Appointment, AppointmentState
from controller.domain.book import Book
from controller.domain.events import Arrive, Retrieve, Store
from controller.domain.records import AppointmentSet, to_entry
from sim_plc.rehearsal.appointment_law import AppointmentLaw
from sim_plc.rehearsal.promises import UNKNOWN
from tests.support.journals import open_journal

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


@pytest.mark.parametrize(
    ("ended", "found"),
    [
        pytest.param(AppointmentState.MET, [], id="met by the request in doubt"),
        pytest.param(AppointmentState.LAPSED, ["I12"], id="lapsed before its time"),
        pytest.param(None, ["I12"], id="lost by the snapshot"),
    ],
)
def test_an_end_that_is_in_the_journal_counts_when_a_daemon_has_made_a_snapshot_behind_it(
    ended: AppointmentState | None, found: list[str]
) -> None:
    async def scenario() -> list[str]:
        journal, book = open_journal(":memory:"), Book.empty(())
        world: Any = SimpleNamespace(life_witnesses=[], now=0.0, daemon=SimpleNamespace(book=book))
        world.computer = SimpleNamespace(clock=_Clock())
        world.tower = SimpleNamespace(shape=SimpleNamespace(bays=()), timing=SimpleNamespace(appointment_grace_s=900))
        accused: list[str] = []
        law = AppointmentLaw(world, lambda invariant, _text: accused.append(invariant))
        law.on_answered(Retrieve(car="C1", due=DUE), {"appointment": 3})
        arrival = Arrive(car="C1")
        law.asked(arrival)
        law.refused(arrival, UNKNOWN)
        booked = Appointment(3, "C1", DUE, None)
        states = (booked,) if ended is None else (booked, replace(booked, state=ended))
        await journal.append([to_entry(AppointmentSet(each)) for each in states])
        await journal.save_snapshot(book.to_body())
        begun: Any = SimpleNamespace(book=book, journal=journal)
        law.on_begun(begun)
        journal.close()
        return accused

    assert asyncio.run(scenario()) == found


class _Clock:
    """A clock that nobody has set, at zero."""

    was_touched = False

    def __call__(self) -> float:
        return 0.0
