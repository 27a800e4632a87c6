"""What a PLC accepts, its daemon has planned durably before (I6).

A PLC may accept late what it was sent: a scan or two behind the write, and more where its scans come late. If the
journal is harmed or replaced in between, the daemon of then no longer knows that command. It was written in order all
the same, by the daemon before, so it is that one's book that tells.
"""

from typing import TYPE_CHECKING

from controller.domain.book import Book
from hal.plcmap.codes import Opcode, serial_ahead
from hal.plcmap.frame import FRAME_WORDS, Frame
from sim_plc.program.event_log import LogEntry
from sim_plc.rehearsal.mailbox_law import Foreign
from sim_plc.rehearsal.roll import Accuse

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World


class IntentLaw:
    """Judges the number of each command that is accepted; a STOP may come before its record."""

    def __init__(self, world: "World", accuse: Accuse) -> None:
        self._world = world
        self._accuse = accuse
        self._left: dict[Foreign, int] = {}
        """What lay unaccepted in a mailbox when the journal was spoilt, and the highest number planned there."""

    def accepted(self, station: str, entry: LogEntry) -> None:
        """Judge what a station has accepted, if it is the daemon's."""
        assert entry.content is not None
        if entry.content.opcode == Opcode.STOP:
            return
        box = f"{station}/{entry.mechanism}"
        then = self._left.pop((station, entry.mechanism, entry.sequence, entry.content), 0)
        daemon = self._world.daemon
        if daemon is None or self._world.has_rivals:
            return
        # A daemon that begins its numbers anew may come to ask the same under the same number.
        planned = (then, daemon.book.sequences.get(box, 0))
        if not any(each and serial_ahead(entry.sequence, each) <= 0 for each in planned):
            self._accuse("I6", f"{box} accepted {entry.sequence}, which no journal holds")

    def lose_the_past(self, book: Book | None) -> None:
        """Take that the journal was spoilt.

        ``book``: of the daemon that wrote it last; None: none has since the last time.
        """
        if book is None:
            return
        for each in unaccepted(self._world):
            self._left.setdefault(each, book.sequences.get(f"{each[0]}/{each[1]}", 0))


def unaccepted(world: "World") -> list[Foreign]:
    """Return the whole frames that lie in mailboxes with a number ahead of what was accepted there."""
    found = []
    for program in world.programs:
        for mechanism in program.station.mechanisms:
            words = program.read_holding(program.station.mailbox(mechanism.name), FRAME_WORDS)
            frame, memory = Frame.from_words(words), program.mechanism(mechanism.name).mailbox.memory
            if frame.intact and serial_ahead(frame.sequence, memory.accepted) > 0:
                found.append((program.name, mechanism.name, frame.sequence, frame.content))
    return found
