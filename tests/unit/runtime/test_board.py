"""The board: who waits for events alone is not woken by a status."""

import asyncio

from controller.runtime.inbox import Board


async def _read(board: Board) -> tuple[list[int], list[int]]:
    """Let two readers follow, one with the status; return how many events each of their yields had."""
    both: tuple[list[int], list[int]] = ([], [])

    async def events() -> None:
        async for fresh in board.tidings():
            both[0].append(len(fresh))

    async def everything() -> None:
        async for _, fresh in board.follow():
            both[1].append(len(fresh))

    readers = [asyncio.create_task(events()), asyncio.create_task(everything())]
    await asyncio.sleep(0)
    for version in range(3):
        board.publish({"version": version})
        await asyncio.sleep(0)
    board.tell({"event": "one"})
    board.tell({"event": "two"})
    await asyncio.sleep(0)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return both


def test_a_status_wakes_only_who_follows_it_and_no_event_is_missed() -> None:
    events, everything = asyncio.run(_read(Board()))
    assert events == [0, 2]
    assert everything == [0, 0, 0, 0, 2]
