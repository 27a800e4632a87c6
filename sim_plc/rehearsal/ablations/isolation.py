"""What keeps a run a function of its seed: nothing of the computer that it runs on may be felt in it."""

import time
from collections.abc import Callable
from typing import Any, Final

from sim_plc.rehearsal.ablations.ablation import Ablation, Cut, Swap
from sim_plc.rehearsal.memory_link import MemoryLink


def _felt(original: Callable[..., Any]) -> object:
    async def wait(self: MemoryLink, delay_s: float, *more: Any) -> None:
        await original(self, delay_s + time.perf_counter_ns() % 7 * 1e-4, *more)

    return wait


ISOLATION: Final = (
    Ablation(
        "computer-felt",
        "How long a request takes hangs on the clock of the computer that rehearses.",
        ("I24",),
        Cut((Swap(MemoryLink, "_wait", _felt),)),
    ),
)
