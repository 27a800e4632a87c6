"""Every register of a station by its name: what the table for the PLC engineer lists, and what a person may look up."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from hal.plcmap.registers import CONTROLLER_FIELDS, Block, Field, StationMap

Space = Literal["input", "holding"]
Owner = Literal["plc", "controller"]

FRAME_FIELDS: Final = (
    Field("epoch", 0, 2, "", "epoch of the controller that writes"),
    Field("boot_id", 2, 1, "", "boot id that the command is meant for"),
    Field("opcode", 3, 1, "", "opcode"),
    Field("argument1", 4, 2, "", "argument 1, signed"),
    Field("argument2", 6, 2, "", "argument 2, signed"),
    Field("expected_from", 8, 1, "", "state that the mechanism must be in; 0: any"),
    Field("check", 9, 1, "", "CRC-16/MODBUS over all other words of the frame in order, high bytes first"),
    Field("sequence", 10, 1, "", "sequence, the commit; 0: empty. FC16 over the whole frame only, never FC6"),
)
"""A mailbox, word by word, as `hal.plcmap.frame` builds it."""

MIRROR: Final = "mirror"


@dataclass(frozen=True, slots=True)
class Register:
    """One value on the wire: ``words`` registers from ``address``, 32-bit values high word first."""

    space: Space
    address: int
    words: int
    name: str
    """Block, or mailbox, and field: ``fast.lift.position``."""
    unit: str
    owner: Owner
    text: str

    @property
    def access(self) -> str:
        """What the controller may do with it."""
        return "read" if self.owner == "plc" else "read/write"


def named_blocks(station: StationMap) -> Iterator[tuple[str, Block]]:
    """Yield the blocks by address; several of one name are numbered from 1."""
    for blocks in ((station.identity,), station.fast, station.slow):
        for i, block in enumerate(blocks, start=1):
            yield (f"{block.name}{i}" if len(blocks) > 1 else block.name), block


def catalogue(station: StationMap) -> Iterator[Register]:
    """Yield every register of a station: its input registers, their mirrors, and what the controller owns."""
    for name, block in named_blocks(station):
        for field in block.fields:
            yield _register("input", block.address, name, field, "plc")
    for name, block in named_blocks(station):
        mirror = Field(MIRROR, 0, block.count, "", f"the input registers of block {name} again, for FC3 and FC23")
        yield _register("holding", block.address, name, mirror, "plc")
    for field in CONTROLLER_FIELDS:
        yield _register("holding", station.controller_block, "controller", field, "controller")
    for mechanism in station.mechanisms:
        for field in FRAME_FIELDS:
            name = f"mailbox.{mechanism.name}"
            yield _register("holding", station.mailbox(mechanism.name), name, field, "controller")


def _register(space: Space, base: int, block: str, field: Field, owner: Owner) -> Register:
    name = f"{block}.{field.name}"
    return Register(space, base + field.offset, field.words, name, field.unit, owner, field.text)
