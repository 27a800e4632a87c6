"""A process that appends to a journal until it is killed, and says which entries were acknowledged.

Run as ``python -m tests.support.journal_writer PATH FIRST``: each acknowledged entry's number goes to standard output.
"""

import asyncio
import os
import sys
import time
from itertools import count
from pathlib import Path

from controller.store.journal import Journal
from controller.store.writer import WriterThread


async def write(path: Path, first: int) -> None:
    journal = Journal.open(path, now=time.time, executor=WriterThread())
    for number in count(first, 2):
        await journal.append([("Counted", {"n": number}), ("Counted", {"n": number + 1})])
        os.write(1, f"{number + 1}\n".encode())
        if number % 50 == 1:
            await journal.save_snapshot({"sum": (number + 1) * (number + 2) // 2})


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
