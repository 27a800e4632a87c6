"""The computer's clock: the journal's stamps and the due times of bookings are told by it, motion never."""

import ctypes
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from controller.cli.checks.finding import Finding, ok, warn
from controller.domain.clock import EARLIEST

TIME_ERROR: Final = 5
"""What adjtimex(2) returns while the kernel's clock is not synchronised."""

_TIMEX_BYTES: Final = 512
"""More than struct timex has on any machine; all 0 is a mere question."""


def kernel_clock() -> int:
    """Return what adjtimex(2) says: 0 to 4 synchronised, `TIME_ERROR` not.

    Raises:
        OSError: it cannot be asked.

    """
    libc = ctypes.CDLL(None, use_errno=True)
    state: int = libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    if state < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return state


def check_clock(ask: Callable[[], int] = kernel_clock, now: datetime | None = None) -> Iterator[Finding]:
    """Check that the clock is right, as far as the kernel knows."""
    here = now or datetime.now(UTC)
    shown = here.astimezone().isoformat(timespec="seconds")
    if here < EARLIEST:
        yield warn("clock", f"{shown} cannot be", "set the clock, and replace the battery of the main board")
        return
    try:
        synchronised = ask() != TIME_ERROR
    except OSError as error:
        yield warn("clock", f"{shown}; the kernel does not tell: {error.strerror}", "see `timedatectl`")
        return
    if synchronised:
        yield ok("clock", f"{shown}, synchronised")
    else:
        yield warn("clock", f"{shown}, not synchronised", "run chrony, or `timedatectl set-ntp true`")
