"""The life of one station on its link: connect, identify, fence, then poll for ever."""

import asyncio
import math
from typing import Final

from hal.blocks import Blocks
from hal.bulletin import Bulletin
from hal.cadence import Cadence
from hal.claim import Claim
from hal.errors import BadAnswer, CertificateRefused, ForeignMaster, HalError, LinkDown, NoAnswer, NotOnline, Refused
from hal.identity import check_identity
from hal.interfaces import StationState
from hal.link import Link
from hal.pace import STALE_S, Pace
from hal.plcmap.codec import ControllerBlock, Identity, Image
from hal.plcmap.registers import StationMap
from hal.plcmap.shape import TowerShape

FENCE_POLL_S: Final = 0.03
FENCE_LIMIT_S: Final = 2.0
RETRY_S: Final = 0.25
"""Between two attempts to bring a station online."""

REFUSED_RETRY_S: Final = 2.0
"""The same after a refused certificate: only a person helps, and each handshake costs a small PLC dearly."""

SHARED_RETRY_S: Final = 2.0
"""The same for a silent one on a line that others share: each attempt costs them a time-out."""


TOUCH_S: Final = 0.1
"""A sign of life of a hand that no write could carry within this time is none any more."""


class Polling:
    """Holds a station's epoch in force and keeps its bulletin. Writes the controller block and nothing else."""

    def __init__(
        self,
        station_map: StationMap,
        shape: TowerShape,
        link: Link,
        *,
        blocks: Blocks,
        cadence: Cadence,
        claim: Claim,
        pace: Pace,
        known: Bulletin,
        sole: bool,
    ) -> None:
        """Take what the station is made of. ``sole``: no other station shares the link."""
        self.generation = 0
        """The connection of the link that was fenced."""
        self.dead_man_held = False
        self._map = station_map
        self._shape = shape
        self._link = link
        self._blocks = blocks
        self._cadence = cadence
        self._claim = claim
        self._pace = pace
        self._known = known
        self._sole = sole
        self._unanswered = ""
        self._dead_man = 0
        self._touched_s = -math.inf

    def touch_dead_man(self) -> None:
        """Let the next write change the dead-man counter, if it leaves within `TOUCH_S`."""
        self._touched_s = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Poll for ever: connect, identify, fence, then keep the image fresh. Returns only by cancellation."""
        while True:
            retry_s = RETRY_S
            try:
                await self._link.connect()
                await (self._watch() if self._known.frozen else self._serve())
            except ForeignMaster as error:
                self.freeze(str(error))
            except HalError as error:
                retry_s = await self._lose(error)
            await self._cadence.next(retry_s)

    def freeze(self, why: str) -> None:
        """Write nothing any more: another master was seen."""
        if not self._known.frozen:
            self._known.frozen = why
            self._known.move(StationState.FROZEN, why)

    async def read_identity(self) -> Identity:
        """Read who the station is; nothing is written.

        Raises:
            HalError: it does not answer, or not rightly.

        """
        identity = await self._blocks.identity()
        self._claim.find(identity.epoch_in_force)
        return identity

    async def _serve(self) -> None:
        """Bring the station online and poll it until something breaks, which raises."""
        if self._known.state is not StationState.STALE:
            self._known.move(StationState.IDENTIFYING, "reading who it is")
        self.generation = self._link.generation
        self._unanswered = ""
        self._known.identity = identity = await self.read_identity()
        check_identity(identity, self._map, self._shape)
        await self._await_life(identity)
        await self._fence(identity)
        while True:
            await self._cadence.next(self._pace.period_s)
            await self._poll()

    async def _await_life(self, identity: Identity) -> None:
        """Wait until the heartbeat moves: a halted program takes no epoch, and each epoch costs a durable write."""
        limit = asyncio.get_running_loop().time() + STALE_S
        while (await self.read_identity()).heartbeat == identity.heartbeat:
            if asyncio.get_running_loop().time() >= limit:
                raise NoAnswer(f"heartbeat {identity.heartbeat} stands still")
            await self._cadence.next(FENCE_POLL_S)

    async def _fence(self, identity: Identity) -> None:
        """Put a new epoch in force: durable first, then written until the station shows it."""
        await self._claim.renew()
        self._claim.require_not_above(identity.epoch_in_force)
        self._known.move(StationState.FENCING, f"epoch {self._claim.epoch:#010x} is not in force yet")
        echo = identity.heartbeat
        loop = asyncio.get_running_loop()
        limit = loop.time() + FENCE_LIMIT_S
        while loop.time() < limit:
            image = await self._exchange(echo)
            if image.boot_id == identity.boot_id and self._claim.rules(image):
                self._known.beat()
                self._known.take(image)
                self._known.move(StationState.ONLINE, "")
                self._known.publish(image)
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
            if self._known.is_stale():
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
            self._known.beat()
        self._known.take(image)
        if self._known.is_stale():
            raise NoAnswer(f"stale: heartbeat {image.heartbeat} stands still")
        self._known.publish(image)

    async def _watch(self) -> None:
        """Look at a frozen station without a single write."""
        while self._known.frozen:
            image = await self._blocks.image()
            self._claim.see(image.epoch_in_force)
            self._known.take(image)
            self._known.announce()
            await self._cadence.next(self._pace.resting_s)

    async def _lose(self, error: HalError) -> float:
        """Say why the station is lost, close a link that may be half open; return when to try again, in seconds."""
        silent = isinstance(error, NoAnswer)
        if not self._known.frozen:
            known = self._known.image is not None
            self._known.move(StationState.STALE if known and silent else StationState.OFFLINE, str(error))
        if silent and self._sole:
            await self._link.close()
        if isinstance(error, CertificateRefused):
            return REFUSED_RETRY_S
        return SHARED_RETRY_S if silent and not self._sole else RETRY_S

    def _newest(self) -> Image:
        """Return the newest image of a station that was fenced."""
        if self._known.image is None:
            raise NotOnline(f"{self._map.name} has shown nothing yet")
        return self._known.image

    async def _exchange(self, echo: int) -> Image:
        """Write the controller block with the heartbeat that was read, and read an image, as it was fenced.

        Raises:
            ForeignMaster: the station is frozen.
            NotOnline: an operator adopted it meanwhile.
            LinkDown: another connection stands: a gateway behind it may hold old writes.

        """
        if self._known.frozen:
            raise ForeignMaster(self._known.frozen)
        if self._known.state is not StationState.ONLINE and self._known.state is not StationState.FENCING:
            raise NotOnline(self._known.trouble)
        if self.dead_man_held or asyncio.get_running_loop().time() - self._touched_s <= TOUCH_S:
            self._dead_man = (self._dead_man + 1) & 0xFFFF
            self._touched_s = -math.inf
        block = ControllerBlock(self._claim.epoch, self._claim.owner, echo, self._dead_man)
        image = await self._blocks.exchange(block)
        if self._link.generation != self.generation:
            raise LinkDown("the link was connected anew")
        return image
