"""Whether whoever asks may: their role and word against what the act takes, and against what stands at the tower.

A Clear behind a trip, or a Reset that releases a blocked room, takes what the alarm catalogue says of the cause.
What has tripped is kept here until the unit is cleared: a chain that was closed again shows it no more, and whether
somebody has acknowledged its alarm makes no difference.
"""

from collections.abc import Iterable
from typing import Final

from controller.domain.alarms import BY_KEY
from controller.domain.events import Request, UnitCommand
from controller.domain.permits import CLEARED_BY_CLEAR, CLEARED_BY_RESET, NotAllowed, act_of
from controller.domain.roles import NEED_OF, ON_SITE, ROLE, Need, Role
from controller.domain.unit import UnitEvent, UnitMode, UnitState

_BEFORE_CLEARED: Final = frozenset({UnitState.ABORTING, UnitState.ABORTED, UnitState.CLEARING})
"""A clearing that fails leads back: what tripped is not forgotten before it has succeeded."""


class Leave:
    """Judges requests. Called by the control task alone."""

    def __init__(self) -> None:
        self._standing: frozenset[str] = frozenset()
        self._tripped: frozenset[str] = frozenset()
        self._mode = UnitMode.PRODUCTION

    def look(self, standing: Iterable[str], unit: UnitState, mode: UnitMode) -> None:
        """Take the keys of the alarms whose condition stands now, and the unit as it is."""
        self._standing, self._mode = frozenset(standing), mode
        trips = {key for key in self._standing if BY_KEY[key].safety}
        self._tripped = (self._tripped | trips) if unit in _BEFORE_CLEARED else frozenset()

    def require(self, request: Request) -> None:
        """See that whoever asks may.

        Raises:
            NotAllowed: they may not; nothing has changed.

        """
        act, causes = act_of(request), sorted(self._causes(request))
        need = self._need(request, act.need, causes)
        words = f"to {act.words}" + (f" after {', '.join(causes)}" if causes else "")
        if request.role < need.role:
            raise NotAllowed(ROLE, f"{words} takes {need.role}; {request.by or 'who asks'} is {request.role}", need)
        if need.at_tower and not request.on_site:
            text = f"{words}, somebody must be at the tower and have looked: say so with --at-tower (on_site: true)"
            raise NotAllowed(ON_SITE, text, need)

    def _causes(self, request: Request) -> frozenset[str]:
        """Return the alarms that a command of the unit would clear."""
        match request:
            case UnitCommand(event=UnitEvent.CLEAR):
                return (self._tripped | self._standing) & CLEARED_BY_CLEAR
            case UnitCommand(event=UnitEvent.RESET):
                return self._standing & CLEARED_BY_RESET
            case _:
                return frozenset()

    def _need(self, request: Request, need: Need, causes: Iterable[str]) -> Need:
        for key in causes:
            need = need.with_(NEED_OF[BY_KEY[key].clearance])
        match request:
            case UnitCommand(event=UnitEvent.RESET) if self._mode is not UnitMode.PRODUCTION:
                # Somebody works on the machine, and this switches its drives on.
                return need.with_(Need(Role.TECHNICIAN))
            case _:
                return need
