"""Addresses: which register of which station holds what, and whose it is.

Input registers hold the blocks; the holding registers below `StationMap.owned_base` mirror them read-only, so
that one FC23 (which reads holding registers: V1.1b3, 6.17) can write the controller block and read a block.
From ``owned_base`` on stand the registers that the controller owns: its block, then the mailboxes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from hal.plcmap.codes import MechanismKind, StationKind
from hal.plcmap.shape import BAY_UNIT_BASE, TOWER_UNIT, TowerShape, level_of, position_of

MAX_READ: Final = 125
"""Registers in one read (V1.1b3, 6.3 and 6.4)."""

OWNED_BASE: Final = 768
CONTROLLER_WORDS: Final = 8
MAILBOX_STRIDE: Final = 12
BLOCK_GAP: Final = 4

IDENTITY: Final = "identity"
FAST: Final = "fast"
SLOW: Final = "slow"


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mailbox and its status.

    ``name`` is unique in its station: ``lift``, ``room1.inner_door``, ``latches``. ``place`` is the room's place
    (rooms), the level (latches), else 0.
    """

    name: str
    kind: MechanismKind
    place: int = 0

    @property
    def is_axis(self) -> bool:
        """Whether the mechanism reports a position (mm for lift and shuttle, mdeg for the turntable)."""
        return self.kind in _AXES


_AXES = frozenset({MechanismKind.LIFT, MechanismKind.TURNTABLE, MechanismKind.SHUTTLE})


@dataclass(frozen=True, slots=True)
class Field:
    """One value inside a block: ``words`` registers from ``offset``."""

    name: str
    offset: int
    words: int
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """Registers that are read in one request and are consistent in themselves."""

    name: str
    address: int
    count: int
    fields: tuple[Field, ...]

    def offset(self, name: str) -> int:
        """Return the offset of a field from the block's address.

        Raises:
            KeyError: the block has no such field.

        """
        return self._offsets[name]

    @property
    def _offsets(self) -> dict[str, int]:
        return {field_.name: field_.offset for field_ in self.fields}


