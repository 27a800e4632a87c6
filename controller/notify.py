"""Word to the service manager that keeps this daemon: sd_notify(3), one datagram a message.

Without NOTIFY_SOCKET nobody is told, and nothing else changes.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import structlog

from controller.domain.events import Query
from controller.domain.refusal import Refusal
from controller.runtime.inbox import Inbox

log = structlog.get_logger(__name__)

STATUS_S: Final = 30.0
"""How often the status line is told where nobody asked for signs of life."""


@dataclass(frozen=True, slots=True)
class Manager:
    """Who keeps the daemon. ``address``: of its socket, empty for nobody; ``watchdog_s``: None if it does not watch."""

    address: str = ""
    watchdog_s: float | None = None

    @classmethod
    def named_in(cls, environment: Mapping[str, str], pid: int) -> Self:
        """Return whom the environment of process ``pid`` names; a watchdog for another process is not ours."""
        period_us, watched = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", str(pid))
        watches = period_us.isdecimal() and int(period_us) > 0 and watched == str(pid)
        return cls(environment.get("NOTIFY_SOCKET", ""), int(period_us) / 1e6 if watches else None)

    @property
    def every_s(self) -> float:
        """The pace of signs of life: two in the time that the manager waits for one."""
        return STATUS_S if self.watchdog_s is None else self.watchdog_s / 2

    def tell(self, *lines: str) -> None:
        """Send a message, if anybody is there; one that is not taken at once is lost: a tower waits for no manager."""
        if not self.address:
            return
        where = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
                out.sendto("\n".join(lines).encode(), where)
        except OSError as error:  # nobody takes it, or there is no file descriptor left
            log.warning("manager_not_told", address=self.address, error=str(error))


@asynccontextmanager
async def kept_by(manager: Manager, inbox: Inbox[Any]) -> AsyncIterator[None]:
    """Tell ``manager`` that the daemon serves as long as the context is open, and that its control task lives."""
    manager.tell("READY=1")
    async with asyncio.TaskGroup() as group:
        vouching = group.create_task(_vouch(manager, inbox), name="vouch")
        try:
            yield
        finally:
            manager.tell("STOPPING=1")
            vouching.cancel()


async def _vouch(manager: Manager, inbox: Inbox[Any]) -> None:
    """Tell of each answer of the control task: one that hangs answers nothing, whatever else goes on beside it."""
    sign = [] if manager.watchdog_s is None else ["WATCHDOG=1"]
    while manager.address:
        try:
            picture = await inbox.ask(Query(by="service manager", what="status"))
        except Refusal as refusal:
            manager.tell(*sign, f"STATUS={refusal.rule}")
        except Exception:  # noqa: BLE001 - logged where it was met; an answer it is
            manager.tell(*sign, "STATUS=INTERNAL_ERROR")
        else:
            manager.tell(*sign, f"STATUS={_line(picture)}")
        await asyncio.sleep(manager.every_s)


def _line(picture: Mapping[str, object]) -> str:
    """Return what the tower does in one line, of words of this program alone."""
    status = cast("Mapping[str, Any]", picture)
    jobs = len(status["queue"]) + (status["job"] is not None)
    return f"{status['unit']['state']}, {jobs} jobs, {status['alarm_counts']['active']} alarms"
