"""The audit: looks into bays, by the idle carriage and by people, and what the book makes of them.

The carriage goes to the bay that was looked into longest ago, docks, and compares its own sensors and the bay's with
the book. Whoever needs the tower comes first: the visit is cut, and begun another time. What is unverified stays so:
sensors alone bring no place back. A carriage that has no bay to look into goes to where it is likely wanted next.
"""

from collections.abc import Callable

import structlog

from controller.activities import audit, recovery, transfer
from controller.activities.audit import Sight, believed
from controller.activities.context import Bench
from controller.activities.restricted import level_block
from controller.domain.events import AuditPlace, ConfirmPlace
from controller.domain.looks import Eye, Finding, Look, in_turn
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import BaySeen, PlaceSet, Record
from controller.runtime.audit_pace import Pace
from controller.runtime.dwell import Dwell
from controller.runtime.idleness import Idleness
from controller.runtime.inbox import Board
from controller.runtime.jobs import Jobs
from controller.runtime.ledger import Ledger
from controller.runtime.remedies import Remedy, remedy
from controller.runtime.runner import Rest, Runner
from controller.runtime.signals import ActivityEnded, Stirred

log = structlog.get_logger(__name__)

USABLE = frozenset({PlaceStatus.FREE, PlaceStatus.OCCUPIED})