@dataclass(frozen=True)
class StationMap:
    """Everything about one station's registers."""

    name: str
    kind: StationKind
    unit: int
    mechanisms: tuple[Mechanism, ...]
    identity: Block
    fast: tuple[Block, ...]
    slow: tuple[Block, ...]
    owned_base: int
    places: tuple[int, ...] = field(default=())
    """Rooms of the tower station; bays of a bay controller, in the order of their words."""

    @cached_property
    def _mailbox_by_name(self) -> dict[str, int]:
        first = self.owned_base + CONTROLLER_WORDS
        return {m.name: first + i * MAILBOX_STRIDE for i, m in enumerate(self.mechanisms)}

    def mailbox(self, mechanism: str) -> int:
        """Return the address of a mechanism's frame.

        Raises:
            KeyError: the station has no such mechanism.

        """
        return self._mailbox_by_name[mechanism]

    @property
    def controller_block(self) -> int:
        """Address of the controller block in the holding registers."""
        return self.owned_base

    @property
    def owned_end(self) -> int:
        """First address behind the controller's registers."""
        return self.owned_base + CONTROLLER_WORDS + len(self.mechanisms) * MAILBOX_STRIDE

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every block, by address."""
        return (self.identity, *self.fast, *self.slow)

    def mechanism(self, name: str) -> Mechanism:
        """Return a mechanism by its name.

        Raises:
            KeyError: the station has no such mechanism.

        """
        for mechanism in self.mechanisms:
            if mechanism.name == name:
                return mechanism
        raise KeyError(name)


CONTROLLER_FIELDS: Final = (
    Field("epoch", 0, 2, "", "epoch of the controller: high word daemon start, low word connection"),
    Field("owner", 2, 1, "", "owner, random a start"),
    Field("heartbeat_echo", 3, 1, "", "the station's own heartbeat read back"),
    Field("dead_man", 4, 1, "", "dead-man counter of JOG: changes within 200 ms"),
    Field("reserved", 5, 3, "", "write 0"),
)
"""The controller block in the holding registers, written with every poll."""


class _Layout:
    """Lays fields one behind another."""

    def __init__(self) -> None:
        self.fields: list[Field] = []
        self.size = 0

    def add(self, name: str, words: int = 1, unit: str = "", text: str = "") -> None:
        self.fields.append(Field(name, self.size, words, unit, text))
        self.size += words

    def header(self) -> None:
        self.add("boot_id", text="rises at each power-up, retained")
        self.add("heartbeat", text="counts scans of the program")
        self.add("snapshot", text="snapshot counter; unequal to the last register: torn, read again")

    def block(self, name: str, address: int) -> Block:
        self.add("snapshot_end", text="the snapshot counter again")
        return Block(name, address, self.size, tuple(self.fields))


def mechanism_words(mechanism: Mechanism) -> int:
    """Return how many registers a mechanism has in the fast block."""
    return 9 if mechanism.is_axis else 7


def _add_status(layout: _Layout, mechanism: Mechanism) -> None:
    name = mechanism.name
    layout.add(f"{name}.state", text="state (high byte), sub-step (low byte)")
    layout.add(f"{name}.accepted", text="accepted sequence")
    layout.add(f"{name}.accepted_check", text="check word of the accepted frame")
    layout.add(f"{name}.executing", text="executing sequence, 0: none")
    layout.add(f"{name}.outcome_sequence", text="sequence of the newest outcome")
    layout.add(f"{name}.outcome", text="result (high byte), reason (low byte) of the newest outcome")
    layout.add(f"{name}.flags", text="flags")
    if mechanism.is_axis:
        unit = "mdeg" if mechanism.kind is MechanismKind.TURNTABLE else "mm"
        layout.add(f"{name}.position", 2, unit, "position by the encoder, signed")


SLOW_WORDS: Final = 25
"""Registers of one mechanism in a slow block."""

OUTCOMES_KEPT: Final = 4


def _add_history(layout: _Layout, mechanism: Mechanism) -> None:
    name = mechanism.name
    for i in range(1, OUTCOMES_KEPT + 1):
        layout.add(f"{name}.outcome{i}.sequence", text=f"sequence of the newest outcome but {i - 1}")
        layout.add(f"{name}.outcome{i}.check", text="check word of its frame")
        layout.add(f"{name}.outcome{i}.result", text="result (high byte), reason (low byte)")
    layout.add(f"{name}.untrusted_sequence", text="sequence of the last untrusted frame")
    layout.add(f"{name}.untrusted_check", text="its check word")
    layout.add(f"{name}.untrusted_reason", text="why it was not trusted")
    layout.add(f"{name}.untrusted_count", text="untrusted frames since power-up")
    layout.add(f"{name}.fault", text="fault code, 0: none")
    layout.add(f"{name}.velocity", 2, "mm/s, mdeg/s", "velocity, signed")
    layout.add(f"{name}.starts", 2, "", "starts since commissioning")
    layout.add(f"{name}.reserved", 4, "", "0")


ROOM_SLOW_WORDS: Final = 6


def _add_measuring_frame(layout: _Layout, room: str) -> None:
    layout.add(f"{room}.length", unit="mm", text="measured length")
    layout.add(f"{room}.width", unit="mm", text="measured width over mirrors")
    layout.add(f"{room}.height", unit="mm", text="measured height")
    layout.add(f"{room}.weight", unit="kg", text="weight on the floor scale")
    layout.add(f"{room}.wheels", text="wheels seen within the marks, 0 to 4")
    layout.add(f"{room}.crossings", text="complete crossings of the gate since power-up")


def _identity(address: int) -> Block:
    layout = _Layout()
    layout.header()
    layout.add("map_id", text="0x4354")
    layout.add("map_version", text="version of this table")
    layout.add("station_kind", text="1 tower, 2 bays of a level")
    layout.add("tower_id", text="identity of the tower")
    layout.add("table_crc", text="CRC-16 of the place table")
    layout.add("program_state", text="0 stopped, 1 running")
    layout.add("level", text="level of a bay controller, 0 for the tower")
    layout.add("scan_time", unit="us", text="time of the last scan")
    layout.add("scan_time_max", unit="us", text="longest scan since power-up")
    layout.add("epoch_in_force", 2, text="epoch in force")
    return layout.block(IDENTITY, address)


def _fast_layout() -> _Layout:
    layout = _Layout()
    layout.header()
    layout.add("epoch_in_force", 2, text="epoch in force")
    layout.add("owner_in_force", text="owner of the epoch in force")
    layout.add("safety", text="safety word")
    layout.add("status", text="status word of the station")
    return layout


def _room_names(shape: TowerShape) -> tuple[str, ...]:
    return tuple(f"room{i}" for i in range(1, len(shape.rooms) + 1))


def _tower_mechanisms(shape: TowerShape) -> tuple[Mechanism, ...]:
    machine = (
        Mechanism("station", MechanismKind.STATION),
        Mechanism("lift", MechanismKind.LIFT),
        Mechanism("turntable", MechanismKind.TURNTABLE),
        Mechanism("shuttle", MechanismKind.SHUTTLE),
    )
    rooms = tuple(
        Mechanism(f"{room}.{part}", kind, place)
        for room, place in zip(_room_names(shape), shape.rooms, strict=True)
        for part, kind in (
            ("inner_door", MechanismKind.INNER_DOOR),
            ("outer_gate", MechanismKind.OUTER_GATE),
            ("signal", MechanismKind.SIGNAL),
        )
    )
    return machine + rooms


def _tower_fast(mechanisms: tuple[Mechanism, ...], rooms: tuple[str, ...], address: int) -> Iterator[Block]:
    """Yield the machine's block with as many rooms as fit, then blocks of rooms."""
    layout = _fast_layout()
    layout.add("carriage", text="the station's own inputs at the place of the carriage")
    for mechanism in mechanisms:
        if not mechanism.place:
            _add_status(layout, mechanism)
    for room in rooms:
        parts = [m for m in mechanisms if m.name.startswith(f"{room}.")]
        if layout.size + 1 + sum(map(mechanism_words, parts)) + 1 > MAX_READ:
            block = layout.block(FAST, address)
            yield block
            address += block.count + BLOCK_GAP
            layout = _fast_layout()
        layout.add(f"{room}.sensors", text="sensors of the room")
        for part in parts:
            _add_status(layout, part)
    yield layout.block(FAST, address)


