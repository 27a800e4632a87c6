"""What wears out and who comes differently is drawn often enough that a hundred seeds contain each of it."""

import random
from collections import Counter

import pytest

from config.load import load_tower
from controller import logs
from sim_plc.rehearsal.faults.alphabet import ALPHABET, draw
from sim_plc.rehearsal.run import rehearse
from sim_plc.rehearsal.world import EPOCH_S

LENGTH_S = 900.0

OF_THE_PLANT = ("JAM", "LOOSE", "CURTAIN", "PERSON")
OF_PEOPLE = (
    "came with a car at the limits",
    "left a car beside the marks",
    "lingered",
    "odd car",
    "stayed away",
    "stopped beside the marks",
)

logs.set_up(now=lambda: EPOCH_S, level="critical")


def test_four_hundred_scripts_contain_every_kind_of_strike_many_times() -> None:
    drawn = Counter(
        strike.kind for seed in range(400) for strike in draw(random.Random(seed), begin_s=5.0, end_s=LENGTH_S)
    )
    assert set(drawn) == set(ALPHABET)
    assert min(drawn.values()) >= 5


@pytest.mark.campaign
def test_forty_seeds_contain_every_behaviour_and_break_no_invariant() -> None:
    happened: Counter[str] = Counter()
    for seed in range(200, 240):
        report = rehearse(load_tower("small"), seed, 15)
        assert report.good, str(report)
        happened.update(report.probes)
    assert [name for name in (*OF_THE_PLANT, *OF_PEOPLE) if not happened[name]] == []
