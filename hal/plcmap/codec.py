"""From registers to values and back: the images that both ends exchange."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hal.plcmap import codes
from hal.plcmap.frame import join32, join32_signed, split32
from hal.plcmap.registers import OUTCOMES_KEPT, Block, Mechanism, StationMap

_HEADER: Final = 3
"""Boot id, heartbeat and snapshot counter stand before a block's content, the counter again behind it."""


class TornImage(ValueError):
    """The two snapshot counters of a block differ: read it again."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a station is."""

    boot_id: int
    heartbeat: int
    map_id: int
    map_version: int
    station_kind: int
    tower_id: int
    table_crc: int
    program_state: int
    level: int
    scan_time_us: int
    scan_time_max_us: int
    epoch_in_force: int


@dataclass(frozen=True, slots=True)
class Status:
    """One mechanism in the fast block. Positions in mm (lift, shuttle) or mdeg (turntable)."""

    state: int
    substep: int
    accepted: int
    accepted_check: int
    executing: int
    outcome_sequence: int
    result: int
    reason: int
    flags: codes.Flag
    position: int = 0


@dataclass(frozen=True, slots=True)
class Image:
    """What a station shows with every poll."""

    boot_id: int
    heartbeat: int
    epoch_in_force: int
    owner_in_force: int
    safety: codes.Safety
    status: codes.Status
    mechanisms: Mapping[str, Status]
    carriage: codes.Carriage = field(default_factory=lambda: codes.Carriage(0))
    """Tower station only."""
    rooms: Mapping[int, codes.Room] = field(default_factory=dict)
    """By place; tower station only."""
    inputs: codes.BayStation = field(default_factory=lambda: codes.BayStation(0))
    """Bay controllers only."""
    bays: Mapping[int, codes.Bay] = field(default_factory=dict)
    """By place; bay controllers only."""


@dataclass(frozen=True, slots=True)
class PastOutcome:
    """One kept outcome: the check word tells whose frame it was."""

    sequence: int
    check: int
    result: int
    reason: int


@dataclass(frozen=True, slots=True)
class History:
    """One mechanism in the slow blocks."""

    outcomes: tuple[PastOutcome, ...]
    """Newest first; empty places (sequence 0) left out."""
    untrusted_sequence: int
    untrusted_check: int
    untrusted_reason: int
    untrusted_count: int
    fault: int
    velocity: int
    starts: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """The measuring frame of a room."""

    length_mm: int
    width_mm: int
    height_mm: int
    weight_kg: int
    wheels: int
    crossings: int


