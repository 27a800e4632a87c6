"""Arms that set out as their latch fell are borne for as long as it takes to stop them, and not a moment longer."""

from types import SimpleNamespace
from typing import cast

import pytest

from hal.plcmap.registers import latches_station
from sim_plc.plant.crimes import Crime, CrimeCode
from sim_plc.plant.truth import Truth
from sim_plc.rehearsal.latch_law import SET_OUT_S, STOPPED_S, LatchLaw
from sim_plc.rehearsal.world import World
from tests.support.places import TOP1

DROPPED_S = 100.0
LOOK_S = 0.05


class Scene:
    """Arms before a bay whose controller lost its power at `DROPPED_S`, and what the law says of them."""

    def __init__(self) -> None:
        self.now = DROPPED_S
        self.tells_open = False
        self.accused_s: list[float] = []
        plant = SimpleNamespace(truth=lambda: self.truth(moving=True), shows=lambda _wire: self.tells_open)
        self._world = SimpleNamespace(now=self.now, plant=plant)
        self.law = LatchLaw(cast("World", self._world), lambda _invariant, _text: self.accused_s.append(self.now))
        self.law.power_up(latches_station(TOP1))

    def truth(self, *, moving: bool) -> Truth:
        arms = SimpleNamespace(moving=moving)
        return cast("Truth", SimpleNamespace(carriage=SimpleNamespace(docked=TOP1, arms=arms)))

    def set_out(self, behind_s: float) -> bool:
        """Let arms set out; tell whether that is borne for now."""
        self.now = self._world.now = DROPPED_S + behind_s
        return self.law.bears(Crime(self.now, CrimeCode.ARMS_INTO_WAY, "arms"))

    def go_on(self, for_s: float, *, told: bool) -> None:
        """Let the arms go on; ``told``: the carriage's contact tells that the latch fell."""
        until_s, self.tells_open = self.now + for_s, not told
        while self.now < until_s:
            self.now = self._world.now = min(until_s, self.now + LOOK_S)
            self.law.look(self.truth(moving=True))

    def stand(self) -> None:
        self.law.look(self.truth(moving=False))
        self.go_on(STOPPED_S, told=True)


@pytest.mark.parametrize(("told", "within_s"), [(True, SET_OUT_S), (False, STOPPED_S)])
def test_arms_that_nobody_stops_are_accused_also_where_the_contact_lies(*, told: bool, within_s: float) -> None:
    stopped, going = Scene(), Scene()
    for scene in (stopped, going):
        assert scene.set_out(0.1)
        scene.go_on(within_s - LOOK_S, told=told)
    stopped.stand()
    assert stopped.accused_s == []
    going.go_on(4 * LOOK_S, told=told)
    assert len(going.accused_s) == 1
    assert going.accused_s[0] == pytest.approx(DROPPED_S + 0.1 + within_s, abs=2 * LOOK_S)


def test_a_contact_that_lies_no_more_leaves_the_tower_plc_its_time_to_stop_the_arms() -> None:
    stopped, going = Scene(), Scene()
    for scene in (stopped, going):
        assert scene.set_out(0.1)
        scene.go_on(1.0, told=False)
        scene.go_on(SET_OUT_S - LOOK_S, told=True)
    stopped.stand()
    assert stopped.accused_s == []
    going.go_on(4 * LOOK_S, told=True)
    assert len(going.accused_s) == 1


@pytest.mark.parametrize("told", [False, True])
def test_arms_that_set_out_later_than_their_latch_fell_are_borne_by_nobody(*, told: bool) -> None:
    scene = Scene()
    scene.tells_open = not told
    assert scene.set_out(SET_OUT_S - 0.01)
    assert not scene.set_out(SET_OUT_S + 0.01)
    assert not scene.set_out(STOPPED_S)
