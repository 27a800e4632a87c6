"""Who is at the other end: ids from the kernel, names from the host, roles from both."""

import asyncio
import os
import socket
import threading

import pytest

from controller.api.visitors import Credentials, HostNames, Visitor, Visitors, credentials_of
from controller.domain.access import NOBODY_NAMED, Access, Holders
from controller.domain.roles import Role

ACCESS = Access(
    {
        Role.VIEWER: Holders(users=("vic",)),
        Role.TECHNICIAN: Holders(users=("tom", "eve"), groups=("fitters",)),
        Role.ENGINEER: Holders(groups=("engineers", "ghosts")),
    }
)
USERS = {"ann": 1000, "vic": 1001, "tom": 1002, "eve": 1003}
DAEMON_UID = 900


class Directory:
    """Names of a host that change at will; ``silent`` holds every look-up up."""

    def __init__(self) -> None:
        self.groups = {"fitters": 50, "engineers": 60}
        self.looked = 0
        self.speaks = threading.Event()
        self.speaks.set()

    def user_name(self, uid: int) -> str | None:
        self.speaks.wait(5)
        return next((name for name, each in USERS.items() if each == uid), None)

    def user_id(self, name: str) -> int | None:
        self.looked += 1
        self.speaks.wait(5)
        return USERS.get(name)

    def group_id(self, name: str) -> int | None:
        return self.groups.get(name)


class Door:
    """Visitors whose credentials are what a test says."""

    def __init__(
        self, access: Access = ACCESS, *, fresh_s: float = 60.0, kept_s: float = 3600.0, lookup_s: float = 2.0
    ) -> None:
        self.directory = Directory()
        self.next = Credentials(1000, 1000, frozenset())
        self.visitors = Visitors(
            access,
            self.directory,
            lambda _: self.next,
            DAEMON_UID,
            fresh_s=fresh_s,
            kept_s=kept_s,
            lookup_s=lookup_s,
        )

    async def enter(self, uid: int, gid: int = 1000, *groups: int, told: bool = True) -> Visitor:
        self.next = Credentials(uid, gid, frozenset(groups) if told else None)
        with socket.socket(socket.AF_UNIX) as connected:
            return await self.visitors.know(connected)


def visit(uid: int, gid: int = 1000, *groups: int, access: Access = ACCESS, told: bool = True) -> Visitor:
    return asyncio.run(Door(access).enter(uid, gid, *groups, told=told))


@pytest.mark.parametrize(
    ("uid", "groups", "role", "why"),
    [
        (0, (), Role.ENGINEER, "root"),
        (DAEMON_UID, (), Role.ENGINEER, "the daemon's own user"),
        (1000, (), Role.OPERATOR, "not named in [access]"),
        (1000, (7, 8), Role.OPERATOR, "not named in [access]"),
        (1000, (7, 50), Role.TECHNICIAN, "group fitters"),
        (1000, (50, 60), Role.ENGINEER, "group engineers"),
        (1001, (), Role.VIEWER, "user vic"),
        (1001, (50,), Role.TECHNICIAN, "group fitters"),
        (1002, (), Role.TECHNICIAN, "user tom"),
        (1002, (60,), Role.ENGINEER, "group engineers"),
        (4711, (), Role.OPERATOR, "not named in [access]"),
    ],
)
def test_the_highest_role_that_names_somebody_counts(uid: int, groups: tuple[int, ...], role: Role, why: str) -> None:
    found = visit(uid, 1000, *groups)
    assert (found.role, found.why) == (role, why)


def test_the_primary_group_counts_as_any_other() -> None:
    assert visit(1000, 60).role is Role.ENGINEER


def test_who_asks_is_told_by_number_and_name() -> None:
    assert visit(1000).by == "1000:ann"
    assert visit(4711).by == "4711:?"


def test_where_the_kernel_tells_no_groups_none_counts() -> None:
    found = visit(1000, 1000, told=False)
    assert found.role is Role.OPERATOR
    assert "the kernel does not tell the groups" in found.why
    assert visit(1000, 60, told=False).role is Role.ENGINEER, "the primary one comes with the user"


def test_others_have_the_role_that_the_configuration_gives_them() -> None:
    assert visit(1000, access=Access(others=Role.VIEWER)).role is Role.VIEWER
    assert visit(0, access=Access(others=Role.VIEWER)).role is Role.ENGINEER


def test_a_change_of_groups_counts_from_the_next_connection_on() -> None:
    async def main() -> None:
        door = Door()
        assert (await door.enter(1000)).role is Role.OPERATOR
        assert (await door.enter(1000, 1000, 50)).role is Role.TECHNICIAN
        assert (await door.enter(1000)).role is Role.OPERATOR

    asyncio.run(main())


def test_a_group_that_comes_to_be_or_gets_another_number_is_found_again() -> None:
    async def main() -> None:
        door = Door(fresh_s=0.0, kept_s=0.0)
        assert (await door.enter(1000, 1000, 70)).role is Role.OPERATOR
        door.directory.groups["ghosts"] = 70
        assert (await door.enter(1000, 1000, 70)).role is Role.ENGINEER
        del door.directory.groups["ghosts"]
        assert (await door.enter(1000, 1000, 70)).role is Role.OPERATOR

    asyncio.run(main())


