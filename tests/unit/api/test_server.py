import asyncio
import json
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from controller.api.client import ApiClient
from controller.api.messages import INTERNAL_ERROR, INVALID_REQUEST, MAX_LINE, ApiError, NotReachable
from controller.api.server import ApiServer, SocketInUse
from controller.domain.events import Query, Request, Retrieve
from controller.domain.refusal import Refusal
from controller.runtime.inbox import Asked, Board, Inbox
from tests.support.scripted_control import Answer, Script, ScriptedControl, by_query

pytestmark = pytest.mark.realtime

ANSWERS: dict[str, Answer] = {
    "status": {"unit": {"state": "IDLE"}},
    "Retrieve": Refusal("UNKNOWN_CAR", "no car is called X"),
    "cars": RuntimeError("the book is torn"),
}

Body = Callable[[ScriptedControl], Awaitable[None]]


def serve(path: Path, body: Body, script: Script | None = None) -> ScriptedControl:
    control = ScriptedControl(path / "s.sock", script or by_query(ANSWERS))

    async def main() -> None:
        async with asyncio.timeout(10), control.serving():
            await body(control)

    asyncio.run(main())
    return control


async def raw(control: ScriptedControl, *lines: bytes, answers: int) -> list[dict[str, Any]]:
    reader, writer = await asyncio.open_unix_connection(control.path, limit=2 * MAX_LINE)
    writer.write(b"".join(lines))
    result = [json.loads(await reader.readline()) for _ in range(answers)]
    writer.close()
    return result


def test_a_call_is_answered_and_names_who_asked(tmp_path: Path) -> None:
    async def body(control: ScriptedControl) -> None:
        async with await ApiClient.connect(control.path) as client:
            assert await client.call("status") == ANSWERS["status"]

    control = serve(tmp_path, body)
    (request,) = control.asked
    assert isinstance(request, Query)
    assert request.by.startswith(f"{os.getuid()}:")


def test_a_refusal_reaches_the_client_with_its_rule(tmp_path: Path) -> None:
    async def body(control: ScriptedControl) -> None:
        async with await ApiClient.connect(control.path) as client:
            with pytest.raises(Refusal) as caught:
                await client.call("retrieve", car="X", room=None)
            assert caught.value.rule == "UNKNOWN_CAR"

    control = serve(tmp_path, body)
    assert isinstance(control.asked[0], Retrieve)


def test_a_request_that_goes_wrong_inside_is_an_error_and_the_connection_goes_on(tmp_path: Path) -> None:
    async def body(control: ScriptedControl) -> None:
        async with await ApiClient.connect(control.path) as client:
            with pytest.raises(ApiError, match="the book is torn") as caught:
                await client.call("cars")
            assert caught.value.code == INTERNAL_ERROR
            assert await client.call("status")

    serve(tmp_path, body)


def test_bad_lines_are_answered_and_the_connection_goes_on(tmp_path: Path) -> None:
    good = b'{"jsonrpc":"2.0","method":"status","id":9}\n'

    async def body(control: ScriptedControl) -> None:
        long = b'{"pad":"' + b"x" * (3 * MAX_LINE) + b'"}\n'
        unanswered = b'{"jsonrpc":"2.0","method":"retrieve","params":{"car":"X"}}\n'
        first, second, third = await raw(control, b"rubbish\n", long, b"\n", unanswered, good, answers=3)
        assert first["error"]["code"] == -32700
        assert second["error"]["code"] == INVALID_REQUEST
        assert "longer than" in second["error"]["message"]
        assert third == {"jsonrpc": "2.0", "id": 9, "result": ANSWERS["status"]}

    serve(tmp_path, body)


def test_a_client_that_leaves_in_the_middle_harms_nobody(tmp_path: Path) -> None:
    async def body(control: ScriptedControl) -> None:
        _, writer = await asyncio.open_unix_connection(control.path)
        writer.write(b'{"jsonrpc":"2.0","me')
        writer.transport.abort()
        async with await ApiClient.connect(control.path) as client:
            assert await client.call("status")

    serve(tmp_path, body)


def test_calls_of_two_clients_do_not_wait_for_each_other(tmp_path: Path) -> None:
    class Slow(ScriptedControl):
        async def _run(self) -> None:
            first = await self.inbox.get()
            second = await self.inbox.get()
            second.answer.set_result({"who": "second"})  # type: ignore[attr-defined]
            await asyncio.sleep(0.05)
            first.answer.set_result({"who": "first"})  # type: ignore[attr-defined]

    async def main() -> None:
        async with asyncio.timeout(5), Slow(tmp_path / "s.sock", by_query({})).serving() as control:
            a, b = await ApiClient.connect(control.path), await ApiClient.connect(control.path)
            first = asyncio.create_task(a.call("status"))
            await asyncio.sleep(0.02)
            assert (await b.call("status"))["who"] == "second"
            assert not first.done()
            assert (await first)["who"] == "first"
            await a.close()
            await b.close()

    asyncio.run(main())


