"""A rehearsed tower comes to the same end over pymodbus, client, server and both codecs, as over the link in memory."""

import pytest

from config.load import load_tower
from controller import logs
from sim_plc.rehearsal import run
from sim_plc.rehearsal.run import Options, rehearse
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.pymodbus_link import PymodbusWorld

pytestmark = pytest.mark.own_tower

logs.set_up(now=lambda: EPOCH_S, level="critical")


@pytest.mark.parametrize(
    ("seed", "minutes"),
    [pytest.param(0, 0.3, id="short"), *(pytest.param(seed, 15, marks=pytest.mark.campaign) for seed in range(4))],
)
def test_a_seed_ends_alike_over_pymodbus(seed: int, minutes: float, monkeypatch: pytest.MonkeyPatch) -> None:
    options = Options(faults=False, coalesced=False)
    tower = load_tower("small", profile="brisk")
    in_memory = rehearse(tower, seed, minutes, options)
    monkeypatch.setattr(run, "World", PymodbusWorld)
    over_pymodbus = rehearse(tower, seed, minutes, options)
    assert in_memory.good, str(in_memory)
    assert over_pymodbus.good, str(over_pymodbus)
    assert over_pymodbus.end == in_memory.end
    assert over_pymodbus.orders == in_memory.orders > 0
