"""One safeguard that is taken away for a run: what stands in for what, and who must see it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sim_plc.program.bay_interlocks import BAY_INTERLOCKS, BayScene
from sim_plc.program.interlocks import InterlockSet
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.program.tower_scene import TowerScene


@dataclass(frozen=True, slots=True)
class Swap:
    """One attribute of a module or class of ours that is another one for a while."""

    owner: object
    name: str
    stand_in: Callable[[Any], object]
    """Returns what stands in, given what stands there now."""

    @property
    def original(self) -> Any:
        """What stands there now: a method as it was written, not bound to anything.

        Raises:
            KeyError: the owner itself has nothing of that name.

        """
        return vars(self.owner)[self.name]

    @contextmanager
    def made(self) -> Iterator[None]:
        """Let the stand-in stand there while the context is open."""
        original = self.original
        setattr(self.owner, self.name, self.stand_in(original))
        try:
            yield
        finally:
            setattr(self.owner, self.name, original)


@dataclass(frozen=True, slots=True)
class Cut:
    """What is taken away: of the program texts, and of what the tower PLC and the bay controllers enforce."""

    swaps: tuple[Swap, ...] = ()
    tower: tuple[str, ...] = ()
    """Conditions of `TOWER_INTERLOCKS` by name."""
    bays: tuple[str, ...] = ()
    """Conditions of `BAY_INTERLOCKS` by name."""

    def __add__(self, other: "Cut") -> "Cut":
        """Return both."""
        return Cut((*self.swaps, *other.swaps), (*self.tower, *other.tower), (*self.bays, *other.bays))

    @property
    def tower_interlocks(self) -> InterlockSet[TowerScene]:
        """What the tower PLC still enforces."""
        return TOWER_INTERLOCKS.without(*self.tower) if self.tower else TOWER_INTERLOCKS

    @property
    def bay_interlocks(self) -> InterlockSet[BayScene]:
        """What each bay controller still enforces."""
        return BAY_INTERLOCKS.without(*self.bays) if self.bays else BAY_INTERLOCKS

    @contextmanager
    def made(self) -> Iterator[None]:
        """Make every swap while the context is open; not to be entered twice at a time in one process."""
        with ExitStack() as stack:
            for swap in self.swaps:
                stack.enter_context(swap.made())
            yield


NOTHING: Final = Cut()


@dataclass(frozen=True, slots=True)
class Ablation:
    """One safeguard and what becomes of a tower without it.

    Where a second layer catches what the first one lets through, that layer is a safeguard beside it: it is taken
    away too, and also in the control run, which must be as good as ever. So each pair shows that either half is enough.
    """

    name: str
    removes: str
    """What is missing, in one sentence."""
    seen_by: tuple[str, ...]
    """Invariants of which at least one must be broken."""
    cut: Cut
    beside: Cut = field(default=NOTHING)
    """The second layer, gone with and without the ablation."""
    catches: str = ""
    """What that layer is, in words that follow a colon; empty: there is none."""
    letters: tuple[str, ...] = ()
    """Letters of the fault alphabet by name that reach the safeguard, where no other does; empty: all of them."""

    def told(self, *, control: bool) -> str:
        """Return what is gone, in words; ``control``: only of the second layer."""
        beside = f"Beside it is gone: {self.catches}" if self.catches else ""
        return beside if control else f"{self.removes} {beside}".rstrip()

    @property
    def whole(self) -> Cut:
        """All that is gone in an ablated run."""
        return self.beside + self.cut
