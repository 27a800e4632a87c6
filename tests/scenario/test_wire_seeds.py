"""Seeds with nothing but faults of wires, PLCs, their data and other hosts, over requests and over bytes."""

from typing import Final

import pytest

from config.load import load_tower
from controller import logs
from sim_plc.rehearsal.faults import data, master, plc, wire, wire_bytes
from sim_plc.rehearsal.faults.alphabet import ALPHABET
from sim_plc.rehearsal.faults.letter import Letter
from sim_plc.rehearsal.run import Options, rehearse
from sim_plc.rehearsal.world import EPOCH_S

pytestmark = pytest.mark.own_tower

logs.set_up(now=lambda: EPOCH_S, level="critical")

MINE: Final = frozenset(
    letter
    for module in (wire, wire_bytes, plc, data, master)
    for letter in vars(module).values()
    if isinstance(letter, Letter)
)

SEEDS: Final = 100
CHUNK: Final = 10


def test_every_letter_is_in_the_alphabet() -> None:
    assert set(ALPHABET) >= MINE


@pytest.mark.parametrize("on_bytes", [False, True])
@pytest.mark.parametrize(
    ("first", "count", "minutes"),
    [
        pytest.param(1, 1, 0.5, id="short"),
        *(
            pytest.param(first, CHUNK, 15.0, id=str(first), marks=[pytest.mark.long, pytest.mark.campaign])
            for first in range(0, SEEDS, CHUNK)
        ),
    ],
)
def test_no_fault_of_a_wire_or_a_plc_breaks_an_invariant(
    first: int, count: int, minutes: float, *, on_bytes: bool
) -> None:
    kinds = tuple(letter for letter in ALPHABET if letter in MINE)
    for seed in range(first, first + count):
        report = rehearse(load_tower("small"), seed, minutes, Options(kinds=kinds, on_bytes=on_bytes))
        assert report.good, str(report)
        assert report.script
