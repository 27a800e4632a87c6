"""The daemon's half of the mailbox: each numbered command executed at most once, its outcome never guessed."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final, overload

from hal.errors import (
    BadAnswer,
    ForeignMaster,
    HalError,
    LinkDown,
    Maintenance,
    NoAnswer,
    NotOnline,
    Refused,
    Unsettled,
)
from hal.interfaces import FrameLog, Outcome, Prepared, Verdict
from hal.outcome_table import STOPS_OPEN, Finding, Intent, Row, View, ahead, judge, wants_history
from hal.plcmap import codes
from hal.plcmap.codec import History, Image, Status
from hal.plcmap.frame import Content, Frame
from hal.scan import Station

STOP_LIMIT_S: Final = 10.0
"""How long a controlled stop may take to standstill before its outcome counts as unknown."""

AFTER_STOP_S: Final = 1.0
"""How long the outcome of a command may be read behind the outcome of the STOP that ended it."""

REPEAT_S: Final = 0.25
"""How long a written frame may stand unaccepted before it counts as not delivered: many scans of a PLC."""

TICK_S: Final = 0.001
"""A timer may fire this early by the loop's clock: what is due then is due."""

UNTRUSTED_LIMIT: Final = 3
"""Untrusted answers for one sequence after which it is parked."""

EARLY_LOOKS_S: Final = (0.03, 0.06)
"""After a write: a PLC judges a frame within two or three scans."""

END_LOOKS_S: Final = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2)
"""Around the predicted end of a motion."""

STOPS_REMEMBERED: Final = 4
"""Restarts of a station behind which a STOP of an earlier daemon start is still told from a foreign one."""

_MAY_HAVE_ARRIVED = (LinkDown, NoAnswer, BadAnswer)


@dataclass(slots=True)
class _Written:
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

    def may_be_accepted(self, epoch: int, boot_id: int) -> bool:
        """Whether one of its frames, or one that somebody who waits for it will still write, fits the station."""
        if not self.prepared.is_stop or self.pursuers:
            return True
        return any((frame.epoch, frame.boot_id) == (epoch, boot_id) for frame in self.frames)

    def intent(self) -> Intent:
        return Intent(
            self.prepared.sequence,
            self.prepared.is_stop,
            frozenset(self.checks),
            frozenset(each for each in self.boot_ids if each),
            max((frame.epoch for frame in self.frames), default=0),
            self.lost,
        )


