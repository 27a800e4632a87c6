"""What can go wrong with durable state."""

from pathlib import Path


class JournalError(Exception):
    """Anything that the journal raises on purpose."""


class JournalDamaged(JournalError, ValueError):
    """The file is not what was written: the database or the chain of entries is broken, or it is no journal."""


class JournalLocked(JournalError, BlockingIOError):
    """Another process has the journal open; ``pid`` names it where known."""

    def __init__(self, path: Path, pid: int | None) -> None:
        super().__init__(f"journal {path} is in use by {'another process' if pid is None else f'process {pid}'}")
        self.path = path
        self.pid = pid


class JournalFailed(JournalError, OSError):
    """A commit failed: it is unknown what became durable, and nothing is accepted until a restart.

    A failed fsync is never retried: the kernel may have dropped the pages it could not write.
    """


class JournalClosed(JournalError, RuntimeError):
    """Used after `close`."""
