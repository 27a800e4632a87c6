"""One process a journal: an advisory lock on a file beside it."""

import fcntl
import os
from pathlib import Path

from controller.store.errors import JournalLocked


class FileLock:
    """Holds ``path`` locked until `release` or the end of the process, however it ends.

    `flock` and not `fcntl` locks: a second opening in the same process is refused too.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._fd, 20, 0).strip()
            os.close(self._fd)
            raise JournalLocked(path, int(holder) if holder.isdigit() else None) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let the next one in."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
