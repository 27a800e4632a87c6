"""Requests and answers of the reference tower in bytes, typed from the contract and its register table.

Nothing here is computed: addresses, codes, check words and check sums are literals, so that a mistake that both ends
would share stands out. Every block and every kind of register has its vector: 16 and 32 bit, signed and unsigned,
two bytes in a word, flags, counters, kept outcomes, a measuring frame, the controller block and mailbox frames.
"""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

import config.plc_map
from config.load import load_tower
from hal.blocks import Blocks
from hal.crc16 import crc16
from hal.errors import Refused
from hal.modbus_framing import MbapFraming, RtuFraming
from hal.modbus_link import LINE_UNITS, TCP_UNITS, ModbusLink, line_timing, tcp_timing
from hal.plcmap.codec import ControllerBlock, StationCodec
from hal.plcmap.frame import Content, Frame
from hal.plcmap.registers import station_maps
from sim_plc.rehearsal.loop import run
from tests.support.scripted_channel import ScriptedChannel

MAPS = station_maps(load_tower("guangzhou").shape)
TOWER, BAYS = MAPS["tower"], MAPS["bays2"]

T = TypeVar("T")
Ask = Callable[[Blocks], Awaitable[T]]
Script = list[tuple[str, str]]


def over_tcp(script: Script, ask: Ask[T], *, fc23: bool = True) -> T:
    """Ask the tower station over Modbus TCP."""

    async def scene() -> T:
        channel = ScriptedChannel(script)
        link = ModbusLink(channel, MbapFraming(), tcp_timing(0.3), TCP_UNITS)
        await link.connect()
        answer = await ask(Blocks(TOWER, link, fc23=fc23))
        assert channel.ended
        return answer

    return run(scene())


def over_line(script: Script, ask: Ask[T]) -> T:
    """Ask the bay controller of level 2 over Modbus RTU."""

    async def scene() -> T:
        channel = ScriptedChannel(script)
        timing = line_timing(115_200, 11, timeout_s=0.2, reply_max_s=0.2)
        link = ModbusLink(channel, RtuFraming(crc16), timing, LINE_UNITS)
        await link.connect()
        answer = await ask(Blocks(BAYS, link, fc23=True))
        assert channel.ended
        return answer

    return run(scene())


def words_of(text: str) -> list[int]:
    data = bytes.fromhex(text)
    return [data[i] << 8 | data[i + 1] for i in range(0, len(data), 2)]


# Identity

TOWER_IDENTITY = """
    0007 1234 0042  4354 0001 0001 1069 BABE 0001 0000  2710 3A98  0003 0006  0042
"""
"""Boot 7, heartbeat, snapshot; CT, map 1, tower, id 4201, table, running, level 0; 10 and 15 ms; epoch; snapshot."""

BAYS_IDENTITY = """
    0011 0064 0200  4354 0001 0002 1069 BABE 0001 0002  03E8 07D0  0003 0008  0200
"""


def test_the_identity_of_the_tower_station() -> None:
    script = [("0001 0000 0006 01  04 0000 000F", f"0001 0000 0021 01  04 1E {TOWER_IDENTITY}")]
    identity = over_tcp(script, lambda blocks: blocks.identity())
    assert (identity.boot_id, identity.heartbeat, identity.map_id, identity.map_version) == (7, 4660, 17236, 1)
    assert (identity.station_kind, identity.tower_id, identity.table_crc) == (1, 4201, 47806)
    assert (identity.program_state, identity.level) == (1, 0)
    assert (identity.scan_time_us, identity.scan_time_max_us) == (10_000, 15_000)
    assert identity.epoch_in_force == 196_614
    assert StationCodec(TOWER).encode_identity(identity, 0x42) == words_of(TOWER_IDENTITY)


def test_the_identity_of_a_bay_controller() -> None:
    script = [("0C 04 0000 000F B113", f"0C 04 1E {BAYS_IDENTITY} EB29")]
    identity = over_line(script, lambda blocks: blocks.identity())
    assert (identity.station_kind, identity.level, identity.boot_id, identity.epoch_in_force) == (2, 2, 17, 196_616)


# The poll: controller block out, fast block in