def test_the_directory_is_not_asked_for_every_visitor() -> None:
    async def main() -> None:
        door = Door()
        for _ in range(20):
            await door.enter(1000)
        assert door.directory.looked == len(("vic", "tom", "eve"))

    asyncio.run(main())


def test_a_silent_directory_keeps_nobody_out_and_what_was_known_counts() -> None:
    async def main() -> None:
        door = Door(fresh_s=0.0, lookup_s=0.1)
        assert (await door.enter(1000, 1000, 50)).role is Role.TECHNICIAN
        door.directory.speaks.clear()
        try:
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    await asyncio.sleep(0.002)
                    ticks += 1

            ticking = asyncio.create_task(tick())
            found = await door.enter(1000, 1000, 50)
            ticking.cancel()
            assert (found.by, found.role) == ("1000:?", Role.TECHNICIAN)
            assert ticks, "the loop went on meanwhile"
        finally:
            door.directory.speaks.set()

    asyncio.run(main())


GUESTS = Access({Role.VIEWER: Holders(groups=("guests",)), Role.TECHNICIAN: Holders(groups=("fitters",))})


def test_a_directory_that_is_out_of_reach_makes_no_viewer_an_operator() -> None:
    async def main() -> None:
        door = Door(GUESTS, fresh_s=0.0)
        door.directory.groups["guests"] = 80
        assert (await door.enter(1000, 80)).role is Role.VIEWER
        assert (await door.enter(1000)).role is Role.OPERATOR
        door.directory.groups.clear()
        found = await door.enter(1000, 80)
        assert (found.role, found.why) == (Role.VIEWER, "group guests")
        assert (await door.enter(1000, 50)).role is Role.TECHNICIAN
        assert (await door.enter(1000)).role is Role.OPERATOR

    asyncio.run(main())


def test_whom_the_host_never_knew_or_no_longer_knows_makes_all_others_what_they_would_be() -> None:
    async def main() -> None:
        for kept_s in (3600.0, 0.0):
            door = Door(GUESTS, fresh_s=0.0, kept_s=kept_s)
            if not kept_s:
                door.directory.groups["guests"] = 80
                assert (await door.enter(1000)).role is Role.OPERATOR
                del door.directory.groups["guests"]
            for gid in (80, 1000):
                found = await door.enter(1000, gid)
                assert found.role is Role.VIEWER
                assert found.why == "not named in [access], or as group guests, whom the host does not know"
            assert (await door.enter(1000, 50)).role is Role.TECHNICIAN

    asyncio.run(main())


def test_a_number_that_is_given_to_somebody_else_is_theirs_at_once() -> None:
    async def main() -> None:
        door = Door(GUESTS, fresh_s=0.0)
        assert (await door.enter(1000, 50)).role is Role.TECHNICIAN
        del door.directory.groups["fitters"]
        door.directory.groups["guests"] = 50
        assert (await door.enter(1000, 50)).role is Role.VIEWER

    asyncio.run(main())


def test_a_silent_directory_from_the_first_on_makes_no_viewer_an_operator() -> None:
    async def main() -> None:
        door = Door(lookup_s=0.05)
        door.directory.speaks.clear()
        try:
            assert (await door.enter(1001)).role is Role.VIEWER
        finally:
            door.directory.speaks.set()

    asyncio.run(main())


@pytest.mark.parametrize(("knows_all", "looks"), [(False, 2), (True, 1)])
def test_a_name_that_is_missing_is_looked_for_sooner(
    monkeypatch: pytest.MonkeyPatch, *, knows_all: bool, looks: int
) -> None:
    monkeypatch.setattr("controller.api.visitors.AGAIN_S", 0.0)

    async def main() -> None:
        door = Door(Access({Role.VIEWER: Holders(users=("vic",) if knows_all else ("nobody of that name",))}))
        await door.enter(1000)
        await door.visitors.refresh()
        assert door.directory.looked == looks

    asyncio.run(main())


def test_the_way_to_a_role_names_whom_to_join() -> None:
    assert ACCESS.way_to(Role.TECHNICIAN) == "members of group fitters may (after their next login)"
    assert ACCESS.way_to(Role.ENGINEER) == "members of group engineers or ghosts may (after their next login)"
    assert Access().way_to(Role.ENGINEER) == NOBODY_NAMED
    only = Access({Role.TECHNICIAN: Holders(users=("tom",))})
    assert only.way_to(Role.OPERATOR) == "user tom may"
    assert only.way_to(Role.ENGINEER) == NOBODY_NAMED


def test_the_kernel_tells_this_process_of_itself() -> None:
    mine, other = socket.socketpair()
    with mine, other:
        found = credentials_of(other)
    assert (found.uid, found.gid) == (os.geteuid(), os.getegid())
    assert found.groups == frozenset(os.getgroups())


def test_the_host_knows_root_and_not_everybody() -> None:
    names = HostNames()
    assert (names.user_name(0), names.user_id("root")) == ("root", 0)
    assert names.group_id("root") == 0
    assert (names.user_id("no such user"), names.group_id("no such group"), names.user_name(0x7FFF_FFF0)) == (
        None,
        None,
        None,
    )
