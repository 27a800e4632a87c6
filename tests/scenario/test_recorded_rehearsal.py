"""A rehearsed run is taken down as a real one is, and lived through again: with a wire that is anything but quiet."""

import asyncio
import random

import pytest

from config.load import load_tower
from controller.domain.events import Relocate, Retrieve
from controller.domain.jobs import JobState
from controller.domain.unit import UnitState
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.memory_link import Fault
from sim_plc.rehearsal.recorded.folder import Recording
from sim_plc.rehearsal.recorded.replay import live_through
from tests.support.recorded_world import RecordedWorld
from tests.support.scenes import stock
from tests.support.stage import Stage

pytestmark = pytest.mark.own_tower

SHAKY = 0.005
"""Of all requests, those that are lost, or whose answer is."""


COMMIT_S = 0.3
"""A disk that everybody waits for: as long when it is lived through again."""


def rehearsed(seed: int) -> Recording:
    """Return a run: a cable comes out and a connection breaks during a move, a car is fetched.

    Of odd seeds the computer's disk is slow; of even ones the wire loses requests and answers.
    """
    commit_s = COMMIT_S if seed % 2 else 0.0
    world = RecordedWorld(load_tower("small", profile="brisk"), seed, stock(102, 203), commit_s=commit_s)
    rng = random.Random(seed)

    def decide(_bus: str, _function: int, _unit: int) -> Fault:
        return rng.choice((Fault.LOSE_REQUEST, Fault.LOSE_ANSWER)) if rng.random() < SHAKY else Fault.NONE

    async def run() -> Recording:
        it = Stage(world)
        async with world.running():
            await it.start()
            await it.import_all()
            await it.execute()
            if not commit_s:
                world.decide = decide
            job = await it.order(Relocate(car="C102", bay=204))
            await it.until(lambda: it.job(job).state is JobState.POSITIONING_TO)
            world.pull_cable("bays", out=True)
            await asyncio.sleep(3.0)
            assert it.unit is UnitState.ABORTED
            world.pull_cable("bays", out=False)
            world.links["tower"].cut()
            await asyncio.sleep(6.0)
            await it.execute()
            assert await it.ended(job) is JobState.DONE
            assert await it.ended(await it.order(Retrieve(car="C203", room=101))) is JobState.DONE
            return world.kept()

    return loop.run(run())


MORE = (1, *range(4, 24, 2))


@pytest.mark.parametrize("seed", [2, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in MORE)])
def test_a_rehearsed_run_over_a_bad_wire_is_lived_through_again(seed: int) -> None:
    recording = rehearsed(seed)
    errors = {line["error"] for line in recording.lines if "error" in line}
    assert errors >= {"NoAnswer", "LinkDown"}
    assert (max(line["took"] for line in recording.lines if line["is"] == "work") > 0.0) == bool(seed % 2)
    outcome = live_through(recording)
    assert outcome.difference is None, str(outcome)
    assert outcome.deeds > 80
