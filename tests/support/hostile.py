"""Slaves that answer late, twice, cut, in another's name, or not at all; each fault is drawn by a seed and counted.

What they do is what a protocol can tell from a right answer at all. Not so, and therefore never drawn:

* bytes of another frame that fill up a cut one on TCP: nothing but TCP itself guards the inside of a frame;
* on a line, a second answer after more than T3.5 of silence, or one later than the longest reply time: a line has no
  transaction ids;
* on a line, damage beyond what CRC-16 is bound to find (three bits, or a burst of 16).
"""

import random
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.support.bent import flipped, noise, other_unit, pieces_of, wrong_pdu
from tests.support.exchanges import Exchange
from tests.support.memory_channel import Act, Burst, Ending, LastWords
from tests.support.modbus_peers import crc, mbap, rtu

REFUSALS = (1, 2, 3, 6)
"""Exception codes by which nothing was done."""


@dataclass(frozen=True, slots=True)
class Times:
    """A port's time-out; the longest a slave may take, to the end of its answer; and how long one that answers does."""

    timeout_s: float
    late_s: float
    quick_s: float = 0.01


class Hostile(ABC):
    """What all have in common: the exchanges at hand, who was answered rightly, and a list of faults by name."""

    def __init__(self, rng: random.Random, times: Times, *, rate: float = 0.4) -> None:
        self.rng = rng
        self.times = times
        self.rate = rate
        self.calm = False
        self.at_hand: dict[int, Exchange] = {}
        """By unit: side by side, each asks a unit of its own."""
        self.heard: set[int] = set()
        """Exchanges whose request came through, whole and right."""
        self.answered: set[int] = set()
        """Exchanges whose right answer has begun to arrive."""
        self.refused: dict[int, int] = {}
        """Exception codes of those that were refused, as they arrive."""
        self.faults = Counter[str]()
        self.faults_by_name: dict[str, Callable[[Exchange], Sequence[Act]]] = {}

    def accepts(self) -> bool:
        return self.calm or self.rng.random() > 0.1

    def hear(self, frame: bytes) -> Sequence[Act]:
        x = self.at_hand[self.unit_of(frame)]
        assert self.asks(frame, x), f"asked {frame.hex(' ')} for {x}"
        self.heard.add(x.number)
        if self.calm or self.rng.random() > self.rate:
            return self.right(x)
        name = self.rng.choice(tuple(self.faults_by_name))
        self.faults[name] += 1
        return self.faults_by_name[name](x)

    @abstractmethod
    def unit_of(self, frame: bytes) -> int:
        ...

    @abstractmethod
    def asks(self, frame: bytes, x: Exchange) -> bool:
        ...

    def right(self, x: Exchange) -> Sequence[Act]:
        return [self.whole(x)]

    @abstractmethod
    def whole(self, x: Exchange, after_s: float | None = None) -> Burst:
        ...

    def sent(self, frame: bytes, after_s: float | None = None, arrives: Callable[[], None] | None = None) -> Burst:
        quick = self.rng.uniform(0.001, self.times.quick_s)
        return Burst(quick if after_s is None else after_s, pieces_of(self.rng, frame), arrives)

    def tells(self, x: Exchange) -> Callable[[], None]:
        return lambda: self.answered.add(x.number)

    def refuses(self, x: Exchange, code: int) -> Callable[[], None]:
        return lambda: self.refused.update({x.number: code})

    def maybe_whole(self, x: Exchange) -> Sequence[Burst]:
        """Behind a wrong answer, the right one as well, or not."""
        return [self.whole(x, self.times.quick_s * 1.5)] if self.rng.random() < 0.5 else []

    def silence(self, _x: Exchange) -> Sequence[Act]:
        return []


