"""The safety chain as the tower PLC reports it. Nothing here makes anything safe: it tells people why it stands."""

from dataclasses import dataclass

from hal.plcmap.codes import Safety, Status
from hal.scan import Station


def causes_in(word: Safety) -> tuple[Safety, ...]:
    """Return each cause of a safety word that stands or is latched, in the order of its bit."""
    return tuple(bit for bit in Safety if bit is not Safety.CHAIN_CLOSED and bit & word)


@dataclass(frozen=True, slots=True)
class SafetyReader:
    """Reads the safety word and the status word of the tower station.

    Every method raises `hal.errors.NotOnline` where there is no fresh image.
    """

    station: Station

    @property
    def word(self) -> Safety:
        """The safety word."""
        return self.station.image.safety

    @property
    def status(self) -> Status:
        """The status word of the tower station."""
        return self.station.image.status

    @property
    def ok(self) -> bool:
        """Whether the chain is closed and no cause stands."""
        return self.word == Safety.CHAIN_CLOSED

    @property
    def powered(self) -> bool:
        """Whether the drives are enabled."""
        return Status.POWERED in self.status

    def causes(self) -> tuple[Safety, ...]:
        """Return each cause that stands or is latched, in the order of its bit."""
        return causes_in(self.word)

    async def first_out(self) -> Safety:
        """Read which cause tripped first; an empty word if none did.

        Raises:
            LinkDown, NoAnswer, BadAnswer, Refused: nothing was learned.

        """
        return Safety((await self.station.request_slow()).first_out)
