"""The rig can see bugs: each safeguard that is taken away is missed within 200 seeds, and by nothing else than that."""

from functools import cache
from typing import Final

import pytest

from config.load import load_tower
from sim_plc.rehearsal.ablations.ablation import Ablation
from sim_plc.rehearsal.ablations.catalogue import ABLATIONS
from sim_plc.rehearsal.ablations.search import MINUTES, Found, ablated, find
from sim_plc.rehearsal.run import rehearse

SMALL: Final = load_tower("small")

SEEDS: Final = range(200)

REPLAYED: Final = 20
"""As many failing seeds are run as many times."""


@cache
def found(ablation: Ablation) -> Found | None:
    return find(SMALL, ablation, SEEDS)


@pytest.mark.campaign
@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda each: each.name)
def test_each_safeguard_is_missed_within_two_hundred_seeds(ablation: Ablation) -> None:
    seen = found(ablation)
    print(seen)
    assert seen is not None


@pytest.mark.campaign
@pytest.mark.parametrize("ablation", ABLATIONS[:REPLAYED], ids=lambda each: each.name)
def test_a_failing_seed_fails_alike_each_time(ablation: Ablation) -> None:
    seen = found(ablation)
    assert seen is not None
    options = ablated(ablation.name)
    hashes = {rehearse(SMALL, seen.result.seed, MINUTES, options).trace_hash for _ in range(REPLAYED)}
    assert hashes == {seen.result.trace_hash}