class Mailbox:
    """One mechanism's mailbox: `hal.interfaces.Mechanism`."""

    def __init__(
        self, station: Station, mechanism: str, log: FrameLog, *, stop_limit_s: float = STOP_LIMIT_S
    ) -> None:
        """Take the station and the mechanism's name in it."""
        self.station = station
        self._key = mechanism
        self._log = log
        self._stop_limit_s = stop_limit_s
        self._kind = station.map.mechanism(mechanism).kind
        self._highest: int | None = None
        self._seen = 0
        self._unsent: Prepared | None = None
        self._written: dict[int, _Written] = {}
        self._adopting = False
        station.on_image(self._judge_image)
        station.on_adopt(self._take_over)

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.station.name}/{self._key}"

    @property
    def kind(self) -> codes.MechanismKind:
        """What stands behind the mailbox."""
        return self._kind

    @property
    def last_sequence(self) -> int:
        """The newest sequence ever written, as far as it is known; 0 before the first."""
        return self._highest or 0

    def adopt(self, last_sequence: int) -> None:
        """Restore the sequence counter from the journal."""
        self._highest = last_sequence
        if self.station.online:
            self._judge_image(self.station.image)

    def status(self) -> Status:
        """Return what the newest image shows."""
        return self.station.image.mechanisms[self._key]

    def prepare(
        self,
        opcode: codes.Opcode,
        argument1: int = 0,
        argument2: int = 0,
        expected_from: codes.State = codes.State.ANY,
    ) -> Prepared:
        """Give a command its number; nothing is sent."""
        image = self._writable_image()
        content = Content(int(opcode), argument1, argument2, int(expected_from))
        accepted = image.mechanisms[self._key].accepted
        waiting = self._waiting(accepted)
        if opcode is codes.Opcode.STOP:
            prepared = self._number(content, self._sequence_of_stop(accepted, waiting))
        elif waiting:
            raise Unsettled(f"{self.name}: sequence {waiting[-1].prepared.sequence} may still be delivered")
        else:
            prepared = self._number(content, codes.serial_next(accepted))
            self._unsent = prepared
        return prepared

    async def issue(self, prepared: Prepared) -> None:
        """Write a prepared command, once."""
        frame = self._frame_to_issue(prepared)
        written = _Written(prepared)
        self._remember(written)
        self._unsent = None
        await self._write(written, frame)

    async def outcome(
        self, prepared: Prepared, deadline_s: float, *, expected_s: float | None = None
    ) -> Outcome:
        """Wait for the one outcome of a command; at the deadline stop it and wait for the real one."""
        written = self._find(prepared)
        if written is None:
            return Outcome(prepared, Verdict.VOID, text="never written")
        with self.station.busy(), self._looks_at_the_end(expected_s):
            found = await self._pursue(written, deadline_s, repeat=True)
            return found or await self._cut(written)

    async def stop(self, prepared_stop: Prepared | None = None) -> Outcome:
        """Stop in a controlled way and wait for standstill."""
        with self.station.busy():
            written = self._find(prepared_stop) if prepared_stop else self._stop_on_its_way()
            if written is None:
                written = await self._write_stop(self._usable_stop(prepared_stop))
            found = await self._pursue(written, self._stop_limit_s, repeat=True)
            return found or self._unknown(written, "no standstill was proven")

    @overload
    async def settle(
        self, prepared: Prepared, known_checks: Collection[int] = ..., deadline_s: float = ...
    ) -> Outcome: ...
    @overload
    async def settle(
        self, prepared: None, known_checks: Collection[int] = ..., deadline_s: float = ...
    ) -> None: ...

    async def settle(
        self, prepared: Prepared | None, known_checks: Collection[int] = (), deadline_s: float = 60.0
    ) -> Outcome | None:
        """Find out what became of an open intent, by the rows of the table in their order."""
        if prepared is None:
            await self.station.until(lambda _: True, deadline_s)
            if self._waiting(self.status().accepted):
                await self.stop()
            return None
        written = self._find(prepared) or _Written(prepared)
        written.checks |= {prepared.check, *known_checks}
        with self.station.busy():
            found = await self._pursue(written, deadline_s, repeat=False)
            return found or await self._cut(written)

    # The counter

    def _judge_image(self, image: Image) -> None:
        """Compare what was accepted with what was ever written: more means another master, less a lost memory."""
        if self._highest is None:
            return
        status = image.mechanisms[self._key]
        if self._adopting:
            self._adopting = False
            self._highest = status.accepted
        elif self._memory_is_lost(image, status):
            self._start_anew(image, status)
        elif ahead(status.accepted, self._highest) > 0:
            if not self._is_own_stop(image, status):
                self.station.freeze(
                    f"{self.name} accepted sequence {status.accepted}, the highest written is {self._highest}"
                )
                return
            self._highest = status.accepted
        self._seen = status.accepted

    def _memory_is_lost(self, image: Image, status: Status) -> bool:
        """Tell a station that starts its sequences anew, by its flag or by a number that went backwards."""
        if image.status & codes.Status.MEMORY_LOST:
            return True
        behind_journal = ahead(self._highest or 0, status.accepted) > 1 + STOPS_OPEN
        return behind_journal or ahead(self._seen, status.accepted) > 0

    def _start_anew(self, image: Image, status: Status) -> None:
        """Go on from what the station accepted; what was written before its loss stays unknown."""
        self._highest = status.accepted
        for each in self._written.values():
            if image.boot_id not in each.boot_ids:
                each.lost = True
            elif not each.settled and ahead(each.prepared.sequence, self._highest) > 0:
                self._highest = each.prepared.sequence

    def _is_own_stop(self, image: Image, status: Status) -> bool:
        """Tell whether what was accepted above the counter is a STOP of an earlier start of this daemon.

        A STOP may be written before its record is durable, so a crash can leave the journal behind. It is known
        by its check word: a STOP of that sequence under the epoch that was in force when this start found the
        station, for its boot id of now or of a few restarts ago.
        """
        if self._written or ahead(status.accepted, self._highest or 0) > STOPS_OPEN:
            return False
        return any(
            Frame.build(
                epoch=self.station.found_epoch,
                boot_id=(image.boot_id - 1 - restarts) % 0xFFFF + 1,
                content=Content(int(codes.Opcode.STOP)),
                sequence=status.accepted,
            ).check
            == status.accepted_check
            for restarts in range(STOPS_REMEMBERED)
        )

    def _take_over(self) -> None:
        """Follow an operator's ADOPT: the counter goes on from what the station shows next."""
        self._adopting = True

    def _waiting(self, accepted: int) -> list[_Written]:
        """Return what was written, may still be accepted and is not settled, in order of sequence.

        A STOP that nobody follows is forgotten once it cannot arrive any more; a command waits to be settled.
        """
        epoch, boot_id = self.station.epoch, self.station.image.boot_id
        open_ = [
            each
            for each in self._written.values()
            if not each.settled
            and not each.lost
            and ahead(each.prepared.sequence, accepted) > 0
            and each.may_be_accepted(epoch, boot_id)
        ]
        return sorted(open_, key=lambda each: ahead(each.prepared.sequence, accepted))

    def _sequence_of_stop(self, accepted: int, waiting: list[_Written]) -> int:
        """Return the next free sequence: behind everything written, and behind a command that waits to be."""
        if sum(each.prepared.is_stop for each in waiting) >= STOPS_OPEN:
            raise Unsettled(f"{self.name}: {STOPS_OPEN} STOPs are open")
        newest = waiting[-1].prepared.sequence if waiting else accepted
        if self._unsent is not None and ahead(self._unsent.sequence, newest) > 0:
            newest = self._unsent.sequence
        return codes.serial_next(newest)

    def _frame_to_issue(self, prepared: Prepared) -> Frame:
        """Return the frame of a command that may still be written just as it was prepared."""
        accepted = self._writable_image().mechanisms[self._key].accepted
        waiting = self._waiting(accepted)
        newest = waiting[-1].prepared.sequence if waiting else accepted
        if ahead(prepared.sequence, newest) <= 0 or (waiting and not prepared.is_stop):
            raise Unsettled(f"{self.name}: another command took the place of sequence {prepared.sequence}")
        frame = self._frame(prepared.content, prepared.sequence)
        if frame.check != prepared.check:
            raise NotOnline(f"{self.name}: epoch or boot id changed since sequence {prepared.sequence} was prepared")
        return frame

    def _number(self, content: Content, sequence: int) -> Prepared:
        frame = self._frame(content, sequence)
        return Prepared(self.name, sequence, content, frame.check, frame.boot_id)

    def _frame(self, content: Content, sequence: int) -> Frame:
        return Frame.build(
            epoch=self.station.epoch,
            boot_id=self.station.image.boot_id,
            content=content,
            sequence=sequence,
        )

    def _writable_image(self) -> Image:
        """Return the image under which a command may be written."""
        image = self.station.image
        if self._highest is None:
            raise NotOnline(f"{self.name}: its sequence counter was not restored")
        if image.status & codes.Status.MAINTENANCE_KEY:
            raise Maintenance(f"{self.station.name}: the maintenance key is on")
        return image

    # Writing

    def _remember(self, written: _Written) -> None:
        sequence = written.prepared.sequence
        self._written.pop(sequence, None)
        self._written[sequence] = written
        for old in [each for each, kept in self._written.items() if kept.settled][:-4]:
            del self._written[old]
        if self._highest is None or ahead(sequence, self._highest) > 0:
            self._highest = sequence

    def _find(self, prepared: Prepared) -> _Written | None:
        written = self._written.get(prepared.sequence)
        return written if written is not None and written.prepared.content == prepared.content else None

    async def _write(self, written: _Written, frame: Frame) -> None:
        """Write a frame of a sequence, and look early whether it was accepted."""
        if frame not in written.frames:
            written.frames.append(frame)
        written.checks.add(frame.check)
        loop = asyncio.get_running_loop()
        try:
            await self.station.write_frame(self._key, frame)
        finally:
            written.written_s = loop.time()
            for delay_s in EARLY_LOOKS_S:
                loop.call_later(delay_s, self.station.kick)

    def _usable_stop(self, prepared_stop: Prepared | None) -> Prepared:
        """Return the STOP that was prepared, or a new one where it may not be written any more."""
        if prepared_stop is not None:
            try:
                self._frame_to_issue(prepared_stop)
            except (NotOnline, Unsettled):
                return self.prepare(codes.Opcode.STOP)
            return prepared_stop
        return self.prepare(codes.Opcode.STOP)

    async def _write_stop(self, prepared: Prepared) -> _Written:
        frame = self._frame_to_issue(prepared)
        written = _Written(prepared)
        self._remember(written)
        self._log.stopping(prepared)
        # Whether it arrived is read from the station, and the identical STOP is repeated while it did not.
        with suppress(*_MAY_HAVE_ARRIVED):
            await self._write(written, frame)
        return written

    def _stop_on_its_way(self) -> _Written | None:
        """Return a STOP that nothing was written after and that has no outcome yet."""
        accepted = self.status().accepted
        newest = self._newest()
        if newest is None or newest.settled or newest.lost or not newest.prepared.is_stop:
            return None
        return newest if ahead(newest.prepared.sequence, accepted) >= 0 else None

    def _newest(self) -> _Written | None:
        """Return what was written last: the dict keeps that order."""
        return next(reversed(self._written.values()), None)

    async def _repeat(self, written: _Written) -> None:
        """Write the identical sequence again; a new check word is recorded before.

        Any error leaves the sequence where it is: the next image tells, and the deadline bounds it.
        """
        written.written_s = asyncio.get_running_loop().time()
        with suppress(HalError):
            frame = self._frame(written.prepared.content, written.prepared.sequence)
            prepared = replace(written.prepared, check=frame.check, boot_id=frame.boot_id)
            if frame.boot_id not in written.boot_ids:
                return
            if frame.check not in written.checks:
                await self._record(prepared)
            written.prepared = prepared
            await self._write(written, frame)

    async def _record(self, prepared: Prepared) -> None:
        if prepared.is_stop:
            self._log.stopping(prepared)
        else:
            await self._log.rewriting(prepared)

    # Waiting

    async def _pursue(self, written: _Written, deadline_s: float, *, repeat: bool) -> Outcome | None:
        """Follow a sequence image by image until its row is final; None: not within the deadline."""
        written.pursuers += 1
        try:
            return await self._follow(written, deadline_s, repeat=repeat)
        finally:
            written.pursuers -= 1

    async def _follow(self, written: _Written, deadline_s: float, *, repeat: bool) -> Outcome | None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + deadline_s
        while True:
            finding = await self._look(written)
            final = self._conclude(written, finding, repeat=repeat)
            if final is not None:
                return final
            if deadline - loop.time() <= TICK_S or (finding.row is Row.UNDELIVERED and not repeat):
                return None
            if finding.row is Row.UNDELIVERED and written is self._newest():
                due = written.written_s + REPEAT_S
                if due - loop.time() <= TICK_S:
                    parked = await self._count_untrusted(written)
                    if parked is not None:
                        return parked
                    await self._repeat(written)
                    continue
                await self.station.news(min(deadline, due))
            else:
                await self.station.news(deadline)

    async def _cut(self, written: _Written) -> Outcome:
        """End a sequence that is over its deadline or not delivered: STOP, then its real outcome."""
        why, limit_s = "no outcome after a STOP", AFTER_STOP_S
        try:
            await self.stop()
        except HalError as error:
            why, limit_s = str(error), self._stop_limit_s
        found = await self._pursue(written, limit_s, repeat=False)
        return found or self._unknown(written, why)

    async def _look(self, written: _Written) -> Finding:
        """Judge a sequence by what the station shows now."""
        intent = written.intent()
        try:
            image = self.station.image
            status = image.mechanisms[self._key]
            history = await self._history(image) if wants_history(intent, status) else None
        except ForeignMaster:
            return Finding(Row.FOREIGN)
        except (NotOnline, *_MAY_HAVE_ARRIVED):
            return judge(intent, None)
        return judge(
            intent,
            View(
                own_epoch=self.station.epoch,
                epoch_in_force=image.epoch_in_force,
                boot_id=image.boot_id,
                memory_lost=bool(image.status & codes.Status.MEMORY_LOST),
                status=status,
                highest=status.accepted if self._highest is None else self._highest,
                history=history.outcomes if history is not None else (),
            ),
        )

    async def _history(self, image: Image) -> History:
        """Read the kept outcomes; they are at least as new as ``image``."""
        slow = await self.station.request_slow()
        if slow.boot_id != image.boot_id:
            raise NotOnline(f"{self.station.name} restarted")
        return slow.histories[self._key]

    def _conclude(self, written: _Written, finding: Finding, *, repeat: bool) -> Outcome | None:
        """Return the outcome where the row is final."""
        match finding.row:
            case Row.FINISHED:
                written.settled = True
                return _finished(written.prepared, finding)
            case Row.JUMPED | Row.RESTARTED:
                written.settled = True
                return Outcome(written.prepared, Verdict.VOID, text=finding.row.value)
            case Row.UNDELIVERED if finding.fenced and not repeat:
                written.settled = True
                return Outcome(written.prepared, Verdict.VOID, text="never accepted: a higher epoch is in force")
            case Row.MEMORY_LOST | Row.ALIEN | Row.FORGOTTEN:
                written.settled = True
                return self._unknown(written, finding.row.value)
            case Row.FOREIGN:
                return self._unknown(written, finding.row.value)
            case _:
                return None

    async def _count_untrusted(self, written: _Written) -> Outcome | None:
        """Count a frame that stood long enough and was not trusted; after three, park the sequence."""
        try:
            history = await self._history(self.station.image)
        except (NotOnline, Refused, *_MAY_HAVE_ARRIVED):
            return None
        newest = written.frames[-1]
        written.untrusted += (newest.sequence, newest.check) == (history.untrusted_sequence, history.untrusted_check)
        if written.untrusted < UNTRUSTED_LIMIT:
            return None
        reason = codes.Untrusted(history.untrusted_reason).name
        return self._unknown(written, f"not trusted {UNTRUSTED_LIMIT} times: {reason}")

    def _unknown(self, written: _Written, why: str) -> Outcome:
        return Outcome(written.prepared, Verdict.UNKNOWN, text=why)

    @contextmanager
    def _looks_at_the_end(self, expected_s: float | None) -> Iterator[None]:
        """Poll out of turn around the predicted end of a motion."""
        loop = asyncio.get_running_loop()
        looks = [] if expected_s is None else [loop.call_later(expected_s + s, self.station.kick) for s in END_LOOKS_S]
        try:
            yield
        finally:
            for look in looks:
                look.cancel()


def _finished(prepared: Prepared, finding: Finding) -> Outcome:
    verdict = Verdict[codes.Result(finding.result).name]
    reason = codes.Reason(finding.reason)
    return Outcome(prepared, verdict, reason, reason.name.lower().replace("_", " ") if reason else "")
