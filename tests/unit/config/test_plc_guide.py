"""Every number, address, example, command and test that the PLC engineer's guide names is the one in force."""

import csv
import io
import re
import shlex
from collections.abc import Mapping
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Any, Final

import click
import pytest

from config.bus import RtuBus, TcpBus
from config.load import load_tower
from config.plc_codes import plc_codes_csv
from controller.cli.main import cartower
from hal.blocks import TORN_LIMIT
from hal.handshake import REPEAT_S
from hal.modbus_request import reading_and_writing, writing
from hal.pace import STALE_S
from hal.plcmap import codes
from hal.plcmap.catalogue import FRAME_FIELDS, catalogue
from hal.plcmap.codec import ControllerBlock
from hal.plcmap.frame import Content, Frame, crc16, split32
from hal.plcmap.registers import CONTROLLER_FIELDS, MAILBOX_STRIDE, MAX_READ, OUTCOMES_KEPT
from hal.plcmap.shape import PlacePose, TowerShape, level_of
from sim_plc.program.admission import NEEDS_NO_POWER
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS
from sim_plc.program.epoch import DEAD_MAN_S
from sim_plc.program.input_filter import BARRIER_S, CONTACT_S
from sim_plc.program.interlocks import Condition
from sim_plc.program.safety_word import CAUSES
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.wire.functions import MAX_READ_WRITE, MAX_WRITE
from tests.support.plc_guide import fences, guide, program, tables, tables_of

ROOT: Final = Path(__file__).parents[3]
TOWER: Final = load_tower("guangzhou")
MAPS: Final = TOWER.maps
NAMED: Final = re.compile(r"(\d+) `([A-Z][A-Z0-9_]+)`")


# Codes


def code_table() -> dict[str, dict[str, int]]:
    """Return the numbers by word and name."""
    found: dict[str, dict[str, int]] = {}
    for row in csv.DictReader(io.StringIO(plc_codes_csv())):
        if row["kind"] in ("number", "bit"):
            found.setdefault(row["word"], {})[row["name"]] = int(row["number"])
    return found


CODES: Final = code_table()
ALL_NAMES: Final = {(number, name) for names in CODES.values() for name, number in names.items()}


def test_every_named_number_is_the_one_of_the_contract() -> None:
    found = NAMED.findall(guide())
    assert len(found) > 200
    assert {(int(number), name) for number, name in found} <= ALL_NAMES
    for word, number, name in re.findall(r"\b([a-z_]+)\s+(\d+)\s+`([A-Z0-9_]+)`", guide()):
        if word in CODES:
            assert CODES[word].get(name) == int(number), (word, number, name)


def test_every_name_in_capitals_is_known() -> None:
    names = {name for _, name in ALL_NAMES} | {"MAILBOXES"}
    assert set(re.findall(r"`([A-Z][A-Z0-9_]+)`", guide())) <= names


def test_columns_of_codes_hold_codes_of_their_word() -> None:
    checked = 0
    for table in tables():
        for column, word in enumerate(table.head):
            for row in table.rows if word in CODES else ():
                for number, name in NAMED.findall(row[column]):
                    assert CODES[word].get(name) == int(number), (table.head, row)
                    checked += 1
    assert checked > 60


@pytest.mark.parametrize(("word", "left_out"), [("opcode", set()), ("result", {"NONE"}), ("untrusted", {"NONE"})])
def test_the_tables_of_codes_are_complete(word: str, left_out: set[str]) -> None:
    named = {name for table in tables_of(word) for row in table.rows for _, name in NAMED.findall(row[0])}
    assert named == CODES[word].keys() - left_out


def test_who_knows_which_opcode() -> None:
    [table] = tables_of("opcode", "known to")
    for first, known_to, _ in table.rows:
        opcode = codes.Opcode[NAMED.findall(first)[0][1]]
        kinds = {kind.name.lower() for kind, known in codes.OPCODES.items() if opcode in known}
        assert set(known_to.split()) == kinds or (known_to == "every mailbox" and len(kinds) == len(codes.OPCODES))


def test_every_refusal_has_its_row() -> None:
    told = {int(row[0].split()[0]) for table in tables_of("reason") for row in table.rows}
    judged = {condition.reason for row in rows().values() for condition in row}
    own = {codes.Reason.POWER, codes.Reason.BUSY, codes.Reason.NOT_HOMED}
    by_frame = {codes.Reason(number) for number in (1, 2, 3, 4)}
    assert told >= (judged - own) | by_frame


