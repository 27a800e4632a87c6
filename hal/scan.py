"""One station: polled on a cadence, its epoch held in force, its images handed to whoever waits."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from hal.blocks import Blocks
from hal.bulletin import Bulletin
from hal.cadence import Cadence
from hal.claim import Claim
from hal.errors import NotOnline
from hal.interfaces import EpochStore, StationState
from hal.link import Link
from hal.pace import Pace
from hal.plcmap.codec import Identity, Image, SlowImage
from hal.plcmap.frame import Frame
from hal.plcmap.registers import StationMap
from hal.plcmap.shape import TowerShape
from hal.polling import Polling


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
        self._link = link
        self._cadence = cadence
        self.pace = Pace(quick_s=poll_s, resting_s=idle_poll_s)
        """How often it is polled."""
        self._known = Bulletin(self.name, self.pace, cadence)
        self._blocks = Blocks(station_map, link, fc23=fc23)
        self._claim = Claim(epochs, owner)
        self._polling = Polling(
            station_map,
            shape,
            link,
            blocks=self._blocks,
            cadence=cadence,
            claim=self._claim,
            pace=self.pace,
            known=self._known,
            sole=sole,
        )
        self._on_adopt: list[Callable[[], None]] = []

    @property
    def state(self) -> StationState:
        """How far the station can be relied on. ONLINE also needs a fresh heartbeat: see `image`."""
        return self._known.state

    @property
    def trouble(self) -> str:
        """Why the station is not online, in plain words; empty while it is."""
        return self._known.trouble

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
        return self._known.identity

    @property
    def last_image(self) -> Image | None:
        """The newest image whatever its age: for people to look at, never to act on."""
        return self._known.image

    @property
    def image(self) -> Image:
        """The newest image, not older than the stale limit, read with our epoch in force.

        Raises:
            ForeignMaster: the station is frozen.
            NotOnline: it is not online, or its heartbeat stands still.

        """
        return self._known.fresh()

    @property
    def last_words(self) -> Sequence[tuple[int, ...]]:
        """The registers of the fast blocks as they were read last, in their order; empty blocks before that.

        Inside a callback of `on_image` they are those of its image.
        """
        return self._blocks.fast_words

    @property
    def online(self) -> bool:
        """Whether `image` would return one."""
        return self._known.online

    def on_image(self, callback: Callable[[Image], None]) -> None:
        """Call back with every new image of an online station."""
        self._known.on_image.append(callback)

    def on_state(self, callback: Callable[["Station"], None]) -> None:
        """Call back after each change of state or trouble."""
        self._known.on_state.append(lambda: callback(self))

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
        return await self._known.news(until_s)

    def set_period(self, period_s: float) -> None:
        """Poll every ``period_s`` seconds while nothing moves and no command is open."""
        if period_s < self.pace.resting_s:
            self._cadence.kick()
        self.pace.resting_s = period_s

    def busy(self) -> AbstractContextManager[None]:
        """Poll at the quick period inside the context that is returned."""
        return self.pace.busy()

    def kick(self) -> None:
        """Poll at once, out of turn."""
        self._cadence.kick()

    def hold_dead_man(self, *, held: bool) -> None:
        """While held, every write of the controller block changes the dead-man counter of JOG.

        A JOG needs a change within 200 ms: poll at 100 ms.
        """
        self._polling.dead_man_held = held

    def touch_dead_man(self) -> None:
        """Pass on one sign of life of a hand: the dead-man counter changes once, with a poll out of turn.

        A JOG needs one within each 200 ms. One that no write sets out with within 0.1 s is dropped.
        """
        self._polling.touch_dead_man()
        self._cadence.kick()

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
        if self._link.generation != self._polling.generation:
            raise NotOnline(f"{self.name}: connected anew, and not fenced yet")
        await self._blocks.write_frame(mechanism, frame)

    def freeze(self, why: str) -> None:
        """Write nothing any more, until `adopt_epoch`: another master was seen."""
        self._polling.freeze(why)

    async def adopt_epoch(self) -> None:
        """Take the station over as it is, by an operator's order: a new daemon start above the epoch in force."""
        await self._claim.override()
        self._known.frozen = ""
        self._known.move(StationState.OFFLINE, "adopted")
        for callback in self._on_adopt:
            callback()
        self._cadence.kick()

    async def probe(self) -> Identity:
        """Connect and read who the station is; nothing is written.

        Raises:
            HalError: it does not answer, or not rightly.

        """
        await self._link.connect()
        return await self._polling.read_identity()

    async def run(self) -> None:
        """Poll for ever: connect, identify, fence, then keep the image fresh. Returns only by cancellation."""
        await self._polling.run()
