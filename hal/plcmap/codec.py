"""From registers to values and back: the blocks of one station. The values are those of `hal.plcmap.values`."""

from collections.abc import Sequence
from typing import Final

from hal.plcmap import codes
from hal.plcmap.fast_block import FastBlock
from hal.plcmap.frame import join32, join32_signed, split32
from hal.plcmap.registers import OUTCOMES_KEPT, ROOM_SLOW_WORDS, Block, StationMap
from hal.plcmap.values import (
    ControllerBlock,
    History,
    Identity,
    Image,
    Measurement,
    PastOutcome,
    SlowImage,
    Status,
)

__all__ = [
    "ControllerBlock",
    "History",
    "Identity",
    "Image",
    "Measurement",
    "PastOutcome",
    "SlowImage",
    "StationCodec",
    "Status",
    "TornImage",
]

_HEADER: Final = 3
"""Boot id, heartbeat and snapshot counter stand before a block's content, the counter again behind it."""


class TornImage(ValueError):
    """The two snapshot counters of a block differ: read it again."""


class StationCodec:
    """Codec of one station's blocks; offsets are looked up once."""

    def __init__(self, station: StationMap) -> None:
        self.station = station
        self._fast = [FastBlock(station, block) for block in station.fast]
        self._slow = [(block, _offsets(block)) for block in station.slow]
        self._identity = _offsets(station.identity)
        self._newest: Image | None = None
        self._newest_words: list[tuple[int, ...]] = [() for _ in station.fast]

    @property
    def fast_words(self) -> Sequence[tuple[int, ...]]:
        """The registers of the image that was decoded last, block by block; empty blocks before the first."""
        return self._newest_words

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
        read = [tuple(words) for words in blocks]
        _check_one_reading(read)
        newest, before = self._newest, self._newest_words
        if newest is not None and all(
            words[_HEADER:-1] == old[_HEADER:-1] for words, old in zip(read, before, strict=True)
        ):
            # A machine at rest shows the same with every poll: only boot and heartbeat are new.
            image = _of_the_same(newest, read[0])
        else:
            image = self._decode_fast(read, newest)
        self._newest, self._newest_words = image, read
        return image

    def _decode_fast(self, blocks: Sequence[tuple[int, ...]], newest: Image | None) -> Image:
        """Make an image from ``newest`` by what has changed since."""
        mechanisms = dict(newest.mechanisms) if newest is not None else {}
        rooms = dict(newest.rooms) if newest is not None else {}
        bays = dict(newest.bays) if newest is not None else {}
        for plan, words, before in zip(self._fast, blocks, self._newest_words, strict=True):
            plan.decode(words, before, mechanisms, rooms, bays)
        first, words = self._fast[0], blocks[0]
        return Image(
            words[0],
            words[1],
            join32(words[3], words[4]),
            words[5],
            codes.Safety(words[6]),
            codes.Status(words[7]),
            mechanisms,
            codes.Carriage(words[first.carriage] if first.carriage is not None else 0),
            rooms,
            codes.BayStation(words[first.inputs] if first.inputs is not None else 0),
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
        _check_one_reading(blocks)
        for (_, at), words in zip(self._slow, blocks, strict=True):
            for mechanism in self.station.mechanisms:
                if f"{mechanism.name}.fault" in at:
                    histories[mechanism.name] = _decode_history(words, at[f"{mechanism.name}.outcome1.sequence"])
            for i, place in enumerate(self._room_places(), start=1):
                if f"room{i}.length" in at:
                    first = at[f"room{i}.length"]
                    measurements[place] = Measurement(*words[first : first + ROOM_SLOW_WORDS])
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
                    words[first : first + ROOM_SLOW_WORDS] = (
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


def _offsets(block: Block) -> dict[str, int]:
    return {field_.name: field_.offset for field_ in block.fields}


def _of_the_same(newest: Image, head: Sequence[int]) -> Image:
    """Return an image of unchanged content with the boot id and heartbeat of now."""
    return Image(
        head[0],
        head[1],
        newest.epoch_in_force,
        newest.owner_in_force,
        newest.safety,
        newest.status,
        newest.mechanisms,
        newest.carriage,
        newest.rooms,
        newest.inputs,
        newest.bays,
    )


def _check_one_reading(blocks: Sequence[Sequence[int]]) -> None:
    """Check that blocks are whole and of one boot.

    Raises:
        TornImage: a block is torn, or two blocks come from different boots.

    """
    for words in blocks:
        _check_whole(words)
        if words[0] != blocks[0][0]:
            raise TornImage("blocks of different boots")


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
