"""The rig can see bugs: each safeguard that is taken away is missed within 200 seeds, and nothing else is missed."""

from typing import Final

import pytest

from config.load import load_tower
from sim_plc.rehearsal.ablations.ablation import Ablation
from sim_plc.rehearsal.ablations.catalogue import ABLATIONS
from sim_plc.rehearsal.ablations.search import SAME, ablated, find
from sim_plc.rehearsal.run import rehearse

SMALL: Final = load_tower("small")

SEEDS: Final = range(200)

REPLAYED: Final = 20
"""As many failing seeds are run as many times."""

SHORT: Final = 3.0
"""Minutes of those."""

LATE: Final = {"room-promised-twice"}
"""What hardly shows so soon."""

ALIKE: Final = [each for each in ABLATIONS if SAME not in each.seen_by and each.name not in LATE][:REPLAYED]


@pytest.mark.campaign
@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda each: each.name)
def test_each_safeguard_is_missed_within_two_hundred_seeds(ablation: Ablation) -> None:
    found = find(SMALL, ablation, SEEDS)
    print(found)
    assert found is not None


@pytest.mark.campaign
@pytest.mark.parametrize("ablation", ALIKE, ids=lambda each: each.name)
def test_a_failing_seed_fails_alike_each_time(ablation: Ablation) -> None:
    found = find(SMALL, ablation, SEEDS, SHORT)
    assert found is not None
    seed, options = found.result.seed, ablated(ablation.name)
    hashes = {rehearse(SMALL, seed, SHORT, options).trace_hash for _ in range(REPLAYED)}
    assert hashes == {found.result.trace_hash}