class Audit:
    """The visits of the carriage, and the record of all looks. Called by the control task alone.

    ``now`` is wall time in seconds since the epoch, for stamps; ``clock`` the loop's.
    """

    def __init__(
        self,
        bench: Bench,
        ledger: Ledger,
        jobs: Jobs,
        idleness: Idleness,
        board: Board,
        post: Callable[[ActivityEnded | Stirred], None],
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._bench = bench
        self._ledger = ledger
        self._book = ledger.book
        self._jobs = jobs
        self._idleness = idleness
        self._board = board
        self._post = post
        self._now = now
        self._runner = Runner("audit", post)
        self._rest = self._runner.dismiss()
        visited_at = self._book.visited_at
        self._pace = Pace(bench.rounds, clock, None if visited_at is None else now() - visited_at)
        self._dwell = Dwell(bench.dwell, jobs.foresight.demand, lambda: jobs.foresight.here, clock)
        self._tries = 0
        self._again: int | None = None
        """The bay of a visit that ended by what passes."""
        self.visiting: int | None = None
        """The bay that the carriage goes to, or looks into."""
        self.going: int | None = None
        """The place that the carriage goes to, to wait there."""
        self.trouble = ""
        """Why the tower was held because of a visit, until it executes again."""
        self.stranded = ""
        """The same of a way to where the carriage waits."""
        self.wants_abort = ""
        self.wants_hold = ""

    @property
    def has_carriage(self) -> bool:
        """Whether a visit moves the carriage, or was cut and still comes to rest."""
        return self._runner.busy or self._rest.pending

    @property
    def waits(self) -> bool:
        """Whether a visit is due: it begins as soon as nothing speaks against it."""
        return self._pace.due and not self.has_carriage

    def give_way(self) -> None:
        """Cut the visit if somebody needs the tower."""
        if self._jobs.executing:
            self.trouble = self.stranded = ""
        if (self._bench.rounds.visits_per_day or self._bench.dwell.goes) and self._idleness.needed:
            self._pace.needed()
            self._dwell.needed()
            if self._under_way:
                self._cut("the tower is needed")

    def begin(self) -> None:
        """Begin a visit, if one is due or to be tried again, and nothing speaks against it; else go to wait."""
        again, self._again = self._again, None
        looks = again is not None or self._pace.due
        if self.has_carriage or not (looks or self._dwell.due) or not self._idleness.may_travel:
            return
        bays = [again] if again is not None else self._in_turn() if looks else []
        if bays:
            self._start(min(bays, key=lambda bay: (transfer.carriage_bound_s(self._bench, bay), bay)))
        elif self._dwell.due and (place := self._dwell.where_to()) is not None:
            self._go(place)

    def halt(self, cause: str, *, aborting: bool = False) -> Rest:
        """Stop a visit; await the answer to wait until the carriage stands.

        ``aborting``: something is wrong. The bay waits for its next turn then, lest each restart ends there again.
        """
        if self.visiting is not None and aborting:
            look = self._failed_look(self.visiting, cause)
            self._ledger.note(BaySeen(look))
            self._pace.visited()
            self.tell(look)
        if self._under_way:
            self._cut(cause)
        return self._rest

    async def ended(self, signal: ActivityEnded) -> None:
        """Take the end of a visit."""
        if not self._runner.take(signal):
            return
        if self.going is not None:
            self._gone(self.going, signal.error)
            return
        assert self.visiting is not None, "a visit ended without a bay"
        bay, self.visiting = self.visiting, None
        self._dwell.moved()
        if signal.error is not None:
            await self._failed(bay, signal.error)
        else:
            assert isinstance(signal.result, Sight)
            await self._seen(bay, signal.result)

    def stated(self, request: ConfirmPlace | AuditPlace, records: list[Record]) -> list[Record]:
        """Return the records of what a person says of a bay, together with that of the look."""
        (place,) = (record.place for record in records if isinstance(record, PlaceSet))
        finding = Finding.AGREED if place.car == self._book.places[place.number].car else Finding.CORRECTED
        finding = Finding.DOUBTFUL if place.status is PlaceStatus.UNVERIFIED else finding
        text = place.reason or f"{request.car or 'nothing'} stands there"
        return [*records, BaySeen(Look(place.number, self._now(), Eye.PERSON, finding, request.by, text))]

    def tell(self, look: Look) -> None:
        """Tell of a look whose record is kept."""
        log.info("bay_seen", bay=look.place, eye=look.eye.value, finding=look.finding.value, text=look.text)
        told = {"place": look.place, "eye": look.eye.value, "by": look.by, "finding": look.finding.value}
        self._board.tell({"event": "audit", **told, "text": look.text})

    def _in_turn(self) -> list[int]:
        open_to_all = [
            bay
            for bay in self._bench.shape.bays
            if self._book.places[bay].status is not PlaceStatus.BLOCKED and level_block(self._bench, bay) is None
        ]
        return in_turn(open_to_all, self._book.looks)

    def _start(self, bay: int) -> None:
        self.visiting = bay
        log.info("visit", bay=bay)
        settle = recovery.settle_carriage(self._bench, self._book)
        self._runner.start(settle, audit.visit(self._bench, self._book, bay))

    def _go(self, place: int) -> None:
        self.going = place
        log.info("dwell", place=place)
        settle = recovery.settle_carriage(self._bench, self._book)
        self._runner.start(settle, audit.go(self._bench, place))

    def _gone(self, place: int, error: Exception | None) -> None:
        """Take the end of a way to where the carriage waits. One that failed is not begun again before a job."""
        self.going = None
        if error is None:
            return
        why = f"the way of the empty carriage to {place} has failed: {error}"
        match remedy(error, 1):
            case Remedy.AGAIN:
                log.warning("dwell_failed", place=place, why=str(error))
            case Remedy.PARK:
                self.stranded = self.wants_hold = why
            case _:
                self.wants_abort = why

    @property
    def _under_way(self) -> bool:
        return self.visiting is not None or self.going is not None

    def _cut(self, why: str) -> None:
        log.info("visit_cut", bay=self.visiting, going=self.going, why=why)
        self.visiting, self.going, self._tries = None, None, 0
        self._rest = self._runner.dismiss()
        # Whoever waits for the carriage is looked after as soon as it stands.
        self._rest.when_reached(lambda: self._post(Stirred(news=True)))

    async def _seen(self, bay: int, sight: Sight) -> None:
        self._over()
        place, agrees = self._book.places[bay], sight.says is believed(self._book, bay)
        finding = Finding.AGREED if agrees else Finding.DOUBTFUL
        look = Look(bay, self._now(), Eye.CARRIAGE, finding, text=str(sight))
        records: list[Record] = [BaySeen(look)]
        if not agrees and place.status in USABLE:
            held = f" with {place.car}" if place.car else ""
            reason = f"believed {place.status}{held}, a visit of the carriage shows: {sight}"
            records.append(PlaceSet(Place(bay, PlaceStatus.UNVERIFIED, place.car, reason)))
        await self._ledger.commit(*records)
        self.tell(look)

    async def _failed(self, bay: int, error: Exception) -> None:
        self._tries += 1
        what = remedy(error, self._tries)
        if what is Remedy.AGAIN:
            log.warning("visit_again", bay=bay, why=str(error))
            self._again = bay
            return
        why = f"the look into bay {bay} has failed: {error}"
        if what is Remedy.PARK:
            self.trouble = self.wants_hold = why
        else:
            self.wants_abort = why
        self._over()
        look = self._failed_look(bay, str(error))
        await self._ledger.commit(BaySeen(look))
        self.tell(look)

    def _over(self) -> None:
        self._tries = 0
        self._pace.visited()

    def _failed_look(self, bay: int, why: str) -> Look:
        return Look(bay, self._now(), Eye.CARRIAGE, Finding.FAILED, text=why)
