"""Retained memory of a station: kept twice, each copy with its length and CRC-32."""

import json
import random
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hal.plcmap.codec import PastOutcome
from hal.plcmap.codes import SubStep
from hal.plcmap.frame import Content
from sim_plc.program.epoch import EpochMemory
from sim_plc.program.handshake import Command, MailboxMemory

_HEAD: Final = struct.Struct(">II")
"""Length of the payload, CRC-32 of it."""


@dataclass(slots=True)
class ExchangeMemory:
    """An exchange of the shuttle that was cut, or runs: ``place`` 0 means none."""

    place: int = 0
    substep: SubStep = SubStep.CENTRED
    picking: bool = False
    undoing: bool = False


@dataclass(slots=True)
class StationMemory:
    """All that a station keeps through a loss of power.

    ``lost`` is kept too: power off and on is no way around the person who must look.
    """

    boot_id: int = 0
    lost: bool = False
    epoch: EpochMemory = field(default_factory=EpochMemory)
    mailboxes: dict[str, MailboxMemory] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    exchange: ExchangeMemory = field(default_factory=ExchangeMemory)


def power_up(retained: bytes | None, rng: random.Random) -> StationMemory:
    """Restore a station's memory and count the power-up.

    ``None`` is a station that leaves the factory: empty, nothing lost. With both copies bad the memory is
    lost: a random boot id, so that no frame for an earlier boot fits but by chance.
    """
    memory = StationMemory() if retained is None else unpack(retained)
    if memory is None:
        return StationMemory(boot_id=rng.randint(1, 0xFFFF), lost=True)
    memory.boot_id = next_boot(memory.boot_id)
    return memory


def next_boot(boot_id: int) -> int:
    """Return the boot id after ``boot_id``: 16 bit, never 0."""
    return boot_id % 0xFFFF + 1


def pack(memory: StationMemory) -> bytes:
    """Return both copies."""
    payload = json.dumps(_to_plain(memory), separators=(",", ":")).encode()
    return (_HEAD.pack(len(payload), zlib.crc32(payload)) + payload) * 2


def unpack(retained: bytes) -> StationMemory | None:
    """Return the memory of the first good copy, or None if both are bad."""
    half = len(retained) // 2
    for copy in (retained[:half], retained[half:]):
        payload = _good_payload(copy)
        if payload is not None:
            return _from_plain(json.loads(payload))
    return None


def _good_payload(copy: bytes) -> bytes | None:
    if len(copy) < _HEAD.size:
        return None
    length, crc = _HEAD.unpack_from(copy)
    payload = copy[_HEAD.size :]
    return payload if len(payload) == length and zlib.crc32(payload) == crc else None


def _to_plain(memory: StationMemory) -> dict[str, Any]:
    exchange = memory.exchange
    return {
        "boot_id": memory.boot_id,
        "lost": memory.lost,
        "epoch": [memory.epoch.epoch, memory.epoch.owner],
        "mailboxes": {name: _mailbox_to_plain(box) for name, box in memory.mailboxes.items()},
        "starts": memory.starts,
        "exchange": [exchange.place, int(exchange.substep), exchange.picking, exchange.undoing],
    }


def _from_plain(plain: Mapping[str, Any]) -> StationMemory:
    place, substep, picking, undoing = plain["exchange"]
    return StationMemory(
        boot_id=plain["boot_id"],
        lost=plain["lost"],
        epoch=EpochMemory(*plain["epoch"]),
        mailboxes={name: _mailbox_from_plain(box) for name, box in plain["mailboxes"].items()},
        starts=dict(plain["starts"]),
        exchange=ExchangeMemory(place, SubStep(substep), picking, undoing),
    )


def _mailbox_to_plain(box: MailboxMemory) -> list[Any]:
    return [
        box.accepted,
        box.accepted_check,
        _content_to_plain(box.accepted_content),
        [[o.sequence, o.check, o.result, o.reason] for o in box.outcomes],
        _command_to_plain(box.running) if box.running else None,
        [_command_to_plain(stop) for stop in box.stops],
    ]


def _mailbox_from_plain(plain: list[Any]) -> MailboxMemory:
    accepted, check, content, outcomes, running, stops = plain
    return MailboxMemory(
        accepted,
        check,
        Content(*content),
        [PastOutcome(*outcome) for outcome in outcomes],
        _command_from_plain(running) if running else None,
        [_command_from_plain(stop) for stop in stops],
    )


def _command_to_plain(command: Command) -> list[Any]:
    return [command.sequence, command.check, _content_to_plain(command.content)]


def _command_from_plain(plain: list[Any]) -> Command:
    sequence, check, content = plain
    return Command(sequence, check, Content(*content))


def _content_to_plain(content: Content) -> list[int]:
    return [content.opcode, content.argument1, content.argument2, content.expected_from]
