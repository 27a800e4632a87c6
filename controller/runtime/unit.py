"""The unit: PackML commands from people, aborts from the machine, and what its acting states do."""

from collections.abc import Callable, Coroutine

import structlog

from controller.activities import homing, modes, recovery
from controller.activities.context import Bench
from controller.activities.primitive import StepFailed
from controller.activities.readings import cause_names
from controller.activities.rest import come_to_rest, stop_all
from controller.domain.events import SetMode
from controller.domain.jobs import JobEvent
from controller.domain.records import UnitSet
from controller.domain.refusal import Refusal
from controller.domain.unit import ASKED_FOR, MODE_CHANGE_STATES, UnitMode
from controller.domain.unit import UnitEvent as E
from controller.domain.unit import UnitState as S
from controller.machines.unit import unit_machine
from controller.runtime.audit import Audit
from controller.runtime.inbox import Board, Later
from controller.runtime.jobs import Jobs
from controller.runtime.jog import Hand
from controller.runtime.ledger import Ledger
from controller.runtime.mode import ModeChange
from controller.runtime.rooms import Rooms
from controller.runtime.runner import Rest, Runner
from controller.runtime.signals import ActivityEnded
from hal.interfaces import Outcome

log = structlog.get_logger(__name__)

CAR_HALF_WAY = "CAR_HALF_WAY"
"""A car hangs between two combs, and no station remembers how far it was: hands must help."""

ROOMS_SERVE = frozenset(
    {S.EXECUTE, S.HOLDING, S.HELD, S.UNHOLDING, S.SUSPENDING, S.SUSPENDED, S.UNSUSPENDING, S.COMPLETING}
)
"""States in which rooms let people and cars in and out: a held carriage keeps nobody in a room."""

_COMING_TO_REST = frozenset({S.STOPPING, S.HOLDING, S.SUSPENDING, S.COMPLETING})
"""States that last until the carriage has finished its step."""


LETS_MOVE = frozenset({E.CLEAR, E.RESET, E.START, E.UNHOLD, E.UNSUSPEND})
"""Commands that may lead to something being written to a PLC; the others only take motion away."""

TO_EXECUTE = frozenset({E.START, E.UNHOLD, E.UNSUSPEND})

POWER_UP_AGAIN_S = 1.0
"""How long to wait before the stations are asked again what became of the last daemon's commands."""

SETTLES_WITHIN_S = 60.0
"""What settling a start may take with every station online; 30 s later its alarm is raised. A mechanism that the last
daemon left running may go on for as long (`controller.activities.rest.END_S`)."""


