"""Polls that are left out change nothing: with every one of them a seed comes to the same end.

Faults are drawn here, not aimed: a hundred that wait for the moments of a run make another run of any difference.
"""

import pytest

from config.load import load_tower
from controller import logs
from sim_plc.rehearsal.faults import humans, plc, process, safety, storage, wire
from sim_plc.rehearsal.faults.alphabet import ALPHABET
from sim_plc.rehearsal.faults.letter import Letter
from sim_plc.rehearsal.run import Options, rehearse
from sim_plc.rehearsal.world import EPOCH_S

pytestmark = pytest.mark.own_tower

logs.set_up(now=lambda: EPOCH_S, level="critical")

STEADY = (process.CRASH, plc.PLC_WARM, wire.CUT, safety.E_STOP, humans.PERSON, humans.HOLD, humans.STOP)
"""Kinds of the sample, so that it stays what it is however many letters there are."""

HARM_THE_LOG = (storage.BIT_FLIP, storage.LOST_LOG)
"""Kept back from both ways. The journal's log begins anew every so many commits, and a step may fall into another
commit by milliseconds: a bit that rots there, or its loss, costs two entries in one way and hundreds in the other."""

CAMPAIGN = [
    pytest.param("small", seed, faults, 15.0, ALPHABET, marks=pytest.mark.campaign)
    for faults, seeds in ((True, range(80)), (False, range(1000, 1020)))
    for seed in seeds
]


@pytest.mark.parametrize(
    ("tower", "seed", "faults", "minutes", "kinds"),
    [("small", 1, True, 4.0, STEADY), ("small", 3, True, 3.0, STEADY), *CAMPAIGN],
)
def test_a_seed_ends_alike_with_every_poll_and_with_those_that_matter(
    tower: str, seed: int, minutes: float, kinds: tuple[Letter, ...], *, faults: bool
) -> None:
    coalesced, faithful = (
        rehearse(
            load_tower(tower),
            seed,
            minutes,
            Options(faults, kinds, aimed=False, coalesced=coalesced, without=HARM_THE_LOG),
        )
        for coalesced in (True, False)
    )
    assert coalesced.good, str(coalesced)
    assert faithful.good, str(faithful)
    assert coalesced.end is not None
    assert coalesced.end == faithful.end
    assert coalesced.end.jobs
    # Otherwise it would be the same run twice.
    assert coalesced.scans < faithful.scans / 2
