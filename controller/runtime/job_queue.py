"""What is asked of the jobs that wait: whether one can start, what is planned of them, and what they are promised."""

from collections.abc import Callable, Sequence

from controller.domain.appointments import Appointment
from controller.domain.dispatch.beside_bound import Beside
from controller.domain.dispatch.room_turns import LetIn
from controller.domain.dispatch.scene import Move, Plan
from controller.domain.jobs import Job
from controller.runtime.foresight import Foresight
from controller.runtime.scenes import AtHand
from controller.runtime.selection import Selection


class JobQueue:
    """Answers of what the selection finds now and of what is foreseen; begins nothing.

    ``at_hand``: the job that has the carriage, if one has.
    """

    def __init__(self, selection: Selection, foresight: Foresight, at_hand: Callable[[], AtHand | None]) -> None:
        self._selection = selection
        self._foresight = foresight
        self._at_hand = at_hand

    @property
    def somebody_can_start(self) -> bool:
        """Whether a queued job could be taken up now."""
        return self._selection.any()

    @property
    def somebody_waits(self) -> bool:
        """Whether a queued job could be taken up if the carriage were free."""
        return bool(self._selection.could_start())

    def can_start(self, job: Job) -> bool:
        """Return whether a job that is not queued yet could start now."""
        return self._selection.can_start(job)

    @property
    def may_travel(self) -> bool:
        """Whether the carriage is empty and may leave where it stands."""
        return self._selection.may_travel()

    def free_bays(self) -> list[int]:
        """Return the bays that take a car and that no job counts on."""
        return self._selection.free_bays()

    def brought_next(self, awaited: Sequence[Appointment], crowded_s: float) -> Move | None:
        """Return the move that brings the car of one of these appointments ahead now, if one is to be brought.

        ``crowded_s``: when somebody waited for a room last, on the loop's clock.
        """
        return self._foresight.brought_next(awaited, tuple(self.free_bays()), crowded_s)

    def wants_back(self, room: int, appointment: Appointment) -> bool:
        """Return whether those who wait for a room want one that is kept for an appointment."""
        waiting, bays = self._selection.wanting(room), self.free_bays()
        if not waiting or not bays:
            return False
        others = set(waiting[0].rooms) - {room}
        return self._foresight.goes_back(room, appointment, others, len(waiting), bays)

    def plan(self) -> Plan:
        """Return what is planned of the queue as things are now."""
        return self._foresight.plan(self._at_hand(), tuple(self.free_bays()))

    def beside(self, found: Plan) -> Beside | None:
        """Return how a plan that was just made compares with what no order can beat; None: nothing is said of it."""
        return self._foresight.beside(self._at_hand(), tuple(self.free_bays()), found)

    def stands_s(self) -> float:
        """Return how long the job at hand will still stand before its room, as far as can be foreseen."""
        at_hand = self._at_hand()
        return 0.0 if at_hand is None else self._foresight.stands_s(at_hand)

    def hindrance(self, job: Job) -> str:
        """Return why nothing can be planned for a job that waits, as things are; never empty."""
        return self._foresight.hindrance(job, self.free_bays())

    def promise(self) -> None:
        """Tell whoever waits when they will be served, or why nobody knows, if anything has changed.

        Raises:
            NotOnline: a station vanished meanwhile.

        """
        self._foresight.promises.look(self.plan, self._let_in, self.free_bays)

    def _let_in(self, found: Plan) -> dict[int, LetIn]:
        return self._foresight.let_in(self._at_hand(), tuple(self.free_bays()), found)
