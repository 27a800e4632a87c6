"""What the drivers offer and what they ask for: small protocols whose docstrings are the contract.

Names of mechanisms are full names, station and mechanism: ``tower/lift``, ``tower/room1.inner_door``,
``bays3/latches``. Every duration is in seconds of the event loop's clock.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, overload

from hal.plcmap import codes
from hal.plcmap.codec import Status
from hal.plcmap.frame import Content


@dataclass(frozen=True, slots=True)
class Prepared:
    """A numbered command, unsent.

    ``check`` is the check word of the frame as it would be sent now, with the epoch and boot id of now;
    ``boot_id`` is that boot id, 0 where it was not kept.
    """

    mechanism: str
    sequence: int
    content: Content
    check: int
    boot_id: int = 0

    @property
    def is_stop(self) -> bool:
        """Whether this is a controlled stop: it may be written before its journal record is durable."""
        return self.content.opcode == codes.Opcode.STOP


class Verdict(Enum):
    """How a sequence ended, as far as it is proven."""

    OK = "ok"
    STOPPED = "stopped"
    STOPPED_SILENCE = "stopped_silence"
    STOPPED_SAFETY = "stopped_safety"
    STOPPED_RESTART = "stopped_restart"
    FAULT = "fault"
    REFUSED = "refused"
    VOID = "void"
    """Proven: it was never executed and never will be."""
    UNKNOWN = "unknown"
    """Link down, memory lost, foreign master or frames not trusted: only a person or sensors decide."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command; ``prepared`` is its last written form, ``text`` says why in plain words.

    ``ran_ms`` and ``way`` (mm or mdeg) are what it cost, as far as whoever waited for it has measured that.
    """

    prepared: Prepared
    verdict: Verdict
    reason: codes.Reason = codes.Reason.NONE
    text: str = ""
    ran_ms: int | None = None
    way: int | None = None


@dataclass(frozen=True, slots=True)
class Leeway:
    """How much longer than its deadline a motion may take that gets on, in seconds from the same instant."""

    latest_s: float
    """At most; above the deadline."""
    still_s: float
    """For how long it may stand in between and at its end: brakes, levelling, contacts."""


class Mechanism(Protocol):
    """One mailbox: commands with a sequence number, each executed at most once.

    The order for one command: `prepare`, make the intent durable, `issue`, `outcome`. After `issue` raised,
    call `outcome` all the same: the frame may have arrived. After `outcome` was cancelled, call `stop`, then
    `settle`. After a restart, `settle` every open intent before the first `prepare`. Until every written sequence
    is known to be accepted or void, `prepare` raises `hal.errors.Unsettled` for everything but STOP: `settle` it,
    or None where only a STOP is on its way.
    """

    @property
    def name(self) -> str:
        """The full name."""
        ...

    @property
    def kind(self) -> codes.MechanismKind:
        """What stands behind the mailbox."""
        ...

    def adopt(self, last_sequence: int) -> None:
        """Restore the sequence counter: the newest sequence that the journal holds, 0 if none.

        Newest in the order of time, not the largest number: sequences wrap, and start again at 1 when a
        station lost its memory. Call it once at start, before anything else; until then `prepare` raises
        `hal.errors.NotOnline`. A station that accepted more than this freezes as under a foreign master.
        """
        ...

    def status(self) -> Status:
        """Return what the newest image shows.

        Raises:
            NotOnline: there is no fresh image.

        """
        ...

    def prepare(
        self,
        opcode: codes.Opcode,
        argument1: int = 0,
        argument2: int = 0,
        expected_from: codes.State = codes.State.ANY,
    ) -> Prepared:
        """Give a command its number; nothing is sent. An unsent command's number may be given again.

        Raises:
            NotOnline: the station is not online, or `adopt` was not called.
            ForeignMaster: the station is frozen.
            Maintenance: the maintenance key is on.
            Unsettled: an earlier sequence may still be delivered, or two STOPs are open.

        """
        ...

    async def issue(self, prepared: Prepared) -> None:
        """Write a prepared command, once, ahead of all polls.

        Raises:
            NotOnline, ForeignMaster, Maintenance, Unsettled: nothing was written: the station's epoch or boot
                id changed since `prepare`, or another command took its place. `outcome` then says VOID.
            LinkDown, NoAnswer, BadAnswer: it may have arrived.
            Refused: it did not.

        """
        ...

    async def outcome(
        self,
        prepared: Prepared,
        deadline_s: float,
        *,
        expected_s: float | None = None,
        leeway: Leeway | None = None,
    ) -> Outcome:
        """Wait for the one outcome of a command.

        While the station shows that the frame did not arrive, the identical command goes out again with the
        epoch and boot id then in force (told to the `FrameLog` first). ``expected_s``, from now, lets the scan
        look closely when the end is due. With ``leeway`` a lift or turntable that runs and comes nearer to its
        target is waited for beyond its deadline (`hal.progress`); one that stands is not. At the deadline the
        command is not declared failed: a STOP is issued and the real outcome awaited; UNKNOWN is returned only
        where the station's answer leaves nothing else. Cancelling the wait leaves the command running: stop it.
        """
        ...

    async def stop(self, prepared_stop: Prepared | None = None) -> Outcome:
        """Stop in a controlled way and wait for standstill; OK also when nothing runs.

        Joins a STOP that is already on its way. ``prepared_stop`` is a STOP from `prepare`, issued or not.

        Raises:
            NotOnline, ForeignMaster, Maintenance: nothing could be written.

        """
        ...

    @overload
    async def settle(
        self, prepared: Prepared, known_checks: Collection[int] = ..., deadline_s: float = ...
    ) -> Outcome: ...
    @overload
    async def settle(
        self, prepared: None, known_checks: Collection[int] = ..., deadline_s: float = ...
    ) -> None: ...

    async def settle(
        self, prepared: Prepared | None, known_checks: Collection[int] = (), deadline_s: float = 60.0
    ) -> Outcome | None:
        """Find out what became of an open intent, after a restart, a reconnection or a cancelled wait.

        The rows of the contract's table in their order. ``known_checks`` are the check words which the journal
        holds for this very intent (a command sent again with another epoch has another one). What runs is
        waited for; what was not delivered is made void, never sent again. None: nothing is open; waits until
        the station is online and the counter is compared, and follows a STOP that is still on its way to its end.

        Raises:
            ForeignMaster: only with None; an open intent gets `Verdict.UNKNOWN` instead.
            NotOnline: only with None: the station did not come online before the deadline.
            Maintenance: only with None: a command that is still on its way cannot be made void now.

        """
        ...


class FrameLog(Protocol):
    """Told of frames that the mailbox writes of its own accord."""

    async def rewriting(self, prepared: Prepared) -> None:
        """Record another check word of an open intent; durable before it returns."""
        ...

    def stopping(self, prepared: Prepared) -> None:
        """Record a STOP that is being written; it may become durable later."""
        ...

    def overtaken(self, mechanism: str, sequence: int) -> None:
        """Record that a mechanism's counter goes on behind a sequence that no record was kept of.

        A STOP whose record was lost, or what an adopted station shows; it may become durable later. Unrecorded, the
        next daemon start would take the station for another master's.
        """
        ...


class EpochStore(Protocol):
    """Gives epochs that no controller of this tower used before. One store a daemon start."""

    async def start(self, at_least: int) -> int:
        """Begin a daemon start and return its high word: max(kept, ``at_least``) + 1, durable."""
        ...

    async def next_connection(self) -> int:
        """Return a full 32-bit epoch, higher than every one before; durable before it returns."""
        ...


class StationState(Enum):
    """How far a station can be relied on."""

    OFFLINE = "offline"
    IDENTIFYING = "identifying"
    FENCING = "fencing"
    """The new epoch is written; the station has not shown it in force yet."""
    ONLINE = "online"
    STALE = "stale"
    """It answered before, but its heartbeat stands still or it has gone silent."""
    FROZEN = "frozen"
    """Another master: nothing is written until an operator adopts the station."""
