"""Looks at the wires beside a running scan, over a scripted PLC in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from controller.domain.refusal import Refusal
from controller.instruments import Bus, Instruments
from hal.cadence import SteadyCadence
from hal.errors import BadAnswer, HalError, LinkDown, NoAnswer, Refused
from hal.plcmap.catalogue import catalogue
from hal.statistics import LinkStatistics
from sim_plc.rehearsal.loop import run
from tests.support.hal_rig import Rig, rig


class Watched:
    """A link as a look sees it, to a station that holds each register's address; ``trouble`` is raised instead."""

    def __init__(self) -> None:
        self.statistics = LinkStatistics()
        self.generation = 3
        self.dropped = 2
        self.connected = True
        self.trouble: HalError | None = None
        self.reads: list[tuple[int, int, int]] = []
        self.delay_s = 0.0

    async def read_input(self, unit: int, address: int, count: int, *, patient: bool) -> tuple[int, ...]:
        return await self._read(4, unit, range(address, address + count), patient=patient)

    async def read_holding(self, unit: int, address: int, count: int, *, patient: bool) -> tuple[int, ...]:
        return await self._read(3, unit, range(address, address + count), patient=patient)

    async def _read(self, function: int, unit: int, span: range, *, patient: bool) -> tuple[int, ...]:
        assert patient, "behind everything else"
        assert unit == 1
        self.reads.append((function, span.start, len(span)))
        await asyncio.sleep(self.delay_s)
        if self.trouble is not None:
            raise self.trouble
        return tuple(span)


def looked(look: Callable[[Instruments, Watched, Rig], Awaitable[Any]]) -> Any:
    async def play() -> Any:
        async with rig() as it:
            link = Watched()
            bus = Bus("main", "tcp", {"host": "10.0.0.5", "port": 502}, ("tower",), link)
            cadence = SteadyCadence()
            cadence.lateness.add(0.002)
            instruments = Instruments({"tower": it.station}, [bus], {"tower": cadence})
            await asyncio.sleep(1.0)
            return await look(instruments, link, it)

    return run(play())


def test_live_signals_come_from_the_image_without_a_request() -> None:
    async def look(instruments: Instruments, link: Watched, it: Rig) -> Any:
        return await instruments.signals("tower", live=True), link.reads, it.station.image.heartbeat

    answer, reads, heartbeat = looked(look)
    assert reads == []
    found = {each["name"]: each for each in answer["signals"]}
    assert found["tower/fast.heartbeat"]["value"] == heartbeat
    assert found["tower/fast.lift.position"]["unit"] == "mm"
    assert found["tower/fast.lift.position"]["owner"] == "plc"
    assert 0 <= found["tower/fast.heartbeat"]["age_s"] <= 0.5
    assert "CHAIN_CLOSED" in found["tower/fast.safety"]["bits"]


def test_every_register_of_the_contract_is_there_once() -> None:
    async def look(instruments: Instruments, link: Watched, it: Rig) -> Any:
        return await instruments.signals("tower", live=False), link.reads, it.station.map

    answer, reads, station = looked(look)
    names = [each["name"].partition("/")[2] for each in answer["signals"]]
    asked = [each.name for each in catalogue(station) if not each.name.endswith(".mirror")]
    fast_snapshots = [name for name in asked if name.startswith("fast") and "snapshot" in name]
    assert names == [name for name in asked if name not in fast_snapshots]
    owned = {each["name"]: each for each in answer["signals"] if each["owner"] == "controller"}
    base = station.controller_block
    assert owned["tower/controller.epoch"]["value"] == base << 16 | base + 1
    assert owned["tower/mailbox.lift.sequence"]["value"] == station.mailbox("lift") + 10
    assert {function for function, _, _ in reads} == {3, 4}


