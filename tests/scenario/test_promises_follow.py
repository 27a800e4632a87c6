"""Whoever waits is told at once what follows from a station that is lost and from a mode without jobs."""

from typing import Any

from controller.domain.events import Query, Relocate, Retrieve, SetMode
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW_BUS, LOW_STATION, TOP1
from tests.support.scenes import stock
from tests.support.stage import Stage, stage


async def waiting(it: Stage) -> dict[str, Any]:
    """Return how the status shows the one job that waits."""
    status: Any = await it.ask(Query(what="status"))
    return next(job for job in status["queue"] if job["state"] == "QUEUED")


def test_nobody_is_promised_anything_while_a_station_is_lost_or_the_mode_moves_no_car() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            await it.order(Relocate(car=f"C{TOP1}", bay=LOW2))
            await it.order(Retrieve(car=f"C{LOW1}"))
            assert (await waiting(it))["promise"]["p50_s"] > 0
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            it.world.pull_cable(LOW_BUS, out=True)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            lost = await waiting(it)
            assert lost["promise"] is None
            assert LOW_STATION in lost["held"]
            it.world.pull_cable(LOW_BUS, out=False)
            await it.until(lambda: all(each.online for each in it.world.daemon.stations.values()))  # type: ignore[union-attr]
            assert (await waiting(it))["promise"]["p50_s"] > 0
            await it.ask(SetMode(mode=UnitMode.MAINTENANCE))
            kept = await waiting(it)
            assert (kept["promise"], kept["held"]) == (None, "the tower is in mode maintenance")
            await it.ask(SetMode(mode=UnitMode.PRODUCTION))
            assert (await waiting(it))["promise"]["p50_s"] > 0

    loop.run(play())
