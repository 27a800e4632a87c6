"""A person at a terminal is led through a parked job at a tower that serves, to the end of the job."""

import asyncio
from pathlib import Path

import pytest

from controller.domain.events import Relocate
from controller.domain.jobs import JobState as S
from controller.settings import kinematics_of
from sim_plc.plant.cars import Car
from tests.support.places import LOW1, TOP1, TOP2, TOWER
from tests.support.served_world import served_world
from tests.support.stage import Stage
from tests.support.terminal import Terminal, arguments

pytestmark = [pytest.mark.realtime, pytest.mark.long]

_POSES = TOWER.shape.poses
CHATTER_S = 1.0 + max(kinematics_of(TOWER).carriage_s(pose, _POSES[TOP1]) for pose in _POSES.values())
"""It begins with the order, and is not over when the carriage is there."""


async def parked(it: Stage) -> None:
    """Order a move, and let the contact of its latch chatter until it is parked."""
    number = await it.order(Relocate(car="C", bay=TOP2))
    it.world.do(lambda plant: plant.shake_contact(("bay", TOP1, "latch_open"), CHATTER_S))
    await it.until(lambda: it.job(number).state is S.PARKED)
    # A quick person would else go on while it still chatters.
    await asyncio.sleep(CHATTER_S)


async def all_is_well(it: Stage) -> None:
    assert it.job(1).state is S.DONE
    assert it.truth() == it.belief() == {"A": LOW1, "C": TOP2}


def test_a_parked_job_is_brought_to_its_end_by_answers_alone(tmp_path: Path) -> None:
    with served_world(tmp_path / "run", {LOW1: Car("A"), TOP1: Car("C")}) as tower:
        tower.play(parked)
        with Terminal(*arguments(tower.run_dir, "resolve", "1"), columns=100, rows=60) as person:
            shown = "\n".join(person.until(lambda lines: "Which" in lines[-1], "asked which way out"))
            assert f"RELOCATE C bay {TOP1} to bay {TOP2}" in shown
            assert "CONTACT" in shown
            assert "both sensors show a car" in shown
            assert "mark and lock" in shown
            person.type("1\r")
            person.until(lambda lines: "Go on? [y/N]" in lines[-1], "asked for a yes")
            person.type("y\r")
            person.until(
                lambda lines: "The tower is HELD." in "\n".join(lines) and "Go on?" in lines[-1], "asked again"
            )
            person.type("y\r")
            assert person.end() == 0, person.screen
        assert person.screen[-2:][0] == "job 1 DONE", person.screen
        tower.play(all_is_well)