def test_only_what_is_asked_for_is_read() -> None:
    async def look(instruments: Instruments, link: Watched, it: Rig) -> Any:
        only = ["tower/fast.lift.position", "tower/mailbox.lift.opcode"]
        return await instruments.signals("tower", live=False, only=only), link.reads, it.station.map

    answer, reads, station = looked(look)
    assert [each["name"] for each in answer["signals"]] == ["tower/fast.lift.position", "tower/mailbox.lift.opcode"]
    assert reads == [(3, station.mailbox("lift"), 11)]


def test_raw_registers_are_named() -> None:
    async def look(instruments: Instruments, _link: Watched, it: Rig) -> Any:
        fast = it.station.map.fast[0].address
        return await instruments.registers("tower", "input", fast, 5), fast

    answer, fast = looked(look)
    assert [each["name"] for each in answer["registers"]] == [
        *("fast.boot_id", "fast.heartbeat", "fast.snapshot"),
        *("fast.epoch_in_force", "fast.epoch_in_force (low word)"),
    ]
    assert [each["value"] for each in answer["registers"]] == list(range(fast, fast + 5))


@pytest.mark.parametrize(
    ("trouble", "rule"),
    [
        (LinkDown("cut"), "NO_CONNECTION"),
        (NoAnswer("late"), "NO_ANSWER"),
        (BadAnswer("odd"), "BAD_ANSWER"),
        (Refused(4, 2), "MODBUS_EXCEPTION"),
    ],
)
def test_what_goes_wrong_is_a_refusal_with_its_rule(trouble: HalError, rule: str) -> None:
    async def look(instruments: Instruments, link: Watched, _it: Rig) -> None:
        link.trouble = trouble
        await instruments.registers("tower", "input", 0, 1)

    with pytest.raises(Refusal, match="tower: ") as refused:
        looked(look)
    assert refused.value.rule == rule


@pytest.mark.parametrize(("address", "count"), [(0, 0), (0, 126), (65_535, 2)])
def test_a_span_that_cannot_be_read_is_refused(address: int, count: int) -> None:
    async def look(instruments: Instruments, _link: Watched, _it: Rig) -> None:
        await instruments.registers("tower", "input", address, count)

    with pytest.raises(Refusal, match="OUT_OF_RANGE"):
        looked(look)


def test_a_bus_that_is_never_free_is_given_up() -> None:
    async def look(instruments: Instruments, link: Watched, _it: Rig) -> None:
        link.delay_s = 60.0
        await instruments.registers("tower", "input", 0, 1)

    with pytest.raises(Refusal, match="BUS_BUSY"):
        looked(look)


def test_a_station_that_is_none_is_refused() -> None:
    async def look(instruments: Instruments, _link: Watched, _it: Rig) -> None:
        await instruments.signals("bays9", live=True)

    with pytest.raises(Refusal, match="stations: tower"):
        looked(look)


def test_buses_are_told_with_what_was_counted() -> None:
    async def look(instruments: Instruments, link: Watched, it: Rig) -> Any:
        with link.statistics.exchange(it.station.map.unit, 0.001, 0.0):
            await asyncio.sleep(0.25)
        return await instruments.buses()

    answer = looked(look)
    (bus,) = answer["buses"]
    assert (bus["reconnects"], bus["dropped"], bus["load"]) == (2, 2, None)
    (station,) = bus["stations"]
    assert (station["requests"], station["answers"], station["state"]) == (1, 1, "ONLINE")
    assert station["round_trip_ms"]["p50"] == pytest.approx(250, abs=1)
    assert station["poll_jitter_ms"] == {"p50": 2.0, "p99": 2.0}
    assert station["map_version"] == answer["map_version"]


def test_a_station_that_was_never_seen_has_no_values() -> None:
    async def play() -> Any:
        async with rig(online=False) as it:
            bus = Bus("main", "tcp", {"host": "10.0.0.5", "port": 502}, ("tower",), Watched())
            return await Instruments({"tower": it.station}, [bus], {}).signals("tower", live=True)

    answer = run(play())
    assert {each["meaning"] for each in answer["signals"]} == {None}
    assert answer["state"] == "OFFLINE"