TOWER_FAST = """
    0007 1235 0043  0003 0007 BEEF 0001 0048  007F
    2800 0003 1A2B 0000 0003 0100 0000
    0400 0029 3AD3 0029 0028 0100 0001  FFFF FFFB
    0200 0011 4C5D 0000 0011 071A 0007  0001 3880
    0202 000C 6E7F 0000 000C 0303 0138  0000 04B0
    30D5
    0A00 0001 0102 0000 0001 0100 3C00
    0C00 0002 0304 0000 0002 0100 0000
    1405 0003 0506 0000 0003 0100 0000
    0000
    0A00 0000 0000 0000 0000 0000 3C00
    0A00 0000 0000 0000 0000 0000 3C00
    1400 0000 0000 0000 0000 0000 0000
    F218
    0E00 0000 0000 0000 0000 0000 7C00
    0D00 FFFF FFFE FFFF FFFD 0202 4000
    1408 0000 0000 0000 0000 0000 0000
    0043
"""
"""Head; station; lift; turntable; shuttle; each room: its sensors, inner door, outer gate, signal; snapshot."""


def poll(blocks: Blocks) -> Awaitable[object]:
    return blocks.exchange(ControllerBlock(epoch=196_615, owner=48_879, heartbeat_echo=4661, dead_man=2))


CONTROLLER_BLOCK = "0003 0007 BEEF 1235 0002 0000 0000 0000"


def test_a_poll_of_the_tower_station_in_one_request() -> None:
    script = [
        (
            f"0001 0000 001B 01  17 0020 006E 0300 0008 10 {CONTROLLER_BLOCK}",
            f"0001 0000 00DF 01  17 DC {TOWER_FAST}",
        )
    ]
    block = ControllerBlock(epoch=196_615, owner=48_879, heartbeat_echo=4661, dead_man=2)
    image = over_tcp(script, lambda blocks: blocks.exchange(block))
    assert (image.boot_id, image.heartbeat, image.epoch_in_force, image.owner_in_force) == (7, 4661, 196_615, 48_879)
    assert image.safety.name == "CHAIN_CLOSED"
    assert image.status.name == "MODE_PRODUCTION|POWERED"
    assert int(image.carriage) == 0b111_1111
    lift, turntable, shuttle = (image.mechanisms[name] for name in ("lift", "turntable", "shuttle"))
    assert (lift.state, lift.substep, lift.accepted, lift.accepted_check, lift.executing) == (4, 0, 41, 15_059, 41)
    assert (lift.outcome_sequence, lift.result, lift.reason, lift.position) == (40, 1, 0, -5)
    assert lift.flags.name == "HOMED"
    assert (turntable.result, turntable.reason, turntable.position) == (7, 26, 80_000)
    assert turntable.flags.name == "HOMED|BRAKE_ON|HELD"
    assert (shuttle.state, shuttle.substep, shuttle.result, shuttle.reason, shuttle.position) == (2, 2, 3, 3, 1200)
    assert shuttle.flags.name == "CENTRED|LOADED_A|LOADED_B|PICKING"
    assert image.mechanisms["station"].state == 40
    assert image.mechanisms["room1.inner_door"].flags.name == "CLOSED_A|CLOSED_B|BOLTED_A|BOLTED_B"
    assert (image.mechanisms["room1.signal"].state, image.mechanisms["room1.signal"].substep) == (20, 5)
    gate = image.mechanisms["room3.outer_gate"]
    assert (gate.accepted, gate.accepted_check, gate.executing, gate.outcome_sequence) == (65535, 65534, 65535, 65533)
    assert (gate.state, gate.result, gate.reason, gate.flags.name) == (13, 2, 2, "FAULT")
    assert {place: int(word) for place, word in image.rooms.items()} == {101: 12_501, 104: 0, 107: 61_976}
    assert StationCodec(TOWER).encode_fast(image, 0x43) == [words_of(TOWER_FAST)]


def test_a_poll_of_a_station_without_function_23_takes_two_requests() -> None:
    script = [
        (f"0001 0000 0017 01  10 0300 0008 10 {CONTROLLER_BLOCK}", "0001 0000 0006 01  10 0300 0008"),
        ("321E 0000 0006 01  04 0020 006E", f"321E 0000 00DF 01  04 DC {TOWER_FAST}"),
    ]
    over_tcp(script, poll, fc23=False)


