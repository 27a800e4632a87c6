"""The numbers of the contract as a table: states, opcodes, results, reasons, and the bits of each word."""

import ast
import csv
import io
from collections.abc import Iterator
from importlib import resources
from typing import Final

from hal.plcmap import codes

CODE_COLUMNS: Final = ("word", "kind", "number", "name", "known_to", "text")

_NUMBERS: Final = (
    codes.StationKind,
    codes.ProgramState,
    codes.Mode,
    codes.State,
    codes.Opcode,
    codes.Result,
    codes.Reason,
    codes.Untrusted,
    codes.SubStep,
    codes.Signal,
)
_BITS: Final = (codes.Safety, codes.Status, codes.Flag, codes.Carriage, codes.Room, codes.Bay, codes.BayStation)

_ARGUMENTS: Final = {
    codes.Opcode.STOP: "controlled stop; accepted with any sequence above the accepted one",
    codes.Opcode.HOME: "find the reference",
    codes.Opcode.MOVE_TO: "argument 1: mm (lift) or mdeg (turntable); argument 2: place, or 0 for none",
    codes.Opcode.JOG: "argument 1: 1 or -1; runs while the dead-man counter changes",
    codes.Opcode.PICK: "argument 1: place to take the car from",
    codes.Opcode.PLACE: "argument 1: place to set the car down at",
    codes.Opcode.RESUME: "go on with the retained exchange",
    codes.Opcode.UNDO: "take the retained exchange back",
    codes.Opcode.RETRACT: "centre the arms, unloaded only",
    codes.Opcode.OPEN: "draw the bolt, open the leaf",
    codes.Opcode.CLOSE: "close the leaf, bolt it",
    codes.Opcode.SHOW: "argument 1: signal code",
    codes.Opcode.UNLATCH: "argument 1: position on the level",
    codes.Opcode.LATCH: "argument 1: position on the level",
    codes.Opcode.CLEAR_FAULT: "clear a latched fault whose cause is gone",
    codes.Opcode.RESET: "enable the drives; never undoes an E-stop latch",
    codes.Opcode.MODE: "argument 1: mode",
}


def plc_codes_csv() -> str:
    """Return every number and bit of the contract, with the text that its definition carries."""
    texts = _texts()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CODE_COLUMNS)
    writer.writerow(("map_version", "number", codes.MAP_VERSION, "", "", "version of the register map"))
    for numbers in _NUMBERS:
        for member in numbers:
            text = texts.get((numbers.__name__, member.name), "")
            known = ""
            if isinstance(member, codes.Opcode):
                known, text = _known_to(member), _ARGUMENTS[member]
            writer.writerow((_snake(numbers.__name__), "number", int(member), member.name, known, text))
    for bits in _BITS:
        for bit in bits:
            text = texts.get((bits.__name__, str(bit.name)), "")
            writer.writerow((_snake(bits.__name__), "bit", bit.bit_length() - 1, bit.name, "", text))
    crossings = "complete crossings of the gate, modulo 16"
    writer.writerow(("room", "bits", f"{codes.ROOM_CROSSINGS_SHIFT} to 15", "CROSSINGS", "", crossings))
    return out.getvalue()


def opcode_name(number: int) -> str:
    """Return the name of an opcode; of one that this release does not know, its number."""
    return codes.Opcode(number).name if number in codes.Opcode._value2member_map_ else f"opcode {number}"


def _known_to(opcode: codes.Opcode) -> str:
    return " ".join(kind.name.lower() for kind, known in codes.OPCODES.items() if opcode in known)


def _texts() -> dict[tuple[str, str], str]:
    """Return the text under each member in the source of the contract, where alone it stands."""
    source = resources.files("hal.plcmap").joinpath("codes.py").read_text("utf-8")
    classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    return {(one.name, name): text for one in classes for name, text in _member_texts(one)}


def _member_texts(enum: ast.ClassDef) -> Iterator[tuple[str, str]]:
    name = ""
    for node in enum.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                yield name, " ".join(text.split())


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
