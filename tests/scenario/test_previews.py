"""What is said before a move is asked for is what the tower then answers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from controller.cli import intent
from controller.domain.events import Arrive, BlockLevel, Cancel, Query, Retrieve, RoomOut, SetGenerator, Store
from controller.domain.jobs import JobState
from controller.domain.refusal import Refusal
from hal.plcmap.shape import level_of
from sim_plc.rehearsal import loop
from tests.support.scenes import stock
from tests.support.stage import Stage, stage
from tests.support.two_rooms import CAR, FAR, HOUR_S, NEAR, SHAPE, booked, staged, two_rooms

ROOM, OUTSIDE = SHAPE.rooms[0], "N"
BLOCK = BlockLevel(level=level_of(FAR), why="a beam is bent")
OUT = RoomOut(room=ROOM, why="the gate rattles")


async def seen(it: Stage) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """Return what a preview looks at."""
    status, cars, jobs = [dict(await it.ask(Query(what=what))) for what in ("status", "cars", "jobs")]
    return status, cars["cars"], jobs["appointments"]  # type: ignore[return-value]


def last(lines: Iterable[str]) -> str:
    return list(lines)[-1]


async def refusal(it: Stage, request: Retrieve | Arrive) -> Refusal:
    """Return how a tower refuses."""
    with pytest.raises(Refusal) as refused:
        await it.ask(request)
    return refused.value


def test_what_is_somebodys_or_nobodys_is_refused_in_the_words_of_the_tower() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            await booked(it, CAR, HOUR_S)
            for request, preview in (
                (Retrieve(car=CAR), intent.retrieval(*await seen(it), CAR, None)),
                (Retrieve(car="nobody"), intent.retrieval(*await seen(it), "nobody", None)),
                (Arrive(car="nobody"), intent.arrival(*await seen(it), "nobody")),
            ):
                with pytest.raises(Refusal) as said:
                    list(preview)
                answer = await refusal(it, request)
                assert (said.value.rule, said.value.text) == (answer.rule, answer.text)

    loop.run(scenario())


def test_a_booked_car_that_is_not_here_is_asked_about_no_more_and_refused_by_the_tower() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars={}) as it:
            await it.ask(Cancel(job=await it.order(Store(car=OUTSIDE, room=ROOM))))
            await booked(it, OUTSIDE, HOUR_S)
            assert list(intent.arrival(*await seen(it), OUTSIDE)) == []
            assert (await refusal(it, Arrive(car=OUTSIDE))).rule == "UNKNOWN_CAR"
            with pytest.raises(Refusal, match="by appointment"):
                list(intent.retrieval(*await seen(it), OUTSIDE, None))

    loop.run(scenario())


@pytest.mark.parametrize(
    ("restriction", "room", "rule"),
    [(BLOCK, None, "LEVEL_BLOCKED"), (OUT, ROOM, "ROOM_OUT_OF_SERVICE"), (SetGenerator(on=True, why="so"), None, "")],
    ids=lambda each: type(each).__name__,
)
def test_what_keeps_the_tower_from_it_is_said_before(
    restriction: BlockLevel | RoomOut | SetGenerator, room: int | None, rule: str
) -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            await it.ask(restriction)
            assert last(intent.retrieval(*await seen(it), CAR, room)).startswith("It may be refused: ")
            await booked(it, CAR, HOUR_S, room)
            assert last(intent.arrival(*await seen(it), CAR)).startswith("It may be refused: ")
            if rule:
                assert (await refusal(it, Arrive(car=CAR))).rule == rule
            else:
                await it.order(Arrive(car=CAR))

    loop.run(scenario())


def test_with_every_room_taken_it_waits_and_with_one_vacant_it_begins_at_once() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            await booked(it, CAR, HOUR_S, SHAPE.rooms[1])
            first, *_, begins = intent.arrival(*await seen(it), CAR)
            assert first.endswith(f"to room 2 ({SHAPE.rooms[1]}):")
            assert begins == "It begins at once."
            for number, room in enumerate(SHAPE.rooms):
                await it.ask(Store(car=f"N{number}", room=room))
            begins = last(intent.arrival(*await seen(it), CAR))
            assert begins.startswith(f"It waits for room 2 ({SHAPE.rooms[1]}), now ")
            status, *_ = await seen(it)
            assert last(intent.storing(status, "N2", None)) == "It waits for a room: none is vacant."

    loop.run(scenario())


def test_a_car_that_stands_in_its_room_behind_its_appointment_is_let_out_there_and_not_while_it_goes_back() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            [number] = it.book.appointments
            await it.ask(Cancel(job=number))
            for preview in (intent.arrival(*await seen(it), CAR), intent.retrieval(*await seen(it), CAR, None)):
                assert last(preview).endswith("the outer gate opens.")
            with pytest.raises(Refusal, match=f"CAR_LEFT_OVER: .* stands in room .* \\({room}\\) still"):
                list(intent.retrieval(*await seen(it), CAR, next(each for each in SHAPE.rooms if each != room)))
            await it.until(lambda: [job.state for job in it.book.open_jobs()] == [JobState.PICKING])
            answer = await refusal(it, Retrieve(car=CAR))
            assert answer.rule == "CAR_HAS_JOB"
            for preview in (intent.arrival(*await seen(it), CAR), intent.retrieval(*await seen(it), CAR, None)):
                with pytest.raises(Refusal) as said:
                    list(preview)
                assert (said.value.rule, said.value.text) == (answer.rule, answer.text)

    loop.run(scenario())
