"""The interlock table of a bay controller: each condition of a latch broken in turn."""

import random

import pytest

from hal.plcmap.codec import ControllerBlock
from hal.plcmap.codes import Opcode, Reason, Result
from hal.plcmap.frame import Content, Frame
from sim_plc.image import BayInputs, BayLevelImage
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS
from sim_plc.program.bays import BayProgram
from tests.support.interlock_rig import BAY, small


class TestBays:
    def wish(self, *, opcode: Opcode, **wires: bool) -> Reason:
        tower = small()
        image = BayLevelImage({place: BayInputs() for place in tower.shape.bays_of(2)}, {}, carriage_held=True)
        image.bays[BAY].docked = wires.get("docked", True)
        image.carriage_held = wires.get("held", True)
        image.shuttle_centred = wires.get("centred", True)
        program = BayProgram(tower, image, level=2, retained=None, rng=random.Random(1))
        program.station_state.powered = wires.get("powered", True)
        content = Content(opcode, 3)
        frame = Frame.build(epoch=1, boot_id=program.boot_id, content=content, sequence=1)
        for k in range(1, 4):
            echo = ControllerBlock(1, 1, program.gate.heartbeat(k * 0.01))
            program.write(program.station.controller_block, echo.to_words())
            program.write(program.station.mailbox("latches"), frame.to_words())
            program.scan(k * 0.01)
        newest = program.mechanism("latches").mailbox.newest
        return Reason(newest.reason) if newest.result == Result.REFUSED else Reason.NONE

    @pytest.mark.parametrize(
        ("opcode", "wire", "reason"),
        [
            (Opcode.UNLATCH, "docked", Reason.NOT_DOCKED),
            (Opcode.UNLATCH, "held", Reason.NOT_HELD),
            (Opcode.UNLATCH, "powered", Reason.POWER),
            (Opcode.LATCH, "centred", Reason.SHUTTLE_NOT_CENTRED),
        ],
    )
    def test_each_condition_of_a_latch(self, opcode: Opcode, wire: str, reason: Reason) -> None:
        assert self.wish(opcode=opcode) == Reason.NONE
        assert self.wish(opcode=opcode, **{wire: False}) == reason

    def test_the_table_has_no_other_condition(self) -> None:
        assert BAY_INTERLOCKS.names == {"latch_power", "docked", "held", "shuttle_centred", "nothing_runs"}
