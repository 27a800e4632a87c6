"""The same hostile slaves behind a real pseudo terminal, paced at 115,200 baud, and the port with its real driver.

`python -m pytest tests/fault/test_hostile_slave_pty.py -m campaign -s` runs two thousand exchanges: two minutes.
"""

import asyncio
import random
from pathlib import Path

import pytest

from hal.modbus_link import RtuLink
from tests.support.hostile import HostileLine, Times
from tests.support.hostile_pty import hostile_pty
from tests.support.hostile_runs import BAUD, BITS
from tests.support.judge_port import Tally, judge

pytestmark = pytest.mark.realtime

TIMES = Times(timeout_s=0.05, late_s=0.1)
REPLY_MAX_S = 0.13
"""Beyond the slave's latest answer by what a busy machine may make of it."""


def over_pty(folder: Path, seed: int, exchanges: int) -> Tally:
    async def run() -> Tally:
        slave = HostileLine(random.Random(seed), TIMES, BITS / BAUD)
        with hostile_pty(slave, BITS / BAUD, folder) as device:
            link = RtuLink(
                device, baud=BAUD, parity="E", stop_bits=1, timeout_s=TIMES.timeout_s, reply_max_s=REPLY_MAX_S
            )
            return await judge(link, slave, seed, exchanges, deaf_s=2.0)

    tally = asyncio.run(run())
    print(f"\npty, seed {seed}: {tally}")
    return tally


def test_no_wrong_answer_is_accepted_over_a_pty(tmp_path: Path) -> None:
    assert over_pty(tmp_path, 11, 50).ends["right"] > 10


@pytest.mark.campaign
def test_no_wrong_answer_in_two_thousand_exchanges_over_a_pty(tmp_path: Path) -> None:
    assert over_pty(tmp_path, 12, 2_000).ends["right"] > 1_000
