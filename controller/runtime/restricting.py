"""What a person keeps the tower from, and lets it again: what is granted, and how it is shown.

A level is blocked while nothing but the queue counts on it: the jobs that wait go on waiting, and are told why. A room
goes out as soon as it serves nobody. On the generator what runs ends first. A speed is that of an axis's next motion.
"""

from typing import Final

from controller.activities.context import Bench
from controller.domain.book import Book, is_active
from controller.domain.events import BlockLevel, FreeLevel, RoomIn, RoomOut, SetGenerator, SetSpeed
from controller.domain.records import RestrictionSet
from controller.domain.refusal import Refusal
from controller.domain.restrictions import LEAST_PERCENT, RATED_PERCENT, SPEEDS, Key, Restricted, Restriction
from hal.plcmap.shape import level_of

Wish = BlockLevel | FreeLevel | RoomOut | RoomIn | SetGenerator | SetSpeed

NOT_IN_FORCE: Final = "NOT_IN_FORCE"
"""Rule of a refusal: what somebody wants to take back is not so."""


class Restricting:
    """Judges requests against the book; returns the record that grants them."""

    def __init__(self, bench: Bench, book: Book) -> None:
        self._bench = bench
        self._book = book

    def grant(self, request: Wish) -> RestrictionSet:
        """Return what is so from now on; again with another reason is granted too.

        Raises:
            Refusal: UNKNOWN_LEVEL, UNKNOWN_ROOM, UNKNOWN_AXIS; a job that was begun counts on the level (LEVEL_IN_USE);
                nothing is reckoned with such a speed (SPEED_RANGE); what is to be taken back is not in force
                (NOT_IN_FORCE).

        """
        match request:
            case BlockLevel(level=level, why=why):
                self._require_bays(level)
                self._require_unused(level)
                return RestrictionSet(Restriction(Restricted.LEVEL, level, why, request.by), on=True)
            case FreeLevel(level=level):
                return self._over((Restricted.LEVEL, level), request.by, f"level {level} is not blocked")
            case RoomOut(room=room, why=why):
                if room not in self._bench.shape.rooms:
                    rooms = list(self._bench.shape.rooms)
                    raise Refusal("UNKNOWN_ROOM", f"{room} is not a transfer room; rooms: {rooms}")
                return RestrictionSet(Restriction(Restricted.ROOM, room, why, request.by), on=True)
            case RoomIn(room=room):
                return self._over((Restricted.ROOM, room), request.by, f"nobody has taken room {room} out of service")
            case SetGenerator():
                return self._generator(request)
            case SetSpeed():
                return self._speed(request)

    def picture(self) -> list[dict[str, object]]:
        """Return what is in force, the newest last."""
        return [
            {"kind": each.kind.value, "number": each.number, "why": each.why, "by": each.by, "text": str(each)}
            for each in self._book.restrictions.values()
        ]

    def _generator(self, request: SetGenerator) -> RestrictionSet:
        if not request.on:
            return self._over((Restricted.GENERATOR, 0), request.by, "the tower runs on the mains")
        return RestrictionSet(Restriction(Restricted.GENERATOR, why=request.why, by=request.by), on=True)

    def _speed(self, request: SetSpeed) -> RestrictionSet:
        axis = _axis(request.axis)
        if request.percent == RATED_PERCENT:
            return self._over((axis, 0), request.by, f"the {axis.value} runs at its full speed")
        if not LEAST_PERCENT <= request.percent < RATED_PERCENT:
            limits = f"{LEAST_PERCENT} to {RATED_PERCENT} % of the rated speed"
            raise Refusal("SPEED_RANGE", f"nothing is reckoned with {request.percent} %: {limits}")
        return RestrictionSet(Restriction(axis, request.percent, request.why, request.by), on=True)

    def _over(self, key: Key, by: str, otherwise: str) -> RestrictionSet:
        if key not in self._book.restrictions:
            raise Refusal(NOT_IN_FORCE, otherwise)
        kind, number = key
        return RestrictionSet(Restriction(kind, number, by=by), on=False)

    def _require_bays(self, level: int) -> None:
        levels = sorted({level_of(bay) for bay in self._bench.shape.bays})
        if level not in levels:
            raise Refusal("UNKNOWN_LEVEL", f"{level} is no level with bays; levels: {levels}")

    def _require_unused(self, level: int) -> None:
        """See that no job that was begun counts on a bay of a level: its car may have to go back there."""
        begun = {job.id for job in self._book.open_jobs() if is_active(job)}
        for place, job in self._book.reserved().items():
            if place not in self._bench.shape.rooms and level_of(place) == level and job in begun:
                text = f"job {job} counts on bay {place}: let it end, cancel it, or resolve it"
                raise Refusal("LEVEL_IN_USE", text)


def _axis(name: str) -> Restricted:
    found = next((axis for axis in SPEEDS if axis.value == name), None)
    if found is None:
        raise Refusal("UNKNOWN_AXIS", f"{name!r} is no axis; axes: {', '.join(SPEEDS)}")
    return found
