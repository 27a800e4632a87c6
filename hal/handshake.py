"""The daemon's half of the mailbox: each numbered command executed at most once, its outcome never guessed."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final, overload

from hal.errors import (
    BadAnswer,
    HalError,
    LinkDown,
    Maintenance,
    NoAnswer,
    NotOnline,
    Refused,
    Unsettled,
)
from hal.inquiry import Inquiry, conclude, unknown
from hal.interfaces import FrameLog, Leeway, Outcome, Prepared, Verdict
from hal.outcome_table import Finding, Row
from hal.plcmap import codes
from hal.plcmap.codec import Image, Status
from hal.plcmap.frame import Content, Frame
from hal.progress import Progress, watched
from hal.scan import Station
from hal.sequences import SequenceBook, Standing, Written

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

END_LOOKS_S: Final = (0.03, 0.06, 0.1, 0.15, 0.2)
"""Behind the predicted end of a motion: it begins some scans behind its frame, and its end is shown by a later one."""

LAST_LOOK_S: Final = 0.25
"""So long before a motion is given up its station is asked out of turn."""

_READ_LATER: Final = (LinkDown, NoAnswer, BadAnswer, Refused)
"""Errors of a write after which the station is asked whether it arrived."""


class Mailbox:
    """One mechanism's mailbox: `hal.interfaces.Mechanism`."""

    def __init__(
        self,
        station: Station,
        mechanism: str,
        log: FrameLog,
        *,
        pendant: Station | None = None,
        stop_limit_s: float = STOP_LIMIT_S,
    ) -> None:
        """Take the station and the mechanism's name in it.

        ``pendant``: the station that sees the maintenance key; None: this one. While its newest image shows the
        key on, however old, nothing is written.
        """
        self.station = station
        self._pendant = pendant or station
        self._key = mechanism
        self._log = log
        self._stop_limit_s = stop_limit_s
        self._kind = station.map.mechanism(mechanism).kind
        self._book = SequenceBook(self.name)
        self._inquiry = Inquiry(station, mechanism, self._book)
        station.on_image(self._follow_image)
        station.on_adopt(self._book.take_over)

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
        return self._book.highest

    def adopt(self, last_sequence: int) -> None:
        """Restore the sequence counter from the journal."""
        self._book.restore(last_sequence)
        if self.station.online:
            self._follow_image(self.station.image)

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
        now = self._writable()
        content = Content(int(opcode), argument1, argument2, int(expected_from))
        if opcode is codes.Opcode.STOP:
            return self._number(content, self._book.next_stop(now))
        prepared = self._number(content, self._book.next_command(now))
        self._book.expect(prepared)
        return prepared

    async def issue(self, prepared: Prepared) -> None:
        """Write a prepared command, once."""
        frame = self._frame_to_issue(prepared)
        await self._write(self._book.remember(prepared), frame)

    async def outcome(
        self,
        prepared: Prepared,
        deadline_s: float,
        *,
        expected_s: float | None = None,
        leeway: Leeway | None = None,
    ) -> Outcome:
        """Wait for the one outcome of a command; at the deadline stop it and wait for the real one."""
        written = self._book.find(prepared)
        if written is None:
            return Outcome(prepared, Verdict.VOID, text="never written")
        progress = watched(self._kind, prepared.content, leeway, asyncio.get_running_loop().time())
        with self.station.busy(), self._looks_at_the_end(expected_s):
            found = await self._pursue(written, deadline_s, repeat=True, progress=progress)
            return found or await self._cut(written)

    async def stop(self, prepared_stop: Prepared | None = None) -> Outcome:
        """Stop in a controlled way and wait for standstill."""
        with self.station.busy():
            written = self._book.find(prepared_stop) if prepared_stop else self._book.stop_on_its_way(self._now())
            if written is None:
                written = await self._write_stop(self._usable_stop(prepared_stop))
            found = await self._pursue(written, self._stop_limit_s, repeat=True)
            return found or unknown(written, "no standstill was proven")

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
            if self._book.waiting(self._now()):
                await self.stop()
            return None
        written = self._book.find(prepared) or Written(prepared)
        written.checks |= {prepared.check, *known_checks}
        with self.station.busy():
            found = await self._pursue(written, deadline_s, repeat=False)
            return found or await self._cut(written)

    # Numbers

    def _follow_image(self, image: Image) -> None:
        foreign = self._book.follow(image, image.mechanisms[self._key], self.station.found_epoch)
        if foreign:
            self.station.freeze(foreign)
        overtaken = self._book.take_overtaken()
        if overtaken:
            self._log.overtaken(self.name, overtaken)

    def _now(self) -> Standing:
        return self._standing(self.station.image)

    def _standing(self, image: Image) -> Standing:
        return Standing(image.mechanisms[self._key].accepted, self.station.epoch, image.boot_id)

    def _writable(self) -> Standing:
        """Return what a command is numbered against, if one may be written now."""
        image = self.station.image
        if not self._book.restored:
            raise NotOnline(f"{self.name}: its sequence counter was not restored")
        keyed = self._pendant.last_image
        if keyed is not None and keyed.status & codes.Status.MAINTENANCE_KEY:
            raise Maintenance(f"{self._pendant.name}: the maintenance key is on")
        return self._standing(image)

    def _frame_to_issue(self, prepared: Prepared) -> Frame:
        """Return the frame of a command that may still be written just as it was prepared."""
        self._book.require_next(prepared, self._writable())
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

    # Writing

    async def _write(self, written: Written, frame: Frame) -> None:
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
                loop.call_later(delay_s, self._look_early, frame)

    def _look_early(self, frame: Frame) -> None:
        """Ask out of turn whether a frame was accepted, unless that is known."""
        image = self.station.last_image
        if image is None or image.mechanisms[self._key].accepted != frame.sequence:
            self.station.kick()

    def _usable_stop(self, prepared_stop: Prepared | None) -> Prepared:
        """Return the STOP that was prepared, or a new one where it may not be written any more."""
        if prepared_stop is not None:
            try:
                self._frame_to_issue(prepared_stop)
            except (NotOnline, Unsettled):
                return self.prepare(codes.Opcode.STOP)
            return prepared_stop
        return self.prepare(codes.Opcode.STOP)

    async def _write_stop(self, prepared: Prepared) -> Written:
        frame = self._frame_to_issue(prepared)
        written = self._book.remember(prepared)
        self._log.stopping(prepared)
        # Whether it arrived is read from the station, and the identical STOP is repeated while it did not.
        with suppress(*_READ_LATER):
            await self._write(written, frame)
        return written

    async def _repeat(self, written: Written) -> None:
        """Write the identical sequence again, unless the maintenance key is on; a new check word is recorded before.

        Any error leaves the sequence where it is: the next image tells, and the deadline bounds it.
        """
        written.written_s = asyncio.get_running_loop().time()
        with suppress(HalError):
            self._writable()
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

    async def _pursue(
        self, written: Written, deadline_s: float, *, repeat: bool, progress: Progress | None = None
    ) -> Outcome | None:
        """Follow a sequence image by image until its row is final; None: not within the deadline."""
        written.pursuers += 1
        try:
            return await self._follow(written, deadline_s, repeat=repeat, progress=progress)
        finally:
            written.pursuers -= 1

    async def _follow(
        self, written: Written, deadline_s: float, *, repeat: bool, progress: Progress | None
    ) -> Outcome | None:
        loop = asyncio.get_running_loop()
        deadline = in_time = loop.time() + deadline_s
        while True:
            finding = await self._inquiry.look(written)
            final = conclude(written, finding, repeat=repeat)
            if final is not None:
                return final
            if progress is not None:
                self._watch(progress, finding)
                deadline = progress.until(in_time)
            if deadline - loop.time() <= TICK_S or (finding.row is Row.UNDELIVERED and not repeat):
                return None
            if finding.row is Row.UNDELIVERED and written is self._book.newest:
                due = written.written_s + REPEAT_S
                if due - loop.time() <= TICK_S:
                    parked = await self._count_untrusted(written)
                    if parked is not None:
                        return parked
                    await self._repeat(written)
                    continue
                await self.station.news(min(deadline, due))
            elif progress is not None and loop.time() < deadline - LAST_LOOK_S:
                # Before a motion is given up somebody looks where it is: polls may be far between.
                if not await self.station.news(deadline - LAST_LOOK_S):
                    self.station.kick()
            else:
                await self.station.news(deadline)

    def _watch(self, progress: Progress, finding: Finding) -> None:
        if finding.row is Row.RUNNING:
            with suppress(HalError):
                progress.see(self.status(), asyncio.get_running_loop().time())

    async def _cut(self, written: Written) -> Outcome:
        """End a sequence that is over its deadline or not delivered: STOP, then its real outcome."""
        why, limit_s = "no outcome after a STOP", AFTER_STOP_S
        try:
            await self.stop()
        except HalError as error:
            why, limit_s = str(error), self._stop_limit_s
        found = await self._pursue(written, limit_s, repeat=False)
        return found or unknown(written, why)

    async def _count_untrusted(self, written: Written) -> Outcome | None:
        """Count a frame that stood long enough and was not trusted; after three, park the sequence."""
        reason = await self._inquiry.distrust(written)
        written.untrusted += bool(reason)
        if written.untrusted < UNTRUSTED_LIMIT:
            return None
        return unknown(written, f"not trusted {UNTRUSTED_LIMIT} times: {reason}")

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

