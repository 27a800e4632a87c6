"""What is foreseen of a queue comes true: whose turn it is, when, and why; and the machine teaches its own pace."""

import asyncio
from typing import Any

import pytest

from controller.domain.dispatch.ahead import STANDS_S
from controller.domain.dispatch.calibration import Primitive
from controller.domain.events import Query, Relocate, Retrieve
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.runtime.control import LOOK_S
from controller.settings import kinematics_of
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, ROOM, TOP1, TOP2, TOP3
from tests.support.scenes import all_is_told, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

PLAN = Query(what="plan")


async def foreseen(it: Stage, what: Query = PLAN) -> dict[str, Any]:
    return dict(await it.ask(what))


def test_a_job_is_done_when_it_was_foreseen_to_be() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1, TOP1, TOP2)) as it:
            first = await it.order(Relocate(car=f"C{TOP1}", bay=TOP3))
            behind = await it.order(Relocate(car=f"C{TOP2}", bay=LOW3))
            await it.until(lambda: it.job(first).state is JobState.PICKING)
            plan = await foreseen(it)
            [move] = plan["moves"]
            assert (move["job"], plan["at_hand"]["id"]) == (behind, first)
            assert move["promise"]["ahead"] == 0
            assert 0.0 < plan["bound"]["least_done_s"] <= plan["bound"]["done_s"]
            assert 0.0 < plan["bound"]["least_wait_s"] <= plan["bound"]["wait_s"]
            ends_s = it.world.now + move["ends_s"]
            assert await it.ended(behind) is JobState.DONE
            assert it.world.now == pytest.approx(ends_s, rel=0.02, abs=2.0)
            all_is_told(it)

    loop.run(scenario())


def test_moves_teach_the_pace_of_the_machine() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=stock(TOP1)) as it:
            for bay in (TOP2, LOW1, TOP3, LOW2):
                assert await it.ended(await it.order(Relocate(car=f"C{TOP1}", bay=bay))) is JobState.DONE
            pace = (await foreseen(it))["pace"]
            assert pace[Primitive.TRAVEL]["samples"] + pace[Primitive.LIFT]["samples"] >= 4
            assert (pace[Primitive.EXCHANGE]["samples"], pace[Primitive.LATCH]["samples"]) == (8, 16)
            assert pace[Primitive.DOOR]["samples"] == 0
            assert it.world.daemon is not None
            known = it.world.daemon.control.jobs.foresight.learning.calibration
            bound_s = kinematics_of(it.world.tower).exchange_s()
            assert known.predicted_s(Primitive.EXCHANGE, bound_s) == pytest.approx(bound_s, rel=0.05)

    loop.run(scenario())


def test_who_waits_for_a_room_is_foreseen_when_its_customer_leaves() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1, LOW2, TOP1)) as it:
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            waits = await it.order(Retrieve(car=f"C{LOW2}", room=ROOM))
            behind = await it.order(Retrieve(car=f"C{TOP1}", room=ROOM))
            await it.until(lambda: it.job(waits).state is JobState.WAITING)
            plan = await foreseen(it)
            assert (plan["at_hand"]["id"], [move["job"] for move in plan["moves"]]) == (waits, [behind])
            # It was fetched as late as is worth a standing carriage, and the customer is still in the room.
            stands_s = plan["at_hand"]["stands_s"]
            assert 0.5 * STANDS_S < stands_s < STANDS_S
            assert plan["at_hand"]["eta_s"] > stands_s
            assert plan["moves"][0]["ends_s"] > plan["at_hand"]["eta_s"] + 60.0
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.DEPARTING)
            assert (await foreseen(it))["at_hand"]["stands_s"] < 60.0
            assert await it.ended(waits) is JobState.DONE

    loop.run(scenario())


def test_a_car_that_is_held_back_until_its_room_is_left_soon_begins_when_it_was_said_to() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1, LOW2)) as it:
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            waits = await it.order(Retrieve(car=f"C{LOW2}", room=ROOM))
            [move] = (await foreseen(it))["moves"]
            asked_s = it.world.now
            assert move["begins_s"] > 10.0, "the carriage is free, and would stand before the room for long"
            assert "is fetched once room" in move["why"]
            await it.until(lambda: it.job(waits).state is not JobState.QUEUED)
            # A tower in which nothing happens looks at its foresight every so often.
            assert 0.0 <= it.world.now - asked_s - move["begins_s"] <= LOOK_S
            assert "is fetched ahead" in (await foreseen(it))["at_hand"]["why"]

    loop.run(scenario())


def test_what_nothing_can_be_done_for_is_said_so() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1), execute=False) as it:
            plan = await foreseen(it)
            assert (plan["at_hand"], plan["moves"], plan["unplanned"]) == (None, [], [])
            await asyncio.sleep(1.0)

    loop.run(scenario())


def test_a_status_tells_who_waits_when() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1, TOP1)) as it:
            first = await it.order(Relocate(car=f"C{TOP1}", bay=TOP3))
            behind = await it.order(Retrieve(car=f"C{LOW1}"))
            [queued] = (await foreseen(it, Query(what="status")))["queue"]
            assert queued["id"] == behind
            assert 0.0 < queued["promise"]["p50_s"] < queued["promise"]["p90_s"]
            assert await it.ended(first) is JobState.DONE
            assert await it.ended(behind) is JobState.DONE

    loop.run(scenario())
