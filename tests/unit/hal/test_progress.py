"""An axis that gets on is waited for, one that stands is given up at its deadline; nothing else changes."""

import asyncio
import math
from collections.abc import Callable, Iterable

import pytest

from hal.interfaces import Leeway, Outcome, Prepared, Verdict
from hal.plcmap.codec import Status
from hal.plcmap.codes import Flag, MechanismKind, Opcode, State
from hal.plcmap.frame import Content
from hal.plcmap.registers import tower_map
from hal.plcmap.shape import FULL_TURN_MDEG
from hal.progress import Progress, watched
from sim_plc.rehearsal.loop import run
from tests.support.fake_plc import SHAPE, FakePlc
from tests.support.hal_rig import LIFT, STOP, Rig, obey_stop, rig

LIFTS, TURNS = MechanismKind.LIFT, MechanismKind.TURNTABLE
UP = Content(int(Opcode.MOVE_TO), 5000, 303, 0)
ROUND = Content(int(Opcode.MOVE_TO), 10_000, 101, 0)
HOME = Content(int(Opcode.HOME), 0, 0, 0)
LEEWAY = Leeway(latest_s=40.0, still_s=5.0)
DEADLINE_S = 10.0


def shown(position: int) -> Status:
    return Status(State.DISCRETE_MOTION, 0, 1, 1, 1, 0, 0, 0, Flag(0), position)


def given_up_at(kind: MechanismKind, content: Content, looks: Iterable[tuple[float, int]]) -> float:
    """Return until when a motion is waited for behind looks at the encoder, each at its time."""
    progress = Progress(kind, content, LEEWAY, began_s=0.0)
    for now_s, position in looks:
        progress.see(shown(position), now_s)
    return progress.until(DEADLINE_S)


@pytest.mark.parametrize(
    ("kind", "content", "looks", "until_s"),
    [
        (LIFTS, UP, [], DEADLINE_S),  # nobody has seen it
        (LIFTS, UP, [(0, 0), (9.9, 0)], DEADLINE_S),  # it never set out
        (LIFTS, UP, [(0, 0), (3, 2000), (9.9, 2000)], DEADLINE_S),  # it hangs half-way
        (LIFTS, UP, [(0, 0), (3, 2000), (9.9, 2002), (9.95, 1999)], DEADLINE_S),  # its encoder wavers
        (LIFTS, UP, [(0, 0), (3, 2000), (9.9, 1000)], DEADLINE_S),  # it moves, the wrong way
        (LIFTS, UP, [(0, 0), (4, 1000), (9.9, 3000)], 14.9),  # late, and closing in
        (LIFTS, UP, [(0, 0), (9.9, 3000), (20, 4000), (30, 4800)], 35.0),
        (LIFTS, UP, [(0, 0), (20, 3000), (39, 4500)], 40.0),  # never beyond the latest
        (LIFTS, UP, [(0, 0), (4, 5000), (8, 5000)], DEADLINE_S),  # there, and yet not done
        (LIFTS, HOME, [(0, 7000), (9, 5000)], 14.0),  # where a reference is no encoder knows
        (LIFTS, HOME, [(0, 7000), (2, 5000), (9, 5000)], DEADLINE_S),
        (TURNS, ROUND, [(0, 350_000), (9, 359_000)], 14.0),  # the shorter way, over zero
        (TURNS, ROUND, [(0, 350_000), (9, 340_000)], DEADLINE_S),
        (TURNS, HOME, [(0, FULL_TURN_MDEG - 40), (9, 40)], 14.0),
        (TURNS, HOME, [(0, FULL_TURN_MDEG - 10), (9, 10)], DEADLINE_S),
    ],
)
def test_until_when_a_motion_is_waited_for(
    kind: MechanismKind, content: Content, looks: list[tuple[float, int]], until_s: float
) -> None:
    assert given_up_at(kind, content, looks) == pytest.approx(until_s)


@pytest.mark.parametrize("kind", MechanismKind)
@pytest.mark.parametrize("opcode", Opcode)
def test_a_watch_is_kept_over_lift_and_turntable_on_their_ways_alone(kind: MechanismKind, opcode: Opcode) -> None:
    kept = kind in (LIFTS, TURNS) and opcode in (Opcode.MOVE_TO, Opcode.HOME)
    content = Content(int(opcode), 0, 0, 0)
    assert (watched(kind, content, LEEWAY, 0.0) is not None) is kept
    assert watched(kind, content, None, 0.0) is None


Course = Callable[[float], int]
"""Where the lift stands, by seconds since its command was accepted."""


class MovingPlc(FakePlc):
    """Its lift stands where a course says, from ``began_s`` on."""

    def __init__(self, course: Course) -> None:
        super().__init__(tower_map(SHAPE))
        self._course = course
        self.began_s = math.inf

    def advance(self, now_s: float) -> None:
        super().advance(now_s)
        if now_s >= self.began_s:
            self.show(LIFT, position=self._course(now_s - self.began_s))


async def sent_up(it: Rig, plc: MovingPlc, done_s: float, leeway: Leeway | None) -> tuple[Prepared, Outcome, float]:
    """Send the lift up, let it follow its course and be done; return how its command ended, and when."""
    loop = asyncio.get_running_loop()
    prepared = it.lift.prepare(Opcode.MOVE_TO, 5000, 303)
    await it.lift.issue(prepared)
    frame = plc.frames[-1][1]
    plc.accept(LIFT, frame)
    obey_stop(it, running=frame)
    plc.began_s = loop.time()
    loop.call_later(done_s, plc.finish, LIFT, frame)
    outcome = await it.lift.outcome(prepared, DEADLINE_S, leeway=leeway)
    return prepared, outcome, loop.time() - plc.began_s


def steady(speed_mm_s: float, stops_s: float = 1000.0) -> Course:
    return lambda t: round(min(5000.0, speed_mm_s * min(t, stops_s)))


@pytest.mark.parametrize(
    ("course", "done_s", "leeway", "verdict", "ended_s"),
    [
        (steady(250), 20.0, LEEWAY, Verdict.OK, 20.0),
        (steady(250), 20.0, None, Verdict.STOPPED, DEADLINE_S),
        (steady(250, stops_s=0.0), 999.0, LEEWAY, Verdict.STOPPED, DEADLINE_S),
        (steady(250, stops_s=4.0), 999.0, LEEWAY, Verdict.STOPPED, DEADLINE_S),
        (steady(250, stops_s=15.0), 999.0, LEEWAY, Verdict.STOPPED, 20.0),
        (steady(50), 999.0, LEEWAY, Verdict.STOPPED, 40.0),
        (steady(1000), 7.0, LEEWAY, Verdict.OK, 7.0),
    ],
    ids=["late", "no leeway", "seized", "stuck before its deadline", "stuck behind it", "too slow", "in time"],
)
def test_a_late_lift_is_waited_for_while_it_gets_on_and_stopped_once_otherwise(
    course: Course, done_s: float, leeway: Leeway | None, verdict: Verdict, ended_s: float
) -> None:
    async def scenario() -> None:
        plc = MovingPlc(course)
        async with rig(plc=plc) as it:
            prepared, outcome, took_s = await sent_up(it, plc, done_s, leeway)
            assert outcome.verdict is verdict
            assert took_s == pytest.approx(ended_s, abs=0.2)
            stops = [(STOP, prepared.sequence + 1)] if verdict is Verdict.STOPPED else []
            assert it.frames() == [(int(Opcode.MOVE_TO), prepared.sequence), *stops], "each frame once"

    run(scenario())