def test_a_station_that_turns_out_not_to_know_function_23_is_asked_in_two_requests() -> None:
    script = [
        (f"0001 0000 001B 01  17 0020 006E 0300 0008 10 {CONTROLLER_BLOCK}", "0001 0000 0003 01  97 01"),
        (f"321E 0000 0017 01  10 0300 0008 10 {CONTROLLER_BLOCK}", "321E 0000 0006 01  10 0300 0008"),
        ("643B 0000 0006 01  04 0020 006E", f"643B 0000 00DF 01  04 DC {TOWER_FAST}"),
    ]
    over_tcp(script, poll)


BAYS_FAST = """
    0011 0065 0201  0003 0008 BEEF 0001 0048  0001
    2800 0000 0000 0000 0000 0000 0000
    1F00 0005 A1B2 0005 0004 0100 0000
    0002 000E 0002 0011 0002 000A 0006 0002 0002
    0201
"""
"""Head with the carriage held; station; latches; the nine bays: closed, taken, docked and open, halves of both."""


def test_a_poll_of_a_bay_controller() -> None:
    script = [
        (
            "0C 17 0020 0021 0300 0008 10  0003 0008 BEEF 0064 0000 0000 0000 0000  C129",
            f"0C 17 42 {BAYS_FAST} 7DE2",
        )
    ]
    block = ControllerBlock(epoch=196_616, owner=48_879, heartbeat_echo=100)
    image = over_line(script, lambda blocks: blocks.exchange(block))
    assert image.inputs.name == "CARRIAGE_HELD"
    assert {place: int(word) for place, word in image.bays.items()} == {
        201: 2, 202: 14, 203: 2, 204: 17, 205: 2, 206: 10, 207: 6, 208: 2, 209: 2,
    }  # fmt: skip
    assert image.bays[204].name == "LATCH_OPEN|DOCKED"
    latches = image.mechanisms["latches"]
    assert (latches.state, latches.accepted, latches.accepted_check, latches.executing) == (31, 5, 41_394, 5)
    assert StationCodec(BAYS).encode_fast(image, 0x201) == [words_of(BAYS_FAST)]


# Mailboxes: epoch, boot id, opcode, two arguments, expected-from, check word, sequence

MAILBOXES = {
    # MOVE_TO 5000 mm, place 303, from standstill; sequence 41.
    "lift": (
        Frame.build(epoch=196_615, boot_id=7, content=Content(3, 5000, 303, 2), sequence=41),
        "0314",
        "0003 0007 0007 0003 0000 1388 0000 012F 0002 3AD3 0029",
    ),
    # JOG backwards; sequence 42.
    "turntable": (
        Frame.build(epoch=196_615, boot_id=7, content=Content(4, -1), sequence=42),
        "0320",
        "0003 0007 0007 0004 FFFF FFFF 0000 0000 0000 320E 002A",
    ),
    # STOP; the last sequence before 1.
    "shuttle": (
        Frame.build(epoch=196_615, boot_id=7, content=Content(1), sequence=65_535),
        "032C",
        "0003 0007 0007 0001 0000 0000 0000 0000 0000 5D96 FFFF",
    ),
}


@pytest.mark.parametrize("mechanism", MAILBOXES)
def test_a_mailbox_is_written_in_one_request(mechanism: str) -> None:
    frame, address, words = MAILBOXES[mechanism]
    script = [(f"0001 0000 001D 01  10 {address} 000B 16 {words}", f"0001 0000 0006 01  10 {address} 000B")]
    over_tcp(script, lambda blocks: blocks.write_frame(mechanism, frame))
    assert Frame.from_words(words_of(words)) == frame
    assert frame.intact


UNLATCH = Frame.build(epoch=196_616, boot_id=17, content=Content(40, 4, 0, 30), sequence=1)
UNLATCH_REQUEST = "0C 10 0314 000B 16  0003 0008 0011 0028 0000 0004 0000 0000 001E BFC5 0001  3CA1"


