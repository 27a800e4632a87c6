"""A person can start the unit though much of what goes over the wires is struck, and connections break with it."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from typing import Final

import pytest

from controller.domain.events import UnitCommand
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitState
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.memory_link import Fault
from tests.support.moves import NEXT
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import share_of_all, tower_under_test

LOST: Final = (Fault.LOSE_REQUEST, Fault.LOSE_ANSWER)
BROKEN: Final = (*LOST, Fault.DELAY, Fault.CUT, Fault.CUT_AFTER)

LOOK_S: Final = 0.5
"""What a person takes between two acts."""


LONGEST_S: Final = 1800.0


async def acts_until_it_executes(it: Stage, most: int) -> int:
    """Be the operator who acts whenever the unit waits; return how many acts it took."""
    acts = 0
    while it.unit is not UnitState.EXECUTE:
        assert acts < most, it.picture()
        assert it.world.now < LONGEST_S, it.picture()
        if it.unit in NEXT:
            with suppress(Refusal):
                await it.ask(UnitCommand(event=NEXT[it.unit]))
                acts += 1
                await it.until(lambda: it.unit in (*NEXT, UnitState.EXECUTE))
        await asyncio.sleep(LOOK_S)
    return acts


@pytest.mark.parametrize(
    ("befalls", "share", "most", "seed"),
    [
        pytest.param(LOST, 0.3, 20, 1, id="a third of the requests lost"),
        pytest.param(BROKEN, 0.1, 30, 1, id="one request of twenty-five breaks the connection"),
        *(
            pytest.param(befalls, share, most, seed, marks=pytest.mark.campaign)
            for befalls, share, most in ((LOST, 0.3, 20), (BROKEN, 0.1, 30))
            for seed in range(2, 12)
        ),
    ],
)
def test_a_person_can_start_the_unit(befalls: tuple[Fault, ...], share: float, most: int, seed: int) -> None:
    dice, struck, struck_share = random.Random(seed), Counter[Fault](), share_of_all(share)

    def decide(_bus: str, _function: int, _unit: int) -> Fault:
        fault = dice.choice(befalls) if dice.random() < struck_share else Fault.NONE
        struck[fault] += 1
        return fault

    async def body() -> None:
        async with stage(tower_under_test(), execute=False, coalesced=False, seed=seed) as it:
            it.world.decide = decide
            acts = await acts_until_it_executes(it, most)
            it.world.decide = lambda _bus, _function, _unit: Fault.NONE
            print(f"{struck_share:.0%} of {struck.total()} struck: executes after {acts} acts, {it.world.now:.0f} s")
            assert struck.total() > struck[Fault.NONE]

    loop.run(body())
