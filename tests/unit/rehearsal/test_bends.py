"""What a station shows wrongly is as long as what was asked for."""

import random

from config.load import load_tower
from hal.plcmap.registers import station_maps
from sim_plc.rehearsal.bent_unit import Bend
from sim_plc.rehearsal.faults.bends import BeyondRange, Frozen, Stuck, Swapped, Torn


def test_a_read_of_a_part_of_a_block_is_bent_as_far_as_it_goes() -> None:
    """A host that scans the registers reads fewer than a block has: the rig fell over it (small, seed 1445, aimed)."""
    tower = station_maps(load_tower("small").shape)["tower"]
    rng = random.Random(1)
    bends: list[Bend] = [Torn(rng), Frozen(), Swapped(tower)]
    bends += [kind(tower, rng) for kind in (Stuck, BeyondRange) for _ in range(30)]
    for block in tower.blocks:
        for bend in bends:
            for count in (block.count, 1, block.count // 2, block.count):
                assert len(bend.read(block.address, list(range(count)))) == count
