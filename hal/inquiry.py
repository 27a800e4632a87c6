"""What a station shows of one written sequence, and whether that is final."""

from dataclasses import dataclass

from hal.errors import ForeignMaster, HalError, NotOnline
from hal.interfaces import Outcome, Verdict
from hal.outcome_table import Finding, Row, View, judge, wants_history
from hal.plcmap import codes
from hal.plcmap.codec import History, Image
from hal.scan import Station
from hal.sequences import SequenceBook, Written


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Asks a station about the sequences of one mechanism; it writes nothing."""

    station: Station
    mechanism: str
    book: SequenceBook

    async def look(self, written: Written) -> Finding:
        """Judge a sequence by what the station shows now; what cannot be read now is a link that is down."""
        intent = written.intent()
        try:
            image = self.station.image
            status = image.mechanisms[self.mechanism]
            history = await self.history(image) if wants_history(intent, status) else None
        except ForeignMaster:
            return Finding(Row.FOREIGN)
        except HalError:
            return judge(intent, None)
        return judge(
            intent,
            View(
                own_epoch=self.station.epoch,
                epoch_in_force=image.epoch_in_force,
                boot_id=image.boot_id,
                memory_lost=bool(image.status & codes.Status.MEMORY_LOST),
                status=status,
                highest=self.book.highest if self.book.restored else status.accepted,
                history=history.outcomes if history is not None else (),
            ),
        )

    async def history(self, image: Image) -> History:
        """Read the kept outcomes; they are at least as new as ``image``.

        Raises:
            NotOnline: the station restarted since.
            LinkDown, NoAnswer, BadAnswer, Refused: nothing was learned.

        """
        slow = await self.station.request_slow()
        if slow.boot_id != image.boot_id:
            raise NotOnline(f"{self.station.name} restarted")
        return slow.histories[self.mechanism]

    async def distrust(self, written: Written) -> str:
        """Read why the newest frame of a sequence is not trusted; empty: it is not shown, or nothing was learned."""
        try:
            history = await self.history(self.station.image)
        except HalError:
            return ""
        newest = written.frames[-1]
        ours = (newest.sequence, newest.check) == (history.untrusted_sequence, history.untrusted_check)
        return codes.name_of(codes.Untrusted, history.untrusted_reason) if ours and history.untrusted_reason else ""


def conclude(written: Written, finding: Finding, *, repeat: bool) -> Outcome | None:
    """Return the outcome where the row is final, and take note of it. ``repeat``: the frame may still go out again."""
    match finding.row:
        case Row.FINISHED:
            written.settled = True
            return _finished(written, finding)
        case Row.JUMPED | Row.RESTARTED:
            written.settled = True
            return Outcome(written.prepared, Verdict.VOID, text=finding.row.value)
        case Row.UNDELIVERED if finding.fenced and not repeat:
            written.settled = True
            return Outcome(written.prepared, Verdict.VOID, text="never accepted: a higher epoch is in force")
        case Row.MEMORY_LOST | Row.ALIEN | Row.FORGOTTEN:
            written.settled = True
            return unknown(written, finding.row.value)
        case Row.FOREIGN:
            return unknown(written, finding.row.value)
        case _:
            return None


def unknown(written: Written, why: str) -> Outcome:
    """Return that nobody knows what became of a sequence."""
    return Outcome(written.prepared, Verdict.UNKNOWN, text=why)


def _finished(written: Written, finding: Finding) -> Outcome:
    """Return the outcome that a station shows; nobody knows what a result means that is in no table, or is none."""
    result, reason = codes.named(codes.Result, finding.result), codes.named(codes.Reason, finding.reason)
    why = codes.name_of(codes.Reason, finding.reason).lower().replace("_", " ") if finding.reason else ""
    if not result:
        strange = f"the station shows result {finding.result}, which means nothing here"
        return unknown(written, f"{strange}: {why}" if why else strange)
    return Outcome(written.prepared, Verdict[result.name], reason or codes.Reason.NONE, why)
