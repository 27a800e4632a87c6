"""A JOG that is let go stands within 300 ms, on the machine of every profile: judged from the plant's truth."""

import pytest

from hal.plcmap.codes import Opcode
from tests.support.program_rig import Rig

STANDS_S = 0.3


@pytest.mark.parametrize("profile", ["slow", "medium", "fast", "brisk"])
@pytest.mark.parametrize("mechanism", ["lift", "turntable"])
def test_a_jog_that_is_let_go_stands_within_300_ms(profile: str, mechanism: str) -> None:
    rig = Rig(profile=profile)
    rig.up()
    rig.manual()
    jog = rig.send(mechanism, Opcode.JOG, 1)
    rig.run(0.4)
    carriage = rig.plant.truth().carriage
    assert {"lift": carriage.lift, "turntable": carriage.turntable}[mechanism].velocity > 0
    assert rig.status(mechanism).executing == jog
    rig.master.hand = False
    rig.run(STANDS_S)
    carriage = rig.plant.truth().carriage
    assert {"lift": carriage.lift, "turntable": carriage.turntable}[mechanism].velocity == 0
