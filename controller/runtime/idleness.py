"""Whether nobody needs the tower: what it does for itself, looks and cars moved, is done only then."""

from controller.activities.context import Bench
from controller.activities.situation import situation
from controller.domain.interlocks import Wish, WishKind, refusal
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitMode
from controller.runtime.jobs import Jobs
from controller.runtime.ledger import Ledger
from controller.runtime.rooms import Rooms


class Idleness:
    """Looks; changes nothing."""

    def __init__(self, bench: Bench, ledger: Ledger, jobs: Jobs, rooms: Rooms) -> None:
        self._bench = bench
        self._ledger = ledger
        self._jobs = jobs
        self._rooms = rooms

    @property
    def at_work(self) -> bool:
        """Whether the unit executes in Production."""
        return self._jobs.executing and self._ledger.book.mode is UnitMode.PRODUCTION

    @property
    def free_of_jobs(self) -> bool:
        """Whether the unit is at work, and no job that was begun has the carriage or will go on with it."""
        return self.at_work and self._jobs.quiet and not self._jobs.put_aside

    @property
    def needed(self) -> bool:
        """Whether anybody, or any job, needs the tower, or it is not at work."""
        return not self.at_work or self._jobs.need_carriage or self.people

    @property
    def people(self) -> bool:
        """Whether a room serves somebody, or is not seen to be free of people and cars."""
        return any(map(self._in_use, self._bench.shape.rooms))

    @property
    def may_travel(self) -> bool:
        """Whether nobody needs the tower, and nothing speaks against a way of the empty carriage."""
        if self._ledger.failed or self._bench.on_generator or self.needed:
            return False
        if not self._jobs.quiet or not self._jobs.queue.may_travel:
            return False
        now = situation(self._bench)
        wishes = (Wish(WishKind.MOVE_LIFT), Wish(WishKind.MOVE_TURNTABLE))
        return all(refusal(wish, now) is None for wish in wishes)

    def _in_use(self, room: int) -> bool:
        state, facts = self._rooms.state(room), self._rooms.facts(room)
        if facts is None or not facts.empty:
            return True
        if state is RoomState.OUT_OF_SERVICE:
            # Its person sensor may be what it is out of service for; that keeps no carriage where it stands.
            return facts.person and facts.person_sensor_ok
        return state is not RoomState.VACANT or facts.maybe_person
