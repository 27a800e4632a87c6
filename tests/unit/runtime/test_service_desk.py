"""When the service desk looks at what is due: by the clock, however often it is asked."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.domain.service import ServiceBook
from controller.domain.service_plan import NONE
from controller.runtime.service import LOOK_S, ServiceDesk
from tests.support.places import SHAPE

ASKED_S = 180.0
PULSE_S = 1.0


@pytest.mark.parametrize("news_s", [1.0, 7.0, 50.0, 1000.0])
def test_its_looks_come_at_the_same_times_whatever_else_there_was_to_look_at(news_s: float) -> None:
    clock_s = 0.0
    looks: set[float] = set()

    def now() -> float:
        looks.add(clock_s)
        return clock_s

    ledger = cast("Any", SimpleNamespace(book=SimpleNamespace(service=ServiceBook())))
    desk = ServiceDesk(SHAPE, ledger, NONE, now, lambda: clock_s)
    while clock_s <= ASKED_S:
        if clock_s % news_s == 0 or desk.waits:
            desk.due()
        clock_s += PULSE_S
    assert looks == {0.0, LOOK_S, 2 * LOOK_S, ASKED_S}
