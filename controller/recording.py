"""A run taken down whole, so that the same daemon can live through it again: `cartower run --record FOLDER`.

The folder holds the resolved configuration (`TOWER`), a copy of the journal as this start found it (`JOURNAL`; none:
there was none) and `RUN`: a line of JSON for everything that reached the daemon from outside or came of it, in its
order. ``t`` is the loop's time since the beginning, ``is`` says what a line tells:

* ``begin``: format, owner word, wall time;
* ``wire``: a request over a bus, when it was asked (``since``), what was written and read (hexadecimal) or the error;
* ``link``: a connection that stands, or the error of one that does not come about;
* ``work``: how long a piece of blocking work ``took``, such as a commit, in seconds from its wish to its end;
* ``asked``, ``answered``: what somebody wanted, and the answer or the rule that refused it; looks are left out;
* ``told``: an event for people;
* ``end``: what is believed of each place and of each job when the daemon is told to end.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from struct import pack
from typing import Any, Final, Self, TextIO, TypeVar

import structlog

from config.schema import Tower
from controller.domain.book import Book
from controller.domain.refusal import Refusal
from controller.domain.request_bodies import LOOKS, to_body
from controller.runtime.inbox import Answer, Asked, Board, Inbox
from controller.store.copying import copy_journal
from controller.store.writer import Executor
from hal.errors import HalError, Refused
from hal.link import Link
from hal.noted_link import Exchange, NotedLink

T = TypeVar("T")

log = structlog.get_logger(__name__)

FORMAT: Final = 1

TOWER: Final = "tower.json"
JOURNAL: Final = "journal.sqlite"
RUN: Final = "run.jsonl"

MODE: Final = 0o750
"""Of the folder: as closed to others as the journal, whose cars and people it names too."""

LIMIT_BYTES: Final = 256 * 2**20
"""Some twelve hours of a tower at work. What comes after is not taken down: nobody may fill the disk by forgetting."""


class Recording:
    """Takes a run down. Nothing that goes wrong with it harms the run: then the recording ends, and that is logged."""

    def __init__(self, stream: TextIO, owner: int, wall_s: float, limit_bytes: int = LIMIT_BYTES) -> None:
        """Begin in ``stream``. ``owner``: the word of this daemon start; ``wall_s``: wall time now."""
        self._stream: TextIO | None = stream
        self._left_bytes = limit_bytes
        self._began_s = asyncio.get_running_loop().time()
        self._asked = 0
        self._note("begin", format=FORMAT, program=version("cartower"), owner=owner, wall_s=wall_s)

    @classmethod
    def begin(cls, folder: Path, tower: Tower, journal: Path, owner: int, wall_s: float) -> Self:
        """Begin in a new folder, before the daemon opens its journal.

        Raises:
            FileExistsError: the folder is there; no recording is ever written over.
            JournalDamaged: the journal is not what was written.
            OSError: the folder cannot be made.

        """
        folder.mkdir(MODE, parents=True)
        (folder / TOWER).write_text(tower.model_dump_json(indent=1) + "\n", encoding="utf-8")
        if journal.exists():
            copy_journal(journal, folder / JOURNAL)
        # Line by line: what a daemon that is killed did last is what somebody wants to see.
        return cls((folder / RUN).open("x", encoding="ascii", buffering=1), owner, wall_s)

    def tap(self, bus: str, link: Link) -> NotedLink:
        """Return the link of a bus with everything over it taken down."""
        return NotedLink(link, partial(self._exchanged, bus), partial(self._connected, bus))

    def timed(self, executor: Executor) -> Executor:
        """Return an executor with the time of each piece of work taken down."""

        def execute(work: Callable[[], T], /) -> Awaitable[T]:
            began_s = asyncio.get_running_loop().time()
            running = asyncio.ensure_future(executor(work))
            running.add_done_callback(lambda _: self._worked(began_s))
            return running

        return execute

    def follow(self, inbox: Inbox[Any], board: Board) -> None:
        """Take down what is asked and told from now on."""
        told_before = board.on_event

        def tell(event: Answer) -> None:
            told_before(event)
            self._note("told", event=event)

        inbox.on_asked, board.on_event = self._heard, tell

    def end(self, book: Book) -> None:
        """Take down what is believed now, and nothing more."""
        self._note("end", **outcome_of(book))
        self.close()

    def close(self) -> None:
        """Take down nothing more. Idempotent."""
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            except OSError as error:
                log.warning("recording_failed", error=str(error))

    def _worked(self, began_s: float) -> None:
        self._note("work", took=round(asyncio.get_running_loop().time() - began_s, 6))

    def _heard(self, asked: Asked) -> None:
        if isinstance(asked.request, LOOKS):
            return
        self._asked += 1
        self._note("asked", number=self._asked, **to_body(asked.request))
        asked.answer.add_done_callback(partial(self._answered, self._asked))

    def _answered(self, number: int, answer: "asyncio.Future[Answer]") -> None:
        if answer.cancelled():
            self._note("answered", number=number, rule="nobody waited for it")
        elif (error := answer.exception()) is None:
            self._note("answered", number=number, answer=answer.result())
        else:
            self._note("answered", number=number, rule=error.rule if isinstance(error, Refusal) else repr(error))

    def _exchanged(self, bus: str, exchange: Exchange) -> None:
        line: dict[str, object] = {
            "bus": bus,
            "since": round(exchange.asked_s - self._began_s, 6),
            "unit": exchange.unit,
            "fc": exchange.function,
        }
        if exchange.count:
            line |= {"at": exchange.address, "n": exchange.count}
        if exchange.written:
            line |= {"to": exchange.written_at, "wrote": _hex(exchange.written)}
        if exchange.error is None:
            line |= {"read": _hex(exchange.read)} if exchange.count else {}
        else:
            line |= _named(exchange.error)
        self._note("wire", **line)

    def _connected(self, bus: str, error: HalError | None) -> None:
        self._note("link", bus=bus, **({} if error is None else _named(error)))

    def _note(self, what: str, **more: object) -> None:
        if self._stream is None:
            return
        t = round(asyncio.get_running_loop().time() - self._began_s, 6)
        line = json.dumps({"t": t, "is": what, **more}, separators=(",", ":"), default=str) + "\n"
        self._left_bytes -= len(line)
        try:
            if self._left_bytes >= 0:
                self._stream.write(line)
                return
            log.warning("recording_full")
        except OSError as error:
            log.warning("recording_failed", error=str(error))
        self.close()


def outcome_of(book: Book) -> Mapping[str, object]:
    """Return what a run comes to: of each place its status and car, of each job its end so far."""
    return {
        "places": [[place.number, place.status.value, place.car] for _, place in sorted(book.places.items())],
        "jobs": [
            [job.id, job.kind.value, job.car, job.state.name, job.target] for _, job in sorted(book.jobs.items())
        ],
    }


def _named(error: BaseException) -> dict[str, object]:
    code = {"code": error.code} if isinstance(error, Refused) else {}
    return {"error": type(error).__name__, "why": str(error), **code}


def _hex(words: Any) -> str:
    return pack(f">{len(words)}H", *words).hex()