def _slow(mechanisms: tuple[Mechanism, ...], rooms: tuple[str, ...], address: int) -> Iterator[Block]:
    layout = _Layout()
    layout.header()
    layout.add("first_out", text="first safety cause that tripped, as a bit of the safety word")
    for room in rooms:
        _add_measuring_frame(layout, room)
    for mechanism in mechanisms:
        if layout.size + SLOW_WORDS + 1 > MAX_READ:
            block = layout.block(SLOW, address)
            yield block
            address += block.count + BLOCK_GAP
            layout = _Layout()
            layout.header()
        _add_history(layout, mechanism)
    yield layout.block(SLOW, address)


def _owned_base(blocks: tuple[Block, ...]) -> int:
    end = blocks[-1].address + blocks[-1].count
    return OWNED_BASE if end <= OWNED_BASE else -(-end // 256) * 256


def tower_map(shape: TowerShape) -> StationMap:
    """Build the map of the tower PLC."""
    mechanisms, rooms = _tower_mechanisms(shape), _room_names(shape)
    identity = _identity(0)
    fast = tuple(_tower_fast(mechanisms, rooms, 32))
    slow = tuple(_slow(mechanisms, rooms, fast[-1].address + fast[-1].count + BLOCK_GAP))
    base = _owned_base((identity, *fast, *slow))
    return StationMap(
        "tower", StationKind.TOWER, TOWER_UNIT, mechanisms, identity, fast, slow, base, shape.rooms
    )


def bay_map(shape: TowerShape, level: int) -> StationMap:
    """Build the map of the bay controller of one level."""
    mechanisms = (
        Mechanism("station", MechanismKind.STATION),
        Mechanism("latches", MechanismKind.LATCHES, level),
    )
    places = shape.bays_of(level)
    layout = _fast_layout()
    layout.add("inputs", text="hard-wired inputs of the level")
    for mechanism in mechanisms:
        _add_status(layout, mechanism)
    for place in places:
        layout.add(f"bay{position_of(place)}", text=f"feedback of the bay at position {position_of(place)}")
    fast = layout.block(FAST, 32)
    slow = tuple(_slow(mechanisms, (), fast.address + fast.count + BLOCK_GAP))
    base = _owned_base((fast, *slow))
    return StationMap(
        f"bays{level}",
        StationKind.BAYS,
        BAY_UNIT_BASE + level,
        mechanisms,
        _identity(0),
        (fast,),
        slow,
        base,
        places,
    )


def station_maps(shape: TowerShape) -> dict[str, StationMap]:
    """Build the maps of every station of a tower by station name."""
    maps = [tower_map(shape), *(bay_map(shape, level) for level in shape.bay_levels)]
    return {station.name: station for station in maps}


def latches_station(place: int) -> str:
    """Return the name of the station that holds the latch of a bay."""
    return f"bays{level_of(place)}"
