"""The adoption of stations that another master made us leave alone, and what is believed behind it."""

from collections.abc import Callable

import structlog

from controller.activities.context import Bench
from controller.runtime.ledger import Ledger
from controller.runtime.unseen import doubts
from hal.interfaces import StationState

log = structlog.get_logger(__name__)


class Adoption:
    """Takes stations over. ``now`` is wall time in seconds since the epoch."""

    def __init__(self, bench: Bench, ledger: Ledger, now: Callable[[], float]) -> None:
        self._bench = bench
        self._ledger = ledger
        self._now = now

    async def of_frozen(self) -> list[str]:
        """Take over every station that another master made us leave alone; return their names.

        Raises:
            HalError: a station is not there.
            OSError: the journal failed.

        """
        frozen = [each for each in self._bench.tower.stations.values() if each.state is StationState.FROZEN]
        unseen = doubts(self._bench, self._ledger.book, self._now()) if frozen else ()
        if unseen:
            log.warning("moved_unseen", records=len(unseen))
            await self._ledger.commit(*unseen)
        for station in frozen:
            await station.adopt_epoch()
        return [station.name for station in frozen]
