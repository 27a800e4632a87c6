"""One fast block: where its values stand, and reading anew only those whose registers have changed.

A machine shows the same with nearly every poll, or another position of one axis. A value whose registers read as
before is the very same object as before, so that whoever follows it sees by ``is`` that nothing is new.
"""

from collections.abc import Sequence

from hal.plcmap import codes
from hal.plcmap.frame import join32_signed, split32
from hal.plcmap.registers import Block, Mechanism, StationMap
from hal.plcmap.values import Image, Status

_STATUS_WORDS = 7
_AXIS_WORDS = _STATUS_WORDS + 2


class FastBlock:
    """Offsets of one fast block, resolved."""

    def __init__(self, station: StationMap, block: Block) -> None:
        """Take a block of a station."""
        at = {each.name: each.offset for each in block.fields}
        self.count = block.count
        self.carriage = at.get("carriage")
        self.inputs = at.get("inputs")
        tower = station.kind is codes.StationKind.TOWER
        self._mechanisms: list[tuple[Mechanism, int, int]] = [
            (each, first, first + (_AXIS_WORDS if each.is_axis else _STATUS_WORDS))
            for each in station.mechanisms
            if (first := at.get(f"{each.name}.state")) is not None
        ]
        self._written: dict[str, tuple[Status, tuple[int, ...]]] = {}
        """By mechanism: what was encoded last, and as what."""
        self._rooms = [
            (place, at[f"room{i}.sensors"])
            for i, place in enumerate(station.places, start=1)
            if tower and f"room{i}.sensors" in at
        ]
        self._bays = [] if tower else [(place, at[f"bay{place % 100}"]) for place in station.places]

    def decode(
        self,
        words: Sequence[int],
        before: Sequence[int],
        mechanisms: dict[str, Status],
        rooms: dict[int, codes.Room],
        bays: dict[int, codes.Bay],
    ) -> None:
        """Bring values that were read from ``before`` (empty: from nothing) up to ``words``."""
        for mechanism, first, end in self._mechanisms:
            own = words[first:end]
            if own != before[first:end]:
                mechanisms[mechanism.name] = _status(own)
        for place, at in self._rooms:
            if not before or words[at] != before[at]:
                rooms[place] = codes.Room(words[at])
        for place, at in self._bays:
            if not before or words[at] != before[at]:
                bays[place] = codes.Bay(words[at])

    def encode(self, image: Image, snapshot: int) -> list[int]:
        """Write the block; its heartbeat and both snapshot counters included."""
        words = [0] * self.count
        words[0], words[1], words[2], words[-1] = image.boot_id, image.heartbeat, snapshot, snapshot
        words[3:5] = split32(image.epoch_in_force)
        words[5], words[6], words[7] = image.owner_in_force, int(image.safety), int(image.status)
        if self.carriage is not None:
            words[self.carriage] = int(image.carriage)
        if self.inputs is not None:
            words[self.inputs] = int(image.inputs)
        for mechanism, first, end in self._mechanisms:
            words[first:end] = self._encoded(mechanism, image.mechanisms[mechanism.name])
        for place, at in self._rooms:
            words[at] = int(image.rooms.get(place, 0))
        for place, at in self._bays:
            words[at] = int(image.bays.get(place, 0))
        return words

    def _encoded(self, mechanism: Mechanism, status: Status) -> tuple[int, ...]:
        """Return the registers of a mechanism: the same as before for the very same object."""
        before = self._written.get(mechanism.name)
        if before is None or before[0] is not status:
            before = self._written[mechanism.name] = status, _words(status, is_axis=mechanism.is_axis)
        return before[1]


def _status(words: Sequence[int]) -> Status:
    state, accepted, check, executing, sequence, outcome, flags = words[:_STATUS_WORDS]
    return Status(
        state >> 8,
        state & 0xFF,
        accepted,
        check,
        executing,
        sequence,
        outcome >> 8,
        outcome & 0xFF,
        codes.Flag(flags),
        join32_signed(words[7], words[8]) if len(words) == _AXIS_WORDS else 0,
    )


def _words(status: Status, *, is_axis: bool) -> tuple[int, ...]:
    words = (
        status.state << 8 | status.substep,
        status.accepted,
        status.accepted_check,
        status.executing,
        status.outcome_sequence,
        status.result << 8 | status.reason,
        int(status.flags),
    )
    return words + split32(status.position) if is_axis else words
