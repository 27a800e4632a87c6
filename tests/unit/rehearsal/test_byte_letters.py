"""Each letter of the bytes, against the product's own link: it bites, it heals, and no wrong answer is taken."""

import asyncio
import random
from collections import Counter

import pytest

from sim_plc.rehearsal import loop
from sim_plc.rehearsal.byte_link import ByteLink, WrongAnswer
from sim_plc.rehearsal.byte_wire import Weather
from sim_plc.rehearsal.faults import wire, wire_bytes
from sim_plc.rehearsal.faults.letter import Letter
from sim_plc.rehearsal.memory_link import Fault
from sim_plc.rehearsal.stream_wire import StreamWire
from tests.support.one_letter import back, struck
from tests.support.stage import Stage, stage

SIGNS: dict[Letter, set[str]] = {
    wire_bytes.SPLIT: set(),
    wire_bytes.MERGED: {"dropped"},
    wire_bytes.TWICE: {"dropped"},
    wire_bytes.REORDER: {"dropped", "NoAnswer"},
    wire_bytes.LATE_REPLY: {"dropped", "NoAnswer"},
    wire_bytes.WRONG_ID: {"dropped", "NoAnswer"},
    wire_bytes.WRONG_UNIT: {"BadAnswer"},
    wire_bytes.SHORT: {"LinkDown"},
    wire_bytes.LONG: {"BadAnswer"},
    wire_bytes.RESET_INSIDE: {"LinkDown"},
    wire_bytes.CRC_NOISE: {"NoAnswer"},
    wire_bytes.BYTE_LOST: {"BadAnswer"},
    wire_bytes.BYTE_ADDED: {"NoAnswer"},
    wire_bytes.PARITY: {"NoAnswer"},
    wire_bytes.ECHO: set(),
    wire_bytes.OTHER_SLAVE: {"BadAnswer"},
    wire.ADAPTER: {"LinkDown"},
    wire.HALF_OPEN: {"NoAnswer"},
    wire.LATE: {"NoAnswer"},
    wire.DOUBLE: {"dropped"},
    wire.SLOW: set(),
}
"""What a letter leaves in the counters of the link; nothing: it is borne."""

HOLD_S = 15.0
TOWER_BUS = 1


def links(it: Stage) -> list[ByteLink]:
    found = [link for link in it.world.links.values() if isinstance(link, ByteLink)]
    assert len(found) == len(it.world.links)
    return found


def counted(it: Stage) -> Counter[str]:
    counts = sum((link.failed for link in links(it)), Counter[str]())
    counts["dropped"] = sum(link.dropped for link in links(it))
    return counts


def test_every_letter_of_the_bytes_is_tried() -> None:
    assert set(wire_bytes.FAULTS) <= set(SIGNS)


def test_each_letter_of_the_bytes_bites_and_heals() -> None:
    async def body() -> None:
        async with stage(execute=False, on_bytes=True) as it:
            for letter, signs in SIGNS.items():
                before, befallen = counted(it), sum((link.befallen for link in links(it)), Counter[Fault]())
                await struck(it, letter, HOLD_S, TOWER_BUS)
                await back(it)
                left = counted(it) - before
                assert signs <= set(left), f"{letter}: {left}"
                assert signs or letter is wire.SLOW or not left, f"{letter}: {left}"
                if letter in wire_bytes.FAULTS:
                    befell = sum((link.befallen for link in links(it)), Counter[Fault]()) - befallen
                    assert set(befell) == {wire_bytes.FAULTS[letter]}

    loop.run(body())


def test_an_answer_of_another_request_that_is_taken_is_seen() -> None:
    """The rig's own canary: were the link to believe what is not its request's, the run would end."""

    async def body() -> None:
        async with stage(execute=False, on_bytes=True) as it:
            link = it.world.links["tower"]
            assert isinstance(link, ByteLink)
            inner = link._link

            async def false(*_: object, **__: object) -> tuple[int, ...]:
                words = await type(inner).read_input(inner, 1, 0, 10)
                return (*words[:-1], words[-1] ^ 1)

            inner.read_input = false  # type: ignore[method-assign]
            with pytest.raises(WrongAnswer):
                await link.read_input(1, 0, 10)
            del inner.read_input

    loop.run(body())


def test_a_frozen_daemon_finds_its_answer_when_it_goes_on() -> None:
    async def body() -> None:
        async with stage(execute=False, on_bytes=True) as it:
            before = counted(it)
            thaw = it.world.freeze_daemon()
            await asyncio.sleep(0.5)
            thaw()
            await back(it)
            assert not (counted(it) - before)["LinkDown"]

    loop.run(body())


@pytest.mark.parametrize("then", [Fault.PIECES, Fault.RESET_INSIDE])
def test_an_answer_that_was_overtaken_comes_between_others_and_never_into_one(then: Fault) -> None:
    late, split = bytes((16, 3, 20, 0, 11)), bytes((23, 40, *range(40)))

    async def heard(seed: int) -> bytes:
        weather = Weather(
            decide=lambda _function, _unit: Fault.NONE,
            shut=lambda: None,
            on_cut=lambda: None,
            late_s=lambda: 0.1,
            slow_s=lambda: 0.1,
            rng=random.Random(seed),
        )
        stream = StreamWire({}, weather, latency_s=0.001, timeout_s=0.5)
        heard = bytearray()
        await stream.open(heard.extend, lambda _lost: None)
        stream._reply(1, bytes((0, 1, 0, 0, 0, 6, 1)), late, Fault.OVERTAKEN)
        stream._reply(1, bytes((0, 2, 0, 0, 0, 6, 1)), split, then)
        await asyncio.sleep(1.0)
        return bytes(heard)

    whole = bytes((0, 2, 0, 0, 0, 43, 1)) + split
    behind = bytes((0, 1, 0, 0, 0, 6, 1)) + late
    for seed in range(8):
        bytes_heard = loop.run(heard(seed))
        if then is Fault.PIECES:
            assert bytes_heard == whole + behind
        else:
            assert whole.startswith(bytes_heard)
