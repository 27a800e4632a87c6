"""The sequence counter of one mechanism and what was written under it: no clock, no link."""

from dataclasses import dataclass, field
from typing import Final

from hal.errors import Unsettled
from hal.interfaces import Prepared
from hal.outcome_table import STOPS_OPEN, Intent, ahead
from hal.plcmap import codes
from hal.plcmap.codec import Image, Status
from hal.plcmap.frame import Content, Frame

STOPS_REMEMBERED: Final = 4
"""Restarts of a station behind which a STOP of an earlier daemon start is still told from a foreign one."""

SETTLED_KEPT: Final = 4
"""Settled sequences that are still remembered: an intent may be asked about once more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a sequence is held against: the station's accepted sequence, and epoch and boot id of now."""

    accepted: int
    epoch: int
    boot_id: int


@dataclass(slots=True)
class Written:
    """One sequence that was written, and every frame that carried it."""

    prepared: Prepared
    frames: list[Frame] = field(default_factory=list)
    checks: set[int] = field(default_factory=set)
    written_s: float = 0.0
    settled: bool = False
    lost: bool = False
    untrusted: int = 0
    pursuers: int = 0

    @property
    def boot_ids(self) -> set[int]:
        """Boot ids that its frames were meant for; 0 where one was not kept."""
        return {self.prepared.boot_id, *(frame.boot_id for frame in self.frames)}

    def may_be_accepted(self, now: Standing) -> bool:
        """Whether one of its frames, or one that somebody who waits for it will still write, fits the station."""
        if not self.prepared.is_stop or self.pursuers:
            return True
        return any((frame.epoch, frame.boot_id) == (now.epoch, now.boot_id) for frame in self.frames)

    def intent(self) -> Intent:
        """Return what the outcome table is asked about it."""
        return Intent(
            self.prepared.sequence,
            self.prepared.is_stop,
            frozenset(self.checks),
            frozenset(each for each in self.boot_ids if each),
            max((frame.epoch for frame in self.frames), default=0),
            self.lost,
        )


