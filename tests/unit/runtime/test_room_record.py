"""A room says when something comes of time alone: nobody needs to look at it each second until then."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.domain.book import Book
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.records import JobSet
from controller.domain.room_facts import RoomFacts
from controller.runtime.inbox import Board
from controller.runtime.room_record import RoomRecord
from controller.runtime.rooms import Rooms
from controller.runtime.runner import Runner
from sim_plc.rehearsal import loop

PATIENCE_S = 90.0

EMPTY = RoomFacts(
    gate_open=False,
    gate_locked=True,
    door_locked=True,
    occupied_a=False,
    occupied_b=False,
    weight=False,
    person=False,
    person_sensor_ok=True,
    in_marks=False,
    curtain_clear=True,
    measured=False,
    crossings=0,
    last_outward=False,
)


def looked_at(facts: RoomFacts, *instants_s: float) -> RoomRecord:
    """Return a room that shows ``facts`` and was looked at so often."""
    room = RoomRecord(101, 1, Runner("room1", lambda _ended: None))
    room.facts = facts
    for now_s in instants_s:
        room.look_for_people(now_s, PATIENCE_S)
    return room


def test_an_empty_room_waits_for_no_time() -> None:
    assert looked_at(EMPTY, 5.0).due_s(PATIENCE_S) == math.inf


def test_somebody_inside_is_looked_for_when_patience_ends_and_not_again() -> None:
    inhabited = replace(EMPTY, person=True)
    assert looked_at(inhabited, 5.0, 6.0).due_s(PATIENCE_S) == 95.0
    over = looked_at(inhabited, 5.0, 95.0)
    assert over.overstayed
    assert over.due_s(PATIENCE_S) == math.inf


def test_what_broke_is_tried_again_before_patience_ends() -> None:
    room = looked_at(replace(EMPTY, person=True), 5.0)
    room.again_s = 7.5
    assert room.due_s(PATIENCE_S) == 7.5


@pytest.mark.parametrize(
    ("state", "waits"),
    [(JobState.QUEUED, True), (JobState.WAITING, True), (JobState.PICKING, False), (JobState.DONE, False)],
)
def test_while_somebody_is_inside_every_look_counts_for_a_job_that_waits(state: JobState, *, waits: bool) -> None:
    async def scene() -> bool:
        book = Book.empty((101, 201))
        book.apply(JobSet(Job(1, JobKind.RETRIEVE, "A7", 201, 101, None, state)))
        patience = SimpleNamespace(customer_s=PATIENCE_S)
        bench = SimpleNamespace(shape=SimpleNamespace(rooms=(101,)), patience=patience)
        ledger = SimpleNamespace(book=book)

        async def given_up(_job: int, _rule: str, _text: str) -> None:
            raise AssertionError

        rooms = Rooms(cast(Any, bench), cast(Any, ledger), Board(), lambda _ended: None, given_up)
        rooms._rooms[101].inhabited_s = 5.0
        return rooms.waits

    assert loop.run(scene(), start_s=10.0) is waits
