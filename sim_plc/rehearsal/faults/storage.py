"""Faults of the computer's disk: it fails, fills up, goes read-only, takes its time."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from sim_plc.rehearsal import disk
from sim_plc.rehearsal.disk import Illness
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

SYNC_EIO: Final = Letter("SYNC_EIO", "syncs of the disk fail, and what they were for is forgotten", (1.0, 40.0))
WRITE_EIO: Final = Letter("WRITE_EIO", "the disk takes no block any more, and does again", (1.0, 40.0))
DISK_FULL: Final = Letter("DISK_FULL", "the disk is full, and somebody makes room", (1.0, 90.0))
READ_ONLY: Final = Letter("READ_ONLY", "the kernel makes the disk read-only, and somebody mends it", (1.0, 40.0))
SLOW_SYNC: Final = Letter("SLOW_SYNC", "each sync takes up to five seconds", (2.0, 40.0))

SYNC_S: Final = (0.1, 5.0)

ILLNESSES: Final[Mapping[Letter, Callable[[], Illness]]] = {
    SYNC_EIO: disk.no_sync,
    WRITE_EIO: disk.no_write,
    DISK_FULL: disk.full,
    READ_ONLY: disk.read_only,
}


class StorageFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._disk = scene.world.computer.disk
        self._slow = 0
        self.acts: Mapping[Letter, Act] = {**dict.fromkeys(ILLNESSES, self._fall_ill), SLOW_SYNC: self._slow_down}

    async def _fall_ill(self, strike: Strike) -> None:
        illness, before = ILLNESSES[strike.kind](), self._disk.refused
        self._disk.fall_ill(illness)
        await asyncio.sleep(strike.hold_s)
        self._disk.recover(illness)
        if self._disk.refused > before:
            self._scene.did["the disk refused"] += 1

    async def _slow_down(self, strike: Strike) -> None:
        self._slow += 1
        self._disk.sync_s = SYNC_S
        await asyncio.sleep(strike.hold_s)
        self._slow -= 1
        if not self._slow:
            self._disk.sync_s = None
