"""A port among slaves that answer late, twice, cut, for others or not at all: it accepts nothing wrong, ever.

`python -m pytest tests/fault/test_hostile_slave.py -m campaign -s` runs a million exchanges: some six minutes.
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


@pytest.mark.parametrize("wire", ["tcp", "line"])
def test_no_wrong_answer_is_accepted_by_several_who_ask_at_the_same_time(wire: str) -> None:
    if wire == "tcp":
        tally = over_tcp(port(), server(5), 5, SAMPLE // 2, abreast=True)
    else:
        tally = over_line(port(), line(5), 5, SAMPLE // 2, abreast=True)
    assert tally.ends["right"] > SAMPLE / 10


RUNS = {"100": (100, False), "101": (101, False), "102-abreast": (102, True), "103-abreast": (103, True)}
each_run = pytest.mark.parametrize(("seed", "abreast"), RUNS.values(), ids=RUNS)


@pytest.mark.campaign
@each_run
def test_no_wrong_answer_in_half_a_million_exchanges_over_tcp(seed: int, *, abreast: bool) -> None:
    slave = server(seed)
    tally = over_tcp(port(), slave, seed, CAMPAIGN, abreast=abreast)
    tell("tcp", seed, tally, slave)
    must_be_fair(tally, slave, CAMPAIGN)


@pytest.mark.campaign
@each_run
def test_no_wrong_answer_in_half_a_million_exchanges_over_a_line(seed: int, *, abreast: bool) -> None:
    slave = line(seed)
    tally = over_line(port(), slave, seed, CAMPAIGN, abreast=abreast)
    tell("line", seed, tally, slave)
    must_be_fair(tally, slave, CAMPAIGN)
