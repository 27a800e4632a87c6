"""A client that sends without end over a real socket, and how often another task gets its turn meanwhile."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from controller.api.messages import INVALID_REQUEST, call_line
from controller.api.server import SHORT_LINE
from controller.api.turns import Turns
from controller.api.visitors import Credentials, Visitors
from controller.domain.access import Access
from controller.domain.roles import Role
from tests.support.scripted_control import ScriptedControl, by_query

pytestmark = pytest.mark.realtime

LINES = 200
CLIENTS = 3


async def read_between_turns(path: Path, line: bytes, patch: pytest.MonkeyPatch) -> list[int]:
    """Return how many lines of all clients were read between any two turns of another task."""
    read, real = [0], asyncio.StreamReader.readuntil

    async def readuntil(self: asyncio.StreamReader, separator: bytes = b"\n") -> bytes:
        found = await real(self, separator)
        read[-1] += 1
        return found

    async with asyncio.timeout(20), ScriptedControl(path, by_query({"status": {}})).serving():
        patch.setattr(asyncio.StreamReader, "readuntil", readuntil)
        clients = [await asyncio.open_unix_connection(path) for _ in range(CLIENTS)]
        for _, writer in clients:
            writer.write(line * LINES)
        while sum(read) < CLIENTS * LINES:
            await asyncio.sleep(0)
            read.append(0)
        for _, writer in clients:
            writer.close()
    return read


@pytest.mark.parametrize("line", [b"\n", b"x\n", call_line("nonsense", {}, 1)], ids=["blank", "rubbish", "call"])
def test_others_get_their_turn_between_the_lines_of_a_flood(
    line: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any number of blank lines were worked off in one go: `yes ''` kept the PLCs waiting until they were silent."""
    read = asyncio.run(read_between_turns(tmp_path / "s.sock", line, monkeypatch))
    # Each client may have one in hand while it waits for its own turn.
    assert max(read) <= CLIENTS + 1
    assert sum(read) == CLIENTS * LINES


def test_clients_leave_half_of_the_time_to_the_loop() -> None:
    async def main() -> None:
        turns, rests = Turns(), list[float]()

        async def work(cost_s: float) -> None:
            async with turns:
                time.sleep(cost_s)  # noqa: ASYNC251 - the work of the loop itself
                ended_s = time.monotonic()
            rests.append(time.monotonic() - ended_s)

        await asyncio.gather(*(work(0.004) for _ in range(4)))
        assert min(rests) >= 0.003

    asyncio.run(main())


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ENGINEER])
def test_only_who_may_import_may_send_a_long_line(role: Role, tmp_path: Path) -> None:
    line = call_line("whoami", {}, 7)
    lines = [line[:-1] + b" " * (SHORT_LINE + more - len(line) + 1) + b"\n" for more in (0, 1)]

    async def main() -> list[Any]:
        visitors = Visitors(Access(others=role), credentials=lambda _: Credentials(54_321, 54_321, frozenset()))
        async with ScriptedControl(tmp_path / "s.sock", by_query({}), visitors=visitors).serving() as control:
            reader, writer = await asyncio.open_unix_connection(control.path)
            writer.writelines(lines)
            answers = [json.loads(await reader.readline()) for _ in lines]
            writer.close()
            return answers

    within, above = asyncio.run(main())
    assert within["result"]["role"] == role.word
    if role is Role.ENGINEER:
        assert above == within
    else:
        assert above["error"] == {"code": INVALID_REQUEST, "message": f"a line is longer than {SHORT_LINE} bytes"}
