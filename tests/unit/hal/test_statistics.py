import asyncio
import contextlib

import pytest

from hal.errors import BadAnswer, LinkDown, NoAnswer, Refused
from hal.modbus_framing import MbapFraming, RtuFraming
from hal.statistics import SAMPLES, WINDOW_S, LinkStatistics, Recent, UnitStatistics
from hal.turnstile import Turnstile
from sim_plc.rehearsal.loop import run as virtual_run


def test_a_quantile_looks_at_the_newest_samples_alone() -> None:
    recent = Recent()
    assert recent.quantile(0.5) is None
    for sample in [9.0] * 3 + [float(i) for i in range(SAMPLES)]:
        recent.add(sample)
    assert recent.quantile(0.0) == 0
    assert recent.quantile(0.5) == SAMPLES / 2
    assert recent.quantile(0.99) == int(0.99 * SAMPLES)
    assert recent.quantile(1.0) == SAMPLES - 1


@pytest.mark.parametrize(
    ("error", "counter"),
    [
        (None, "answers"),
        (Refused(3, 2), "refused"),
        (NoAnswer("late"), "unanswered"),
        (BadAnswer("other"), "unfitting"),
        (LinkDown("cut"), "lost"),
        (asyncio.CancelledError(), "given_up"),
    ],
)
def test_every_exchange_ends_in_one_counter(error: BaseException | None, counter: str) -> None:
    link = LinkStatistics()

    async def exchange() -> None:
        with contextlib.suppress(BaseException), link.exchange(10, 0.0, 0.0):
            if error is not None:
                raise error

    asyncio.run(exchange())
    counted = {name: getattr(link.units[10], name) for name in UnitStatistics.__slots__[:7]}
    assert {name for name, count in counted.items() if count} == {"requests", counter}
    answered = counter in ("answers", "refused")
    assert (link.units[10].round_trip.quantile(0.5) is not None) == answered


def test_the_load_is_what_the_line_was_busy_in_its_window() -> None:
    link = LinkStatistics()

    async def work() -> list[float | None]:
        loads = [link.load()]
        for _ in range(2 * round(WINDOW_S)):
            with link.exchange(11, 0.0, 0.05):
                await asyncio.sleep(0.25)
            await asyncio.sleep(0.75)
        loads.append(link.load())
        await asyncio.sleep(2 * WINDOW_S)
        return [*loads, link.load()]

    before, busy, idle = virtual_run(work())
    assert before is None
    assert busy == pytest.approx(0.3, abs=0.04)
    assert idle is not None
    assert idle < 0.05, "a line that rests is not shown with its last load"


def test_answers_to_nobody_are_counted_and_dropped() -> None:
    framing = MbapFraming()
    framing.begin(1, b"\x03\x00\x00\x00\x01", b"\x03\x02", 4)
    late = bytes.fromhex("00630000000501030200ff")
    assert framing.feed(late) is None
    assert framing.dropped == 1
    line = RtuFraming(lambda _: b"\0\0")
    assert line.feed(b"\x01\x02") is None
    assert line.feed(b"\x03") is None
    assert line.dropped == 1, "one burst, in two pieces"
    line.begin(1, b"\x03\x00\x00\x00\x01", b"\x03\x02", 4)
    line.end()
    assert line.feed(b"\x03") is None
    assert line.dropped == 2


def test_the_patient_wait_behind_all_others() -> None:
    async def turns() -> list[str]:
        turnstile, order = Turnstile(), list[str]()
        assert turnstile.try_enter()

        async def wait(name: str, *, urgent: bool = False, patient: bool = False) -> None:
            assert await turnstile.enter(urgent=urgent, patient=patient)
            order.append(name)
            turnstile.leave()

        async with asyncio.TaskGroup() as group:
            group.create_task(wait("patient", patient=True))
            group.create_task(wait("normal"))
            group.create_task(wait("urgent", urgent=True))
            await asyncio.sleep(0)
            assert turnstile.waiting == 3
            turnstile.leave()
        return order

    assert asyncio.run(turns()) == ["urgent", "normal", "patient"]
