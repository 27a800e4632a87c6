"""The pace of a rehearsal's polls: with those left out that show nothing new, the others come when they always came."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hal.pace import Pace
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.cadence import STAGGER_S, Pulse, PulsedCadence
from sim_plc.rehearsal.lull import LULL_S, EndLull

PERIOD_S = 0.5
QUICK_S = 0.1
ANSWER_S = 0.004


class Line:
    """One station that is polled for ever, each poll taking ``answer_s``; ``polled_s``: when each began."""

    def __init__(self, *, coalesced: bool, answer_s: float = ANSWER_S, number: int = 0) -> None:
        self.pulse = Pulse()
        self.polled_s: list[float] = []
        self.restless = False
        self.left_out_until_s: list[float] = []
        self.pace = Pace(quick_s=QUICK_S, resting_s=PERIOD_S)
        self._answer_s = answer_s
        self.cadence = PulsedCadence(self.pulse, self._begin if coalesced else None, lambda: self.pace, number)

    def _begin(self, _now_s: float) -> EndLull | None:
        return None if self.restless else self.left_out_until_s.append

    async def run(self) -> None:
        while True:
            await self.cadence.next(self.pace.period_s)
            self.polled_s.append(round(asyncio.get_running_loop().time(), 6))
            await asyncio.sleep(self._answer_s)

    def polls_from(self, since_s: float) -> list[float]:
        return [at_s for at_s in self.polled_s if at_s >= since_s]


Act = Callable[[Line, loop.Process], Awaitable[None]]


def polled(act: Act, *, coalesced: bool, answer_s: float = ANSWER_S) -> Line:
    """Poll a station in a process of its own while something is done."""

    async def body() -> Line:
        line, process = Line(coalesced=coalesced, answer_s=answer_s), loop.Process()
        process.run(line.run(), name="polls")
        await act(line, process)
        await process.kill()
        return line

    return loop.run(body())


async def _froze(line: Line, process: loop.Process) -> None:
    await asyncio.sleep(10.2)
    line.cadence.interrupt()
    process.freeze()
    await asyncio.sleep(1.03)
    process.thaw()
    await asyncio.sleep(0.01)


async def _froze_shortly(line: Line, process: loop.Process) -> None:
    await asyncio.sleep(10.2)
    line.cadence.interrupt()
    process.freeze()
    await asyncio.sleep(0.1)
    process.thaw()
    await asyncio.sleep(0.35)


async def _showed(line: Line, _process: loop.Process) -> None:
    await asyncio.sleep(10.2)
    line.pulse.beat()
    await asyncio.sleep(0.35)


async def _showed_behind_its_answer(line: Line, _process: loop.Process) -> None:
    await asyncio.sleep(10.2)
    line.pulse.beat()  # makes the poll at 10.5, whose answer takes until 10.6
    await asyncio.sleep(0.35)
    line.pulse.beat()
    await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    ("act", "answer_s", "last_s"),
    [
        (_showed, ANSWER_S, 10.5),
        (_showed_behind_its_answer, 0.1, 11.0),
        (_froze, ANSWER_S, 11.23),
        (_froze_shortly, ANSWER_S, 10.5),
    ],
)
def test_behind_a_lull_the_next_poll_comes_when_it_comes_with_every_poll(
    act: Act, answer_s: float, last_s: float
) -> None:
    coalesced, faithful = (polled(act, coalesced=each, answer_s=answer_s) for each in (True, False))
    assert coalesced.polls_from(10.2) == faithful.polls_from(10.2)
    assert coalesced.polled_s[-1] == last_s
    assert len(coalesced.polled_s) < len(faithful.polled_s) / 2


async def _showed_as_soon_as_it_was_hurried(line: Line, _process: loop.Process) -> None:
    await asyncio.sleep(10.2)
    with line.pace.busy():  # whoever waits for 10.5 goes on waiting
        await asyncio.sleep(0.05)
        line.pulse.beat()
        await asyncio.sleep(0.3)


async def _showed_long_after_it_was_hurried(line: Line, _process: loop.Process) -> None:
    await asyncio.sleep(10.2)
    with line.pace.busy():
        await asyncio.sleep(0.75)
        line.pulse.beat()
        await asyncio.sleep(0.1)


async def _showed_as_soon_as_its_hurry_was_over(line: Line, _process: loop.Process) -> None:
    with line.pace.busy():
        await asyncio.sleep(10.22)
    line.pulse.beat()  # still shown at 10.3
    await asyncio.sleep(0.3)


async def _showed_when_its_hurry_was_long_over(line: Line, _process: loop.Process) -> None:
    with line.pace.busy():
        await asyncio.sleep(10.22)
    await asyncio.sleep(0.5)
    line.pulse.beat()
    await asyncio.sleep(0.35)


@pytest.mark.parametrize(
    ("act", "last_s"),
    [
        (_showed_as_soon_as_it_was_hurried, 10.5),
        (_showed_long_after_it_was_hurried, 11.0),
        (_showed_as_soon_as_its_hurry_was_over, 10.3),
        (_showed_when_its_hurry_was_long_over, 11.0),
    ],
)
def test_behind_a_change_of_pace_the_next_poll_comes_when_it_comes_with_every_poll(act: Act, last_s: float) -> None:
    polls = [[at_s for at_s in polled(act, coalesced=each).polled_s if at_s <= last_s] for each in (True, False)]
    assert [each[-1] for each in polls] == [last_s, last_s]
    assert len(polls[0]) < 5 < len(polls[1])
    assert set(polls[0]) <= set(polls[1])


def test_the_last_poll_that_counts_is_the_one_before_a_lull_ended() -> None:
    assert polled(_showed, coalesced=True).left_out_until_s[0] == pytest.approx(10.0)


async def _looked(line: Line, _process: loop.Process) -> None:
    await asyncio.sleep(10.2)
    line.cadence.kick()
    await asyncio.sleep(0.1)


async def _looked_behind_a_beat(line: Line, _process: loop.Process) -> None:
    await asyncio.sleep(10.2)
    line.pulse.beat()
    line.cadence.kick()
    await asyncio.sleep(0.1)


async def _looked_in_unrest(line: Line, process: loop.Process) -> None:
    line.restless = True
    await _looked(line, process)


@pytest.mark.parametrize("coalesced", [True, False])
@pytest.mark.parametrize("act", [_looked, _looked_behind_a_beat, _looked_in_unrest])
def test_a_kick_makes_a_poll_at_once_also_in_a_lull(act: Act, coalesced: bool) -> None:
    assert polled(act, coalesced=coalesced).polls_from(10.05) == [10.2]


@pytest.mark.parametrize("coalesced", [True, False])
def test_a_kick_during_a_poll_makes_one_right_behind_it(coalesced: bool) -> None:
    async def looks(line: Line, _process: loop.Process) -> None:
        line.pulse.beat()
        await asyncio.sleep(0.55)
        line.cadence.kick()
        await asyncio.sleep(0.3)

    assert polled(looks, coalesced=coalesced, answer_s=0.1).polled_s == [0.5, 0.6]


def test_a_lull_ends_by_itself_at_a_point_of_the_grid() -> None:
    async def long(_line: Line, _process: loop.Process) -> None:
        await asyncio.sleep(2 * LULL_S)

    points = [at_s / PERIOD_S for at_s in polled(long, coalesced=True).polled_s]
    assert len(points) > 1
    assert points == pytest.approx([round(point) for point in points])


def test_no_poll_is_left_out_while_no_lull_can_begin() -> None:
    async def restless(line: Line, _process: loop.Process) -> None:
        line.restless = True
        await asyncio.sleep(3.2)

    assert polled(restless, coalesced=True).polled_s == polled(restless, coalesced=False).polled_s


@pytest.mark.parametrize("coalesced", [True, False])
def test_of_two_stations_that_are_due_at_once_the_same_one_goes_first_whoever_woke_first(coalesced: bool) -> None:
    async def body() -> None:
        first, second = (Line(coalesced=coalesced, number=number) for number in (0, 1))
        process = loop.Process()
        for line in (second, first):
            process.run(line.run(), name="polls")
        await asyncio.sleep(10.2)
        for line in (second, first):
            line.pulse.beat()
        await asyncio.sleep(0.5)
        assert second.polled_s[-1] - first.polled_s[-1] == pytest.approx(STAGGER_S)
        await process.kill()

    loop.run(body())