class SequenceBook:
    """Numbers commands, remembers what was written, and compares both with what the station accepted.

    The counter goes on over epochs and daemon restarts; it starts anew only when the station lost its memory.
    """

    def __init__(self, name: str) -> None:
        """Take the mechanism's full name, for messages."""
        self._name = name
        self._highest: int | None = None
        self._seen = 0
        self._compared: tuple[Status, int, int] | None = None
        self._adopting = False
        self._overtaken = 0
        self._unsent: Prepared | None = None
        self._written: dict[int, Written] = {}

    @property
    def restored(self) -> bool:
        """Whether the counter was restored from the journal."""
        return self._highest is not None

    @property
    def highest(self) -> int:
        """The newest sequence ever written, as far as it is known; 0 before the first."""
        return self._highest or 0

    @property
    def newest(self) -> Written | None:
        """What was written last."""
        return next(reversed(self._written.values()), None)

    def restore(self, last_sequence: int) -> None:
        """Take the newest sequence that the journal holds."""
        self._highest = last_sequence
        self._compared = None

    def take_over(self) -> None:
        """Follow an operator's ADOPT: the counter goes on from what the station shows next."""
        self._adopting = True

    def follow(self, image: Image, status: Status, found_epoch: int) -> str:
        """Compare what was accepted with what was ever written; return why it must be another master, or nothing.

        Less than what was accepted before is a lost memory. ``found_epoch`` is the one that was in force when this
        daemon start found the station.
        """
        shown = (status, image.status, image.boot_id)
        if self._highest is None or (shown == self._compared and not self._adopting):
            return ""
        if self._adopting:
            self._adopting = False
            self._highest = self._overtaken = status.accepted
        elif self._memory_is_lost(image, status):
            self._start_anew(image, status)
        elif ahead(status.accepted, self._highest) > 0:
            if not self._is_own_stop(image, status, found_epoch):
                return f"{self._name} accepted sequence {status.accepted}, the highest written is {self._highest}"
            self._highest = self._overtaken = status.accepted
        self._seen = status.accepted
        self._compared = shown
        return ""

    def take_overtaken(self) -> int:
        """Return, once, the sequence from which the counter goes on though no record of it was kept; 0: none."""
        sequence, self._overtaken = self._overtaken, 0
        return sequence

    def next_command(self, now: Standing) -> int:
        """Return the number of the next command.

        Raises:
            Unsettled: something written may still be accepted.

        """
        waiting = self.waiting(now)
        if waiting:
            raise Unsettled(f"{self._name}: sequence {waiting[-1].prepared.sequence} may still be delivered")
        return codes.serial_next(now.accepted)

    def next_stop(self, now: Standing) -> int:
        """Return the next free number: behind all that was ever written, and behind a command that waits to be.

        Raises:
            Unsettled: two STOPs are open.

        """
        if sum(each.prepared.is_stop for each in self.waiting(now)) >= STOPS_OPEN:
            raise Unsettled(f"{self._name}: {STOPS_OPEN} STOPs are open")
        unsent = self._unsent.sequence if self._unsent is not None else 0
        newest = now.accepted
        for taken in (self.highest, unsent):
            if ahead(taken, newest) > 0:
                newest = taken
        return codes.serial_next(newest)

    def expect(self, prepared: Prepared) -> None:
        """Keep the number of an unsent command free of STOPs."""
        self._unsent = prepared

    def require_next(self, prepared: Prepared, now: Standing) -> None:
        """Check that a prepared command may be written now.

        Raises:
            Unsettled: something else took its place.

        """
        waiting = self.waiting(now)
        newest = waiting[-1].prepared.sequence if waiting else now.accepted
        if ahead(prepared.sequence, newest) <= 0 or (waiting and not prepared.is_stop):
            raise Unsettled(f"{self._name}: another command took the place of sequence {prepared.sequence}")

    def remember(self, prepared: Prepared) -> Written:
        """Take note of a command that is about to be written."""
        self._unsent = self._compared = None
        sequence = prepared.sequence
        self._written.pop(sequence, None)
        written = self._written[sequence] = Written(prepared)
        for old in [each for each, kept in self._written.items() if kept.settled][:-SETTLED_KEPT]:
            del self._written[old]
        if ahead(sequence, self.highest) > 0:
            self._highest = sequence
        return written

    def find(self, prepared: Prepared) -> Written | None:
        """Return what was written of a command, None if nothing was."""
        written = self._written.get(prepared.sequence)
        return written if written is not None and written.prepared.content == prepared.content else None

    def stop_on_its_way(self, now: Standing) -> Written | None:
        """Return a STOP that nothing was written after and that has no outcome yet."""
        newest = self.newest
        if newest is None or newest.settled or newest.lost or not newest.prepared.is_stop:
            return None
        return newest if ahead(newest.prepared.sequence, now.accepted) >= 0 else None

    def waiting(self, now: Standing) -> list[Written]:
        """Return what was written, may still be accepted and is not settled, in order of sequence.

        A STOP that nobody follows is forgotten once it cannot arrive any more; a command waits to be settled.
        """
        open_ = [
            each
            for each in self._written.values()
            if not each.settled
            and not each.lost
            and ahead(each.prepared.sequence, now.accepted) > 0
            and each.may_be_accepted(now)
        ]
        return sorted(open_, key=lambda each: ahead(each.prepared.sequence, now.accepted))

    def _memory_is_lost(self, image: Image, status: Status) -> bool:
        """Tell a station that starts its sequences anew, by its flag or by a number that went backwards."""
        if image.status & codes.Status.MEMORY_LOST:
            return True
        behind_journal = ahead(self.highest, status.accepted) > 1 + STOPS_OPEN
        return behind_journal or ahead(self._seen, status.accepted) > 0

    def _start_anew(self, image: Image, status: Status) -> None:
        """Go on from what the station accepted; what was written before its loss stays unknown."""
        self._highest = status.accepted
        for each in self._written.values():
            if image.boot_id not in each.boot_ids:
                each.lost = True
            elif not each.settled and ahead(each.prepared.sequence, self._highest) > 0:
                self._highest = each.prepared.sequence

    def _is_own_stop(self, image: Image, status: Status, found_epoch: int) -> bool:
        """Tell whether what was accepted above the counter is a STOP of an earlier start of this daemon.

        A STOP may be written before its record is durable, so a crash can leave the journal behind. It is known
        by its check word: a STOP of that sequence under the epoch that was in force when this start found the
        station, for its boot id of now or of a few restarts ago.
        """
        if self._written or ahead(status.accepted, self.highest) > STOPS_OPEN:
            return False
        return any(
            Frame.build(
                epoch=found_epoch,
                boot_id=(image.boot_id - 1 - restarts) % 0xFFFF + 1,
                content=Content(int(codes.Opcode.STOP)),
                sequence=status.accepted,
            ).check
            == status.accepted_check
            for restarts in range(STOPS_REMEMBERED)
        )