def test_causes_of_a_trip_in_their_order() -> None:
    [table] = tables_of("safety", "cause")
    bits = [1 << int(NAMED.findall(row[0])[0][0]) for row in table.rows]
    assert bits == [int(cause) for cause in CAUSES]


ENUMS: Final[Mapping[str, type[IntEnum | IntFlag]]] = {
    "opcode": codes.Opcode,
    "result": codes.Result,
    "reason": codes.Reason,
    "untrusted": codes.Untrusted,
}


def test_the_constants_of_the_program() -> None:
    expected = {
        "mailboxes": len(MAPS["tower"].mechanisms),
        "silence_ms": round(TOWER.machine.plc.silence_s * 1000),
        "dead_man_ms": round(DEAD_MAN_S * 1000),
    }
    for name, (_, value) in program(mailboxes=13).constants.items():
        word, _, code = name.partition("_")
        assert value == (ENUMS[word][code.upper()] if word in ENUMS else expected[name]), name


# Registers


def test_every_address() -> None:
    known = {
        (station.name, each.name): (each.address, each.words)
        for station in MAPS.values()
        for each in catalogue(station)
    }
    found = tables_of("station", "name", "address", "words")
    assert sum(len(table.rows) for table in found) > 25
    for table in found:
        for station, name, address, words in table.rows:
            assert known[station.strip("`"), name.strip("`")] == (int(address), int(words)), name
    assert MAILBOX_STRIDE == 12
    assert OUTCOMES_KEPT == 4


def test_the_whole_identity_block_is_listed() -> None:
    listed = {row[1].strip("`") for table in tables_of("station", "name", "address") for row in table.rows}
    assert {f"identity.{field.name}" for field in MAPS["tower"].identity.fields} <= listed


def test_the_frame_and_the_controller_block_word_by_word() -> None:
    block, frame = tables_of("offset", "name", "meaning")
    expected = [(field.offset, f"controller.{field.name}") for field in CONTROLLER_FIELDS]
    assert [(int(row[0]), row[1].strip("`")) for row in block.rows] == expected
    expected = [(field.offset, field.name) for field in FRAME_FIELDS]
    assert [(int(row[0]), row[1].strip("`")) for row in frame.rows] == expected


def test_units_of_the_stations() -> None:
    [table] = tables_of("station", "unit")
    assert {row[0].strip("`"): int(row[1]) for row in table.rows}.items() <= {
        name: station.unit for name, station in MAPS.items()
    }.items()
    assert {row[0].strip("`") for table in tables_of("station") for row in table.rows} <= MAPS.keys()


def test_limits() -> None:
    [table] = tables_of("limit", "value")
    tcp, rtu = (kind.model_fields["timeout_s"].default for kind in (TcpBus, RtuBus))
    seconds = (TOWER.timing.poll_s, TOWER.timing.idle_poll_s, STALE_S, REPEAT_S)
    poll, rest, stale, repeat = (round(each * 1000) for each in seconds)
    expected = [MAX_READ, MAX_WRITE, MAX_READ_WRITE, MAPS["tower"].owned_end - 1]
    expected += [poll, rest, stale, repeat, TORN_LIMIT, round(tcp * 1000), round(rtu * 1000)]
    assert [int(row[1]) for row in table.rows] == expected
    assert (CONTACT_S, BARRIER_S) == (0.02, 0.1)
    assert round(TOWER.machine.plc.silence_s / 0.01) == 150
    assert RtuBus.model_fields["turnaround_s"].default == 0.003
    assert (codes.MAP_ID, codes.MAP_VERSION) == (0x4354, 1)


# Examples in bytes

EPOCH: Final = 0x0003_0007
MOVE: Final = Frame.build(epoch=EPOCH, boot_id=7, content=Content(3, 2500, 203, 2), sequence=41)
JOG: Final = Frame.build(epoch=EPOCH, boot_id=7, content=Content(4, -1), sequence=65_535)
STOP: Final = Frame.build(epoch=EPOCH, boot_id=7, content=Content(1), sequence=1)


def small_table() -> tuple[int, ...]:
    """Return the words of the guide's own place table, and their CRC as the contract makes it."""
    [table] = tables_of("place", "height_mm", "angle_mdeg")
    *places, (_, height, angle) = table.rows
    poses = {int(place): PlacePose(int(mm), int(mdeg)) for place, mm, mdeg in places}
    words: list[int] = []
    for place, pose in poses.items():
        words += [place, *split32(pose.height_mm), *split32(pose.angle_mdeg)]
    words += [*split32(int(height)), *split32(int(angle))]
    shape = TowerShape(1, 2, 2, (101,), poses, int(height), int(angle))
    assert crc16(words) == shape.table_crc()
    return (*words, shape.table_crc())


