"""Interlocks in time: what was accepted in the same scan counts, and what is lost in motion stops it."""

import pytest

from hal.plcmap.codes import Opcode, Reason, Result, State
from sim_plc.program.input_filter import CONTACT_S
from tests.support.interlock_rig import ROOM, Bench, at_source, put


class TestWithinOneScan:
    """What was accepted earlier in the same scan counts, whatever the feedback still shows."""

    def together(self, bench: Bench, *wishes: tuple[str, Opcode, int, int]) -> list[Reason | None]:
        sequences = [bench.write(*wish) for wish in wishes]
        bench.scan()
        bench.scan()
        return [bench.reason(wish[0], n) for wish, n in zip(wishes, sequences, strict=True)]

    def test_inner_door_and_outer_gate(self) -> None:
        reasons = self.together(
            Bench(ROOM), ("room1.inner_door", Opcode.OPEN, 0, 0), ("room1.outer_gate", Opcode.OPEN, 0, 0)
        )
        assert reasons == [Reason.NONE, Reason.INNER_DOOR_NOT_LOCKED]

    def test_lift_and_inner_door(self) -> None:
        reasons = self.together(Bench(ROOM), ("lift", Opcode.MOVE_TO, 1000, 0), ("room1.inner_door", Opcode.OPEN, 0, 0))
        assert reasons == [Reason.NONE, Reason.NOT_HELD]

    def test_lift_and_turntable_may_move_together(self) -> None:
        reasons = self.together(Bench(ROOM), ("lift", Opcode.MOVE_TO, 1000, 0), ("turntable", Opcode.MOVE_TO, 9000, 0))
        assert reasons == [Reason.NONE, Reason.NONE]

    def test_turntable_and_shuttle(self) -> None:
        bench = Bench(ROOM)
        reasons = self.together(bench, ("turntable", Opcode.MOVE_TO, 9000, 0), ("shuttle", Opcode.HOME, 0, 0))
        assert reasons == [Reason.NONE, Reason.NOT_HELD]

    def test_shuttle_and_inner_door(self) -> None:
        bench = Bench(ROOM)
        at_source(bench)
        bench.settle()
        reasons = self.together(bench, ("shuttle", Opcode.PICK, ROOM, 0), ("room1.inner_door", Opcode.CLOSE, 0, 0))
        assert reasons == [Reason.NONE, Reason.SHUTTLE_NOT_CENTRED]

    def test_a_door_that_opens_holds_the_lift_in_the_next_scan(self) -> None:
        bench = Bench(ROOM)
        assert bench.wish("room1.inner_door", Opcode.OPEN) == Reason.NONE
        assert bench.program.mechanism("room1.inner_door").running is not None
        assert bench.wish("lift", Opcode.MOVE_TO, 1000) == Reason.INNER_DOOR_NOT_LOCKED


@pytest.mark.parametrize(
    ("path", "value"),
    [("door.bolted_a", False), ("carriage.all_latches_locked", False), ("carriage.arms_centred", False)],
)
def test_a_condition_lost_while_moving_stops_the_lift(path: str, value: object) -> None:
    bench = Bench(ROOM)
    assert bench.wish("lift", Opcode.MOVE_TO, 1000) == Reason.NONE
    bench.image.lift_in.brake_on = False
    bench.image.lift_in.moving = True
    bench.scan()
    put(path, value)(bench)
    for _ in range(round(CONTACT_S / 0.01) + 1):
        bench.scan()
    assert bench.program.mechanism("lift").machine.show().state is State.STOPPING
    bench.image.lift_in.moving = False
    bench.scan()
    bench.image.lift_in.brake_on = True
    bench.scan()
    assert bench.program.mechanism("lift").mailbox.newest.result == Result.STOPPED_SAFETY