class HostileServer(Hostile):
    """Modbus TCP."""

    def __init__(self, rng: random.Random, times: Times, *, rate: float = 0.4) -> None:
        super().__init__(rng, times, rate=rate)
        self._transaction = 0
        self._earlier: deque[bytes] = deque(maxlen=20)
        self.faults_by_name = {
            "silent": self.silence,
            "late": lambda x: [self.whole(x, self.late())],
            "twice": lambda x: [self.whole(x), self.whole(x, self.late() if rng.random() < 0.5 else None)],
            "other unit": lambda x: [self.sent(mbap(self._transaction, other_unit(rng, x), x.answer))],
            "unfitting": lambda x: [self.wrong(x), *self.maybe_whole(x)],
            "unfitting and late": lambda x: [self.wrong(x, self.late())],
            "refusal": self.refusal,
            "refusal, late": lambda x: self.refusal(x, self.late()),
            "other transaction": lambda x: [self.foreign(x), *self.maybe_whole(x)],
            "other transaction, late": lambda x: [self.foreign(x, self.late())],
            "earlier answers": self.earlier,
            "other protocol": lambda x: [self.sent(mbap(self._transaction, x.unit, x.answer, protocol=7))],
            "length that lies": self.false_length,
            "noise before": lambda x: [self.sent(noise(rng) + self.frame(x), None, self.tells(x))],
            "noise after": lambda x: [self.sent(self.frame(x) + noise(rng), None, self.tells(x))],
            "cut short": self.cut,
            "half open": lambda _: [Ending.MUTE],
            "closed": lambda x: [*self.maybe_whole(x), Ending.CLOSE],
        }

    def unit_of(self, frame: bytes) -> int:
        return frame[6]

    def asks(self, frame: bytes, x: Exchange) -> bool:
        self._transaction = int.from_bytes(frame[:2], "big")
        return self._transaction != 0 and frame == mbap(self._transaction, x.unit, x.request)

    def frame(self, x: Exchange) -> bytes:
        return mbap(self._transaction, x.unit, x.answer)

    def whole(self, x: Exchange, after_s: float | None = None) -> Burst:
        frame = self.frame(x)
        self._earlier.append(frame)
        return self.sent(frame, after_s, self.tells(x))

    def wrong(self, x: Exchange, after_s: float | None = None) -> Burst:
        return self.sent(mbap(self._transaction, x.unit, wrong_pdu(self.rng, x)), after_s)

    def late(self) -> float:
        return self.rng.uniform(0.8 * self.times.timeout_s, self.times.late_s)

    def refusal(self, x: Exchange, after_s: float | None = None) -> Sequence[Act]:
        code = self.rng.choice(REFUSALS)
        pdu = bytes((x.function | 0x80, code))
        return [self.sent(mbap(self._transaction, x.unit, pdu), after_s, self.refuses(x, code))]

    def foreign(self, x: Exchange, after_s: float | None = None) -> Burst:
        """Answer under an id that a broken counter makes; the values are another exchange's."""
        near = [0, self._transaction - 1, self._transaction + 1, self._transaction ^ 0x8000]
        transaction = self.rng.choice([one & 0xFFFF for one in near])
        other = Exchange(x.number + 7, x.function, x.unit, x.address, x.count, x.written)
        return self.sent(mbap(transaction, x.unit, other.answer), after_s)

    def earlier(self, x: Exchange) -> Sequence[Act]:
        again = self.rng.sample(self._earlier, min(len(self._earlier), 3))
        return [*(self.sent(frame) for frame in again), *self.maybe_whole(x)]

    def false_length(self, x: Exchange) -> Sequence[Act]:
        frame = bytearray(self.frame(x))
        frame[4:6] = self.rng.choice((0, 1, 2, len(frame) - 7, len(frame) - 5, 255, 0xFFFF)).to_bytes(2, "big")
        return [self.sent(bytes(frame))]

    def cut(self, x: Exchange) -> Sequence[Act]:
        """Begin an answer, and never send anything more on this connection."""
        frame = self.frame(x)
        part = frame[: self.rng.randint(1, len(frame) - 1)]
        return [LastWords(part), *([Ending.CLOSE] if self.rng.random() < 0.5 else [])]