def test_a_subscriber_gets_every_event_and_the_newest_status(tmp_path: Path) -> None:
    async def body(control: ScriptedControl) -> None:
        async with await ApiClient.connect(control.path) as client:
            notices = client.subscribe()
            first = await anext(notices)
            assert (first.method, first.params) == ("status", {})
            control.board.tell({"event": "unit_state", "state": "IDLE"})
            for n in range(3):
                control.board.publish({"n": n})
            assert (await anext(notices)).params == {"id": 1, "event": "unit_state", "state": "IDLE"}
            assert (await anext(notices)).params == {"n": 2}

    serve(tmp_path, body)


def test_a_subscriber_misses_nothing_told_after_its_answer(tmp_path: Path) -> None:
    class Busy(ScriptedControl):
        async def _run(self) -> None:
            # Whoever connects is looked up first, which takes as long as it takes.
            known = await self.inbox.get()
            assert isinstance(known, Asked)
            known.answer.set_result({})
            for n in range(400):
                self.board.tell({"event": "n", "n": n})
                self.board.publish({"n": n})
                await asyncio.sleep(0)
            await asyncio.sleep(60)

    async def main() -> None:
        async with asyncio.timeout(10), Busy(tmp_path / "s.sock", by_query({})).serving() as control:
            client = await ApiClient.connect(control.path)
            notices, seen, status = client.subscribe(), [], -1
            await client.call("status")
            while status != 399 or 399 not in seen:
                notice = await anext(notices)
                if notice.method == "event":
                    seen.append(notice.params["n"])
                else:
                    status = notice.params.get("n", -1)
            assert seen == list(range(seen[0], 400)), "no gap from the first on"
            await client.close()

    asyncio.run(main())


def test_a_reader_that_stalls_misses_statuses_but_delays_nobody(tmp_path: Path) -> None:
    pad = "x" * 50_000

    async def body(control: ScriptedControl) -> None:
        reader, writer = await asyncio.open_unix_connection(control.path, limit=MAX_LINE)
        writer.write(b'{"jsonrpc":"2.0","method":"subscribe","id":1}\n')
        await reader.readline()
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        for n in range(1000):
            control.board.publish({"n": n, "pad": pad})
            if n % 10 == 0:
                await asyncio.sleep(0)
        async with await ApiClient.connect(control.path) as other:
            assert await other.call("status")
        reader._transport.resume_reading()  # type: ignore[attr-defined]
        seen: list[int] = []
        while not seen or seen[-1] != 999:
            seen.append(json.loads(await reader.readline())["params"].get("n", -1))
        assert seen == sorted(seen)
        assert len(seen) < 50, "the statuses in between were skipped, not kept"
        writer.close()

    serve(tmp_path, body)


def test_only_owner_and_group_may_connect(tmp_path: Path) -> None:
    async def body(control: ScriptedControl) -> None:
        mode = control.path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o660

    control = serve(tmp_path, body)
    assert not control.path.exists(), "the socket goes with its server"


def test_a_second_daemon_is_kept_out(tmp_path: Path) -> None:
    async def body(control: ScriptedControl) -> None:
        with pytest.raises(SocketInUse, match="another process listens"):
            await ApiServer(control.path, Inbox(), Board()).start()
        async with await ApiClient.connect(control.path) as client:
            assert await client.call("status")

    serve(tmp_path, body)


def test_a_socket_left_by_a_crash_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(tmp_path / "s.sock"))

    async def body(control: ScriptedControl) -> None:
        async with await ApiClient.connect(control.path) as client:
            assert await client.call("status")

    serve(tmp_path, body)


def test_a_file_in_the_way_is_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    path.write_text("precious")
    with pytest.raises(FileExistsError, match="is no socket"):
        asyncio.run(ApiServer(path, Inbox(), Board()).start())
    assert path.read_text() == "precious"


def test_a_socket_path_that_is_too_long_is_named(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 120)
    with pytest.raises(OSError, match=r"cannot make the socket .*xxx"):
        asyncio.run(ApiServer(path, Inbox(), Board()).start())


def test_nobody_listening_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(NotReachable, match="no daemon listens"):
        asyncio.run(ApiClient.connect(tmp_path / "s.sock"))


def test_calls_and_subscriptions_fail_when_the_daemon_goes(tmp_path: Path) -> None:
    silent: asyncio.Event = asyncio.Event()

    class Silent(ScriptedControl):
        async def _run(self) -> None:
            await self.inbox.get()
            silent.set()
            await asyncio.sleep(60)

    async def main() -> None:
        async with asyncio.timeout(5):
            async with Silent(tmp_path / "s.sock", by_query({})).serving() as control:
                client = await ApiClient.connect(control.path)
                notices = client.subscribe()
                await anext(notices)
                call = asyncio.create_task(client.call("status"))
                await silent.wait()
            with pytest.raises(NotReachable):
                await call
            with pytest.raises(NotReachable):
                await anext(notices)
            with pytest.raises(NotReachable):
                await client.call("status")
            await client.close()

    asyncio.run(main())


def test_a_request_is_handed_over_once(tmp_path: Path) -> None:
    seen: list[Request] = []

    def script(request: Request) -> dict[str, object]:
        seen.append(request)
        return {"job": len(seen)}

    async def body(control: ScriptedControl) -> None:
        async with await ApiClient.connect(control.path) as client:
            assert [(await client.call("retrieve", car=c))["job"] for c in "ABC"] == [1, 2, 3]

    serve(tmp_path, body, script)
    assert [r.car for r in seen if isinstance(r, Retrieve)] == ["A", "B", "C"]
