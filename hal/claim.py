"""The controller's claim on one station: the epoch it writes, and who rules by what the station shows."""

from typing import Final

from hal.errors import ForeignMaster
from hal.interfaces import EpochStore
from hal.plcmap.codec import Image

HIGHEST_START: Final = 0xFEFF
"""No daemon start above this is taken over: epochs end with 0xFFFF in the high word."""


class Claim:
    """One epoch of one owner, renewed with each connection; durable before it is used."""

    def __init__(self, epochs: EpochStore, owner: int) -> None:
        """Take the store of epochs. ``owner``: 16 bit, random a daemon start."""
        self.owner = owner
        self.epoch = 0
        """The epoch written last: 0 before the first connection."""
        self.found = 0
        """The epoch that was in force when this daemon start first read the station; 0 before."""
        self._epochs = epochs
        self._seen = 0

    async def renew(self) -> None:
        """Take the next epoch of this daemon start, for a new connection."""
        self.epoch = await self._epochs.next_connection()

    async def override(self) -> None:
        """Begin a daemon start above the epoch that the station showed last.

        Raises:
            ForeignMaster: there is hardly one above it: only a PLC that has lost its memory can be taken over.

        """
        if self._seen >> 16 > HIGHEST_START:
            raise ForeignMaster(
                f"epoch {self._seen:#010x} leaves none above it: clear the retained memory of the PLC, then adopt it"
            )
        await self._epochs.start(max(self._seen, self.epoch) >> 16)

    def find(self, epoch_in_force: int) -> None:
        """Take note of the epoch that a station's identity shows."""
        self.found = self.found or epoch_in_force

    def see(self, epoch_in_force: int) -> None:
        """Take note of an epoch that a station shows, for an `override` to come."""
        self._seen = epoch_in_force

    def require_not_above(self, epoch_in_force: int) -> None:
        """Check that no later start than this one rules.

        Raises:
            ForeignMaster: one does.

        """
        self.see(epoch_in_force)
        if epoch_in_force > self.epoch:
            raise ForeignMaster(f"epoch {epoch_in_force:#010x} is in force, above ours {self.epoch:#010x}")

    def rules(self, image: Image) -> bool:
        """Tell whether our epoch is in force.

        Raises:
            ForeignMaster: a higher epoch is, or ours with another owner.

        """
        self.require_not_above(image.epoch_in_force)
        if image.epoch_in_force != self.epoch:
            return False
        if image.owner_in_force != self.owner:
            raise ForeignMaster(f"our epoch is in force for owner {image.owner_in_force}, not {self.owner}")
        return True
