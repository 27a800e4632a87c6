"""The time of a recording: it waits for what was done then, and finds whatever is done otherwise."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from config.load import load_tower
from hal.errors import NoAnswer
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content, Frame
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.recorded.reel import Reel
from sim_plc.rehearsal.recorded.tape import Deed, Difference, Tape
from sim_plc.rehearsal.recorded.wire import outages_of, with_sent

MOVED = Deed(2.0, "lift", "1 HOME")
TOLD = Deed(3.0, "unit", "STOPPED -> RESETTING")


def played(
    act: Callable[[Tape], Coroutine[None, None, None]], deeds: Sequence[Deed] = (MOVED, TOLD), end_s: float = 10.0
) -> Difference | None:
    """Let somebody act before a tape; return the first difference."""

    async def run() -> Difference | None:
        tape = Tape([Deed(each.t, each.channel, each.said) for each in deeds], end_s, tolerance_s=1.0)
        watch = asyncio.create_task(tape.watch())
        first: list[asyncio.Future[Any]] = [asyncio.ensure_future(act(tape)), tape.differs]
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        watch.cancel()
        return tape.differs.result() if tape.differs.done() else None

    return loop.run(run())


def test_the_recording_waits_for_a_deed_and_then_catches_up() -> None:
    seen: list[tuple[float, float]] = []

    async def act(tape: Tape) -> None:
        await asyncio.sleep(2.5)
        seen.append((tape.now, tape.behind_s))
        assert tape.do("lift", "1 HOME")
        seen.append((tape.now, tape.behind_s))
        assert tape.do("unit", TOLD.said)
        await tape.reach(9.0)
        seen.append((tape.now, tape.behind_s))

    assert played(act) is None
    assert seen == [(2.0, 0.5), (2.5, 0.0), (9.0, 0.0)]


def test_nobody_gets_past_a_deed_that_is_not_done() -> None:
    reached: list[float] = []

    async def act(tape: Tape) -> None:
        async def follow() -> None:
            await tape.reach(2.2)
            reached.append(asyncio.get_running_loop().time())

        following = asyncio.create_task(follow())
        await asyncio.sleep(2.8)
        assert reached == []
        tape.do("lift", "1 HOME")
        await following

    assert played(act, [MOVED]) is None
    assert reached == [2.8]


@pytest.mark.parametrize(
    ("at_s", "channel", "said", "expected", "got"),
    [
        (0.5, "lift", "1 HOME", "1 HOME", "the same 1.50 s earlier"),
        (2.0, "lift", "1 JOG", "1 HOME", "1 JOG"),
        (1.5, "turntable", "1 HOME", "nothing more", "1 HOME"),
        (9.5, "turntable", "1 HOME", "1 HOME", "nothing within 1 s"),
    ],
)
def test_what_is_done_otherwise_too_early_more_or_never_is_found(
    at_s: float, channel: str, said: str, expected: str, got: str
) -> None:
    async def act(tape: Tape) -> None:
        await asyncio.sleep(at_s)
        tape.do(channel, said)
        await tape.reach(10.0)

    difference = played(act)
    assert difference is not None
    assert (difference.expected, difference.got) == (expected, got)


def test_what_was_about_to_come_when_the_recording_ended_is_borne() -> None:
    async def act(tape: Tape) -> None:
        await asyncio.sleep(9.5)
        assert tape.do("lift", "2 MOVE_TO")

    assert played(act, []) is None
    assert played(act, [], end_s=20.0) == Difference(9.5, "lift", "nothing more", "2 MOVE_TO")


def test_a_reel_shows_our_epoch_and_is_silent_when_nothing_was_answered() -> None:
    station = load_tower("small").maps["bays1"]
    fast, block = station.fast[0], station.controller_block

    def poll(t: float, since: float, shown: int, **more: object) -> dict[str, object]:
        words = [1, 9, 5, 0, shown, 7, *[0] * (fast.count - 7), 5]
        wrote = "0000000300070000000000000000"
        answer = more or {"read": "".join(f"{word:04x}" for word in words)}
        return {"t": t, "is": "wire", "since": since, "unit": 11, "fc": 23, "at": fast.address, "n": fast.count,
                "to": block, "wrote": wrote, **answer}  # fmt: skip

    lines = [
        poll(1.0, 0.9, 3),
        poll(1.8, 1.4, 3, error="NoAnswer", why="no answer"),
        poll(2.3, 2.0, 3, error="NoAnswer", why="no answer"),
        poll(3.0, 2.9, 3),
    ]
    reel = Reel(station, with_sent(lines), near_s=2.0)
    assert reel.polls == [0.9, 1.4, 2.0, 2.9]
    assert [(each.begin_s, each.end_s) for each in reel.silences] == [(1.4, 2.3)]
    assert reel.silence(1.3) is None
    assert reel.silence(2.2) is not None
    assert reel.silence(1.4 - 1e-7) is not None, "recorded times are rounded"
    assert reel.block(fast.address, fast.count, 1.2) == reel.block(fast.address, fast.count, 0.2)
    reel.claim(0x0002_0005)
    words = reel.block(fast.address, fast.count, 1.2)
    assert words is not None
    assert words[3:5] == (2, 5), "our epoch in the place of that of then"
    assert reel.block(0, 3, 1.2) is None


def test_a_command_that_was_given_up_then_is_not_carried_out_at_once() -> None:
    station = load_tower("small").maps["bays1"]
    content = Content(Opcode.OPEN, 102)
    frame = Frame.build(epoch=3, boot_id=1, content=content, sequence=1)
    box = station.mailbox("latches")
    wrote = "".join(f"{word:04x}" for word in frame.to_words())
    line = {"t": 2.0, "is": "wire", "since": 1.5, "unit": 11, "fc": 16, "to": box, "wrote": wrote}
    lines = [{**line, "error": "CancelledError", "why": ""}]
    then = Reel(station, with_sent(lines), near_s=2.0).command(box, frame)
    assert isinstance(then.error, NoAnswer)
    assert then.took_s == pytest.approx(0.5)


def test_an_outage_lasts_until_the_next_connection() -> None:
    lines = [
        {"t": 0.1, "is": "link", "error": "LinkDown", "why": "refused"},
        {"t": 0.5, "is": "link"},
        {"t": 2.0, "is": "wire", "since": 1.9, "error": "LinkDown", "why": "reset"},
        {"t": 2.5, "is": "link", "error": "LinkDown", "why": "refused"},
        {"t": 4.0, "is": "link"},
        {"t": 5.0, "is": "wire", "since": 4.9, "error": "NoAnswer", "why": "silent"},
        {"t": 5.5, "is": "link"},
    ]
    outages = [(each.begin_s, each.end_s, each.why) for each in outages_of(lines)]
    assert outages == [(0.0, 0.5, "refused"), (1.9, 4.0, "reset"), (5.0, 5.5, "the connection broke")]