def test_a_mailbox_of_a_bay_controller() -> None:
    script = [(UNLATCH_REQUEST, "0C 10 0314 000B C093")]
    over_line(script, lambda blocks: blocks.write_frame("latches", UNLATCH))


def test_a_refused_mailbox() -> None:
    script = [(UNLATCH_REQUEST, "0C 90 02 5C02")]

    async def ask(blocks: Blocks) -> tuple[int, int]:
        with pytest.raises(Refused) as refusal:
            await blocks.write_frame("latches", UNLATCH)
        return refusal.value.function, refusal.value.code

    assert over_line(script, ask) == (16, 2)


# Slow blocks

NOTHING_YET = "0000 " * 25

LATCHES_HISTORY = """
    0004 A1B1 0100  0003 A1B0 0719  0002 A1AF 0500  0000 0000 0000
    0007 0C0D 0005 0003  0037  FFFF FFF6  0001 1170  0000 0000 0000 0000
"""
"""Three outcomes kept of four; the last untrusted frame, its reason and their count; fault; velocity; starts."""

BAYS_SLOW = f"0011 0066 0202  0000  {NOTHING_YET} {LATCHES_HISTORY} 0202"


def test_the_slow_block_of_a_bay_controller() -> None:
    script = [("0C 04 0045 0037 A114", f"0C 04 6E {BAYS_SLOW} 0318")]
    slow = over_line(script, lambda blocks: blocks.slow())
    assert (slow.boot_id, slow.first_out, slow.measurements) == (17, 0, {})
    history = slow.histories["latches"]
    assert [(each.sequence, each.check, each.result, each.reason) for each in history.outcomes] == [
        (4, 41_393, 1, 0),
        (3, 41_392, 7, 25),
        (2, 41_391, 5, 0),
    ]
    assert (history.untrusted_sequence, history.untrusted_check) == (7, 3085)
    assert (history.untrusted_reason, history.untrusted_count, history.fault) == (5, 3, 55)
    assert (history.velocity, history.starts) == (-10, 70_000)
    assert slow.histories["station"].outcomes == ()
    assert StationCodec(BAYS).encode_slow(slow, 0x66, 0x202) == [words_of(BAYS_SLOW)]


def test_the_slow_blocks_of_the_tower_station() -> None:
    measured = f"{'0000 ' * 6} 14B4 08FC 0898 09C4 0004 0012 {'0000 ' * 6}"
    script = [
        (
            "0001 0000 0006 01  04 0092 007B",
            f"0001 0000 00F9 01  04 F6 0007 1236 0044 0002 {measured} {NOTHING_YET * 4} 0044",
        ),
        ("321E 0000 0006 01  04 0111 0068", f"321E 0000 00D3 01  04 D0 0007 1236 0044 {NOTHING_YET * 4} 0044"),
        ("643B 0000 0006 01  04 017D 0068", f"643B 0000 00D3 01  04 D0 0007 1237 0045 {NOTHING_YET * 4} 0045"),
        ("9658 0000 0006 01  04 01E9 001D", f"9658 0000 003D 01  04 3A 0007 1237 0045 {NOTHING_YET} 0045"),
    ]
    slow = over_tcp(script, lambda blocks: blocks.slow())
    assert (slow.boot_id, slow.first_out) == (7, 2)
    room = slow.measurements[104]
    assert (room.length_mm, room.width_mm, room.height_mm, room.weight_kg) == (5300, 2300, 2200, 2500)
    assert (room.wheels, room.crossings) == (4, 18)
    assert len(slow.histories) == 13


# The table as a whole

RELEASED = {1: "4224a9"}
"""By map version: the beginning of the digest of the reference tower's addresses, without their texts."""


def test_a_register_that_moves_makes_a_new_map_version() -> None:
    table = Path(config.plc_map.__file__).with_name("plc_map.csv").read_text("utf-8").splitlines()
    addresses = "\n".join(",".join(line.split(",")[:6]) for line in table)
    digest = hashlib.sha256(addresses.encode()).hexdigest()
    version, known = max(RELEASED.items())
    assert words_of(TOWER_IDENTITY)[4] == version
    assert digest.startswith(known), f"raise the map version, and name it here with {digest[:6]}"