@dataclass(frozen=True, slots=True)
class SlowImage:
    """What a station shows on demand."""

    boot_id: int
    first_out: int
    histories: Mapping[str, History]
    measurements: Mapping[int, Measurement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ControllerBlock:
    """What the controller writes with every poll."""

    epoch: int
    owner: int
    heartbeat_echo: int
    dead_man: int = 0

    def to_words(self) -> tuple[int, ...]:
        """Return the registers of the block."""
        return (*split32(self.epoch), self.owner, self.heartbeat_echo, self.dead_man, 0, 0, 0)

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "ControllerBlock":
        """Read the block from its registers."""
        return cls(join32(words[0], words[1]), words[2], words[3], words[4])


class StationCodec:
    """Codec of one station's blocks; offsets are looked up once."""

    def __init__(self, station: StationMap) -> None:
        self.station = station
        self._fast = [_FastBlock(station, block) for block in station.fast]
        self._slow = [(block, _offsets(block)) for block in station.slow]
        self._identity = _offsets(station.identity)
        self._newest: Image | None = None
        self._newest_content: list[tuple[int, ...]] = []

    def decode_identity(self, words: Sequence[int]) -> Identity:
        """Read the identity block.

        Raises:
            TornImage: the block is torn.

        """
        at = self._identity
        _check_whole(words)
        return Identity(
            words[0],
            words[1],
            words[at["map_id"]],
            words[at["map_version"]],
            words[at["station_kind"]],
            words[at["tower_id"]],
            words[at["table_crc"]],
            words[at["program_state"]],
            words[at["level"]],
            words[at["scan_time"]],
            words[at["scan_time_max"]],
            join32(words[at["epoch_in_force"]], words[at["epoch_in_force"] + 1]),
        )

    def encode_identity(self, identity: Identity, snapshot: int) -> list[int]:
        """Write the identity block."""
        return [
            identity.boot_id,
            identity.heartbeat,
            snapshot,
            identity.map_id,
            identity.map_version,
            identity.station_kind,
            identity.tower_id,
            identity.table_crc,
            identity.program_state,
            identity.level,
            identity.scan_time_us,
            identity.scan_time_max_us,
            *split32(identity.epoch_in_force),
            snapshot,
        ]

    def decode_fast(self, blocks: Sequence[Sequence[int]]) -> Image:
        """Read the fast blocks, in order.

        Raises:
            TornImage: a block is torn, or two blocks come from different boots.

        """
        for _, words in zip(self._fast, blocks, strict=True):
            _check_whole(words)
            if words[0] != blocks[0][0]:
                raise TornImage("blocks of different boots")
        content = [tuple(words[_HEADER:-1]) for words in blocks]
        if self._newest is not None and content == self._newest_content:
            # A machine at rest shows the same with every poll: only boot and heartbeat are new.
            return replace(self._newest, boot_id=blocks[0][0], heartbeat=blocks[0][1])
        self._newest, self._newest_content = self._decode_fast(blocks), content
        return self._newest

    def _decode_fast(self, blocks: Sequence[Sequence[int]]) -> Image:
        mechanisms: dict[str, Status] = {}
        rooms: dict[int, codes.Room] = {}
        bays: dict[int, codes.Bay] = {}
        for plan, words in zip(self._fast, blocks, strict=True):
            plan.decode(words, mechanisms, rooms, bays)
        first, words = self._fast[0], blocks[0]
        return Image(
            words[0],
            words[1],
            join32(words[3], words[4]),
            words[5],
            codes.Safety(words[6]),
            codes.Status(words[7]),
            mechanisms,
            codes.Carriage(words[first.carriage]) if first.carriage is not None else codes.Carriage(0),
            rooms,
            codes.BayStation(words[first.inputs]) if first.inputs is not None else codes.BayStation(0),
            bays,
        )

    def encode_fast(self, image: Image, snapshot: int) -> list[list[int]]:
        """Write the fast blocks, in order."""
        return [plan.encode(image, snapshot) for plan in self._fast]

    def decode_slow(self, blocks: Sequence[Sequence[int]]) -> SlowImage:
        """Read the slow blocks, in order.

        Raises:
            TornImage: a block is torn, or two blocks come from different boots.

        """
        histories: dict[str, History] = {}
        measurements: dict[int, Measurement] = {}
        for (_, at), words in zip(self._slow, blocks, strict=True):
            _check_whole(words)
            if words[0] != blocks[0][0]:
                raise TornImage("blocks of different boots")
            for mechanism in self.station.mechanisms:
                if f"{mechanism.name}.fault" in at:
                    histories[mechanism.name] = _decode_history(words, at[f"{mechanism.name}.outcome1.sequence"])
            for i, place in enumerate(self._room_places(), start=1):
                if f"room{i}.length" in at:
                    first = at[f"room{i}.length"]
                    measurements[place] = Measurement(*words[first : first + 6])
        return SlowImage(blocks[0][0], blocks[0][self._slow[0][1]["first_out"]], histories, measurements)

    def encode_slow(self, image: SlowImage, heartbeat: int, snapshot: int) -> list[list[int]]:
        """Write the slow blocks, in order."""
        result = []
        for block, at in self._slow:
            words = [0] * block.count
            words[0], words[1], words[2], words[-1] = image.boot_id, heartbeat, snapshot, snapshot
            if "first_out" in at:
                words[at["first_out"]] = image.first_out
            for name, history in image.histories.items():
                if f"{name}.fault" in at:
                    _encode_history(words, at[f"{name}.outcome1.sequence"], history)
            for i, place in enumerate(self._room_places(), start=1):
                if f"room{i}.length" in at and place in image.measurements:
                    m = image.measurements[place]
                    first = at[f"room{i}.length"]
                    words[first : first + 6] = (
                        m.length_mm,
                        m.width_mm,
                        m.height_mm,
                        m.weight_kg,
                        m.wheels,
                        m.crossings,
                    )
            result.append(words)
        return result

    def _room_places(self) -> tuple[int, ...]:
        return self.station.places if self.station.kind is codes.StationKind.TOWER else ()


class _FastBlock:
    """Offsets of one fast block, resolved."""

    def __init__(self, station: StationMap, block: Block) -> None:
        at = _offsets(block)
        self.count = block.count
        self.carriage = at.get("carriage")
        self.inputs = at.get("inputs")
        self.mechanisms: list[tuple[Mechanism, int]] = [
            (m, at[f"{m.name}.state"]) for m in station.mechanisms if f"{m.name}.state" in at
        ]
        tower = station.kind is codes.StationKind.TOWER
        self.rooms = [
            (place, at[f"room{i}.sensors"])
            for i, place in enumerate(station.places, start=1)
            if tower and f"room{i}.sensors" in at
        ]
        self.bays = [] if tower else [(place, at[f"bay{place % 100}"]) for place in station.places]

    def decode(
        self,
        words: Sequence[int],
        mechanisms: dict[str, Status],
        rooms: dict[int, codes.Room],
        bays: dict[int, codes.Bay],
    ) -> None:
        for mechanism, at in self.mechanisms:
            state, accepted, check, executing, sequence, outcome, flags = words[at : at + 7]
            position = join32_signed(words[at + 7], words[at + 8]) if mechanism.is_axis else 0
            mechanisms[mechanism.name] = Status(
                state >> 8,
                state & 0xFF,
                accepted,
                check,
                executing,
                sequence,
                outcome >> 8,
                outcome & 0xFF,
                codes.Flag(flags),
                position,
            )
        for place, at in self.rooms:
            rooms[place] = codes.Room(words[at])
        for place, at in self.bays:
            bays[place] = codes.Bay(words[at])

    def encode(self, image: Image, snapshot: int) -> list[int]:
        words = [0] * self.count
        words[0], words[1], words[2], words[-1] = image.boot_id, image.heartbeat, snapshot, snapshot
        words[3:5] = split32(image.epoch_in_force)
        words[5], words[6], words[7] = image.owner_in_force, int(image.safety), int(image.status)
        if self.carriage is not None:
            words[self.carriage] = int(image.carriage)
        if self.inputs is not None:
            words[self.inputs] = int(image.inputs)
        for mechanism, at in self.mechanisms:
            s = image.mechanisms[mechanism.name]
            words[at : at + 7] = (
                s.state << 8 | s.substep,
                s.accepted,
                s.accepted_check,
                s.executing,
                s.outcome_sequence,
                s.result << 8 | s.reason,
                int(s.flags),
            )
            if mechanism.is_axis:
                words[at + 7 : at + 9] = split32(s.position)
        for place, at in self.rooms:
            words[at] = int(image.rooms.get(place, 0))
        for place, at in self.bays:
            words[at] = int(image.bays.get(place, 0))
        return words


def _offsets(block: Block) -> dict[str, int]:
    return {field_.name: field_.offset for field_ in block.fields}


def _check_whole(words: Sequence[int]) -> None:
    if words[2] != words[-1]:
        raise TornImage(f"snapshot {words[2]} at the head, {words[-1]} at the end")


def _decode_history(words: Sequence[int], at: int) -> History:
    outcomes = []
    for i in range(OUTCOMES_KEPT):
        sequence, check, outcome = words[at + 3 * i : at + 3 * i + 3]
        if sequence:
            outcomes.append(PastOutcome(sequence, check, outcome >> 8, outcome & 0xFF))
    rest = words[at + 3 * OUTCOMES_KEPT :]
    return History(
        tuple(outcomes),
        rest[0],
        rest[1],
        rest[2],
        rest[3],
        rest[4],
        join32_signed(rest[5], rest[6]),
        join32(rest[7], rest[8]),
    )


def _encode_history(words: list[int], at: int, history: History) -> None:
    for i, outcome in enumerate(history.outcomes[:OUTCOMES_KEPT]):
        words[at + 3 * i : at + 3 * i + 3] = (
            outcome.sequence,
            outcome.check,
            outcome.result << 8 | outcome.reason,
        )
    rest = at + 3 * OUTCOMES_KEPT
    words[rest : rest + 9] = (
        history.untrusted_sequence,
        history.untrusted_check,
        history.untrusted_reason,
        history.untrusted_count,
        history.fault,
        *split32(history.velocity),
        *split32(history.starts),
    )