class Unit:
    """The tower as one PackML unit. Called by the control task alone."""

    def __init__(
        self,
        bench: Bench,
        ledger: Ledger,
        jobs: Jobs,
        rooms: Rooms,
        hand: Hand,
        audit: Audit,
        board: Board,
        post: Callable[[ActivityEnded], None],
        clock: Callable[[], float],
    ) -> None:
        self._bench = bench
        self._ledger = ledger
        self._jobs = jobs
        self._rooms = rooms
        self._hand = hand
        self._audit = audit
        self._board = board
        self._clock = clock
        self._runner = Runner("unit", post)
        self._modes = ModeChange(bench, ledger, board, post, lambda: self.state)
        self._power_up_s = clock()
        self._online_s: float | None = None
        """Since when every station has been online, during a start."""
        self._machine = unit_machine(S.ABORTED)
        self.cause = "starting: the stations are not reconciled yet"
        self.since = clock()
        self.reconciled = False
        """Whether the unit has left its start: what the last daemon left open is settled, or somebody clears it."""
        self.reset_due = ""
        """Why nothing but a reset leads back to Execute; empty: nothing of that kind."""

    @property
    def state(self) -> S:
        """The state of the unit."""
        return self._machine.state

    @property
    def mode(self) -> UnitMode:
        """The mode of the unit: as a person left it last, whatever trips, stops and restarts came since."""
        return self._modes.mode

    @property
    def waits(self) -> bool:
        """Whether a start is not settled: the stations are asked again after a while."""
        return not self.reconciled

    @property
    def start_hangs(self) -> bool:
        """Whether a start is not settled though every station has been online for longer than that takes."""
        if self.reconciled or self._online_s is None:
            return False
        return self._clock() - self._online_s > SETTLES_WITHIN_S

    @property
    def modes(self) -> ModeChange:
        """How far the stations have followed the mode."""
        return self._modes

    async def change_mode(self, request: SetMode, granted: Callable[[SetMode], None]) -> Later:
        """Change the mode, durably, and let the stations follow; the answer names those that do not show it then.

        ``granted`` takes the request down, in the commit of the mode.

        Who leaves Manual in Idle is brought to Stopped: what was moved by hand is proven by the next Reset.

        Raises:
            Refusal: the state forbids it, or the maintenance key is on; nothing has changed.

        """
        mode = request.mode
        if self.state not in MODE_CHANGE_STATES:
            allowed = ", ".join(sorted(state.name for state in MODE_CHANGE_STATES))
            raise Refusal("MODE_STATE", f"the mode changes in {allowed} alone, and the unit is {self.state.name}")
        self.require_no_key()
        if self._hand.busy:
            raise Refusal("JOG_RUNS", "an axis is moved by hand: let go first")
        left = self.mode
        granted(request)
        await self._modes.keep(mode, request.by)
        if left is UnitMode.MANUAL is not mode and self.state is S.IDLE:
            await self.fire(E.STOP, "left manual mode: what was moved by hand is proven by the next reset")
        # In these states nothing runs but the settling of a start, which begins anew behind this.
        return self._modes.follow(self._runner.dismiss() if not self.reconciled else Rest(None))

    def require_production(self) -> None:
        """See that cars are moved in the mode of now.

        Raises:
            Refusal: they are not.

        """
        if self.mode is not UnitMode.PRODUCTION:
            raise Refusal("UNIT_MODE", f"no car is moved in mode {self.mode.value.lower()}, only in production")

    def require_no_key(self) -> None:
        """See that the machine is not in the hands of whoever has turned the maintenance key.

        Raises:
            Refusal: it is.

        """
        if modes.maintenance_key(self._bench):
            raise Refusal("MAINTENANCE", "the maintenance key is on: the machine moves by its local pendant alone")

    async def command(self, event: E) -> S:
        """Take one of the nine commands of a person.

        Raises:
            Refusal: this state does not accept it; nothing has changed.

        """
        if not self._machine.can(event):
            allowed = ", ".join(sorted(each.name.lower() for each in self._machine.legal() - {E.DONE})) or "none"
            raise Refusal(
                "UNIT_STATE", f"{event.name.lower()} is not possible in {self.state.name}; possible now: {allowed}"
            )
        if event in LETS_MOVE:
            self.require_no_key()
        if event in TO_EXECUTE:
            self.require_production()
            self._modes.require_followed()
            self._require_reset()
        if event is E.CLEAR and not self._all_online():
            raise Refusal("STATION_OFFLINE", f"not every station is online: {', '.join(self._missing())}")
        await self.fire(event, ASKED_FOR)
        return self.state

    async def abort(self, cause: str) -> None:
        """Stop everything because of a trip, a lost station or an unknown outcome; idempotent."""
        if self._machine.can(E.ABORT):
            await self.fire(E.ABORT, cause)
        elif self.state is S.ABORTED and cause != self.cause:
            self.cause = cause

    async def hold(self, cause: str) -> None:
        """Hold for an internal cause, if the state allows."""
        if self._machine.can(E.HOLD):
            await self.fire(E.HOLD, cause)

    async def need_reset(self, why: str) -> None:
        """Let nothing but a reset lead back to Execute: it proves what people moved, and shuts what stands open."""
        self.reset_due = why
        await self.hold(why)

    def _require_reset(self) -> None:
        """See that nobody has moved by hand what the book is about since the last reset.

        Raises:
            Refusal: somebody has.

        """
        if self.reset_due:
            raise Refusal("RESET_DUE", f"{self.reset_due}: a reset proves what stands where and shuts what stands open")

    async def fire(self, event: E, cause: str) -> None:
        """Change the state and start what the new one does."""
        change = self._machine.fire(event)
        self.cause, self.since = cause, self._clock()
        log.info("unit_state", state=change.target.name, was=change.source.name, cause=cause)
        self._board.tell(
            {"event": "unit_state", "state": change.target.name, "was": change.source.name, "cause": cause}
        )
        self._ledger.note(UnitSet(change.target.name, cause))
        why = f"unit {change.target.name}: {cause}"
        hand, visit = self._hand.halt(why), self._audit.halt(why, aborting=change.target is S.ABORTING)
        await self._enter(change.target, self._runner.dismiss(), hand, visit)

    def power_up(self) -> None:
        """Once every station is there, begin to settle what the last daemon left open."""
        if self.reconciled:
            return
        if not self._all_online():
            self._online_s = None
            return
        now_s = self._clock()
        self._online_s = now_s if self._online_s is None else self._online_s
        if now_s >= self._power_up_s and not self._runner.busy and not self._modes.follows:
            self._start(self._reconcile())

    async def _powered_up(self, signal: ActivityEnded) -> None:
        """Leave the start for Stopped if every outcome is proven and nothing has tripped; else stay Aborted."""
        online = self._all_online()
        if signal.error is not None or not online:
            self._power_up_s = self._clock() + POWER_UP_AGAIN_S
            if signal.error is not None and online:
                self.cause = f"the start cannot be settled: {signal.error}"
            return
        problem = str(signal.result) or self._tripped()
        await self._leave_start()
        if problem:
            self.cause = problem
        else:
            self._machine.restore(S.STOPPED)
            self.cause, self.since = "started, every outcome proven", self._clock()
            self._ledger.note(UnitSet(S.STOPPED.name, self.cause))
            self._board.tell(
                {"event": "unit_state", "state": S.STOPPED.name, "was": S.ABORTED.name, "cause": self.cause}
            )

    def _tripped(self) -> str:
        """Return what has tripped; empty: nothing has."""
        return "" if self._bench.tower.safety.ok else f"safety: {', '.join(cause_names(self._bench))}"

    async def _leave_start(self) -> None:
        if not self.reconciled:
            self.reconciled = True
            await self._jobs.take_over()

    async def ended(self, signal: ActivityEnded) -> None:
        """Take the end of an acting state's activity."""
        if not self._runner.take(signal):
            return
        if not self.reconciled:
            await self._powered_up(signal)
        elif self.state is S.ABORTING:
            await self._jobs.interrupt(JobEvent.INTERRUPT if self._all_online() else JobEvent.LINK_LOST)
            await self.fire(E.DONE, self.cause)
        elif self.state in _COMING_TO_REST:
            await self.stir()
        elif signal.error is not None:
            if isinstance(signal.error, StepFailed) and signal.error.rule == CAR_HALF_WAY:
                await self._jobs.park_put_aside(str(signal.error))
            await self.abort(str(signal.error))
        else:
            if self.state is S.RESETTING:
                await self._rooms.looked_at()
            await self.fire(E.DONE, self.cause)

    async def stir(self) -> None:
        """End the acting states that only wait for the carriage to come to rest."""
        if self.state in _COMING_TO_REST and self._jobs.quiet and not self._runner.busy:
            await self._jobs.interrupt(JobEvent.INTERRUPT)
            await self.fire(E.DONE, self.cause)

    async def shut_down(self) -> None:
        """Bring everything to rest, for the end of the process."""
        await self._runner.cancel()
        await self._modes.halt()
        await self._hand.halt("the daemon ends").reached()
        await self._audit.halt("the daemon ends").reached()
        await self._jobs.halt().reached()
        await self._rooms.halt()
        # Last, because a journal that has failed refuses it.
        await self._jobs.interrupt(JobEvent.INTERRUPT)

    async def _enter(self, state: S, *before: Rest) -> None:
        """Start what a state does; ``before``, what the last one did and what people moved, may still come to rest."""
        self._jobs.executing = state is S.EXECUTE
        served, self._rooms.executing = self._rooms.executing, state in ROOMS_SERVE
        leaving = served and not self._rooms.executing
        if served is not self._rooms.executing:
            self._jobs.foresight.rooms_serve(on=self._rooms.executing)
        match state:
            case S.ABORTING:
                self._start(self._cut(*before, self._jobs.halt()))
            case _ if state in _COMING_TO_REST and (leaving or any(each.pending for each in before)):
                self._start(self._rest(*before, rooms=leaving))
            case S.CLEARING:
                await self._leave_start()
                self._start(self._clear())
            case S.RESETTING:
                self.reset_due = ""
                self._start(self._reset())
            case S.STARTING | S.UNHOLDING | S.UNSUSPENDING:
                await self.fire(E.DONE, self.cause)
            case _:
                await self.stir()

    async def _rest(self, *motions: Rest, rooms: bool) -> None:
        """Wait until everything that was cancelled stands."""
        for motion in motions:
            await motion.reached()
        if rooms:
            await self._rooms.halt()

    async def _cut(self, *motions: Rest) -> None:
        """Wait until everything that was cancelled stands, and stop what runs beside it: an abort waits for no end."""
        await self._rest(*motions, rooms=True)
        await stop_all(self._bench)

    def _start(self, activity: Coroutine[object, object, object]) -> None:
        self._runner.start(activity)

    async def _clear(self) -> None:
        await self._settle(by_person=True)
        await homing.clear_faults(self._bench)
        problem = await self._reconcile()
        if problem:
            raise StepFailed("UNKNOWN", problem)

    async def _reset(self) -> None:
        await self._settle(by_person=False)
        if behind := await modes.align(self._bench, self.mode):
            raise StepFailed("MODE", f"not in mode {self.mode.value.lower()}: {', '.join(behind)}")
        if self.mode is UnitMode.MANUAL:
            # Whoever chose this mode moves by hand, and nothing else does.
            await homing.energise(self._bench)
        else:
            await homing.reset(self._bench, job_waits=self._jobs.put_aside, works_at=self._jobs.works_at())
        problem = await self._reconcile()
        if problem:
            raise StepFailed("UNKNOWN", problem)

    async def _reconcile(self) -> str:
        """Settle every open intent and compare the book with the sensors; return what stays unknown."""
        unknown = await self._settle(by_person=False)
        changes = recovery.compare(self._bench, self._ledger.book)
        if changes:
            log.warning("inventory_corrected", places=len(changes))
            await self._ledger.commit(*changes)
        return "; ".join(f"{each.prepared.mechanism}: outcome unknown, {each.text}" for each in unknown)

    async def _settle(self, *, by_person: bool) -> list[Outcome]:
        """Settle every open intent, before any new command, and let come to rest what runs beside them.

        Return what stays unknown. ``by_person``: somebody has looked at the tower and clears it, so that what can run
        no more is given up.
        """
        await self._modes.followed()
        book = self._ledger.book
        unknown = recovery.unknown(await recovery.settle_open(self._bench, book))
        await recovery.end_stops(self._bench)
        await come_to_rest(self._bench)
        return await recovery.give_up_unknown(self._bench, book, unknown) if by_person else unknown

    def _all_online(self) -> bool:
        return not self._missing()

    def _missing(self) -> list[str]:
        return [name for name, station in self._bench.tower.stations.items() if not station.online]