def of_words(words: tuple[int, ...]) -> bytes:
    return b"".join(word.to_bytes(2, "big") for word in words)


def test_every_example_is_what_the_controller_sends() -> None:
    tower = MAPS["tower"]
    fast, block = tower.fast[0], ControllerBlock(EPOCH, 0xBEEF, 4661, 2)
    expected = {
        "poll": reading_and_writing(1, fast.address, fast.count, tower.controller_block, block.to_words()).pdu,
        "move": of_words(MOVE.to_words()),
        "jog": of_words(JOG.to_words()),
        "stop": of_words(STOP.to_words()),
        "write": writing(1, tower.mailbox("lift"), MOVE.to_words()).pdu,
        "table": of_words(small_table()),
    }
    shown = {}
    for fence in fences("hex"):
        title, _, data = fence.partition("\n")
        shown[title.partition(":")[0]] = bytes.fromhex(data)
    assert shown == expected
    assert fast.count == 110


def test_the_check_words_of_the_examples_by_the_typed_program() -> None:
    typed = program()
    for frame in (MOVE, JOG, STOP):
        assert typed.functions["framecheck"](v_words={"w": list(frame.to_words())}) == frame.check


def test_check_words_in_the_text() -> None:
    one, two = crc16([0x4354]), crc16([1, 2])
    assert f"Over the one word 16#4354 it is 16#{one:04X}; over 1, 2 it is 16#{two:04X}." in guide()
    assert f"The reference tower's is 16#{TOWER.shape.table_crc():04X}." in guide()
    assert level_of(307) == 3


# Interlocks


def rows() -> dict[str, tuple[Condition[Any], ...]]:
    """Return the conditions of every command."""
    every: dict[Any, tuple[Condition[Any], ...]] = {**TOWER_INTERLOCKS.rows, **BAY_INTERLOCKS.rows}
    return {f"{kind.name.lower()} {opcode.name}": conditions for (kind, opcode), conditions in every.items()}


def test_the_interlock_table_is_the_one_that_the_stations_enforce() -> None:
    [table] = tables_of("command", "conditions by their reasons, in order")
    told: dict[str, list[tuple[int, bool]]] = {}
    for command, conditions in table.rows:
        if conditions.startswith("as "):
            told[command] = told[conditions.removeprefix("as ")]
        else:
            told[command] = [(int(n), bool(star)) for n, star in re.findall(r"(\d+) `[A-Z_]+`(\*?)", conditions)]
    enforced = {
        command: [(int(each.reason), each.at_start_only) for each in conditions]
        for command, conditions in rows().items()
    }
    assert told == enforced


def test_what_needs_no_power() -> None:
    assert "(all but RESET, CLEAR_FAULT, MODE, SHOW and LATCH need them)" in guide().replace("\n", " ")
    assert {opcode.name for _, opcode in NEEDS_NO_POWER} == {"RESET", "CLEAR_FAULT", "MODE", "SHOW", "LATCH"}


# What it names


def commands() -> list[str]:
    """Return the command lines of the guide: in fences of `sh` and in back ticks."""
    lines = [line.partition("#")[0].strip() for fence in fences("sh") for line in fence.splitlines()]
    return lines + re.findall(r"`(cartower [^`]+)`", guide())


@pytest.mark.parametrize("line", commands())
def test_every_command_line_is_understood(line: str) -> None:
    command: click.Command = cartower
    context = click.Context(command)
    name, *words = shlex.split(line)
    assert name == "cartower"
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None, line
        command, context = found, click.Context(found, context)
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options


def test_every_test_that_it_names_is_in_the_contract_suite() -> None:
    named = set(re.findall(r"`(test_\w+)`", guide()))
    assert len(named) >= 6
    files = (ROOT / "tests" / "contract" / "tower").glob("test_*.py")
    suite = "\n".join(file.read_text("utf-8") for file in files)
    assert named <= set(re.findall(r"^def (test_\w+)", suite, re.MULTILINE))
    assert "`pytest tests/contract --tower my.toml --allow-motion`" in guide()


def test_the_words_in_the_text_that_are_files_are_there() -> None:
    assert (ROOT / "config" / "plc_map.csv").is_file()
    assert set(re.findall(r"`config/([\w.]+)`", guide())) == {"plc_map.csv"}
