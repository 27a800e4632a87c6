"""A link without a wire: requests reach the units directly, with a latency and with faults on order."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from enum import Enum
from typing import Final, TypeVar

from hal.errors import BadAnswer, HalError, LinkDown, NoAnswer, Refused
from hal.modbus_request import LEAVES_OPEN, WRITING
from sim_plc.unit import ModbusRefusal, Unit

_T = TypeVar("_T")

READ_HOLDING: Final = 3
READ_INPUT: Final = 4
WRITE: Final = 16
READ_WRITE: Final = 23

MAX_READ: Final = 125
MAX_WRITE: Final = 123
MAX_READ_WRITE_WRITE: Final = 121


class Fault(Enum):
    """What befalls one request."""

    NONE = "none"
    LOSE_REQUEST = "lose request"
    """It never arrives: `NoAnswer`."""
    LOSE_ANSWER = "lose answer"
    """It arrives; its answer does not: `NoAnswer`."""
    DELAY = "delay"
    """It arrives ``late_s`` later, long after its `NoAnswer`: a gateway's buffer."""
    DUPLICATE = "duplicate"
    """It arrives, and once more ``late_s`` later."""
    CUT = "cut"
    """The connection breaks before it arrives: `LinkDown`."""
    CUT_AFTER = "cut after"
    """The connection breaks behind its arrival: `LinkDown`."""
    SLOW = "slow"
    """It arrives, and is answered ``slow_s`` later: in time."""

    # Of wires that carry bytes; where none are carried the answer is lost.
    LATE_ANSWER = "late answer"
    """It arrives, and is answered behind its time-out."""
    PIECES = "pieces"
    """Its answer comes in pieces."""
    MERGED = "merged"
    """Its answer comes together with an earlier one."""
    TWICE = "twice"
    """Its answer comes twice."""
    OVERTAKEN = "overtaken"
    """Its answer comes behind the next one's."""
    WRONG_ID = "wrong id"
    """Its answer has another transaction's id."""
    WRONG_UNIT = "wrong unit"
    """Its answer has another unit's id."""
    SHORT = "short"
    """The length of its answer is given too short."""
    LONG = "long"
    """The length of its answer is given too long."""
    RESET_INSIDE = "reset inside"
    """The connection breaks inside its answer."""
    NOISE = "noise"
    """Up to three bits of request or answer are turned."""
    BYTE_LOST = "byte lost"
    """A character of request or answer is missing."""
    BYTE_ADDED = "byte added"
    """Request or answer has a character too many."""
    PARITY = "parity"
    """One bit of one character of request or answer is turned."""
    ECHO = "echo"
    """The adapter hears itself: the request comes back before the answer."""
    OTHER_SLAVE = "other slave"
    """Another station answers in its place."""


OF_BYTES: Final = frozenset(
    {
        Fault.LATE_ANSWER,
        Fault.PIECES,
        Fault.MERGED,
        Fault.TWICE,
        Fault.OVERTAKEN,
        Fault.WRONG_ID,
        Fault.WRONG_UNIT,
        Fault.SHORT,
        Fault.LONG,
        Fault.RESET_INSIDE,
        Fault.NOISE,
        Fault.BYTE_LOST,
        Fault.BYTE_ADDED,
        Fault.PARITY,
        Fault.ECHO,
        Fault.OTHER_SLAVE,
    }
)


class Shut(Enum):
    """Why a peer lets nobody connect; the value is how long an attempt hangs, in seconds."""

    REFUSED = 0.0
    """Nobody listens: the refusal comes at once."""
    FULL = 0.5
    """Every place is taken: nobody takes the connection."""


