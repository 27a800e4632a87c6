"""The control task's queue: any number of requests that wait keep nobody else from their turn."""

import asyncio

from controller.domain.events import Query
from controller.runtime.inbox import Asked, Inbox
from sim_plc.rehearsal.loop import run


def test_others_have_their_turn_between_requests_and_what_is_urgent_overtakes_them() -> None:
    async def scenario() -> None:
        inbox, taken = Inbox[str](), list[str]()

        async def control() -> None:
            while True:
                event = await inbox.get()
                if isinstance(event, Asked):
                    taken.append(event.request.by)
                    event.answer.set_result({})
                else:
                    taken.append(event)

        asked = [asyncio.create_task(inbox.ask(Query(by=by, what="status"))) for by in "abcd"]
        await asyncio.sleep(0)
        controls = asyncio.create_task(control())
        await asyncio.sleep(0)
        inbox.post("stop", urgent=True)
        await asyncio.gather(*asked)
        assert taken == ["a", "stop", "b", "c", "d"]
        controls.cancel()

    run(scenario())
