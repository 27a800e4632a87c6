"""From when a room that is in use will take a car again, learned from how long people stayed before.

Each visit runs through the states of a room until it is vacant. How long is left when a state begins is smoothed for
each state by itself: a driver who stands beside the car is sooner gone than one who has just been let in. The rooms of
a tower that stands let nobody out: what passes there meanwhile tells nothing of people.

Times in seconds on one clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType
from typing import Final

from controller.domain.dispatch.scene import DWELL_S
from controller.domain.rooms import RoomState as S

PROOF_S: Final = 5.0
"""From gate closed to room proven empty."""

STEADY: Final = 30
"""Visits that the estimate of a state rests on."""

SUPPOSED: Final = 5
"""Visits that what a room is built for stands for, before anybody has been watched."""

CLIPPED_AT: Final = 3.0
"""What one visit counts for at most, in parts of what is known; one in twenty is longer where times are exponential."""

NEVER: Final = frozenset({S.BLOCKED, S.OUT_OF_SERVICE, S.REFUSED, S.UNKNOWN})
"""States in which nobody can tell when a room will be vacant: a person has to act, or nothing is proven yet."""

ARRIVING: Final = frozenset({S.RESERVED, S.OPEN_FOR_CAR, S.MEASURING, S.ACCEPTED, S.CAR_LEAVING})
"""States of a room that a car is stored from: it is vacant when the carriage has taken the car, so the plan says."""


def as_built(gate_s: float, dwell_s: float = DWELL_S) -> Mapping[S, float]:
    """Return how long is left when each state begins, before anybody has been watched; ``gate_s`` each way."""
    proof_s = PROOF_S
    departing_s = dwell_s / 3 + gate_s + proof_s
    return MappingProxyType(
        {
            S.CAR_COMING: 2 * gate_s + dwell_s + proof_s,
            S.CAR_PRESENT: 2 * gate_s + dwell_s + proof_s,
            S.CUSTOMER_ADMITTED: gate_s + dwell_s + proof_s,
            S.DEPARTING: departing_s,
            S.CLEARING: gate_s + proof_s,
        }
    )


@dataclass
class _Visit:
    """What a room has run through since it was vacant last."""

    state: S
    began_s: float
    """Since when its state lasts; of one that the tower stood in, since when its rooms serve again."""
    entered: dict[S, float] = field(default_factory=dict)
    """When the states began that teach how long is left."""


class Turnover:
    """Watches the rooms and tells when each will be vacant."""

    def __init__(self, left_s: Mapping[S, float]) -> None:
        """Take how long is left when each state begins (`as_built`)."""
        self._left_s = dict(left_s)
        self._visits: dict[int, _Visit] = {}
        self._seen = dict.fromkeys(left_s, SUPPOSED)
        self._serves = True

    @property
    def served_s(self) -> float:
        """How long a room needs from its door closed behind a car until it is vacant again."""
        return self._left_s[S.CAR_PRESENT]

    def serves(self, *, on: bool, now_s: float) -> None:
        """Take whether the rooms let people in and out. A visit that the tower stood in teaches nothing before that."""
        self._serves = on
        for visit in self._visits.values():
            visit.began_s = now_s
            visit.entered.clear()

    def entered(self, room: int, state: S, now_s: float) -> None:
        """Take a change of a room's state. A visit that a fault broke off teaches nothing."""
        visit = self._visits.setdefault(room, _Visit(state, now_s))
        if state is S.VACANT:
            self._learn(visit, now_s)
        if state is S.VACANT or state in NEVER or state in ARRIVING:
            visit.entered.clear()
        elif self._serves:
            visit.entered[state] = now_s
        visit.state, visit.began_s = state, now_s

    def vacant_s(self, room: int, now_s: float) -> float:
        """Return from when a room takes a car: now if it is vacant, infinity where nobody can tell.

        Somebody who stays for longer than is usual is about to leave as far as anybody knows: as long again as they
        are late already.
        """
        visit = self._visits.get(room)
        if visit is None or visit.state in NEVER or visit.state in ARRIVING:
            return inf
        if visit.state is S.VACANT:
            return now_s
        due_s = visit.began_s + self._left_s.get(visit.state, 0.0)
        return max(due_s, now_s + max(0.0, now_s - due_s))

    def _learn(self, visit: _Visit, now_s: float) -> None:
        """Learn from a visit that has ended: a running M-estimate of location.

        Whatever is longer than `CLIPPED_AT` times what is known counts for that, so that no one visit moves much
        (Huber, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35, 1964; a bound above is
        enough of what is never below zero, and the estimate itself is the scale). Where people take longer from now
        on the bound grows with the estimate. Of times that are exponential it finds 0.94 of the mean.
        """
        for state, began_s in visit.entered.items():
            if state in self._left_s:
                known_s = self._left_s[state]
                counts_s = min(now_s - began_s, CLIPPED_AT * known_s)
                self._seen[state] = min(self._seen[state] + 1, STEADY)
                self._left_s[state] += (counts_s - known_s) / self._seen[state]