class MemoryLink:
    """`hal.link.Link` over units in the same process.

    Before each arrival ``before(now_s)`` lets the owner of the units bring them up to the loop's time. ``decide``
    names the fault of each request by its function code and unit. One request runs at a time, in order of their
    coming, urgent ones first.
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        *,
        latency_s: float = 0.002,
        timeout_s: float = 0.3,
        late_s: Callable[[], float] = lambda: 1.0,
        slow_s: Callable[[], float] = lambda: 0.1,
        max_unanswered: int | None = None,
        shut: Callable[[], Shut | None] = lambda: None,
        before: Callable[[float], None] = lambda _: None,
        decide: Callable[[int, int], Fault] = lambda _function, _unit: Fault.NONE,
        on_cut: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the units by their unit id. ``on_cut`` is called when a connection breaks.

        ``latency_s`` is the time of one request and its answer: it all passes before the arrival, so that one timer
        serves a request. What breaks behind an arrival is a fault's doing. ``max_unanswered`` requests in a row
        without an answer end a connection, where there is one to end. ``shut`` tells why none comes about.
        """
        self.units = dict(units)
        self.reachable = True
        """Cleared: nothing answers and no connection comes about, as with the cable out."""
        self.befallen = Counter[Fault]()
        """How often each fault befell a request."""
        self.failed = Counter[str]()
        """How often a request, or an attempt to connect, ended in each error, by the error's name."""
        self._latency_s = latency_s
        self._timeout_s = timeout_s
        self._late_s = late_s
        self._slow_s = slow_s
        self._max_unanswered = max_unanswered
        self._shut = shut
        self._before = before
        self._decide = decide
        self._on_cut = on_cut
        self._connected = False
        self._answered = True
        self._unanswered = 0
        self._mute = False
        self._readable: set[tuple[int, int, int]] = set()
        self._generation = 0
        self._broken = asyncio.Event()
        self._turn = Turn()
        self._waiting: asyncio.Future[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether a connection stands."""
        return self._connected

    @property
    def sound(self) -> bool:
        """Whether the cable is in, somebody is at the other end, and the newest request was answered."""
        return self.reachable and self._answered and not self._mute

    @property
    def generation(self) -> int:
        """Rises with each new connection: 0 before the first."""
        return self._generation

    async def connect(self) -> None:
        """Connect if not connected."""
        if self._connected:
            return
        await asyncio.sleep(self._latency_s)
        shut = self._shut()
        if shut is not None:
            await asyncio.sleep(shut.value)
        if shut is not None or not self.reachable:
            self.failed["LinkDown"] += 1
            raise LinkDown("unreachable" if shut is None else f"no connection: {shut.name.lower()}")
        if not self._connected:
            self._connected, self._mute, self._unanswered = True, False, 0
            self._readable.clear()
            self._generation += 1
            self._broken = asyncio.Event()

    async def close(self) -> None:
        """Close the connection; waiting requests fail."""
        self.cut()

    def cut(self) -> None:
        """Break the connection now."""
        self._connected = False
        self._broken.set()
        if self._waiting is not None:
            _wake(self._waiting)
        self._on_cut()

    def fall_mute(self) -> None:
        """Let the connection stand with nobody at its other end: it stays so until this side closes it."""
        self._mute = self._connected

    async def read_input(
        self, unit: int, address: int, count: int, *, urgent: bool = False
    ) -> tuple[int, ...]:
        """Read input registers."""
        _check_count(count, MAX_READ)
        return await self._request(
            READ_INPUT, unit, lambda peer: tuple(peer.read_input(address, count)), urgent=urgent
        )

    async def read_holding(
        self, unit: int, address: int, count: int, *, urgent: bool = False
    ) -> tuple[int, ...]:
        """Read holding registers."""
        _check_count(count, MAX_READ)
        return await self._request(
            READ_HOLDING, unit, lambda peer: tuple(peer.read_holding(address, count)), urgent=urgent
        )

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        """Write holding registers."""
        _check_count(len(words), MAX_WRITE)
        frozen = _checked(words)
        await self._request(WRITE, unit, lambda peer: peer.write(address, frozen), urgent=urgent)

    async def read_write(
        self,
        unit: int,
        read_address: int,
        read_count: int,
        write_address: int,
        words: Sequence[int],
        *,
        urgent: bool = False,
    ) -> tuple[int, ...]:
        """Write, then read holding registers."""
        _check_count(read_count, MAX_READ)
        _check_count(len(words), MAX_READ_WRITE_WRITE)
        frozen = _checked(words)

        def access(peer: Unit) -> tuple[int, ...]:
            # Tried before, once a connection: a request that is refused for its read has written nothing.
            if (unit, read_address, read_count) not in self._readable:
                peer.read_holding(read_address, read_count)
                self._readable.add((unit, read_address, read_count))
            peer.write(write_address, frozen)
            return tuple(peer.read_holding(read_address, read_count))

        return await self._request(READ_WRITE, unit, access, urgent=urgent)

    async def _request(self, function: int, unit: int, access: Callable[[Unit], _T], *, urgent: bool) -> _T:
        if not self._connected:
            raise LinkDown("not connected")
        broken = self._broken
        await self._turn.take(urgent=urgent)
        try:
            answer = await self._carry(function, unit, access, broken)
        except HalError as error:
            self.failed[type(error).__name__] += 1
            self._answered &= isinstance(error, BadAnswer | Refused)
            if isinstance(error, NoAnswer):
                self._count_unanswered()
            raise
        else:
            self._answered, self._unanswered = True, 0
            return answer
        finally:
            self._turn.give()

    def _count_unanswered(self) -> None:
        """Take a peer that never answers for gone."""
        self._unanswered += 1
        if self._max_unanswered is not None and self._unanswered >= self._max_unanswered and self._connected:
            self.cut()

    async def _carry(
        self, function: int, unit: int, access: Callable[[Unit], _T], broken: asyncio.Event
    ) -> _T:
        if broken.is_set():
            raise LinkDown("the connection broke")
        fault = self._decide(function, unit) if self.reachable and not self._mute else Fault.LOSE_REQUEST
        if fault is Fault.NONE and unit in self.units:
            await self._wait(self._latency_s, broken)
            return self._arrive(function, unit, access)
        if fault is not Fault.NONE:
            self.befallen[fault] += 1
        if fault is Fault.CUT:
            self.cut()
            raise LinkDown("the connection broke")
        if fault in {Fault.DELAY, Fault.DUPLICATE} and unit in self.units:
            self._deliver_late(unit, access)
        if fault in {Fault.LOSE_REQUEST, Fault.DELAY} or unit not in self.units:
            await self._wait(self._timeout_s, broken)
            raise NoAnswer(f"no answer from unit {unit} within {self._timeout_s:g} s")
        await self._wait(self._latency_s, broken)
        answer = self._arrive(function, unit, access)
        if fault is Fault.SLOW:
            await self._wait(self._slow_s(), broken)
        if fault is Fault.CUT_AFTER:
            self.cut()
            raise LinkDown("the connection broke")
        if fault is Fault.LOSE_ANSWER or fault in OF_BYTES:
            await self._wait(self._timeout_s, broken)
            raise NoAnswer(f"no answer from unit {unit} within {self._timeout_s:g} s")
        return answer

    def _arrive(self, function: int, unit: int, access: Callable[[Unit], _T]) -> _T:
        self._before(asyncio.get_running_loop().time())
        try:
            return access(self.units[unit])
        except ModbusRefusal as refusal:
            if refusal.code in LEAVES_OPEN and function in WRITING:
                raise BadAnswer(f"exception code {refusal.code} leaves open whether it was carried out") from refusal
            raise Refused(function, int(refusal.code)) from refusal

    def _deliver_late(self, unit: int, access: Callable[[Unit], object]) -> None:
        """Let a request arrive later, whatever becomes of the connection and of whoever sent it."""
        loop, peer = asyncio.get_running_loop(), self.units[unit]

        def deliver() -> None:
            self._before(loop.time())
            try:
                access(peer)
            except ModbusRefusal:
                return  # nobody waits for this answer any more

        # In a context of its own: the buffer is a gateway's, not the sender's.
        loop.call_later(self._late_s(), deliver, context=Context())

    async def _wait(self, delay_s: float, broken: asyncio.Event) -> None:
        """Let time pass for the request that has its turn.

        Raises:
            LinkDown: the connection broke meanwhile.

        """
        if broken.is_set():
            raise LinkDown("the connection broke")
        loop = asyncio.get_running_loop()
        self._waiting = future = loop.create_future()
        timer = loop.call_later(delay_s, _wake, future)
        try:
            await future
        finally:
            timer.cancel()
            self._waiting = None
        if broken.is_set():
            raise LinkDown("the connection broke")


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


class Turn:
    """Lets one request run at a time; urgent ones overtake those that are not."""

    def __init__(self) -> None:
        self._taken = False
        self._urgent: list[asyncio.Future[None]] = []
        self._patient: list[asyncio.Future[None]] = []

    async def take(self, *, urgent: bool) -> None:
        """Wait for one's turn."""
        if not self._taken:
            self._taken = True
            return
        queue = self._urgent if urgent else self._patient
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(ticket)
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket in queue:
                queue.remove(ticket)
            elif ticket.done() and not ticket.cancelled():
                self.give()
            raise

    def give(self) -> None:
        """Let the next one have its turn."""
        for queue in (self._urgent, self._patient):
            while queue:
                ticket = queue.pop(0)
                if not ticket.done():
                    ticket.set_result(None)
                    return
        self._taken = False


def _check_count(count: int, limit: int) -> None:
    if not 1 <= count <= limit:
        raise ValueError(f"{count} registers, allowed are 1 to {limit}")


def _checked(words: Sequence[int]) -> tuple[int, ...]:
    for word in words:
        if not 0 <= word <= 0xFFFF:
            raise ValueError(f"{word} does not fit a register")
    return tuple(words)
