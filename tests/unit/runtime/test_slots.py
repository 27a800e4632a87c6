"""What a slot may hold follows what was learned, whenever somebody asks, and takes nobody's appointment away."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.domain.appointments import Appointment
from controller.domain.book import Book
from controller.domain.dispatch.course import Course
from controller.domain.dispatch.cycles import Cycles, Pace, Paces, rough
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.runtime.foresight import Learned
from controller.runtime.signals import ActivityEnded
from controller.runtime.slots import REMEMBERED, SLOT_S, Slots
from controller.settings import kinematics_of
from sim_plc.rehearsal import loop
from tests.support.towers import tower_named

TOWER = tower_named("guangzhou")
NOON = 100 * SLOT_S
SLOW = Learned(Paces(), rough(250.0), kinematics_of(TOWER))
QUICK = replace(SLOW, served_s=rough(90.0))


class Desk:
    """The slots of a tower that is taught by word, and the control task that takes the ends of their reckonings."""

    def __init__(self, learned: Learned) -> None:
        self.now_learned = learned
        self.reckoned = 0
        self.book = Book()
        self.state = RoomState.VACANT
        self._ended: asyncio.Queue[ActivityEnded] = asyncio.Queue()
        bench = cast("Any", SimpleNamespace(shape=TOWER.shape, restrictions={}))
        self.slots = Slots(bench, self.book, self._room, cast("Any", self), self._ended.put_nowait, lambda: NOON)

    def learned(self) -> Learned:
        return self.now_learned

    def course_of(self, learned: Learned) -> Course:
        self.reckoned += 1
        return Course(Cycles(learned.machine, TOWER.shape, learned.paces), learned.served_s)

    def _room(self, room: int) -> RoomState:
        return self.state if room == TOWER.shape.rooms[0] else RoomState.VACANT

    async def ask(self) -> dict[str, Any]:
        return dict(await self.answer(self.slots.asked({"count": 1})))

    async def answer(self, question: Awaitable[object]) -> Mapping[str, Any]:
        """Return an answer, now or once what it waits for has ended."""
        later: Any = await question
        while isinstance(later, asyncio.Future) and not later.done():
            await self.slots.ended(await self._ended.get())
        return cast("Mapping[str, Any]", later.result() if isinstance(later, asyncio.Future) else later)


def test_a_capacity_follows_what_was_learned_and_hangs_on_nothing_else() -> None:
    async def play() -> None:
        desk, late = Desk(SLOW), Desk(QUICK)
        slow = await desk.ask()
        assert await desk.ask() == slow
        assert desk.reckoned == 1, "it is known by now"
        desk.now_learned = QUICK
        quick = await desk.ask()
        assert quick["capacity"] > slow["capacity"]
        assert quick == await late.ask(), "who asks for the first time now is told the same"
        desk.now_learned = SLOW
        assert await desk.ask() == slow
        assert desk.reckoned == 2

    loop.run(play())


def test_what_changes_little_changes_nothing() -> None:
    paces = Paces(Pace(1.011, 0.04), Pace(1.003), Pace(0.997), Pace(1.0), Pace(0.985, 0.07))
    assert paces.rough == Paces(Pace(), Pace(), Pace(), Pace(), Pace())
    assert Paces(Pace(1.3, 0.5)).rough == Paces(Pace(1.3, 0.4))
    assert Paces(Pace(0.01)).rough.travel.share > 0
    assert rough(96.0) == rough(97.5) != rough(110.0)
    assert rough(96.0) == pytest.approx(96.0, rel=0.05)
    assert rough(0.0) == 0.0


def test_a_slot_that_holds_more_than_it_may_keeps_them_and_takes_no_more() -> None:
    async def play() -> None:
        desk = Desk(QUICK)
        many = (await desk.ask())["capacity"]
        for number in range(many):
            each = Appointment(number, f"C{number}", NOON + number, None, booked_at=0.0, requested_by="eve")
            desk.book.appointments[number] = each
        desk.now_learned = SLOW
        told = await desk.ask()
        assert told["capacity"] < many
        assert told["slots"] == [{"begins": NOON, "booked": many, "free": 0}]
        assert len(desk.book.appointments) == many
        with pytest.raises(Refusal, match=f"holds {many} of {told['capacity']}: the next free one"):
            desk.slots.require_free(NOON)
        desk.slots.require_free(NOON + SLOT_S)

    loop.run(play())


def test_what_is_learned_while_it_is_reckoned_keeps_nobody_waiting() -> None:
    async def play() -> None:
        desk = Desk(SLOW)
        asked = asyncio.create_task(desk.ask())
        await asyncio.sleep(0.01)
        desk.now_learned = QUICK
        assert (await asked)["capacity"] == (await Desk(SLOW).ask())["capacity"]
        assert desk.reckoned == 1
        await desk.ask()
        assert desk.reckoned == 2

    loop.run(play())


def test_a_room_that_goes_out_while_it_is_reckoned_is_waited_for() -> None:
    async def play() -> None:
        desk = Desk(SLOW)
        asked = asyncio.create_task(desk.ask())
        await asyncio.sleep(0.01)
        desk.state = RoomState.OUT_OF_SERVICE
        told = await asked
        assert told["rooms"] == list(TOWER.shape.rooms[1:])
        assert desk.reckoned == 2

    loop.run(play())


def test_only_so_many_are_remembered() -> None:
    async def play() -> None:
        desk = Desk(SLOW)
        for step in range(REMEMBERED + 2):
            desk.now_learned = replace(SLOW, served_s=5000.0 + step)
            await desk.ask()
        reckoned = desk.reckoned
        await desk.ask()
        assert desk.reckoned == reckoned, "the newest is known"
        desk.now_learned = replace(SLOW, served_s=5000.0)
        await desk.ask()
        assert desk.reckoned == reckoned + 1, "the oldest was forgotten"

    loop.run(play())
