"""How frames are told apart on a serial line (V1.02, section 2.5.1.1), to the microsecond, in virtual time."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_plc.rehearsal.loop import VirtualLoop
from sim_plc.wire.rtu_frames import Listener, inner_silence_s, outer_silence_s

FRAME = bytes.fromhex("0B 03 00 00 00 02 C4 A1")
OTHER = bytes.fromhex("0B 2B 0E 01 02 69 B7")


class Notes:
    """What a listener told: frames, and `None` for what was none."""

    def __init__(self) -> None:
        self.told: list[bytes | None] = []
        self.at: list[float] = []
        self.overruns = 0

    def heard(self, frame: bytes, at: float) -> None:
        self.told.append(frame)
        self.at.append(at)

    def misheard(self, *, overrun: bool) -> None:
        self.told.append(None)
        self.overruns += overrun


def told(pieces: Sequence[bytes | float], *, baud: int = 9_600) -> Notes:
    """Let a listener hear bytes, each run of them followed by silence of so many characters after its last one."""
    character_s = 11 / baud
    notes = Notes()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        listener = Listener(notes, baud=baud, character_s=character_s)
        until = loop.time()
        for piece in pieces:
            if isinstance(piece, bytes):
                listener.hear(piece)
                until = max(until, loop.time()) + len(piece) * character_s
            else:
                until += piece * character_s
                await asyncio.sleep(until - loop.time())
        await asyncio.sleep(1.0)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(run())
    return notes


@pytest.mark.parametrize(
    ("baud", "inner_us", "outer_us"),
    [(9_600, 1719, 4010), (19_200, 859, 2005), (38_400, 750, 1750), (115_200, 750, 1750)],
)
def test_the_silences(baud: int, inner_us: int, outer_us: int) -> None:
    assert round(inner_silence_s(baud, 11 / baud) * 1e6) == inner_us
    assert round(outer_silence_s(baud, 11 / baud) * 1e6) == outer_us


@pytest.mark.parametrize(
    ("pieces", "frames"),
    [
        ([FRAME, 3.6], [FRAME]),
        ([FRAME, 3.6, OTHER, 3.6], [FRAME, OTHER]),
        # In pieces without a silence of T1.5: one frame.
        ([FRAME[:3], 1.4, FRAME[3:], 3.6], [FRAME]),
        ([FRAME[:1], 1.4, FRAME[1:2], 1.4, FRAME[2:], 3.6], [FRAME]),
        # A silence between T1.5 and T3.5 spoils the frame, however right its bytes are.
        ([FRAME[:3], 1.6, FRAME[3:], 3.6], [None]),
        ([FRAME[:3], 3.4, FRAME[3:], 3.6], [None]),
        ([FRAME, 2.0, OTHER, 3.6], [None]),
        ([FRAME, 2.0, b"\xff", 3.6], [None]),
        # A silence of T3.5 makes two of it.
        ([FRAME[:3], 3.6, FRAME[3:], 3.6], [None, None]),
        # Whatever came before, a silence brings the next frame through.
        ([b"\x00", 3.6, FRAME, 3.6], [None, FRAME]),
        ([FRAME[:-1], 3.6, FRAME, 3.6], [None, FRAME]),
        ([FRAME[:5], 2.0, FRAME[5:], 3.6, FRAME, 3.6], [None, FRAME]),
        ([FRAME[:-1] + b"\x00", 3.6, FRAME, 3.6], [None, FRAME]),
        ([FRAME + FRAME, 3.6, FRAME, 3.6], [None, FRAME]),
        ([b"\xff\x00" * 3, 2.0, b"\x55", 2.0, b"\xaa", 3.6, FRAME, 3.6], [None, FRAME]),
        # Too short to be a frame, though the check sum is right: unit and sum alone.
        ([bytes.fromhex("0B FE 87"), 3.6, FRAME, 3.6], [None, FRAME]),
    ],
)
def test_frames_by_silence(pieces: Sequence[bytes | float], frames: list[bytes | None]) -> None:
    assert told(pieces).told == frames


def test_the_last_character_of_a_frame_counts_when_a_line_would_have_carried_it() -> None:
    assert told([FRAME, 3.6]).at == pytest.approx([8 * 11 / 9_600])
    assert told([FRAME[:4], 1.0, FRAME[4:], 3.6]).at == pytest.approx([9 * 11 / 9_600])
    assert told([FRAME, 30.0], baud=115_200).at == pytest.approx([8 * 11 / 115_200])


def test_more_than_a_frame_can_hold_is_an_overrun_and_soon_over() -> None:
    notes = told([b"\x55" * 10_000, 0.0, 4.0])
    assert (notes.told, notes.overruns) == ([None], 1)
    notes = told([b"\x55" * 257, 3.6, FRAME, 3.6])
    assert (notes.told, notes.overruns) == ([None, FRAME], 1)


def test_a_flood_takes_no_memory() -> None:
    async def run() -> int:
        listener = Listener(Notes(), baud=9_600, character_s=11 / 9_600)
        for _ in range(100):
            listener.hear(b"\x55" * 4_096)
        return len(listener._burst)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(run()) == 257


def test_what_was_heard_before_the_line_went_is_forgotten() -> None:
    notes = Notes()

    async def run() -> None:
        listener = Listener(notes, baud=9_600, character_s=11 / 9_600)
        listener.hear(FRAME[:4])
        listener.forget()
        await asyncio.sleep(0.1)
        listener.hear(FRAME)
        await asyncio.sleep(0.1)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(run())
    assert notes.told == [FRAME]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40) | st.floats(0.0, 3.0), max_size=12))
def test_whatever_noise_came_a_frame_after_a_silence_is_heard(noise: list[bytes | float]) -> None:
    assert told([*noise, 3.6, FRAME, 3.6]).told[-1] == FRAME
