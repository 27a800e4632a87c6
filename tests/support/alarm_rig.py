"""An alarm list with its clocks in hand, on a tower of which only the names matter."""

import asyncio
from collections.abc import Mapping, Sequence

from controller.domain.alarms import AlarmState, Showing, Tag
from controller.domain.book import Book
from controller.domain.events import AlarmAct, AlarmCommand
from controller.runtime.alarm_sources import Findings, Sources
from controller.runtime.alarms import Alarms
from controller.runtime.inbox import Board
from controller.runtime.ledger import Ledger

SENSOR = Tag("PERSON_SENSOR", 1)
STATION = Tag("STATION_OFFLINE", 0)
BLOCKED = Tag("ROOM_BLOCKED", 1)


class Kept:
    """A log that keeps entries in memory, as JSON would."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, Mapping[str, object]]] = []

    async def append(self, records: Sequence[tuple[str, Mapping[str, object]]]) -> float:
        self.entries += records
        return 0.0


class TwoRooms(Sources):
    """A tower of which only the names matter."""

    def __init__(self) -> None:
        self.parents = {BLOCKED: STATION, SENSOR: STATION}

    def subject(self, tag: Tag) -> str | None:
        return "" if tag.index is None else f"{tag.alarm.of} {tag.index}"

    def parent(self, tag: Tag) -> Tag | None:
        return self.parents.get(tag)


class Rig:
    """A list with its clocks in hand."""

    def __init__(self, book: Book | None = None, wall: float = 1_000_000.0) -> None:
        self.log, self.board = Kept(), Board()
        self.now, self.wall = 100.0, wall
        self.ledger = Ledger(book or Book.empty([101]), self.log)
        self.alarms = Alarms(self.ledger, self.board, TwoRooms(), lambda: self.wall, lambda: self.now)

    def look(self, *standing: Tag, after_s: float = 0.0, unseen: frozenset[int] = frozenset()) -> bool:
        self.now += after_s
        self.wall += after_s
        return asyncio.run(self.alarms.look(Findings(dict.fromkeys(standing, "why"), unseen)))

    def act(self, act: AlarmAct, tag: Tag | str, seconds: int = 0, why: str = "w") -> list[str]:
        request = AlarmCommand("ann", act=act, number=str(tag), seconds=seconds, why=why)
        return asyncio.run(self.alarms.command(request, lambda _: None))

    def state(self, tag: Tag) -> tuple[AlarmState, Showing] | None:
        line = self.ledger.book.alarms.get(tag)
        return None if line is None else (line.state, line.showing)

    def told(self) -> list[tuple[object, object]]:
        return [(each["code"], each["active"]) for each in self.board.events if each["event"] == "alarm"]
