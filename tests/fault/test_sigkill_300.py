"""Three hundred SIGKILLs of a daemon at work, at drawn instants: real processes, sockets, pty and files.

`test_sigkill.py` aims at each step once; here chance does, also at the start and while nothing moves.
"""

from pathlib import Path

import pytest

from config.load import load_tower
from tests.fault.test_sigkill import at_work
from tests.support.massacre import Massacre, percentile, summary

pytestmark = [pytest.mark.realtime, pytest.mark.campaign, pytest.mark.long, pytest.mark.own_tower]

SERVING_S = 3.0
"""From exec to a status with every station reconciled, p99."""

MEANINGFUL = 100
"""As many kills give a percentile; fewer show the rest."""


@pytest.mark.parametrize(("seed", "kills"), [(1, 40), (2, 300)])
def test_nothing_is_lost_by_any_number_of_kills(seed: int, kills: int, tmp_path: Path) -> None:
    # The machine is not slowed: until a command that runs has ended its outcome is unknown, and so is the unit's state.
    with at_work(tmp_path / "run", slowed={}) as ordeal:
        massacre = Massacre(ordeal.site, ordeal.daemon, seed, load_tower("guangzhou").shape.bays)
        try:
            for _ in range(kills):
                massacre.kill()
            massacre.end()
        finally:
            print(f"\nseed {seed}: {summary(massacre.deaths) if massacre.deaths else 'none was killed'}")
    p99_s = percentile([death.restart_s for death in massacre.deaths], 0.99)
    assert kills < MEANINGFUL or p99_s <= SERVING_S
