"""What is kept of one room beside the book: its machine, the looks at it, and what goes on there."""

import math
from dataclasses import dataclass

from controller.activities.primitive import StepFailed
from controller.domain.places import Place, PlaceStatus
from controller.domain.room_facts import RoomFacts
from controller.domain.rooms import RoomState
from controller.machines.room import room_machine
from controller.runtime.runner import Runner
from hal.interfaces import Verdict

_PASSING = frozenset({"SAFETY", "POWER", "SILENT", "MEMORY_LOST", "MAINTENANCE", "BUSY"})
"""Refusals that concern the whole tower: the unit answers them, not the room."""

_LEFT = frozenset({RoomState.DEPARTING, RoomState.CLEARING})


@dataclass
class RoomRecord:
    """One room. Nothing of it outlives the daemon: sensors lead its machine on from UNKNOWN."""

    place: int
    number: int
    runner: Runner

    def __post_init__(self) -> None:
        self.machine = room_machine()
        self.free = Place(self.place, PlaceStatus.FREE)
        """What is believed of it as a place once no car is in it."""
        self.facts: RoomFacts | None = None
        """The newest look; None while the station is not seen."""
        self.last_seen: RoomFacts | None = None
        """The newest look, however old."""
        self.seen_before: RoomFacts | None = None
        """The look before that."""
        self.crossings_before: int | None = None
        """The counter when a customer was admitted; None where no departure has to be seen."""
        self.let_in = True
        """Somebody may have been let in since it was vacant."""
        self.running: RoomState | None = None
        """The state whose activity runs."""
        self.serves: int | None = None
        """The job whose car that activity measures where it stands."""
        self.fault = ""
        self.again_s = 0.0
        """Not before this time of the loop is an activity started; 0: at once."""
        self.inhabited_s: float | None = None
        """Since this time of the loop somebody is inside, or cannot be excluded."""
        self.overstayed = False
        """Somebody has been inside for longer than a customer may take."""
        self.uncleared_s: float | None = None
        """Since this time of the loop nobody is there, and what is seen does not tell that the car is gone."""

    def due_s(self, patience_s: float) -> float:
        """Return when something comes of time alone: of trying again, of who or what stays; infinity: never."""
        stays = self.inhabited_s if self.uncleared_s is None else self.uncleared_s
        again_s = self.again_s or math.inf
        if stays is None or self.overstayed:
            return again_s
        return min(again_s, stays + patience_s)

    def look_for_people(self, now_s: float, patience_s: float) -> None:
        """Take the newest look for people: somebody who stays too long has `overstayed`."""
        if self.facts is None:
            return
        if not self.facts.maybe_person:
            self.inhabited_s = None
        elif self.inhabited_s is None:
            self.inhabited_s = now_s
        self.overstayed = self.inhabited_s is not None and now_s - self.inhabited_s >= patience_s

    def not_cleared(self, now_s: float, patience_s: float, *, executing: bool) -> str:
        """Take the newest look for what was left; return what has kept a left room from being proven for too long."""
        found = self._in_doubt() if executing else ""
        if not found:
            self.uncleared_s = None
        elif self.uncleared_s is None:
            self.uncleared_s = now_s
        return found if self.uncleared_s is not None and now_s - self.uncleared_s >= patience_s else ""

    def _in_doubt(self) -> str:
        """Return what keeps a room that was left from being proven, people and a car in its gate apart."""
        facts, state = self.facts, self.machine.state
        if facts is None or state not in _LEFT or facts.maybe_person or not facts.curtain_clear:
            return ""
        if not facts.empty:
            return "" if facts.has_car else "its sensors disagree whether a car is inside"
        return "it is empty, and no car was counted out" if state is RoomState.CLEARING and facts.shut else ""


def is_fault(error: StepFailed) -> bool:
    """Return whether an activity ended by a fault of the room's own."""
    if error.outcome is None:
        return True
    return error.outcome.verdict in (Verdict.FAULT, Verdict.REFUSED) and error.rule not in _PASSING
