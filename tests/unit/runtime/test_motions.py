"""Few motions at a time: in the order of asking, none cut by a limit that comes, none lost by who gives up waiting."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from controller.activities.motions import Motions
from sim_plc.rehearsal import loop


class Hall:
    """Motions that last a second each, and what ran when."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self.motions = Motions(lambda: self.most)
        self.ran: list[str] = []
        self.side_by_side = 0

    async def move(self, name: str, axes: int = 1) -> None:
        async with self.motions.admitted(axes):
            self.ran.append(name)
            self.side_by_side = max(self.side_by_side, self.motions.running)
            await asyncio.sleep(1.0)


def played(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    loop.run(scene())


@pytest.mark.parametrize(("most", "side_by_side", "took_s"), [(1, 1, 4.0), (2, 2, 2.0), (None, 4, 1.0)])
def test_as_many_run_at_a_time_as_may_in_the_order_of_asking(
    most: int | None, side_by_side: int, took_s: float
) -> None:
    async def scene() -> None:
        hall, began_s = Hall(most), asyncio.get_running_loop().time()
        await asyncio.gather(*(hall.move(name) for name in "abcd"))
        assert hall.ran == list("abcd")
        assert hall.side_by_side == side_by_side
        assert asyncio.get_running_loop().time() - began_s == pytest.approx(took_s)

    played(scene)


def test_a_limit_that_comes_cuts_nothing_and_one_that_goes_lets_all_begin() -> None:
    async def scene() -> None:
        hall = Hall(None)
        tasks = [asyncio.create_task(hall.move(name)) for name in "ab"]
        await asyncio.sleep(0.5)
        hall.most = 1
        tasks += [asyncio.create_task(hall.move(name)) for name in "cd"]
        await asyncio.sleep(0.4)
        assert (hall.ran, hall.motions.running) == (["a", "b"], 2)
        await asyncio.sleep(0.2)
        assert (hall.ran, hall.motions.running) == (["a", "b", "c"], 1)
        hall.most = None
        hall.motions.stir()
        await asyncio.sleep(0.01)
        assert hall.motions.running == 2
        await asyncio.gather(*tasks)
        assert hall.motions.running == 0

    played(scene)


def test_more_than_the_limit_together_run_alone_and_nobody_overtakes_them() -> None:
    async def scene() -> None:
        hall = Hall(2)
        await asyncio.gather(hall.move("a"), hall.move("three", axes=3), hall.move("b"))
        assert hall.ran == ["a", "three", "b"]

    played(scene)


@pytest.mark.parametrize("its_turn_has_come", [False, True])
def test_who_gives_up_waiting_keeps_nobody_from_moving(*, its_turn_has_come: bool) -> None:
    async def scene() -> None:
        hall = Hall(1)
        first, waits, behind = [asyncio.create_task(hall.move(name)) for name in "abc"]
        await asyncio.sleep(0.5)
        if its_turn_has_come:
            # Both are cancelled in one turn of the loop: the second one's turn comes before it hears of it.
            first.cancel()
            await asyncio.sleep(0)
        waits.cancel()
        await asyncio.wait({first, waits, behind})
        assert hall.ran == ["a", "c"]
        assert hall.motions.running == 0

    played(scene)


def test_what_moves_nothing_waits_for_nobody() -> None:
    async def scene() -> None:
        hall = Hall(1)
        await asyncio.gather(hall.move("a"), hall.move("sign", axes=0))
        assert hall.side_by_side == 1
        assert hall.motions.running == 0

    played(scene)
