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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeVar

import structlog

from controller.domain.access import Access
from controller.domain.roles import Role
from hal.spare_thread import SpareThread

log = structlog.get_logger(__name__)

SO_PEERGROUPS: Final = 59
"""asm-generic/socket.h; the library's `socket` does not name it."""

MOST_GROUPS: Final = 256
"""The library reads no option above 1024 bytes. Linux allows 65,536 groups."""

FRESH_S: Final = 60.0
"""For so long an answer of the host's directory counts: a name may be given away, or come to be."""

AGAIN_S: Final = 5.0
"""As `FRESH_S`, while the host does not know a name: a directory that is out of reach knows none, and comes back."""

KEPT_S: Final = 24 * 3600.0
"""For so long the last id of a name counts that the host does not know any more: out of reach, or deleted."""

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


USER: Final = "user"


class _Name(NamedTuple):
    """Who is named for a role: ``kind`` is ``user`` or ``group``."""

    role: Role
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class _Ids:
    """Who holds which role, by id."""

    users: dict[int, _Name]
    groups: dict[int, _Name]
    missing: tuple[_Name, ...]
    """Whom the host does not know now."""
    unknown: tuple[_Name, ...]
    """Those of them whose last id does not count any more: they cannot be told from whom nobody names."""


class Visitors:
    """Tells who has connected.

    ``own_uid``: the user that is an engineer beside root; by default this process's own. ``fresh_s``: for how long an
    answer of the host's directory counts, ``kept_s``: the last id of a name that it does not know any more,
    ``lookup_s``: how long it may take.
    """

    def __init__(
        self,
        access: Access | None = None,
        names: Names | None = None,
        credentials: Callable[[socket.socket], Credentials] = credentials_of,
        own_uid: int | None = None,
        *,
        fresh_s: float = FRESH_S,
        kept_s: float = KEPT_S,
        lookup_s: float = LOOKUP_S,
    ) -> None:
        self.access = Access() if access is None else access
        self._names: Names = HostNames() if names is None else names
        self._credentials = credentials
        self._own_uid = os.geteuid() if own_uid is None else own_uid
        self._fresh_s = fresh_s
        self._kept_s = kept_s
        self._lookup_s = lookup_s
        self._named = tuple(_Name(*each) for each in self.access.named())
        self._ids = _Ids({}, {}, self._named, self._named)
        self._directory = SpareThread("names")
        self._last: dict[_Name, tuple[int, float]] = {}
        """The id of each name as it was last found, and when."""
        self._told: tuple[_Name, ...] = ()
        """Whom the log says that the host does not know."""
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
        fresh_s = min(self._fresh_s, AGAIN_S) if self._ids.missing else self._fresh_s
        if self._looked_at_s is not None and now_s - self._looked_at_s < fresh_s:
            return
        self._looked_at_s = now_s
        self._known.clear()
        found = await self._in_time(lambda: _look_up(self._names, self._named), None)
        if found is None:
            return
        self._last |= {each: (number, now_s) for each, number in found.items()}
        ids = self._ids_at(now_s, found)
        if ids.missing and ids.missing != self._told:
            log.warning("unknown_names", names=[str(each) for each in ids.missing])
        self._ids, self._told = ids, ids.missing

    def _ids_at(self, now_s: float, found: Mapping[_Name, int]) -> _Ids:
        """Return what is known with the ids that were found now: what counts still, where nobody else has the id."""
        missing = tuple(each for each in self._named if each not in found)
        kept = {each: last for each in missing if (last := self._last.get(each)) and now_s - last[1] < self._kept_s}
        users, groups = dict[int, _Name](), dict[int, _Name]()
        for each, number in found.items():
            table = users if each.kind == USER else groups
            table[number] = max(table.get(number, each), each)
        for each, (number, _) in sorted(kept.items(), reverse=True):
            (users if each.kind == USER else groups).setdefault(number, each)
        return _Ids(users, groups, missing, tuple(each for each in missing if each not in kept))

    def _judge(self, who: Credentials) -> tuple[Role, str]:
        if who.uid == 0:
            return Role.ENGINEER, "root"
        if who.uid == self._own_uid:
            return Role.ENGINEER, "the daemon's own user"
        held = [self._ids.groups[gid] for gid in {who.gid} | (who.groups or frozenset()) if gid in self._ids.groups]
        if who.uid in self._ids.users:
            held.append(self._ids.users[who.uid])
        if held:
            return max(held).role, str(max(held))
        untold = "" if who.groups is not None else "; the kernel does not tell the groups"
        # Whoever is named by a name that the host does not know comes as one whom nobody names.
        least = min(self._ids.unknown, default=None)
        if least is None or least.role >= self.access.others:
            return self.access.others, f"not named in [access]{untold}"
        return least.role, f"not named in [access], or as {least}, whom the host does not know{untold}"

    async def _name(self, uid: int) -> str:
        if uid not in self._known:
            self._known[uid] = await self._in_time(lambda: self._names.user_name(uid) or UNKNOWN_NAME, UNKNOWN_NAME)
        return self._known[uid]

    async def _in_time(self, ask: Callable[[], T], otherwise: T) -> T:
        """Ask the host's directory in a thread of its own; return ``otherwise`` if it does not answer in time."""
        try:
            async with asyncio.timeout(self._lookup_s):
                return await self._directory(ask)
        except TimeoutError:
            log.warning("directory_silent", after_s=self._lookup_s)
            return otherwise


def _look_up(names: Names, wanted: Iterable[_Name]) -> dict[_Name, int]:
    """Return the ids of the names that the host knows."""
    found = {
        each: names.user_id(each.name) if each.kind == USER else names.group_id(each.name) for each in wanted
    }
    return {each: number for each, number in found.items() if number is not None}
