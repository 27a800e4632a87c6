"""What the words of a register mean, for people: a number, the names of its bits, and a text."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from functools import cache
from typing import Final

from hal.plcmap import codes
from hal.plcmap.codes import name_of
from hal.plcmap.frame import join32, join32_signed


@dataclass(frozen=True, slots=True)
class Meaning:
    """A register's number, and what it stands for. ``bits`` by name; empty if the register has none."""

    value: int
    text: str
    bits: Mapping[str, bool] = field(default_factory=dict)


def meaning(name: str, words: Sequence[int]) -> Meaning:
    """Return what a register of this name (as in `hal.plcmap.catalogue`) shows; numbers without a name are shown."""
    last = _NUMBERED.sub("", name.rpartition(".")[2])
    value = join32(words[0], words[1]) if len(words) == 2 else words[0]
    if last in _SIGNED:
        signed = join32_signed(words[0], words[1])
        return Meaning(signed, str(signed))
    if last in _BITS:
        return _bits(_BITS[last], value)
    return Meaning(value, _TEXTS.get(last, str)(value))


_NUMBERED: Final = re.compile(r"\d+$")

_SIGNED: Final = frozenset({"position", "velocity", "argument"})

_BITS: Final[Mapping[str, type[IntFlag]]] = {
    "safety": codes.Safety,
    "first_out": codes.Safety,
    "status": codes.Status,
    "flags": codes.Flag,
    "carriage": codes.Carriage,
    "sensors": codes.Room,
    "inputs": codes.BayStation,
    "bay": codes.Bay,
}


@cache
def _masks(kind: type[IntFlag]) -> tuple[tuple[str, int], ...]:
    return tuple((str(bit.name), int(bit)) for bit in kind)


def _bits(kind: type[IntFlag], value: int) -> Meaning:
    bits = {name: bool(value & mask) for name, mask in _masks(kind)}
    names = [name for name, is_set in bits.items() if is_set]
    if kind is codes.Room:
        names.append(f"crossings {value >> codes.ROOM_CROSSINGS_SHIFT}")
    return Meaning(value, " ".join(names) or "none", bits)


def _state(value: int) -> str:
    state, substep = name_of(codes.State, value >> 8), value & 0xFF
    if value >> 8 == codes.State.SHOWING:
        return f"{state} {name_of(codes.Signal, substep)}"
    return f"{state} {name_of(codes.SubStep, substep)}" if substep else state


def _outcome(value: int) -> str:
    result, reason = name_of(codes.Result, value >> 8), value & 0xFF
    return f"{result} {name_of(codes.Reason, reason)}" if reason else result


def _hex(value: int) -> str:
    return f"0x{value:0{8 if value > 0xFFFF else 4}X}"


_TEXTS: Final[Mapping[str, Callable[[int], str]]] = {
    "state": _state,
    "outcome": _outcome,
    "result": _outcome,
    "fault": lambda value: name_of(codes.Reason, value),
    "untrusted_reason": lambda value: name_of(codes.Untrusted, value),
    "opcode": lambda value: name_of(codes.Opcode, value) if value else "none",
    "expected_from": lambda value: name_of(codes.State, value),
    "station_kind": lambda value: name_of(codes.StationKind, value),
    "program_state": lambda value: name_of(codes.ProgramState, value),
    **dict.fromkeys(
        (
            *("epoch", "epoch_in_force", "owner", "owner_in_force", "map_id", "table_crc"),
            *("accepted_check", "check", "untrusted_check"),
        ),
        _hex,
    ),
}
