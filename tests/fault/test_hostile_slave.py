"""A port among slaves that answer late, twice, cut, for others or not at all: it accepts nothing wrong, ever.

`python -m pytest tests/fault/test_hostile_slave.py -m campaign -s` runs a million exchanges.
"""

import pytest

from tests.support.hostile import Hostile
from tests.support.hostile_runs import line, over_line, over_tcp, port, server
from tests.support.judge_port import Tally

SAMPLE = 2_500
CAMPAIGN = 125_000
SEEDS = range(2)

def tell(wire: str, seed: int, tally: Tally, slave: Hostile) -> None:
    print(f"\n{wire}, seed {seed}: {tally}\n  {dict(sorted(slave.faults.items()))}")


def must_be_fair(tally: Tally, slave: Hostile, exchanges: int) -> None:
    """A run in which little got through, or few faults came, would prove nothing."""
    assert tally.exchanges >= exchanges
    assert tally.ends["right"] > exchanges / 4
    for name in slave.faults_by_name:
        assert slave.faults[name] > exchanges / 400, f"hardly ever {name}"


@pytest.mark.parametrize("seed", SEEDS)
def test_no_wrong_answer_is_accepted_over_tcp(seed: int) -> None:
    slave = server(seed)
    tally = over_tcp(port(), slave, seed, SAMPLE)
    tell("tcp", seed, tally, slave)
    must_be_fair(tally, slave, SAMPLE)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_wrong_answer_is_accepted_over_a_line(seed: int) -> None:
    slave = line(seed)
    tally = over_line(port(), slave, seed, SAMPLE)
    tell("line", seed, tally, slave)
    must_be_fair(tally, slave, SAMPLE)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 104))
def test_no_wrong_answer_in_half_a_million_exchanges_over_tcp(seed: int) -> None:
    slave = server(seed)
    tally = over_tcp(port(), slave, seed, CAMPAIGN)
    tell("tcp", seed, tally, slave)
    must_be_fair(tally, slave, CAMPAIGN)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 104))
def test_no_wrong_answer_in_half_a_million_exchanges_over_a_line(seed: int) -> None:
    slave = line(seed)
    tally = over_line(port(), slave, seed, CAMPAIGN)
    tell("line", seed, tally, slave)
    must_be_fair(tally, slave, CAMPAIGN)
