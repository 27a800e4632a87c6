"""What was measured of a job is kept as long as the job itself."""

import pytest

from controller.domain import book
from controller.domain.events import Relocate
from controller.domain.jobs import JobState
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3
from tests.support.scenes import stock
from tests.support.stage import stage


def test_measured_times_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "FINISHED_KEPT", 2)

    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            assert it.world.daemon is not None
            for bay in (LOW2, LOW3, LOW1, LOW2):
                assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=bay))) is JobState.DONE
            assert set(it.world.daemon.control.jobs.measured) <= {2, 3, 4}

    loop.run(scenario())
