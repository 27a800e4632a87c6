"""Faults of the computer's disk: it fails, fills up, goes read-only, takes its time."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from sim_plc.rehearsal import disk
from sim_plc.rehearsal.caretaker import Caretaker
from sim_plc.rehearsal.disk import JOURNAL, LOG, Disk, Illness
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

SYNC_EIO: Final = Letter("SYNC_EIO", "syncs of the disk fail, and what they were for is forgotten", (1.0, 40.0))
WRITE_EIO: Final = Letter("WRITE_EIO", "the disk takes no block any more, and does again", (1.0, 40.0))
DISK_FULL: Final = Letter("DISK_FULL", "the disk is full, and somebody makes room", (1.0, 90.0))
READ_ONLY: Final = Letter("READ_ONLY", "the kernel makes the disk read-only, and somebody mends it", (1.0, 40.0))
SLOW_SYNC: Final = Letter("SLOW_SYNC", "each sync takes up to five seconds", (2.0, 40.0))
BIT_FLIP: Final = Letter("BIT_FLIP", "a bit of the journal rots while the computer is off", (2.0, 90.0))
LOST_LOG: Final = Letter("LOST_LOG", "somebody deletes the journal's log while the daemon is down", (2.0, 90.0))
OLD_BACKUP: Final = Letter("OLD_BACKUP", "somebody puts an old copy in the journal's place", (20.0, 180.0))

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
        self._world = scene.world
        self._disk = scene.world.computer.disk
        self._slow = 0
        self._caretaker = Caretaker(scene.world)
        scene.world.computer.on_damaged = self._restore
        self.acts: Mapping[Letter, Act] = {
            **dict.fromkeys(ILLNESSES, self._fall_ill),
            SLOW_SYNC: self._slow_down,
            BIT_FLIP: self._rot,
            LOST_LOG: self._rot,
            OLD_BACKUP: self._go_back,
        }

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

    async def _rot(self, strike: Strike) -> None:
        """Harm the journal some time after a copy of it was made; where that is found, the copy is put back."""
        computer = self._world.computer
        if strike.where % 4:
            self._caretaker.back_up()
        await asyncio.sleep(strike.hold_s)
        await computer.lose_power()
        if computer.spoil(lambda disk: self._harm(disk, strike)):
            self._scene.did["the journal was harmed"] += 1
        await computer.get_power()

    def _restore(self) -> None:
        self._scene.did["a damaged journal was refused"] += 1
        self._caretaker.restore()

    def _harm(self, disk: Disk, strike: Strike) -> bool:
        if strike.kind == LOST_LOG:
            return disk.lose_log()
        return disk.flip(LOG if strike.where % 2 else JOURNAL, self._scene.rng.random())

    async def _go_back(self, strike: Strike) -> None:
        """Make a copy, and later, with the daemon down, put it in the journal's place."""
        if not self._caretaker.back_up():
            return
        await asyncio.sleep(strike.hold_s)
        computer = self._world.computer
        await computer.lose_power()
        if self._caretaker.restore():
            self._scene.did["an old copy was put back"] += 1
        await computer.get_power()
