"""On standby power no more motions run at a time than the tower's file allows, by PLCs and by the steel itself."""

from collections.abc import Iterator, Mapping
from typing import Final

from controller.domain.book import Book
from controller.domain.restrictions import Restricted
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from sim_plc.plant.truth import Truth

ON_ITS_WAY_S: Final = 2.0
"""A command that was written before the limit may begin for so long behind it: a write, two scans, a slow wire."""

Box = tuple[str, str]


class StandbyLaw:
    """Judges what begins. ``most``: how many motions may run at a time on the generator."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._since_s = 0.0
        self._moving = frozenset[str]()

    def told(self, event: Mapping[str, object], now_s: float) -> None:
        """Take notice of a restriction."""
        if event["event"] == "restriction" and event["kind"] == Restricted.GENERATOR.value:
            self._since_s = now_s

    def begins(
        self, box: Box, content: Content, running: Mapping[Box, object], book: Book | None, now_s: float
    ) -> Iterator[str]:
        """Yield what is wrong with a motion that begins beside those that run."""
        if book is None or (Restricted.GENERATOR, 0) not in book.restrictions or not _moves(box[1]):
            return
        if content.opcode == Opcode.STOP or now_s - self._since_s <= ON_ITS_WAY_S:
            return
        others = sorted("/".join(other) for other in running if other != box and _moves(other[1]))
        if len(others) >= self._most:
            yield f"{'/'.join(box)} begins on the generator beside {', '.join(others)}"

    def look(self, truth: Truth, book: Book | None, now_s: float) -> Iterator[str]:
        """Yield what is wrong with an axis of the carriage that begins to move beside others.

        ``book``: None where somebody else than the daemon may move them.
        """
        before, self._moving = self._moving, _in_motion(truth)
        begun = self._moving - before
        if not begun or book is None or (Restricted.GENERATOR, 0) not in book.restrictions:
            return
        if len(self._moving) > self._most and now_s - self._since_s > ON_ITS_WAY_S:
            yield f"{', '.join(sorted(begun))} sets out on the generator: {', '.join(sorted(self._moving))} move"


def _in_motion(truth: Truth) -> frozenset[str]:
    """Return what moves of the carriage. Beside the shuttle the PLC keeps the lift level, which is not counted."""
    carriage = truth.carriage
    if carriage.arms.moving or carriage.comb.moving:
        return frozenset({"shuttle", "turntable"} if carriage.turntable.moving else {"shuttle"})
    axes = {"lift": carriage.lift, "turntable": carriage.turntable}
    return frozenset(name for name, axis in axes.items() if axis.moving)


def _moves(mechanism: str) -> bool:
    return not mechanism.endswith(("signal", "station"))
