"""What every station's log must obey, whatever the daemon sent: one start and one outcome for each number (I6).

Beside that, an axis that is to find a place has been homed, and what moves is moved in its mode (I5).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final, TypeVar

from hal.plcmap.codes import Mode, Opcode, Result, serial_ahead
from hal.plcmap.frame import Content
from sim_plc.program.event_log import Event, LogEntry

T = TypeVar("T")

Box = tuple[str, str]
"""Station and mechanism."""

Broken = tuple[str, str]
"""An invariant, and how it is broken."""

Foreign = tuple[str, str, int, Content]
"""Station, mechanism, sequence and content."""

_AXES: Final = frozenset({"lift", "turntable"})

_EXCHANGES: Final = frozenset({Opcode.PICK, Opcode.PLACE, Opcode.RESUME, Opcode.UNDO})


class MailboxLaw:
    """Follows the logs of all stations; each method yields what breaks the law."""

    def __init__(self, foreign: Collection[Foreign] = ()) -> None:
        """Take what others than the daemon have written; the collection may grow."""
        self._foreign = foreign
        self.running: dict[Box, tuple[int, Content]] = {}
        """What executes, by mailbox: its number and content."""
        self._accepted: dict[Box, int] = {}
        self._contents: dict[Box, dict[int, Content]] = {}
        """Accepted, without an outcome yet."""
        self._started: dict[Box, set[int]] = {}
        self._homed: set[str] = set()
        self._mode = int(Mode.PRODUCTION)
        """Of the tower PLC: it begins each life in Production."""

    def forget(self, station: str) -> None:
        """Let a station start its numbers anew: its memory was lost."""
        self.running = _without(self.running, station)
        self._accepted = _without(self._accepted, station)
        self._contents = _without(self._contents, station)
        self._started = _without(self._started, station)

    def unhome(self) -> None:
        """Take no axis for homed any more: a restart of the tower PLC, or the maintenance key."""
        self._homed.clear()

    def power_up(self) -> None:
        """Take a restart of the tower PLC."""
        self.unhome()
        self._mode = int(Mode.PRODUCTION)

    def take(self, station: str, entry: LogEntry) -> Iterator[Broken]:
        """Take one line; yield each invariant that it breaks, and how."""
        box = (station, entry.mechanism)
        match entry.event:
            case Event.ACCEPTED:
                yield from (("I6", text) for text in self._accept(box, entry))
            case Event.STARTED:
                yield from (("I6", text) for text in self._start(box, entry))
                yield from (("I5", text) for text in self._move(box, entry))
            case Event.OUTCOME:
                yield from (("I6", text) for text in self._end(box, entry))

    def owed(self) -> list[Box]:
        """Return the mailboxes that owe an outcome of something that does not run.

        A STOP has its outcome when what it stops stands: until then nothing is owed for it.
        """
        return [box for box, contents in self._contents.items() if self._owes(box, contents)]

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
        for other, (number, content) in self.running.items():
            # Two masters bring together what one keeps apart: that nothing comes of it is the PLC's part.
            pair = (*box, entry.sequence, entry.content), (*other, number, content)
            foreign = any(each in self._foreign for each in pair)
            conflict = _conflict(box[1], other[1]) or _both_ways(box[1], entry.content, other[1])
            if other == box or (conflict and not foreign):
                yield f"{box} started {entry.sequence} while {other} runs {Opcode(content.opcode).name}"
        self.running[box] = (entry.sequence, entry.content)

    def _move(self, box: Box, entry: LogEntry) -> Iterator[str]:
        assert entry.content is not None
        opcode, mechanism = entry.content.opcode, box[1]
        if box == ("tower", "station") and opcode == Opcode.MODE:
            self._mode = entry.content.argument1
        if mechanism in _AXES and opcode == Opcode.MOVE_TO and mechanism not in self._homed:
            yield f"{box} moves without having been homed"
        if opcode == Opcode.JOG and self._mode != Mode.MANUAL:
            yield f"{box} is jogged in mode {Mode(self._mode).name}"
        if mechanism == "shuttle" and opcode in _EXCHANGES and self._mode != Mode.PRODUCTION:
            yield f"{box} exchanges a car in mode {Mode(self._mode).name}"

    def _owes(self, box: Box, contents: Mapping[int, Content]) -> bool:
        if box not in self.running:
            return bool(contents)
        number, _ = self.running[box]
        return any(each != number and content.opcode != Opcode.STOP for each, content in contents.items())

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
    """Tell whether two mechanisms must not execute motion together in the carriage's zone."""
    return {_zone(one), _zone(other)} == {"hoistway"} and not {one, other} <= _AXES


def _both_ways(starting: str, content: Content, running: str) -> bool:
    """Tell whether a leaf of a room sets out to open while the other moves.

    The contract lets a leaf close whatever the other does: a gate that is seen unlocked beside a door that opens is
    what has to close.
    """
    rooms, parts = zip(*(mechanism.partition(".")[::2] for mechanism in (starting, running)), strict=True)
    closing = content.opcode == Opcode.CLOSE
    return rooms[0] == rooms[1] and set(parts) == {"inner_door", "outer_gate"} and not closing


def _zone(mechanism: str) -> str:
    if mechanism in {"lift", "turntable", "shuttle", "latches"} or mechanism.endswith(".inner_door"):
        return "hoistway"
    return ""