class HostileLine(Hostile):
    """Modbus RTU, several stations behind one line."""

    def __init__(self, rng: random.Random, times: Times, character_s: float, *, rate: float = 0.4) -> None:
        super().__init__(rng, times, rate=rate)
        self._character_s = character_s
        self._request = b""
        self._deaf = 0
        self.faults_by_name = {
            "silent": self.silence,
            "deaf": self.fall_deaf,
            "late": lambda x: [self.whole(x, self.late(x))],
            "twice": lambda x: [Burst(0.001, (self.frame(x), self.frame(x)), self.tells(x), gapless=True)],
            "other unit": lambda x: [self.sent(rtu(other_unit(rng, x), x.answer))],
            "unfitting": lambda x: [self.wrong(x), *self.maybe_whole(x)],
            "unfitting and late": lambda x: [self.wrong(x, self.late(x))],
            "refusal": self.refusal,
            "refusal, late": lambda x: self.refusal(x, self.late(x)),
            "noise before": lambda x: [self.sent(noise(rng) + self.frame(x), None, self.tells(x))],
            "noise after": lambda x: [self.sent(self.frame(x) + noise(rng), None, self.tells(x))],
            "damaged": lambda x: [self.sent(flipped(rng, self.frame(x)))],
            "damaged, then late": lambda x: [self.sent(flipped(rng, self.frame(x))), self.whole(x, self.late(x))],
            "cut short": self.cut,
            "own request echoed": self.echo,
            "pause inside": self.pause,
        }

    def accepts(self) -> bool:
        return True

    def unit_of(self, frame: bytes) -> int:
        return frame[0]

    def asks(self, frame: bytes, x: Exchange) -> bool:
        self._request = frame
        return frame == rtu(x.unit, x.request)

    def hear(self, frame: bytes) -> Sequence[Act]:
        acts = super().hear(frame)
        if self._deaf and not self.calm:
            self._deaf -= 1
            return []
        return acts

    def frame(self, x: Exchange) -> bytes:
        return rtu(x.unit, x.answer)

    def whole(self, x: Exchange, after_s: float | None = None) -> Burst:
        return self.sent(self.frame(x), after_s, self.tells(x))

    def wrong(self, x: Exchange, after_s: float | None = None) -> Burst:
        while True:
            frame = rtu(x.unit, wrong_pdu(self.rng, x))
            # A check sum in the midst of a longer answer fits by chance once in 65536: nobody could tell.
            sizes = [size for size in (5, len(self.frame(x))) if size < len(frame)]
            if all(crc(frame[: size - 2]) != frame[size - 2 : size] for size in sizes):
                return self.sent(frame, after_s)

    def late(self, x: Exchange) -> float:
        """Draw when an answer begins that ends before the longest reply time."""
        last_s = self.times.late_s - (len(self._request) + len(self.frame(x)) + 1) * self._character_s
        return self.rng.uniform(0.5 * self.times.timeout_s, last_s)

    def refusal(self, x: Exchange, after_s: float | None = None) -> Sequence[Act]:
        code = self.rng.choice(REFUSALS)
        frame = rtu(x.unit, bytes((x.function | 0x80, code)))
        return [self.sent(frame, after_s, self.refuses(x, code))]

    def cut(self, x: Exchange) -> Sequence[Act]:
        """Break off; the rest may follow late."""
        frame = self.frame(x)
        at = self.rng.randint(1, len(frame) - 1)
        rest = [self.sent(frame[at:], self.late(x))] if self.rng.random() < 0.5 else []
        return [self.sent(frame[:at], None, self.tells(x)), *rest]

    def echo(self, x: Exchange) -> Sequence[Act]:
        """As an adapter does that hears itself; one that does so now and then must not look like an answer."""
        looks_right = self._request.startswith(self.frame(x))
        return [self.sent((b"" if looks_right else self._request) + self.frame(x), 0.0, self.tells(x))]

    def pause(self, x: Exchange) -> Sequence[Act]:
        frame = self.frame(x)
        at = self.rng.randint(1, len(frame) - 1)
        return [self.sent(frame[:at], 0.002, self.tells(x)), self.sent(frame[at:], self.times.timeout_s / 2)]

    def fall_deaf(self, _x: Exchange) -> Sequence[Act]:
        self._deaf = self.rng.randint(1, 5)
        return []
