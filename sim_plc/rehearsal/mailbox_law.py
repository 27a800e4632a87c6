"""What every station's log must obey, whatever the daemon sent: one start and one outcome for each number."""

from collections.abc import Iterator
from typing import Final, TypeVar

from hal.plcmap.codes import Opcode, Result, serial_ahead
from hal.plcmap.frame import Content
from sim_plc.program.event_log import Event, LogEntry

T = TypeVar("T")

Box = tuple[str, str]
"""Station and mechanism."""

_AXES: Final = frozenset({"lift", "turntable"})


class MailboxLaw:
    """Follows the logs of all stations; each method yields what breaks the law."""

    def __init__(self) -> None:
        self.running: dict[Box, tuple[int, Content]] = {}
        """What executes, by mailbox: its number and content."""
        self._accepted: dict[Box, int] = {}
        self._contents: dict[Box, dict[int, Content]] = {}
        """Accepted, without an outcome yet."""
        self._started: dict[Box, set[int]] = {}
        self._homed: set[str] = set()

    def forget(self, station: str) -> None:
        """Let a station start its numbers anew: its memory was lost."""
        self.running = _without(self.running, station)
        self._accepted = _without(self._accepted, station)
        self._contents = _without(self._contents, station)
        self._started = _without(self._started, station)

    def unhome(self) -> None:
        """Take no axis for homed any more: a restart of the tower PLC, or the maintenance key."""
        self._homed.clear()

    def take(self, station: str, entry: LogEntry) -> Iterator[str]:
        """Take one line."""
        box = (station, entry.mechanism)
        match entry.event:
            case Event.ACCEPTED:
                yield from self._accept(box, entry)
            case Event.STARTED:
                yield from self._start(box, entry)
            case Event.OUTCOME:
                yield from self._end(box, entry)

    def owed(self) -> list[Box]:
        """Return the mailboxes that owe an outcome of something that does not run."""
        return [box for box, open_ in self._contents.items() if set(open_) - {self.running.get(box, (0,))[0]}]

    def _accept(self, box: Box, entry: LogEntry) -> Iterator[str]:
        assert entry.content is not None
        before = self._accepted.get(box, 0)
        if before and serial_ahead(entry.sequence, before) <= 0:
            yield f"{box} accepted {entry.sequence} behind {before}"
        self._accepted[box] = entry.sequence
        self._contents.setdefault(box, {})[entry.sequence] = entry.content

    def _start(self, box: Box, entry: LogEntry) -> Iterator[str]:
        assert entry.content is not None
        if self._contents.get(box, {}).get(entry.sequence) != entry.content:
            yield f"{box} started {entry.sequence} which it did not accept with this content"
        started = self._started.setdefault(box, set())
        if entry.sequence in started:
            yield f"{box} started {entry.sequence} twice"
        started.add(entry.sequence)
        for other, (_, content) in self.running.items():
            if other == box or _conflict(box[1], other[1]):
                yield f"{box} started {entry.sequence} while {other} runs {Opcode(content.opcode).name}"
        self.running[box] = (entry.sequence, entry.content)
        if box[1] in _AXES and entry.content.opcode == Opcode.MOVE_TO and box[1] not in self._homed:
            yield f"{box} moves without having been homed"

    def _end(self, box: Box, entry: LogEntry) -> Iterator[str]:
        content = self._contents.get(box, {}).pop(entry.sequence, None)
        if content is None:
            yield f"{box} gave {entry.sequence} an outcome that it did not owe"
        if self.running.get(box, (0,))[0] == entry.sequence:
            del self.running[box]
        if content is not None and content.opcode == Opcode.HOME and entry.result == Result.OK:
            self._homed.add(box[1])


def _without(book: dict[Box, T], station: str) -> dict[Box, T]:
    return {box: kept for box, kept in book.items() if box[0] != station}


def _conflict(one: str, other: str) -> bool:
    """Tell whether two mechanisms must not execute motion together: the carriage's zone, and each room's."""
    zones = _zone(one), _zone(other)
    if "" in zones:
        return False
    if set(zones) == {"hoistway"}:
        return not {one, other} <= _AXES
    return zones[0] == zones[1]


def _zone(mechanism: str) -> str:
    if mechanism in {"lift", "turntable", "shuttle", "latches"} or mechanism.endswith(".inner_door"):
        return "hoistway"
    return ""
