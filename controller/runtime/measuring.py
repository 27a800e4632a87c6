"""Values that alarms watch, read at a slow pace beside the control task."""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

from controller.domain.alarms import Tag
from controller.runtime.inbox import Inbox
from controller.runtime.signals import Measured, Signal

PACE_S: Final = 10.0
"""What is measured here changes over minutes."""


class Gauge(Protocol):
    """Measures something of the computer or of its wires."""

    async def read(self) -> Mapping[Tag, float]:
        """Return what it shows, by the alarm that watches it; nothing where nothing can be told. Raises nothing."""
        ...


async def measure(gauge: Gauge, inbox: Inbox[Signal]) -> None:
    """Post what a gauge shows, for ever. A task for each: one that hangs holds nobody up."""
    while True:
        values = await gauge.read()
        if values:
            inbox.post(Measured(values))
        await asyncio.sleep(PACE_S)
