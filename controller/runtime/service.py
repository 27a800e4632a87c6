"""The service desk: which components are due, and what people record of services. It stops nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from controller.domain.alarms import Tag
from controller.domain.components import components
from controller.domain.events import CompleteService, Request, StateService
from controller.domain.records import Record, ServiceDone, ServiceSet
from controller.domain.refusal import Refusal
from controller.domain.service import MS_PER_HOUR, NOTHING, WAY_UNITS, Counts, Kind, kind_of
from controller.domain.service_picture import details, table
from controller.domain.service_plan import Intervals, Standing, due_groups, is_due, stand
from controller.runtime.inbox import Answer
from controller.runtime.ledger import Ledger
from hal.plcmap.shape import TowerShape

LOOK_S: Final = 60.0
"""How often components are looked at: nothing wears out within a minute."""


class ServiceDesk:
    """Judges counters against intervals. Called by the control task alone.

    ``now``: wall time in seconds since the epoch; ``clock``: the loop's.
    """

    def __init__(
        self,
        shape: TowerShape,
        ledger: Ledger,
        intervals: Intervals,
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._names = components(len(shape.rooms), shape.bays)
        self._ledger = ledger
        self._intervals = intervals
        self._now = now
        self._clock = clock
        self._due: Mapping[Tag, str] = {}
        self._look_at_s = clock()

    @property
    def waits(self) -> bool:
        """Whether a look is due: those go by the clock alone, not by what else there was to look at."""
        return self._clock() >= self._look_at_s

    def due(self) -> Mapping[Tag, str]:
        """Return the alarms that stand, as of the last look."""
        if self.waits:
            self._look_at_s += LOOK_S * (1 + (self._clock() - self._look_at_s) // LOOK_S)
            book, now = self._ledger.book.service, self._now()
            due = [name for name in self._names if is_due(name, book, self._intervals, now)]
            groups = due_groups(map(self._stand, due))
            self._due = {Tag("SERVICE_DUE", number): text for number, text in groups.items()}
        return self._due

    def picture(self, component: str = "") -> Answer:
        """Return every component, most urgent first, or all there is to say of one.

        Raises:
            Refusal: UNKNOWN_COMPONENT.

        """
        if not component:
            return {"components": table(self._standings())}
        self._require(component)
        return details(self._stand(component))

    async def take(self, request: CompleteService | StateService, audit: Callable[[Request], None]) -> Answer:
        """Keep what a person says of a component; return how it stands then.

        Raises:
            Refusal: UNKNOWN_COMPONENT, or what is stated cannot be; nothing has changed.

        """
        self._require(request.component)
        record: Record
        match request:
            case CompleteService(component=component, note=note):
                record = ServiceDone(component, self._now(), request.by, note)
            case StateService():
                record = self._stated(request)
        audit(request)
        await self._ledger.commit(record)
        self._look_at_s -= LOOK_S
        return details(self._stand(request.component))

    def _stated(self, request: StateService) -> ServiceSet:
        counted, kind = self._ledger.book.service.of(request.component), kind_of(request.component)
        _require_counter(request, kind)
        serviced_at = counted.serviced_at if request.serviced_at is None else float(request.serviced_at)
        if serviced_at is not None and serviced_at > self._now():
            raise Refusal("SERVICE_VALUES", "a service lies in the past")
        total, since = counted.total, counted.since
        if request.since_service:
            since = _with(since, request)
        else:
            total = _with(total, request)
            if counted.serviced_at is None and counted.base == NOTHING:
                since = total  # nobody knows of a service: all of it counts
        base = total.minus(since)
        if base.plus(since).worn() != total.worn():
            raise Refusal("SERVICE_VALUES", f"{request.component} cannot have done more since its service than in all")
        return ServiceSet(request.component, total, base, serviced_at, request.by, request.note)

    def _require(self, component: str) -> None:
        if component not in self._names:
            close = get_close_matches(component, self._names, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            raise Refusal("UNKNOWN_COMPONENT", f"the tower has no component {component!r}{hint}")

    def _standings(self) -> list[Standing]:
        return [self._stand(name) for name in self._names]

    def _stand(self, component: str) -> Standing:
        return stand(component, self._ledger.book.service, self._intervals, self._now())


def _require_counter(request: StateService, kind: Kind) -> None:
    stated = (request.cycles, request.starts, request.hours, request.way, request.serviced_at)
    if all(each is None for each in stated):
        raise Refusal("SERVICE_VALUES", "nothing is stated")
    if request.way is not None and kind not in WAY_UNITS:
        raise Refusal("SERVICE_VALUES", f"a {kind} has no way that is measured")
    if request.hours is not None and kind is Kind.DRIVES:
        raise Refusal("SERVICE_VALUES", "hours of the drives are not counted")


def _with(counts: Counts, request: StateService) -> Counts:
    """Return counters with what is stated in their place; who states cycles alone leaves the cut ones beside them."""
    cycles = counts.cycles if request.cycles is None else request.cycles
    stated = replace(
        counts,
        cycles=cycles,
        starts=counts.starts - counts.cycles + cycles if request.starts is None else request.starts,
    )
    if stated.starts < stated.cycles:
        raise Refusal("SERVICE_VALUES", "each cycle is a start: there cannot be fewer")
    if request.hours is not None:
        stated = replace(stated, ran_ms=request.hours * MS_PER_HOUR, untimed=0)
    if request.way is not None:
        stated = replace(stated, way=request.way * 1000, unmeasured=0)
    return stated
