"""Every role at every method, through the real server and the real control task; only the kernel's word is ours."""

import copy
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from controller.api.messages import REFUSED, call_line
from controller.api.sync_client import SyncClient
from controller.api.visitors import Credentials, Visitors
from controller.domain.access import Access, Holders
from controller.domain.roles import ON_SITE, ROLE, Role
from controller.store.reading import entries_behind
from sim_plc.plant.cars import Car
from tests.support.calls import CALLS, ACall
from tests.support.places import LOW1
from tests.support.served_world import ServedWorld, served_world
from tests.support.stage import Stage

pytestmark = pytest.mark.realtime

UIDS = {role: 5000 + role for role in Role}


class Names:
    """Users named like their roles."""

    def user_name(self, uid: int) -> str | None:
        return next((role.word for role, each in UIDS.items() if each == uid), None)

    def user_id(self, name: str) -> int | None:
        return next((uid for role, uid in UIDS.items() if role.word == name), None)

    def group_id(self, name: str) -> int | None:
        raise AssertionError("no group is named")


class Gate:
    """The tower's socket, and whom the kernel names next."""

    def __init__(self) -> None:
        self.role = Role.VIEWER
        access = Access({role: Holders(users=(role.word,)) for role in Role}, others=Role.VIEWER)
        self.visitors = Visitors(access, Names(), self._credentials, own_uid=1)
        self.here: ServedWorld | None = None

    def _credentials(self, _connected: socket.socket) -> Credentials:
        return Credentials(UIDS[self.role], 5000, frozenset())

    @contextmanager
    def entered(self, role: Role) -> Iterator[SyncClient]:
        assert self.here is not None
        self.role = role
        with SyncClient(self.here.run_dir / "cartower.sock") as client:
            assert client.call("whoami")["role"] == role.word
            yield client


def answer(client: SyncClient, call: ACall, *, word: bool) -> dict[str, Any]:
    """Return the error of a call; empty if it was granted."""
    line = call_line(call.method, {**call.params, **({"on_site": True} if word else {})}, 7)
    client._socket.sendall(line)
    received = client._socket.makefile("rb", buffering=0)
    while True:
        body: dict[str, Any] = json.loads(received.readline())
        if body.get("id") == 7:
            error: dict[str, Any] = body.get("error", {})
            return error


def rule_of(error: dict[str, Any]) -> str:
    return str(error["data"]["rule"]) if error.get("code") == REFUSED else ""


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    gate = Gate()
    with served_world(tmp_path / "run", {LOW1: Car("A")}, gate.visitors) as gate.here:
        yield gate


def belief(it: Stage) -> tuple[object, int]:
    return copy.deepcopy(it.book), it.motions()


def test_every_role_at_every_method(gate: Gate) -> None:
    assert gate.here is not None
    it = gate.here.stage
    before, turned_away = belief(it), []
    for role in Role:
        with gate.entered(role) as client:
            for call in CALLS:
                if role < call.role:
                    for word in (False, True):
                        error = answer(client, call, word=word)
                        assert (rule_of(error), error["data"]["needs"]) == (ROLE, call.role.word), (role, call)
                        assert f"is {role}" in error["message"]
                        assert "may" in error["message"], "and how to get it"
                        turned_away.append((role, word, ROLE))
                elif call.word:
                    error = answer(client, call, word=False)
                    assert rule_of(error) == ON_SITE, (role, call)
                    turned_away.append((role, False, ON_SITE))
    assert belief(it) == before, "nothing has moved, nothing is believed otherwise"

    for role in Role:
        with gate.entered(role) as client:
            for call in CALLS:
                if role >= call.role:
                    error = answer(client, call, word=True)
                    assert rule_of(error) not in (ROLE, ON_SITE), (role, call, error)
    assert it.world.daemon is not None
    assert len(turned_away) == sum((role < c.role) * 2 + (role >= c.role and c.word) for role in Role for c in CALLS)
    gate.here.play(drained)
    rows = [entry.body for entry in entries_behind(it.world.folder / "journal.sqlite", 0) if entry.kind == "Asked"]
    kept = [(row["role"], row["on_site"], row["rule"]) for row in rows if row["rule"] in (ROLE, ON_SITE)]
    assert kept == [(role.word, word, rule) for role, word, rule in turned_away]
    assert {row["by"] for row in rows if row["role"] == "viewer"} == {f"{UIDS[Role.VIEWER]}:viewer"}


async def drained(it: Stage) -> None:
    """Wait for the pulse that keeps who was turned away."""
    await it.until(lambda: it.world.daemon is not None and not it.world.daemon.control._trail._due, 5.0)


def test_who_was_turned_away_is_in_the_journal_a_second_later_though_nothing_else_happens(gate: Gate) -> None:
    assert gate.here is not None
    journal = gate.here.stage.world.folder / "journal.sqlite"
    seen = entries_behind(journal, 0)[-1].id
    with gate.entered(Role.VIEWER) as client:
        answer(client, next(call for call in CALLS if call.method == "adopt"), word=True)
    gate.here.play(drained)
    bodies = [each.body for each in entries_behind(journal, seen) if each.kind == "Asked"]
    assert bodies[-1] == {
        "request": "Adopt {}",
        "by": f"{UIDS[Role.VIEWER]}:viewer",
        "rule": ROLE,
        "role": "viewer",
        "on_site": True,
    }
