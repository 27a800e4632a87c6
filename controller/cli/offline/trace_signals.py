"""The signals of a trace by the names that people give: full, without their block, with patterns, or one bit. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Line = Mapping[str, Any]


def alias(name: str) -> str:
    """Return a name without its block: ``tower/lift.position`` for ``tower/fast.lift.position``."""
    station, _, register = name.partition("/")
    return f"{station}/{register.partition('.')[2]}"


def set_bits(signal: Line, shown: str | None) -> list[str]:
    """Return the names of the bits that are set, in the order of the register."""
    words = (shown or "").split()
    return [bit for bit in signal["bits"] if bit in words]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names and patterns as for `cartower io`; none of them stands for every signal."""

    patterns: Sequence[str] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing was named."""
        return not self.patterns

    def whole(self, name: str) -> bool:
        """Whether a signal as such was named."""
        return self.everything or any(_fits(each, pattern) for pattern in self.patterns for each in (name, alias(name)))

    def bits(self, signal: Line) -> list[str]:
        """Return the bits of a signal that were named, one by one or with all others."""
        name = signal["name"]
        if self.whole(name):
            return list(signal["bits"])
        return [bit for bit in signal["bits"] if any(self._names(f"{each}.{bit}") for each in (name, alias(name)))]

    def takes(self, signal: Line) -> bool:
        """Whether a signal or one of its bits was named."""
        return self.whole(signal["name"]) or bool(self.bits(signal))

    def unknown(self, signals: Mapping[str, Line]) -> Iterator[str]:
        """Yield the patterns that fit no signal."""
        for pattern in self.patterns:
            one = Wanted((pattern,))
            if not any(one.takes(signal) for signal in signals.values()):
                yield pattern

    def _names(self, name: str) -> bool:
        return any(_fits(name, pattern) for pattern in self.patterns)


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern)
