"""One station: polled on a cadence, its epoch held in force, its images handed to whoever waits."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from hal.blocks import Blocks
from hal.cadence import Cadence
from hal.claim import Claim
from hal.errors import BadAnswer, ForeignMaster, HalError, LinkDown, NoAnswer, NotOnline, Refused
from hal.identity import check_identity
from hal.interfaces import EpochStore, StationState
from hal.link import Link
from hal.pace import STALE_S, Pace
from hal.plcmap.codec import ControllerBlock, Identity, Image, SlowImage
from hal.plcmap.frame import Frame
from hal.plcmap.registers import StationMap
from hal.plcmap.shape import TowerShape

FENCE_POLL_S: Final = 0.03
FENCE_LIMIT_S: Final = 2.0
RETRY_S: Final = 0.25
"""Between two attempts to bring a station online."""

SHARED_RETRY_S: Final = 2.0
"""The same for a silent one on a line that others share: each attempt costs them a time-out."""


class Station:
    """Everything the drivers know of one station; `run` keeps it so.

    Only the controller block and the mailboxes are ever written. While the state is FROZEN nothing is. Callbacks
    run inside the polling task, at once and in the order of their registration; they must not raise.
    """

    def __init__(
        self,
        station_map: StationMap,
        shape: TowerShape,
        link: Link,
        *,
        cadence: Cadence,
        epochs: EpochStore,
        owner: int,
        fc23: bool = True,
        sole: bool = True,
        poll_s: float = 0.1,
        idle_poll_s: float = 0.5,
    ) -> None:
        """Take the station's map and way.

        ``owner``: 16 bit, random a daemon start. ``fc23``: whether the station knows FC23. ``sole``: no other
        station shares the link, so that it may be closed when this one falls silent. ``poll_s``: period while
        anything moves or a command is open; ``idle_poll_s``: otherwise, until `set_period`.
        """
        self.map = station_map
        self.name = station_map.name
        self._shape = shape
        self._link = link
        self._cadence = cadence
        self._sole = sole
        self._pace = Pace(quick_s=poll_s, resting_s=idle_poll_s)
        self._blocks = Blocks(station_map, link, fc23=fc23)
        self._claim = Claim(epochs, owner)
        self._state = StationState.OFFLINE
        self._trouble = "not connected yet"
        self._frozen = ""
        self._generation = 0
        self._unanswered = ""
        self._dead_man = 0
        self._dead_man_held = False
        self._image: Image | None = None
        self._changed_s = 0.0
        self._identity: Identity | None = None
        self._news = asyncio.Event()
        self._on_image: list[Callable[[Image], None]] = []
        self._on_state: list[Callable[[Station], None]] = []
        self._on_adopt: list[Callable[[], None]] = []

    @property
    def state(self) -> StationState:
        """How far the station can be relied on. ONLINE also needs a fresh heartbeat: see `image`."""
        return self._state

    @property
    def trouble(self) -> str:
        """Why the station is not online, in plain words; empty while it is."""
        return self._trouble

    @property
    def epoch(self) -> int:
        """The epoch written last: 0 before the first connection."""
        return self._claim.epoch

    @property
    def found_epoch(self) -> int:
        """The epoch that was in force when this daemon start first read the station; 0 before."""
        return self._claim.found

    @property
    def owner(self) -> int:
        """The owner written with the epoch."""
        return self._claim.owner

    @property
    def identity(self) -> Identity | None:
        """The identity read at the newest connection; None before the first."""
        return self._identity

    @property
    def last_image(self) -> Image | None:
        """The newest image whatever its age: for people to look at, never to act on."""
        return self._image

    @property
    def image(self) -> Image:
        """The newest image, not older than the stale limit, read with our epoch in force.

        Raises:
            ForeignMaster: the station is frozen.
            NotOnline: it is not online, or its heartbeat stands still.

        """
        if self._frozen:
            raise ForeignMaster(f"{self.name}: {self._frozen}")
        if self._state is not StationState.ONLINE or self._image is None:
            raise NotOnline(f"{self.name} is {self._state.value}: {self._trouble}")
        if self._is_stale():
            raise NotOnline(f"{self.name} is stale: no heartbeat for {self._age_s():.1f} s")
        return self._image

    @property
    def online(self) -> bool:
        """Whether `image` would return one."""
        return (
            self._state is StationState.ONLINE
            and not self._frozen
            and self._image is not None
            and not self._is_stale()
        )

    def on_image(self, callback: Callable[[Image], None]) -> None:
        """Call back with every new image of an online station."""
        self._on_image.append(callback)

    def on_state(self, callback: Callable[["Station"], None]) -> None:
        """Call back after each change of state or trouble."""
        self._on_state.append(callback)

    def on_adopt(self, callback: Callable[[], None]) -> None:
        """Call back when an operator adopts the station as it is."""
        self._on_adopt.append(callback)

    async def until(self, predicate: Callable[[Image], bool], deadline_s: float) -> Image:
        """Wait for a fresh image that satisfies ``predicate``; the present one counts.

        Raises:
            NotOnline, ForeignMaster: the deadline passed and the station is not online.
            TimeoutError: the deadline passed.

        """
        deadline = asyncio.get_running_loop().time() + deadline_s
        while not (self.online and predicate(self.image)):
            if not await self.news(deadline):
                shown = self.image
                raise TimeoutError(f"{self.name}: not within {deadline_s:g} s; heartbeat {shown.heartbeat}")
        return self.image

    async def news(self, until_s: float) -> bool:
        """Wait for the next image or change of state; False when the loop's clock reached ``until_s``."""
        event = self._news
        try:
            async with asyncio.timeout_at(until_s):
                await event.wait()
        except TimeoutError:
            return False
        return True

    def set_period(self, period_s: float) -> None:
        """Poll every ``period_s`` seconds while nothing moves and no command is open."""
        if period_s < self._pace.resting_s:
            self._cadence.kick()
        self._pace.resting_s = period_s

    def busy(self) -> AbstractContextManager[None]:
        """Poll at the quick period inside the context that is returned."""
        return self._pace.busy()

    def kick(self) -> None:
        """Poll at once, out of turn."""
        self._cadence.kick()

    def hold_dead_man(self, *, held: bool) -> None:
        """While held, every write of the controller block changes the dead-man counter of JOG.

        A JOG needs a change within 200 ms: poll at 100 ms.
        """
        self._dead_man_held = held

    async def request_slow(self) -> SlowImage:
        """Read the slow blocks now.

        Raises:
            LinkDown, NoAnswer, BadAnswer, Refused: nothing was learned.

        """
        return await self._blocks.slow()

    async def write_frame(self, mechanism: str, frame: Frame) -> None:
        """Write a mailbox, ahead of all waiting polls.

        Raises:
            NotOnline, ForeignMaster: nothing was written.
            LinkDown, NoAnswer, BadAnswer: it may have arrived.
            Refused: it did not.

        """
        if frame.epoch != self._claim.epoch or self.image.boot_id != frame.boot_id:
            raise NotOnline(f"{self.name}: epoch or boot id changed since the frame was made")
        if self._link.generation != self._generation:
            raise NotOnline(f"{self.name}: connected anew, and not fenced yet")
        await self._blocks.write_frame(mechanism, frame)

    def freeze(self, why: str) -> None:
        """Write nothing any more, until `adopt_epoch`: another master was seen."""
        if not self._frozen:
            self._frozen = why
            self._move(StationState.FROZEN, why)

    async def adopt_epoch(self) -> None:
        """Take the station over as it is, by an operator's order: a new daemon start above the epoch in force."""
        await self._claim.override()
        self._frozen = ""
        self._move(StationState.OFFLINE, "adopted")
        for callback in self._on_adopt:
            callback()
        self._cadence.kick()

    async def probe(self) -> Identity:
        """Connect and read who the station is; nothing is written.

        Raises:
            HalError: it does not answer, or not rightly.

        """
        await self._link.connect()
        return await self._read_identity()

    async def run(self) -> None:
        """Poll for ever: connect, identify, fence, then keep the image fresh. Returns only by cancellation."""
        while True:
            retry_s = RETRY_S
            try:
                await self._link.connect()
                await (self._watch() if self._frozen else self._serve())
            except ForeignMaster as error:
                self.freeze(str(error))
            except HalError as error:
                retry_s = await self._lose(error)
            await self._cadence.next(retry_s)

    async def _serve(self) -> None:
        """Bring the station online and poll it until something breaks, which raises."""
        if self._state is not StationState.STALE:
            self._move(StationState.IDENTIFYING, "reading who it is")
        self._generation = self._link.generation
        self._unanswered = ""
        self._identity = identity = await self._read_identity()
        check_identity(identity, self.map, self._shape)
        await self._await_life(identity)
        await self._fence(identity)
        while True:
            await self._cadence.next(self._pace.period_s)
            await self._poll()

    async def _await_life(self, identity: Identity) -> None:
        """Wait until the heartbeat moves: a halted program takes no epoch, and each epoch costs a durable write."""
        limit = asyncio.get_running_loop().time() + STALE_S
        while (await self._read_identity()).heartbeat == identity.heartbeat:
            if asyncio.get_running_loop().time() >= limit:
                raise NoAnswer(f"heartbeat {identity.heartbeat} stands still")
            await self._cadence.next(FENCE_POLL_S)

    async def _fence(self, identity: Identity) -> None:
        """Put a new epoch in force: durable first, then written until the station shows it."""
        await self._claim.renew()
        self._claim.require_not_above(identity.epoch_in_force)
        self._move(StationState.FENCING, f"epoch {self.epoch:#010x} is not in force yet")
        echo = identity.heartbeat
        loop = asyncio.get_running_loop()
        limit = loop.time() + FENCE_LIMIT_S
        while loop.time() < limit:
            image = await self._exchange(echo)
            if image.boot_id == identity.boot_id and self._claim.rules(image):
                self._changed_s = loop.time()
                self._take(image)
                self._move(StationState.ONLINE, "")
                self._publish(image)
                return
            await self._cadence.next(FENCE_POLL_S)
        raise NotOnline("the station does not take the epoch")

    async def _poll(self) -> None:
        """Make one poll; what may be a single lost answer is borne until the image is stale."""
        last = self._newest()
        try:
            image = await self._exchange(last.heartbeat)
        except (NoAnswer, BadAnswer, Refused) as error:
            self._unanswered = str(error) if isinstance(error, NoAnswer) else ""
            if self._is_stale():
                raise NoAnswer(f"stale: {error}") from error
            return
        except LinkDown as error:
            if self._unanswered:
                # A peer without an answer ends the connection on this side: it is silent, not gone.
                raise NoAnswer(f"silent: {self._unanswered}") from error
            raise
        self._unanswered = ""
        if image.boot_id != last.boot_id:
            raise NotOnline("the station restarted")
        if not self._claim.rules(image):
            raise NotOnline("the station lost the epoch")
        if image.heartbeat != last.heartbeat:
            self._changed_s = asyncio.get_running_loop().time()
        self._take(image)
        if self._is_stale():
            raise NoAnswer(f"stale: heartbeat {image.heartbeat} stands still")
        self._publish(image)

    async def _watch(self) -> None:
        """Look at a frozen station without a single write."""
        while self._frozen:
            self._take(await self._blocks.image())
            self._announce()
            await self._cadence.next(self._pace.resting_s)

    def _take(self, image: Image) -> None:
        if self._image is None or image.mechanisms is not self._image.mechanisms:
            self._pace.moving = any(status.executing for status in image.mechanisms.values())
        self._image = image

    def _publish(self, image: Image) -> None:
        for callback in self._on_image:
            callback(image)
        self._announce()

    def _move(self, state: StationState, trouble: str) -> None:
        if (state, trouble) == (self._state, self._trouble):
            return
        self._state, self._trouble = state, trouble
        for callback in self._on_state:
            callback(self)
        self._announce()

    def _announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _lose(self, error: HalError) -> float:
        """Say why the station is lost, close a link that may be half open; return when to try again, in seconds."""
        silent = isinstance(error, NoAnswer)
        if not self._frozen:
            known = self._image is not None
            self._move(StationState.STALE if known and silent else StationState.OFFLINE, str(error))
        if silent and self._sole:
            await self._link.close()
        return SHARED_RETRY_S if silent and not self._sole else RETRY_S

    def _is_stale(self) -> bool:
        age_s = self._age_s()
        return age_s > STALE_S and age_s > self._pace.stale_s

    def _age_s(self) -> float:
        return asyncio.get_running_loop().time() - self._changed_s

    def _newest(self) -> Image:
        """Return the newest image of a station that was fenced."""
        if self._image is None:
            raise NotOnline(f"{self.name} has shown nothing yet")
        return self._image

    async def _exchange(self, echo: int) -> Image:
        """Write the controller block with the heartbeat that was read, and read an image, as it was fenced.

        Raises:
            ForeignMaster: the station is frozen.
            NotOnline: an operator adopted it meanwhile.
            LinkDown: another connection stands: a gateway behind it may hold old writes.

        """
        if self._frozen:
            raise ForeignMaster(self._frozen)
        if self._state is not StationState.ONLINE and self._state is not StationState.FENCING:
            raise NotOnline(self._trouble)
        if self._dead_man_held:
            self._dead_man = (self._dead_man + 1) & 0xFFFF
        block = ControllerBlock(self._claim.epoch, self._claim.owner, echo, self._dead_man)
        image = await self._blocks.exchange(block)
        if self._link.generation != self._generation:
            raise LinkDown("the link was connected anew")
        return image

    async def _read_identity(self) -> Identity:
        identity = await self._blocks.identity()
        self._claim.find(identity.epoch_in_force)
        return identity
