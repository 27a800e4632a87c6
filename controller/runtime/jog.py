"""The hand: at most one axis is moved by a person, who must say again and again that they hold it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from controller.activities import modes
from controller.activities.context import Bench
from controller.activities.jog import Grip, axis_of, jog
from controller.activities.primitive import StepFailed
from controller.activities.situation import situation
from controller.domain.events import Jog, JogHold
from controller.domain.interlocks import Condition, Wish, explain
from controller.domain.jogging import AXES, RENEW_S
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitMode, UnitState
from controller.runtime.inbox import Answer, Board
from controller.runtime.runner import Overdue, Rest, Runner
from controller.runtime.signals import ActivityEnded
from hal.errors import NotOnline
from hal.interfaces import Outcome

log = structlog.get_logger(__name__)

STAND_S: Final = 2.0
"""How long the outcome of a jog that was cut is waited for: it stands within 0.3 s, and two polls show it."""


@dataclass(slots=True)
class _Held:
    """The newest jog. ``outcome`` is None while it runs."""

    number: int
    mechanism: str
    by: str
    direction: str
    grip: Grip
    cut: str = ""
    """Why it was ended by other than its hold."""
    outcome: Answer | None = None


class Hand:
    """Jogs one axis at a time. Called by the control task alone."""

    def __init__(self, bench: Bench, board: Board, post: Callable[[ActivityEnded], None]) -> None:
        self._bench = bench
        self._board = board
        self._runner = Runner("jog", post)
        self._newest: _Held | None = None

    @property
    def busy(self) -> bool:
        """Whether an axis is moved by hand, or still comes to rest."""
        return self._runner.busy

    def conditions(self, mechanism: str, mode: UnitMode, state: UnitState) -> tuple[Condition, ...]:
        """Return every condition of a jog, met or not, in the order in which they should be looked at.

        Raises:
            NotOnline: the tower's image may not be trusted.

        """
        return (
            Condition("MAINTENANCE", not modes.maintenance_key(self._bench), "the maintenance key must be off"),
            Condition(
                "UNIT_MODE", mode is UnitMode.MANUAL, "the unit must be in manual mode: `cartower unit mode manual`"
            ),
            Condition(
                "UNIT_STATE",
                state is UnitState.IDLE,
                "the unit must stand in Idle" + _way_to_idle(state),
            ),
            *explain(Wish(AXES[mechanism].wish), situation(self._bench)),
        )

    def begin(self, request: Jog, mode: UnitMode, state: UnitState) -> Answer:
        """Begin to move an axis; the hold begins with it.

        Raises:
            Refusal: the first condition that is not met, or another jog runs; nothing moves.
            NotOnline: the tower's image may not be trusted.

        """
        for condition in self.conditions(request.mechanism, mode, state):
            if condition.refuses:
                raise Refusal(condition.name, condition.text)
        if self.busy:
            raise Refusal("JOG_RUNS", "one axis at a time, by one person: another jog has not ended")
        number = 1 if self._newest is None else self._newest.number + 1
        grip = Grip(self._bench.tower.stations[modes.TOWER].touch_dead_man)
        self._newest = _Held(number, request.mechanism, request.by, request.direction, grip)
        forward = request.direction == AXES[request.mechanism].forward
        self._runner.start(jog(self._bench, axis_of(self._bench, request.mechanism), grip, forward=forward))
        self._tell("began", direction=request.direction, by=request.by)
        return {"jog": number, "renew_s": RENEW_S}

    def hold(self, request: JogHold) -> Answer:
        """Take a renewal, or the end, of a hold; return how the jog fares.

        Raises:
            Refusal: there is no such jog, or it is somebody else's.

        """
        newest = self._newest
        if newest is None or newest.number != request.jog:
            raise Refusal("UNKNOWN_JOG", f"jog {request.jog} is not the newest one")
        if newest.by != request.by:
            raise Refusal("JOG_OF_ANOTHER", f"jog {request.jog} is held by {newest.by or 'somebody else'}")
        if request.held:
            newest.grip.renew()
        else:
            newest.grip.let_go()
        return {
            "jog": newest.number,
            "held": newest.grip.held,
            "position": self._position(newest.mechanism),
            "unit": AXES[newest.mechanism].unit,
            "outcome": newest.outcome,
        }

    def ended(self, signal: ActivityEnded) -> None:
        """Take the end of a jog."""
        if not self._runner.take(signal):
            return
        if isinstance(signal.error, OSError):
            raise signal.error
        assert self._newest is not None
        self._end(self._newest, _told(signal, self._newest.cut))

    def halt(self, cause: str) -> Rest:
        """Stop whatever is moved by hand; await the answer to wait until it stands.

        Its outcome is read behind the standstill, as of any jog, unless the station does not tell it in `STAND_S`.
        """
        if self._newest is not None and self.busy:
            self._newest.grip.let_go()
            self._newest.cut = self._newest.cut or cause
        return self._runner.outwait(STAND_S)

    def picture(self) -> Answer | None:
        """Return the newest jog, running or ended, for people and programs; None before the first."""
        newest = self._newest
        if newest is None:
            return None
        return {
            "jog": newest.number,
            "mechanism": newest.mechanism,
            "direction": newest.direction,
            "by": newest.by,
            "position": self._position(newest.mechanism),
            "unit": AXES[newest.mechanism].unit,
            "outcome": newest.outcome,
        }

    def _end(self, newest: _Held, outcome: Mapping[str, object]) -> None:
        newest.outcome = outcome
        log.info("jog_ended", mechanism=newest.mechanism, **outcome)
        self._tell("ended", **outcome)

    def _tell(self, what: str, **more: object) -> None:
        assert self._newest is not None
        self._board.tell({"event": "jog", "mechanism": self._newest.mechanism, "what": what, **more})

    def _position(self, mechanism: str) -> int | None:
        try:
            return axis_of(self._bench, mechanism).encoder
        except NotOnline:
            return None


def _way_to_idle(state: UnitState) -> str:
    if state is UnitState.IDLE:
        return ""
    match state:
        case UnitState.STOPPED:
            first = ""
        case UnitState.ABORTED:
            first = "`cartower unit clear`, then "
        case _:
            first = "`cartower unit stop`, then "
    return f", and is {state.name}: {first}`cartower unit reset` switches the drives on"


def _told(signal: ActivityEnded, cut: str) -> Answer:
    """Return how a jog ended, for people and programs; ``cut``: why by other than its hold."""
    return {**_how(signal), "cut": cut}


def _how(signal: ActivityEnded) -> Answer:
    match signal.error, signal.result:
        case Overdue(), _:
            return {"verdict": "UNKNOWN", "reason": "", "text": "the next clear or reset finds out"}
        case StepFailed(rule=rule, text=text), _:
            return {"verdict": "REFUSED", "reason": rule, "text": text}
        case Exception() as error, _:
            return {"verdict": "FAILED", "reason": type(error).__name__, "text": str(error)}
        case None, Outcome(verdict=verdict, reason=reason, text=text):
            return {"verdict": verdict.name, "reason": reason.name if reason else "", "text": text}
        case _:
            return {"verdict": "VOID", "reason": "", "text": "let go before anything was asked of the PLC"}
