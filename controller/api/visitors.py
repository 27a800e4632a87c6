"""Who is at the other end of the local socket: the kernel's word for their ids, the host's names, and their role.

The kernel keeps who connected: user and group (SO_PEERCRED) and the supplementary groups (SO_PEERGROUPS, since Linux
4.13), as they were when connect(2) was called. What a process does afterwards, or who has its number by then, changes
nothing, which /proc/PID/status and a look into the directory of users cannot promise; and a process that has given a
group up does not hold it here either. The price is the one of every file: who is put into a group, or out of it, feels
it with the next login.
"""

import asyncio
import grp
import os
import pwd
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import structlog

from controller.domain.access import Access
from controller.domain.roles import Role

log = structlog.get_logger(__name__)

SO_PEERGROUPS: Final = 59
"""asm-generic/socket.h; the library's `socket` does not name it."""

MOST_GROUPS: Final = 256
"""The library reads no option above 1024 bytes. Linux allows 65,536 groups."""

FRESH_S: Final = 60.0
"""For so long an answer of the host's directory counts: a name may be given away, or come to be."""

LOOKUP_S: Final = 2.0
"""A directory over the network that is silent for longer keeps nobody waiting: what was known last counts."""

UNKNOWN_NAME: Final = "?"

_UCRED: Final = struct.Struct("3i")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Ids of whoever connected. ``groups``: the supplementary ones; None where the kernel does not tell them."""

    uid: int
    gid: int
    groups: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at the socket: ``uid:name``, their role, and what gives it to them."""

    by: str
    role: Role
    why: str


class Names(Protocol):
    """The host's directory of users and groups. May block."""

    def user_name(self, uid: int) -> str | None:
        """Return the name of a user id."""
        ...

    def user_id(self, name: str) -> int | None:
        """Return the id of a user's name."""
        ...

    def group_id(self, name: str) -> int | None:
        """Return the id of a group's name."""
        ...


class HostNames:
    """The directory of this host (nsswitch.conf)."""

    def user_name(self, uid: int) -> str | None:
        """Return the name of a user id."""
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return None

    def user_id(self, name: str) -> int | None:
        """Return the id of a user's name."""
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            return None

    def group_id(self, name: str) -> int | None:
        """Return the id of a group's name."""
        try:
            return grp.getgrnam(name).gr_gid
        except KeyError:
            return None


def credentials_of(connected: socket.socket) -> Credentials:
    """Return who connected, as the kernel knows it."""
    _, uid, gid = _UCRED.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    try:
        found = connected.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 4 * MOST_GROUPS)
    except OSError as error:  # an older kernel, or more groups than can be read: none of them counts
        log.warning("groups_not_told", uid=uid, error=str(error))
        return Credentials(uid, gid, None)
    return Credentials(uid, gid, frozenset(struct.unpack(f"{len(found) // 4}I", found)))


@dataclass(frozen=True, slots=True)
class _Ids:
    """Who holds which role, by id."""

    users: dict[int, tuple[Role, str]]
    groups: dict[int, tuple[Role, str]]
    unknown: tuple[str, ...]
    """Names that the host does not know."""


class Visitors:
    """Tells who has connected.

    ``own_uid``: the user that is an engineer beside root; by default this process's own. ``fresh_s``: for how long an
    answer of the host's directory counts, ``lookup_s``: how long it may take.
    """

    def __init__(
        self,
        access: Access | None = None,
        names: Names | None = None,
        credentials: Callable[[socket.socket], Credentials] = credentials_of,
        own_uid: int | None = None,
        *,
        fresh_s: float = FRESH_S,
        lookup_s: float = LOOKUP_S,
    ) -> None:
        self.access = Access() if access is None else access
        self._names: Names = HostNames() if names is None else names
        self._credentials = credentials
        self._own_uid = os.geteuid() if own_uid is None else own_uid
        self._fresh_s = fresh_s
        self._lookup_s = lookup_s
        self._ids = _Ids({}, {}, ())
        self._known: dict[int, str] = {}
        self._looked_at_s: float | None = None

    async def know(self, connected: socket.socket) -> Visitor:
        """Return who is at the other end; waits for the host's directory for at most a few seconds."""
        who = self._credentials(connected)
        await self.refresh()
        role, why = self._judge(who)
        return Visitor(f"{who.uid}:{await self._name(who.uid)}", role, why)

    async def refresh(self) -> None:
        """Look the names up again, unless that was done a short while ago."""
        now_s = asyncio.get_running_loop().time()
        if self._looked_at_s is not None and now_s - self._looked_at_s < self._fresh_s:
            return
        self._looked_at_s = now_s
        self._known.clear()
        ids = await self._in_time(lambda: _look_up(self.access, self._names), self._ids)
        if ids.unknown and ids.unknown != self._ids.unknown:
            log.warning("unknown_names", names=list(ids.unknown))
        self._ids = ids

    def _judge(self, who: Credentials) -> tuple[Role, str]:
        if who.uid == 0:
            return Role.ENGINEER, "root"
        if who.uid == self._own_uid:
            return Role.ENGINEER, "the daemon's own user"
        held = [self._ids.groups[gid] for gid in {who.gid} | (who.groups or frozenset()) if gid in self._ids.groups]
        if who.uid in self._ids.users:
            held.append(self._ids.users[who.uid])
        if held:
            return max(held)
        untold = "" if who.groups is not None else "; the kernel does not tell the groups"
        return self.access.others, f"not named in [access]{untold}"

    async def _name(self, uid: int) -> str:
        if uid not in self._known:
            self._known[uid] = await self._in_time(lambda: self._names.user_name(uid) or UNKNOWN_NAME, UNKNOWN_NAME)
        return self._known[uid]

    async def _in_time(self, ask: Callable[[], T], otherwise: T) -> T:
        """Ask the host's directory in a thread; return ``otherwise`` if it does not answer in time."""
        try:
            async with asyncio.timeout(self._lookup_s):
                return await asyncio.to_thread(ask)
        except TimeoutError:
            log.warning("directory_silent", after_s=self._lookup_s)
            return otherwise


def _look_up(access: Access, names: Names) -> _Ids:
    ids = _Ids({}, {}, ())
    unknown = []
    for role, kind, name in access.named():
        number = names.user_id(name) if kind == "user" else names.group_id(name)
        if number is None:
            unknown.append(f"{kind} {name}")
            continue
        table = ids.users if kind == "user" else ids.groups
        table[number] = max(table.get(number, (role, f"{kind} {name}")), (role, f"{kind} {name}"))
    return _Ids(ids.users, ids.groups, tuple(unknown))
